package edge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/pulumitest"
)

func TestOperatorsMoveThePublicNameAndNoOther(t *testing.T) {
	recording := pulumitest.MustRun(t, options(t, "prod"), Program)
	policy := recording.Find(t, "aws:iam/policy:Policy", "operator-traffic").Inputs["policy"].(string)
	require.Contains(t, policy, `"route53:ChangeResourceRecordSetsNormalizedRecordNames":["pay.cutover.example"]`)
	require.Contains(t, policy, `"route53:ChangeResourceRecordSetsRecordTypes":["A"]`)
	require.Contains(t, policy, `"route53:ChangeResourceRecordSetsActions":["UPSERT"]`)
	require.Contains(t, policy, `"Null":{"route53:ChangeResourceRecordSetsNormalizedRecordNames":["false"]}`)
	require.Contains(t, policy, "healthcheck/")
	require.Contains(t, policy, `"cloudwatch:namespace":["Cutover/Sync"]`)
	attachment := recording.Find(t, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "operator-traffic-on-operator")
	require.Equal(t, "security/operatorRoleName", attachment.Inputs["role"])
}
