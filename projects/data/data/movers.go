package data

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/iamdoc"
)

// items are what one function does with the control table, by patterns of keys.
type items struct{ writes, reads []string }

// moverItems are those of the functions that move data beside the lane. The switch
// alone writes who may write; the function that installs writes it once, while
// there is none, which the condition of its write says. The function that ends the
// migration writes that it has ended and that no lane is wanted. These three read what
// operators have confirmed, and confirm nothing.
func moverItems() map[string]items {
	lanes := []string{control.LaneItem("*"), control.LoadItem("*")}
	return map[string]items{
		installFunction: {
			writes: []string{control.AuthorityItem, control.LaneItem("*"), control.CheckItem("*")},
			reads:  []string{control.SwitchItem, control.LoadItem("*"), control.ClosingItem("*")},
		},
		closingFunction: {
			writes: []string{control.SwitchItem, control.LaneItem("*")}, reads: []string{control.AuthorityItem, control.ClosingItem("*")},
		},
		chunkFunction:  {writes: []string{control.LoadItem("*")}, reads: []string{control.LaneItem("*")}},
		verifyFunction: {writes: []string{control.VerifyItem("*")}, reads: lanes},
		switchFunction: {
			writes: []string{control.AuthorityItem, control.SwitchItem},
			reads:  append(slices.Clone(lanes), control.TrafficItem, control.ClosingItem("*")),
		},
	}
}

// policy lets a function read and write its items.
func (i items) policy(values map[string]string) iamdoc.Document {
	table := []string{values["table"]}
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{Sid: "Own", Resources: table, Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem"}, Conditions: likeItems(i.writes...)},
		{Sid: "Others", Resources: table, Actions: []string{"dynamodb:GetItem"}, Conditions: likeItems(i.reads...)},
		useKey("KeyOfTheTable", values["key"], "dynamodb", "kms:Decrypt"),
	}}
}

// moverRoles are the names of those functions' roles.
func moverRoles(principals contract.Principals) map[string]pulumi.StringInput {
	names := make(map[string]pulumi.StringInput)
	for function := range moverItems() {
		_, names[function] = functionRole(principals, function)
	}
	return names
}
