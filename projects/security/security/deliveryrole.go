package security

import (
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// writer is what an AWS service needs to deliver evidence with a role of ours.
type writer struct {
	names       naming.Namer
	accountID   string
	boundaryARN pulumi.StringInput
	// purpose names role and policy, description says what for.
	purpose, description string
	// trust says who takes the role.
	trust iamdoc.Document
	// values are what document gets to write the policy with.
	values   pulumi.StringMap
	document func(values map[string]string) iamdoc.Document
}

// deliveryRole is a role that an AWS service takes to deliver evidence. What is
// delivered waits for its attachments.
type deliveryRole struct {
	arn         pulumi.StringOutput
	attachments []pulumi.Resource
}

// newDeliveryRole makes the role with the one policy it has.
func newDeliveryRole(ctx *pulumi.Context, name string, w writer, opts ...pulumi.ResourceOption) (deliveryRole, error) { //nolint:unparam // a part of the names that stand in the state
	at := name + "-" + w.purpose
	made, err := component.NewRole(ctx, at, &component.RoleArgs{
		Name:        w.names.Name(naming.Role, w.purpose),
		Description: w.description,
		Trust:       w.trust,
		BoundaryARN: w.boundaryARN,
	}, opts...)
	if err != nil {
		return deliveryRole{}, err
	}
	policy, err := component.NewPolicy(ctx, at, &component.PolicyArgs{
		Name:        w.names.Name(naming.Policy, w.purpose),
		Description: w.description,
		Values:      w.values,
		Write:       w.document,
		Roles:       map[string]pulumi.StringInput{w.purpose: made.Name},
	}, opts...)
	if err != nil {
		return deliveryRole{}, err
	}
	return deliveryRole{arn: made.Arn, attachments: policy.Attachments}, nil
}

// checkAccount joins what is wrong with what every control of an account needs.
func checkAccount(accountID string, boundaryARN pulumi.StringInput) error {
	var problems []error
	if accountID == "" {
		problems = append(problems, errors.New("account id: is empty, expected 12 digits"))
	}
	if boundaryARN == nil {
		problems = append(problems, errors.New("boundary: is missing, expected the ARN of the permission boundary"))
	}
	return errors.Join(problems...)
}
