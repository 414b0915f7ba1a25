package security

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
)

// boundary is the permission boundary of every workload: the actions that
// policies may hand out, and a refusal of what would blind the audit, destroy
// keys or widen the boundary itself. The refusal repeats what the list leaves
// out: it holds against resource policies too, and against the day the list
// grows. A boundary grants nothing; its open resource is narrowed by the policy
// that grants.
func boundary() iamdoc.Document {
	return iamdoc.Document{Statements: append([]iamdoc.Statement{
		{Sid: "Ceiling", Actions: component.WorkloadActions(), Resources: everything()},
	}, safeguards()...)}
}

func everything() []string { return []string{"*"} }

// safeguards are refused to every role of this layer, whoever takes it.
func safeguards() []iamdoc.Statement {
	return []iamdoc.Statement{
		{Sid: "KeepTheAudit", Deny: true, Resources: everything(), Actions: []string{
			"cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail",
			"config:DeleteConfigRule", "config:DeleteConfigurationRecorder", "config:DeleteConformancePack",
			"config:DeleteDeliveryChannel", "config:StopConfigurationRecorder",
			"ec2:DeleteFlowLogs",
			"guardduty:DeleteDetector", "guardduty:UpdateDetector",
			"logs:DeleteLogGroup", "logs:DeleteLogStream", "logs:DeleteRetentionPolicy",
			"securityhub:DisableSecurityHub",
		}},
		{Sid: "KeepTheKeys", Deny: true, Resources: everything(), Actions: []string{
			"kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
		}},
		{Sid: "KeepTheBoundary", Deny: true, Resources: everything(), Actions: []string{
			"iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreateUser",
			"iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary",
			"iam:PutRolePermissionsBoundary", "iam:PutUserPermissionsBoundary", "iam:UpdateAssumeRolePolicy",
		}},
	}
}

// keepPolicies refuses changes of this layer's own policies, the boundaries
// among them. It is apart from the safeguards because whoever deploys the other
// layers has to change those layers' policies.
func keepPolicies(resources []string) iamdoc.Statement {
	return iamdoc.Statement{Sid: "KeepThePolicies", Deny: true, Resources: resources, Actions: []string{
		"iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion",
	}}
}

var verb = regexp.MustCompile(`^[a-z0-9-]+:[A-Z][a-z0-9]*`)

// verbs shortens the actions that statements allow to service and verb
// ("rds:Create*"), as a ceiling for roles whose own policies name each action:
// those policies would not fit into one.
func verbs(statements ...iamdoc.Statement) []string {
	var short []string
	for _, s := range statements {
		for _, action := range s.Actions {
			if !s.Deny {
				short = append(short, verb.FindString(action)+"*")
			}
		}
	}
	slices.Sort(short)
	return slices.Compact(short)
}

type boundaryArgs struct {
	// name is the physical name, from naming.Policy.
	name, description string
	document          iamdoc.Document
}

// newBoundary makes a permission boundary and returns its ARN.
func newBoundary(ctx *pulumi.Context, name string, args *boundaryArgs, opts ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	var none pulumi.StringOutput
	text, err := args.document.JSON()
	if err != nil {
		return none, fmt.Errorf("permission boundary %s: %w", args.name, err)
	}
	if err := component.CheckPolicySize(args.name, text); err != nil {
		return none, err
	}
	policy, err := iam.NewPolicy(ctx, name, &iam.PolicyArgs{
		Name:        pulumi.String(args.name),
		Path:        pulumi.String(component.Path(ctx)),
		Description: pulumi.String(args.description),
		Policy:      pulumi.String(text),
	}, opts...)
	if err != nil {
		return none, fmt.Errorf("permission boundary %s: %w", args.name, err)
	}
	return policy.Arn, nil
}
