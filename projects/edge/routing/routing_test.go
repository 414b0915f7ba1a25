package routing_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/projects/edge/routing"
	"github.com/cutover/cutover/projects/edge/routing/routingtest"
	"github.com/cutover/cutover/shared/catalog"
)

// fromCatalogue are the rules that the catalogue asks for, worst order first.
func fromCatalogue(t *testing.T) routing.Table {
	t.Helper()
	listed, err := catalog.Load()
	require.NoError(t, err)
	table := routing.Table{Default: "404"}
	for _, service := range listed.Services {
		table.Rules = append(table.Rules, routing.Rule{Priority: service.Priority, Patterns: service.Paths, TargetGroupARN: service.Name})
	}
	return table
}

func TestEveryRequestEndsAtItsServiceOr404(t *testing.T) {
	table := fromCatalogue(t)
	cases := routingtest.Cases()
	require.GreaterOrEqual(t, len(cases), 40)
	seen := make(map[string]bool)
	for _, c := range cases {
		require.False(t, seen[c.Request], "%q stands in the table twice", c.Request)
		seen[c.Request] = true
		assert.Equal(t, c.Want, table.Target(c.Request), "%q as it came", c.Request)
	}
}

func TestNormalFormsEndWhereTheTableSays(t *testing.T) {
	table := fromCatalogue(t)
	for _, c := range routingtest.Cases() {
		assert.Equal(t, c.Normal, table.Target(routing.Normalised(c.Request)), "%q, normal %q", c.Request, routing.Normalised(c.Request))
	}
}

func TestNormalFormFollowsTheRFC(t *testing.T) {
	for raw, want := range map[string]string{
		"/a/./b/../c": "/a/c", "/..": "/", "/../..": "/", "/a/..": "/", "/a/.": "/a/", "/a//../b": "/a/b", "//a": "//a", "/a/": "/a/", "": "", "a/../b": "a/../b",
		"/%7Euser/%41%2f%e2": "/~user/A%2F%E2", "/%": "/%", "/%4": "/%4", "/%4g": "/%4g", "/%252e": "/%252e", "/%2e%2E/x": "/x", "/a/%2e": "/a/",
	} {
		assert.Equal(t, want, routing.Normalised(raw), raw)
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.StringMatching(`/(\.|%2e|/|a|%61|%2F){0,12}`).Draw(t, "path")
		once := routing.Normalised(raw)
		assert.Equal(t, once, routing.Normalised(once), "the normal form of %q is its own", raw)
	})
}

// api answers pages.
type api struct {
	pages []elb.DescribeRulesOutput
	err   error
}

func (a *api) DescribeRules(_ context.Context, in *elb.DescribeRulesInput, _ ...func(*elb.Options)) (*elb.DescribeRulesOutput, error) {
	page := 0
	if in.Marker != nil {
		page = 1
	}
	return &a.pages[page], a.err
}

func forward(priority, target string, patterns ...string) types.Rule {
	return types.Rule{
		Priority: aws.String(priority), Actions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: aws.String(target)}},
		Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{Values: patterns}}},
	}
}

func fixed(code string) types.Rule {
	return types.Rule{Priority: aws.String("default"), IsDefault: aws.Bool(true), Actions: []types.Action{{
		Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String(code)},
	}}}
}

func TestRulesAreReadFromAllPagesInTheOrderOfTheirPriority(t *testing.T) {
	old := forward("20", "old")
	old.Conditions[0] = types.RuleCondition{Field: aws.String("path-pattern"), Values: []string{"/a/b"}}
	table, err := routing.Read(t.Context(), &api{pages: []elb.DescribeRulesOutput{
		{Rules: []types.Rule{fixed("404"), forward("300", "late", "/*")}, NextMarker: aws.String("more")},
		{Rules: []types.Rule{forward("100", "early", "/a", "/a/*"), old}},
	}}, "listener")
	require.NoError(t, err)
	assert.Equal(t, routing.Table{Default: "404", Rules: []routing.Rule{
		{Priority: 20, Patterns: []string{"/a/b"}, TargetGroupARN: "old"},
		{Priority: 100, Patterns: []string{"/a", "/a/*"}, TargetGroupARN: "early"},
		{Priority: 300, Patterns: []string{"/*"}, TargetGroupARN: "late"},
	}}, table)
	assert.Equal(t, "early", table.Target("/a/c"))
	assert.Equal(t, "late", table.Target("/b"))
}

func TestRulesThatAreNotOursAreRefused(t *testing.T) {
	redirect, host, two, divided, odd := forward("1", "x", "/a"), forward("2", "x", "/a"), forward("3", "x", "/a"), fixed("404"), forward("soon", "x", "/a")
	redirect.Actions[0].Type = types.ActionTypeEnumRedirect
	host.Conditions[0].Field = aws.String("host-header")
	two.Conditions = append(two.Conditions, two.Conditions[0])
	divided.Actions[0].Type = types.ActionTypeEnumForward
	for want, rule := range map[string]types.Rule{
		"rule of priority 1: is to redirect, expected to forward":            redirect,
		"rule of priority 2: has 1 conditions, expected one of path-pattern": host,
		"rule of priority 3: has 2 conditions, expected one of path-pattern": two,
		"rule of priority default: is to forward, expected a fixed response": divided,
		"rule of priority soon: priority: ":                                  odd,
		"rule of priority 4: has 0 actions, expected one":                    {Priority: aws.String("4")},
	} {
		_, err := routing.Read(t.Context(), &api{pages: []elb.DescribeRulesOutput{{Rules: []types.Rule{rule}}}}, "listener")
		require.ErrorContains(t, err, want)
	}
	_, err := routing.Read(t.Context(), &api{pages: []elb.DescribeRulesOutput{{}}, err: errors.New("throttled")}, "listener")
	require.ErrorContains(t, err, "rules of listener: throttled")
}
