//go:build integration

package access_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/internal/policy"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/policy/lint"
)

func TestThePublicLinterFindsNothingThatIsNotExplained(t *testing.T) {
	g, err := policy.Record(root, "prod")
	require.NoError(t, err)
	findings, err := lint.Run(t.Context(), root, g)
	require.NoError(t, err)
	open, stale := lint.Judge(findings, lint.Allowances())
	for _, each := range open {
		assert.Fail(t, each.String())
	}
	for _, each := range stale {
		assert.Failf(t, "allowance explains nothing", "%s in %s %s", each.Issue, each.Kind, each.Name)
	}
	t.Logf("%d findings, %d allowances", len(findings), len(lint.Allowances()))
}

func TestThePublicLinterSeesWhatIsWrong(t *testing.T) {
	g, err := policy.Record(root, "prod")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change graph.Change
		want   string
	}{
		"an action that is none": {graph.Rewrite(policyType, "blue-control-table", "policy", "dynamodb:GetItem", "dynamodb:FetchItem"), "UNKNOWN_ACTION"},
		"a resource of another service": {
			graph.Rewrite(policyType, "blue-control-table", "policy", "arn:aws:dynamodb:us-east-1:345678901234:table/cutover-prod-control", "arn:aws:sqs:us-east-1:345678901234:q"),
			"RESOURCE_MISMATCH",
		},
		"every resource": {
			graph.Rewrite(policyType, "blue-canary-schedule", "policy", "arn:aws:lambda:us-east-1:345678901234:function:cutover-prod-blue-canary", "*"),
			"RESOURCE_STAR",
		},
		"an operator that is none": {graph.Rewrite(policyType, "blue-control-table", "policy", `"Null":`, `"Nil":`), "UNKNOWN_OPERATOR"},
	} {
		t.Run(name, func(t *testing.T) {
			faulty, err := g.With(c.change)
			require.NoError(t, err)
			findings, err := lint.Run(t.Context(), root, faulty)
			require.NoError(t, err)
			open, _ := lint.Judge(findings, lint.Allowances())
			var issues []string
			for _, each := range open {
				issues = append(issues, each.Issue)
			}
			assert.Contains(t, issues, c.want)
		})
	}
}
