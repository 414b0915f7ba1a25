package component

import (
	"errors"
	"fmt"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// workloadSession is the longest session of a workload's role, and the shortest
// limit that IAM takes; services renew theirs by themselves. maxSession is the
// longest limit (IAM API reference, CreateRole).
const (
	workloadSession = time.Hour
	maxSession      = 12 * time.Hour
)

// RoleArgs describes a role that an AWS service takes for one workload, or that
// outsiders take.
type RoleArgs struct {
	// Name is the physical name, from naming.Role.
	Name        string
	Description string
	// Trust says who may take the role.
	Trust iamdoc.Document
	// BoundaryARN is the permission boundary: one of the security layer's.
	BoundaryARN pulumi.StringInput
	// Session is the longest session of outsiders, one to twelve hours; 0 for
	// workloads, whose sessions last an hour.
	Session time.Duration
}

// Validate joins all that is wrong with the arguments.
func (a *RoleArgs) Validate() error {
	var problems []error
	if a.Name == "" || len(a.Name) > naming.Role.Max() {
		problems = append(problems, fmt.Errorf("role name %q: expected 1 to %d characters", a.Name, naming.Role.Max()))
	}
	if a.Description == "" {
		problems = append(problems, errors.New("role description: is empty, expected what the role is for"))
	}
	if len(a.Trust.Statements) == 0 {
		problems = append(problems, errors.New("role trust: has no statements, expected who may take the role"))
	}
	for _, statement := range a.Trust.Statements {
		if statement.Principals.Anyone {
			problems = append(problems, fmt.Errorf("role trust, statement %q: trusts anyone, expected named principals", statement.Sid))
		}
	}
	if a.Session != 0 && (a.Session < workloadSession || a.Session > maxSession) {
		problems = append(problems, fmt.Errorf("role session %s: expected %s to %s", a.Session, workloadSession, maxSession))
	}
	if a.BoundaryARN == nil {
		problems = append(problems, errors.New("role boundary: is missing, expected the ARN of the permission boundary"))
	}
	return errors.Join(problems...)
}

// NewRole makes a role under its permission boundary, on the layer's path and
// without policies: NewPolicy attaches those.
func NewRole(ctx *pulumi.Context, name string, args *RoleArgs, opts ...pulumi.ResourceOption) (*iam.Role, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("role %s: %w", name, err)
	}
	trust, err := args.Trust.JSON()
	if err != nil {
		return nil, fmt.Errorf("trust policy of role %s: %w", args.Name, err)
	}
	role, err := iam.NewRole(ctx, name, &iam.RoleArgs{
		Name:                pulumi.String(args.Name),
		Path:                pulumi.String(Path(ctx)),
		Description:         pulumi.String(args.Description),
		AssumeRolePolicy:    pulumi.String(trust),
		MaxSessionDuration:  pulumi.Int(int(max(args.Session, workloadSession).Seconds())),
		PermissionsBoundary: args.BoundaryARN.ToStringOutput().ToStringPtrOutput(),
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("role %s: %w", args.Name, err)
	}
	return role, nil
}

// RoleARN is the ARN of the role of that physical name that the running layer
// makes, for a policy that has to name the role before it exists.
func RoleARN(ctx *pulumi.Context, accountID, name string) string {
	return "arn:aws:iam::" + accountID + ":role" + Path(ctx) + name
}
