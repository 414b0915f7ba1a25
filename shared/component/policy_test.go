package component_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/pulumitest"
)

func allow(actions ...string) func(map[string]string) iamdoc.Document {
	return func(values map[string]string) iamdoc.Document {
		return iamdoc.Document{Statements: []iamdoc.Statement{{Actions: actions, Resources: []string{values["queue"]}}}}
	}
}

func policyArgs(write func(map[string]string) iamdoc.Document) *component.PolicyArgs {
	return &component.PolicyArgs{
		Name: "cutover-local-blue-queue", Description: "The queue",
		Values: pulumi.StringMap{"queue": pulumi.String("arn:aws:sqs:us-east-1:" + account + ":q")},
		Write:  write,
		Roles:  map[string]pulumi.StringInput{"sync": pulumi.String("sync-role"), "scheduler": pulumi.String("scheduler-role")},
	}
}

func runPolicy(t *testing.T, args *component.PolicyArgs) (*pulumitest.Recording, error) {
	t.Helper()
	return pulumitest.Run(t, layer(), func(ctx *pulumi.Context) error {
		policy, err := component.NewPolicy(ctx, "blue-queue", args)
		if err == nil && len(policy.Attachments) != len(args.Roles) {
			return fmt.Errorf("got %d attachments, expected %d", len(policy.Attachments), len(args.Roles))
		}
		return err
	})
}

func TestPolicyIsManagedAndAttachedToEachRole(t *testing.T) {
	recording, err := runPolicy(t, policyArgs(allow("sqs:SendMessage")))
	require.NoError(t, err)
	policy := recording.Find(t, "aws:iam/policy:Policy", "blue-queue").Inputs
	assert.Equal(t, "/cutover/security/", policy["path"])
	assert.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:SendMessage"],
		"Resource":["arn:aws:sqs:us-east-1:123456789012:q"]}]}`, policy["policy"].(string))
	for role, name := range map[string]string{"sync": "sync-role", "scheduler": "scheduler-role"} {
		attachment := recording.Find(t, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "blue-queue-on-"+role)
		assert.Equal(t, name, attachment.Inputs["role"])
	}
	assert.Empty(t, recording.OfType("aws:iam/rolePolicy:RolePolicy"))
}

func TestPolicyAboveTheBoundaryIsRefused(t *testing.T) {
	for _, action := range []string{"iam:CreateUser", "sqs:*", "*", "kms:*", "kms:CreateGrant", "dynamodb:DeleteTable"} {
		_, err := runPolicy(t, policyArgs(allow("sqs:SendMessage", action)))
		require.ErrorContains(t, err, "policy cutover-local-blue-queue allows "+action+", which the permission boundary does not")
	}
}

func TestPolicyOfOtherRolesIsHeldToTheirCeiling(t *testing.T) {
	args := policyArgs(allow("route53:ChangeResourceRecordSets"))
	args.Ceiling = component.OperatorActions()
	_, err := runPolicy(t, args)
	require.NoError(t, err)
	args = policyArgs(allow("s3:PutObject"))
	args.Ceiling = component.OperatorActions()
	_, err = runPolicy(t, args)
	require.ErrorContains(t, err, "allows s3:PutObject, which the permission boundary does not")
}

func TestPolicyOnEveryResourceNeedsAReason(t *testing.T) {
	everywhere := func(actions ...string) func(map[string]string) iamdoc.Document {
		return func(map[string]string) iamdoc.Document {
			return iamdoc.Document{Statements: []iamdoc.Statement{{Sid: "Wide", Actions: actions, Resources: []string{"*"}}}}
		}
	}
	_, err := runPolicy(t, policyArgs(everywhere("ecr:GetAuthorizationToken", "xray:PutTraceSegments", "ec2:DescribeSubnets")))
	require.NoError(t, err)
	_, err = runPolicy(t, policyArgs(everywhere("ecr:GetAuthorizationToken", "sqs:SendMessage")))
	require.ErrorContains(t, err, `statement "Wide" allows sqs:SendMessage on every resource`)
	require.NotContains(t, err.Error(), "GetAuthorizationToken")
}

func TestPolicyMayRefuseWhatTheBoundaryDoesNotAllow(t *testing.T) {
	_, err := runPolicy(t, policyArgs(func(map[string]string) iamdoc.Document {
		return iamdoc.Document{Statements: []iamdoc.Statement{{Deny: true, Actions: []string{"iam:*"}, Resources: []string{"*"}}}}
	}))
	require.NoError(t, err)
}

func TestPolicyTooLongForAWSIsRefused(t *testing.T) {
	long := func(map[string]string) iamdoc.Document {
		return iamdoc.Document{Statements: []iamdoc.Statement{{
			Actions: []string{"sqs:SendMessage"}, Resources: []string{strings.Repeat("q", 6200)},
		}}}
	}
	_, err := runPolicy(t, policyArgs(long))
	require.ErrorContains(t, err, "AWS takes at most 6144")
}

func TestPolicyTellsAllThatIsWrongWithItsArguments(t *testing.T) {
	err := (&component.PolicyArgs{Name: strings.Repeat("p", 129)}).Validate()
	for _, part := range []string{"expected 1 to 128 characters", "policy description", "policy document", "policy roles"} {
		require.ErrorContains(t, err, part)
	}
}

func TestWorkloadActionsNameServiceAndVerb(t *testing.T) {
	actions := component.WorkloadActions()
	require.True(t, slices.IsSorted(actions), "sorted, so that a change is easy to see")
	for _, action := range actions {
		require.Regexp(t, `^[a-z0-9-]+:[A-Za-z]+\*?$`, action)
	}
}
