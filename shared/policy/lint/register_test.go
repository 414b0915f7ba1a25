package lint_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/lint"
)

func TestAnAllowanceExplainsItsFindingsOnlyAndGoesStale(t *testing.T) {
	star := lint.Allowance{Issue: "RESOURCE_STAR", Kind: document.Identity, Name: "boundary", Reason: "a ceiling"}
	unused := lint.Allowance{Issue: "MISMATCHED_TYPE", Kind: document.Resource, Reason: "none has it"}
	explained := lint.Finding{Name: `aws:iam/policy:Policy "shared-boundary"`, Kind: document.Identity, Issue: "RESOURCE_STAR"}
	for name, other := range map[string]lint.Finding{
		"another document": {Name: `aws:iam/policy:Policy "deploy"`, Kind: document.Identity, Issue: "RESOURCE_STAR"},
		"another kind":     {Name: explained.Name, Kind: document.Trust, Issue: "RESOURCE_STAR"},
		"another issue":    {Name: explained.Name, Kind: document.Identity, Issue: "UNKNOWN_ACTION"},
	} {
		open, stale := lint.Judge([]lint.Finding{explained, other}, []lint.Allowance{star, unused})
		assert.Equal(t, []lint.Finding{other}, open, name)
		require.Len(t, stale, 1, name)
		assert.Equal(t, "MISMATCHED_TYPE", stale[0].Issue, name)
	}
}

func TestAStarNeedsAReasonForEachAction(t *testing.T) {
	star := func(detail string) lint.Finding {
		return lint.Finding{Name: "aws:iam/policy:Policy \"x\"", Kind: document.Identity, Issue: "RESOURCE_STAR", Detail: detail}
	}
	for detail, stands := range map[string]bool{
		`["ec2:DescribeSubnets", "route53:GetChange"]`: true,
		`["ec2:DescribeSubnets", "s3:GetObject"]`:      false,
		`[]`:      false,
		`no list`: false,
	} {
		open, _ := lint.Judge([]lint.Finding{star(detail)}, lint.Allowances())
		assert.Equal(t, stands, len(open) == 0, detail)
	}
}

func TestEveryAllowanceHasAReason(t *testing.T) {
	for _, each := range lint.Allowances() {
		assert.GreaterOrEqual(t, len(each.Reason), 20, each.Issue)
	}
}
