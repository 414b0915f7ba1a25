package data

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// neverCopied is the migration class of what decides about the migration.
const neverCopied = "control"

// ControlTableArgs describes the control table.
type ControlTableArgs struct {
	Names       naming.Namer
	Environment config.Environment
	KeyARN      pulumi.StringInput
	// CanaryRoles and SyncRoles are the names of the roles of each colour's
	// functions: of the canary and of the lane. MoverRoles are those of the other
	// functions that move data, by function.
	CanaryRoles, SyncRoles map[naming.Color]pulumi.StringInput
	MoverRoles             map[naming.Color]map[string]pulumi.StringInput
	// OperatorRole is the name of the role of those who move traffic.
	OperatorRole pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *ControlTableArgs) Validate() error {
	var problems []error
	if a.KeyARN == nil {
		problems = append(problems, errors.New("key: is missing, expected the ARN of the control table's key"))
	}
	for _, color := range naming.Colors() {
		if a.SyncRoles[color] == nil {
			problems = append(problems, fmt.Errorf("sync role of %s: is missing, expected a role name", color))
		}
		if a.CanaryRoles[color] == nil {
			problems = append(problems, fmt.Errorf("canary role of %s: is missing, expected a role name", color))
		}
		for function := range moverItems() {
			if a.MoverRoles[color][function] == nil {
				problems = append(problems, fmt.Errorf("role of function %s of %s: is missing, expected a role name", function, color))
			}
		}
	}
	if a.OperatorRole == nil {
		problems = append(problems, errors.New("operator role: is missing, expected a role name"))
	}
	return errors.Join(problems...)
}

// ControlTable is the one table outside both databases that says who may write.
// Neither colour owns it, and nothing replicates it.
type ControlTable struct {
	pulumi.ResourceState

	Name, ARN pulumi.StringOutput
}

// NewControlTable makes the table, lets the canary of each colour write that
// colour's canary item, the sync functions the leases of lanes, operators what
// they decide about the traffic, and nobody anything else.
func NewControlTable(ctx *pulumi.Context, name string, args *ControlTableArgs, opts ...pulumi.ResourceOption) (*ControlTable, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("control table: %w", err)
	}
	c := &ControlTable{}
	if err := ctx.RegisterComponentResource("cutover:data:ControlTable", name, c, opts...); err != nil {
		return nil, fmt.Errorf("register %s: %w", name, err)
	}
	physical := args.Names.Name(naming.Table, "control")
	table, err := dynamodb.NewTable(ctx, name+"-table", &dynamodb.TableArgs{
		Name:        pulumi.String(physical),
		BillingMode: pulumi.String("PAY_PER_REQUEST"),
		HashKey:     pulumi.String(control.HashKey),
		Attributes: dynamodb.TableAttributeArray{
			dynamodb.TableAttributeArgs{Name: pulumi.String(control.HashKey), Type: pulumi.String("S")},
		},
		PointInTimeRecovery:       dynamodb.TablePointInTimeRecoveryArgs{Enabled: pulumi.Bool(true)},
		ServerSideEncryption:      dynamodb.TableServerSideEncryptionArgs{Enabled: pulumi.Bool(true), KmsKeyArn: args.KeyARN.ToStringOutput().ToStringPtrOutput()},
		DeletionProtectionEnabled: pulumi.Bool(args.Environment.Protect),
		Tags:                      pulumi.StringMap{"Name": pulumi.String(physical), classTag: pulumi.String(neverCopied)},
	}, component.Stateful(args.Environment, pulumi.Parent(c))...)
	if err != nil {
		return nil, fmt.Errorf("control table %s: %w", physical, err)
	}
	c.Name, c.ARN = table.Name, table.Arn
	for _, color := range naming.Colors() {
		if err := c.admit(ctx, color, args); err != nil {
			return nil, err
		}
	}
	if err := c.admitOperators(ctx, args); err != nil {
		return nil, err
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"name": c.Name})
}

// admitOperators attaches the policy for those who move traffic to their role.
func (c *ControlTable) admitOperators(ctx *pulumi.Context, args *ControlTableArgs) error {
	_, err := component.NewPolicy(ctx, "operator-control-table", &component.PolicyArgs{
		Name:        args.Names.Name(naming.Policy, "operator", "control-table"),
		Description: "Where the traffic goes, and what was decided of it",
		Values:      pulumi.StringMap{"table": c.ARN, "key": args.KeyARN.ToStringOutput()},
		Write:       operatorPolicy,
		Ceiling:     component.OperatorActions(),
		Roles:       map[string]pulumi.StringInput{"operator": args.OperatorRole},
	}, pulumi.Parent(c))
	return err
}

// operatorPolicy lets operators write what they decide about the traffic and
// whether lanes are to run, and read who may write, which releases there are, and how
// lanes and comparisons do. These they cannot change. That the migration ends each of them
// confirms in an item that no other principal can write.
func operatorPolicy(values map[string]string) iamdoc.Document {
	table := []string{values["table"]}
	keys := likeItems
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{
			Sid: "Traffic", Resources: table, Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem"},
			Conditions: keys(control.TrafficItem, control.TrafficPrefix+"*"),
		},
		{
			Sid: "Decisions", Resources: table, Actions: []string{"dynamodb:GetItem"},
			Conditions: keys(control.AuthorityItem, control.SwitchItem, control.ReleaseItem, control.ReleasePrefix+"*", control.LoadItem("*"), control.VerifyItem("*")),
		},
		{
			Sid: "Lanes", Resources: table, Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem"},
			Conditions: keys(control.LaneItem("*")),
		},
		{
			Sid: "Confirmation", Resources: table, Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem"},
			Conditions: onlyItems(control.ClosingItem("${aws:userid}")),
		},
		useKey("KeyOfTheTable", values["key"], "dynamodb", "kms:Decrypt"),
	}}
}

// admission is a policy for one function of one colour.
type admission struct {
	name, part, description string
	write                   func(values map[string]string) iamdoc.Document
	roles                   map[string]pulumi.StringInput
}

// admit attaches the policies for one colour's functions to their roles.
func (c *ControlTable) admit(ctx *pulumi.Context, color naming.Color, args *ControlTableArgs) error {
	admissions := []admission{
		{
			string(color) + "-control-table", "control-table", "What the sync functions of " + string(color) + " do with the control table",
			lanesPolicy, map[string]pulumi.StringInput{"sync": args.SyncRoles[color]},
		},
		{
			string(color) + "-control-canary", "control-canary", "The canary of " + string(color) + " in the control table",
			func(values map[string]string) iamdoc.Document { return canaryPolicy(color, values) },
			map[string]pulumi.StringInput{"canary": args.CanaryRoles[color]},
		},
	}
	for _, function := range slices.Sorted(maps.Keys(moverItems())) {
		admissions = append(admissions, admission{
			string(color) + "-control-" + function, "control-" + function,
			"What the function " + function + " of " + string(color) + " does with the control table",
			moverItems()[function].policy, map[string]pulumi.StringInput{function: args.MoverRoles[color][function]},
		})
	}
	for _, each := range admissions {
		if _, err := component.NewPolicy(ctx, each.name, &component.PolicyArgs{
			Name:        args.Names.In(color).Name(naming.Policy, each.part),
			Description: each.description,
			Values:      pulumi.StringMap{"table": c.ARN, "key": args.KeyARN.ToStringOutput()},
			Write:       each.write,
			Roles:       each.roles,
		}, pulumi.Parent(c)); err != nil {
			return err
		}
	}
	return nil
}

// canaryPolicy lets the canary of one colour write its item, and nothing else.
func canaryPolicy(color naming.Color, values map[string]string) iamdoc.Document {
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{
			Sid: "CanaryItem", Resources: []string{values["table"]}, Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem"},
			Conditions: onlyItems(control.CanaryItem(color)),
		},
		useKey("KeyOfTheTable", values["key"], "dynamodb", "kms:Decrypt"),
	}}
}

// lanesPolicy lets functions write the leases of lanes and what these tell about
// themselves, and read what the migration has decided. The decision itself, who may
// write and where the traffic goes, they cannot touch.
func lanesPolicy(values map[string]string) iamdoc.Document {
	table := []string{values["table"]}
	lanes := likeItems(control.LaneItem("*"), control.LoadItem("*"))
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{
			Sid: "LaneItems", Resources: table, Conditions: lanes, Actions: []string{"dynamodb:GetItem", "dynamodb:PutItem"},
		},
		{
			Sid: "Decisions", Resources: table, Actions: []string{"dynamodb:GetItem"},
			Conditions: onlyItems(control.AuthorityItem, control.SwitchItem, control.TrafficItem),
		},
		useKey("KeyOfTheTable", values["key"], "dynamodb", "kms:Decrypt"),
	}}
}
