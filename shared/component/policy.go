package component

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// maxPolicySize is the longest managed policy in characters, white space not
// counted (IAM user guide, "IAM and AWS STS quotas").
const maxPolicySize = 6144

// Path is the IAM path of what a layer makes, so that a policy or a search can
// name all of it.
func Path(ctx *pulumi.Context) string { return "/" + naming.System + "/" + ctx.Project() + "/" }

// Document writes a policy document that speaks of other resources' values. It
// is unknown as long as one of the values is.
func Document(values pulumi.StringMap, write func(values map[string]string) iamdoc.Document) pulumi.StringOutput {
	return values.ToStringMapOutput().ApplyT(func(known map[string]string) (string, error) {
		return write(known).JSON()
	}).(pulumi.StringOutput)
}

// PolicyArgs describes a managed policy and who gets it.
type PolicyArgs struct {
	// Name is the physical name, from naming.Policy.
	Name        string
	Description string
	// Values are the ARNs and names that Write gets, under the same keys.
	Values pulumi.StringMap
	// Write returns the document: identity-based, without principals.
	Write func(values map[string]string) iamdoc.Document
	// Ceiling are the actions of the boundary that the roles are under; nil is the
	// boundary of workloads.
	Ceiling []string
	// Roles are the names of the roles to attach the policy to. The key becomes
	// part of the attachment's logical name.
	Roles map[string]pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *PolicyArgs) Validate() error {
	var problems []error
	if a.Name == "" || len(a.Name) > naming.Policy.Max() {
		problems = append(problems, fmt.Errorf("policy name %q: expected 1 to %d characters", a.Name, naming.Policy.Max()))
	}
	if a.Description == "" {
		problems = append(problems, errors.New("policy description: is empty, expected what the policy is for"))
	}
	if a.Write == nil {
		problems = append(problems, errors.New("policy document: is missing, expected a function that writes it"))
	}
	if len(a.Roles) == 0 {
		problems = append(problems, errors.New("policy roles: none, expected at least one role to attach it to"))
	}
	return errors.Join(problems...)
}

// Policy is a managed policy with its attachments; whatever uses the
// permission depends on the attachments.
type Policy struct {
	ARN         pulumi.StringOutput
	Attachments []pulumi.Resource
}

// NewPolicy makes a managed policy and attaches it. The roles are under a
// permission boundary; an action above it is an error, and so is one on every
// resource that could name its own.
func NewPolicy(ctx *pulumi.Context, name string, args *PolicyArgs, opts ...pulumi.ResourceOption) (*Policy, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("policy %s: %w", name, err)
	}
	made, err := iam.NewPolicy(ctx, name, &iam.PolicyArgs{
		Name:        pulumi.String(args.Name),
		Path:        pulumi.String(Path(ctx)),
		Description: pulumi.String(args.Description),
		Policy:      args.document(),
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", args.Name, err)
	}
	policy := &Policy{ARN: made.Arn}
	for _, role := range slices.Sorted(maps.Keys(args.Roles)) {
		attachment, err := iam.NewRolePolicyAttachment(ctx, name+"-on-"+role, &iam.RolePolicyAttachmentArgs{
			Role:      args.Roles[role],
			PolicyArn: made.Arn,
		}, opts...)
		if err != nil {
			return nil, fmt.Errorf("attach policy %s to role %s: %w", args.Name, role, err)
		}
		policy.Attachments = append(policy.Attachments, attachment)
	}
	return policy, nil
}

// document renders the policy and refuses what AWS would refuse or ignore.
func (a *PolicyArgs) document() pulumi.StringOutput {
	return a.Values.ToStringMapOutput().ApplyT(func(known map[string]string) (string, error) {
		document := a.Write(known)
		if above := aboveCeiling(document, a.ceiling()); len(above) > 0 {
			return "", fmt.Errorf("policy %s allows %s, which the permission boundary does not: for workloads that is component.WorkloadActions",
				a.Name, strings.Join(above, ", "))
		}
		if err := errors.Join(document.TooWide()...); err != nil {
			return "", fmt.Errorf("policy %s: %w", a.Name, err)
		}
		text, err := document.JSON()
		if err != nil {
			return "", fmt.Errorf("policy %s: %w", a.Name, err)
		}
		return text, CheckPolicySize(a.Name, text)
	}).(pulumi.StringOutput)
}

func (a *PolicyArgs) ceiling() []string {
	if a.Ceiling == nil {
		return WorkloadActions()
	}
	return a.Ceiling
}

// CheckPolicySize refuses a managed policy that AWS would find too long. The
// emulator takes any length.
func CheckPolicySize(name, text string) error {
	if size := len(strings.Join(strings.Fields(text), "")); size > maxPolicySize {
		return fmt.Errorf("policy %s: has %d characters, AWS takes at most %d: split it", name, size, maxPolicySize)
	}
	return nil
}
