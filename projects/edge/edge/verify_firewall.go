package edge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/verify"
)

// checkFirewallBefore expects the firewall before the colour's balancer.
func (c *colorVerifier) checkFirewallBefore(ctx context.Context) error {
	f := verify.About("firewall before balancer %s", c.color)
	answer, err := c.firewalls.GetWebACLForResource(ctx, &wafv2.GetWebACLForResourceInput{ResourceArn: aws.String(c.text("loadBalancerArn"))})
	if err != nil {
		return f.Failed(err)
	}
	if answer.WebACL == nil {
		f.Expect(false, "is missing")
		return f.Err()
	}
	f.Equal("ARN", aws.ToString(answer.WebACL.ARN), c.Text("firewallArn"))
	return f.Err()
}

// checkFirewall compares the rules, their order and what they do with the
// configuration.
func (v *verifier) checkFirewall(ctx context.Context) error {
	name := v.Text("firewallName")
	f := verify.About("firewall %s", name)
	parts := strings.Split(v.Text("firewallArn"), "/")
	answer, err := v.firewalls.GetWebACL(ctx, &wafv2.GetWebACLInput{
		Id: aws.String(parts[len(parts)-1]), Name: aws.String(name), Scope: types.ScopeRegional,
	})
	if err != nil {
		return f.Failed(err)
	}
	acl := answer.WebACL
	f.Expect(acl.DefaultAction != nil && acl.DefaultAction.Allow != nil, "refuses what no rule holds for, expected to let it through")
	judgeFirewall(f, acl.Rules, ruleSet(v.cfg.Firewall, v.services, pulumi.String(""), pulumi.String("")), v.cfg.Firewall.Count)
	return f.Err()
}

// judgeFirewall compares rule by rule in the order in which they look at a request.
func judgeFirewall(f *verify.Findings, found []types.Rule, want []firewallRule, counted []string) {
	found = slices.Clone(found)
	slices.SortFunc(found, func(a, b types.Rule) int { return int(a.Priority - b.Priority) })
	var names, expected []string
	for _, rule := range found {
		names = append(names, aws.ToString(rule.Name))
	}
	for _, rule := range want {
		expected = append(expected, rule.name)
	}
	if !slices.Equal(names, expected) {
		f.Expect(false, "has the rules %v, expected %v", names, expected)
		return
	}
	for i, rule := range found {
		name, counts := want[i].name, slices.Contains(counted, want[i].name)
		f.Expect(effectOf(rule) == want[i].effect(counts), "rule %s is to %s, expected to %s", name, effectOf(rule), want[i].effect(counts))
		f.Equal("group of rule "+name, groupOf(rule.Statement), want[i].statement.group)
		f.Expect(slices.Equal(countedBy(rule.Statement), want[i].statement.counted), "rule %s counts %v of its group, expected %v", name, countedBy(rule.Statement), want[i].statement.counted)
		if rate := rule.Statement.RateBasedStatement; rate != nil {
			limit := want[i].statement.limit
			f.Expect(aws.ToInt64(rate.Limit) == int64(limit.Limit) && rate.EvaluationWindowSec == int64(limit.Window),
				"rule %s lets %d requests in %d s through, expected %d in %d s", name, aws.ToInt64(rate.Limit), rate.EvaluationWindowSec, limit.Limit, limit.Window)
		}
		f.Expect(rule.VisibilityConfig != nil && rule.VisibilityConfig.CloudWatchMetricsEnabled, "rule %s has no metrics", name)
	}
}

// checkLists expects both lists of networks as configured: a network that somebody
// added in haste stays until it stands in the stack file, or is taken out.
func (v *verifier) checkLists(ctx context.Context) error {
	all := verify.About("lists of networks")
	answer, err := v.firewalls.ListIPSets(ctx, &wafv2.ListIPSetsInput{Scope: types.ScopeRegional, Limit: aws.Int32(maxListed)})
	if err != nil {
		return all.Failed(err)
	}
	for _, list := range []struct {
		name string
		want []config.CIDR
	}{{allowList, v.cfg.Firewall.Allow}, {denyList, v.cfg.Firewall.Deny}} {
		name := setName(v.names, list.name)
		at := slices.IndexFunc(answer.IPSets, func(s types.IPSetSummary) bool { return aws.ToString(s.Name) == name })
		if at < 0 {
			all.Expect(false, "%s is missing", name)
			continue
		}
		set, err := v.firewalls.GetIPSet(ctx, &wafv2.GetIPSetInput{Id: answer.IPSets[at].Id, Name: aws.String(name), Scope: types.ScopeRegional})
		if err != nil {
			all.Include(fmt.Errorf("list of networks %s: %w", name, err))
			continue
		}
		all.Include(judgeList(name, set.IPSet.Addresses, list.want))
	}
	return all.Err()
}

// maxListed is how many sets one answer lists (AWS WAF API reference, ListIPSets), as
// many as an account may have in a region.
const maxListed = 100

func judgeList(name string, found []string, want []config.CIDR) error {
	f := verify.About("list of networks %s", name)
	expected := make([]string, len(want))
	for i, network := range want {
		expected[i] = network.String()
	}
	f.Expect(sameSet(found, expected), "has %v, expected %v", found, expected)
	return f.Err()
}

// What a rule does with a request that it holds for.
const (
	effectBlock = "block"
	effectCount = "count"
	// effectGroup leaves it to the rules of AWS's group.
	effectGroup = "do as its group says"
	effectOther = "do something else"
)

func (r firewallRule) effect(counts bool) string {
	switch {
	case counts:
		return effectCount
	case r.isGroup():
		return effectGroup
	}
	return effectBlock
}

func effectOf(rule types.Rule) string {
	action, override := rule.Action, rule.OverrideAction
	switch {
	case action != nil && action.Block != nil:
		return effectBlock
	case action != nil && action.Count != nil, override != nil && override.Count != nil:
		return effectCount
	case override != nil && override.None != nil:
		return effectGroup
	}
	return effectOther
}

func groupOf(statement *types.Statement) string {
	if statement == nil || statement.ManagedRuleGroupStatement == nil {
		return ""
	}
	return aws.ToString(statement.ManagedRuleGroupStatement.Name)
}

// countedBy lists the rules of a group that count instead of refusing.
func countedBy(statement *types.Statement) []string {
	var names []string
	if statement == nil || statement.ManagedRuleGroupStatement == nil {
		return names
	}
	for _, override := range statement.ManagedRuleGroupStatement.RuleActionOverrides {
		if override.ActionToUse != nil && override.ActionToUse.Count != nil {
			names = append(names, aws.ToString(override.Name))
		}
	}
	return names
}

// checkFirewallLog expects a log without credentials.
func (v *verifier) checkFirewallLog(ctx context.Context) error {
	f := verify.About("log of firewall %s", v.Text("firewallName"))
	answer, err := v.firewalls.GetLoggingConfiguration(ctx, &wafv2.GetLoggingConfigurationInput{ResourceArn: aws.String(v.Text("firewallArn"))})
	if err != nil {
		return f.Failed(err)
	}
	log := answer.LoggingConfiguration
	group := ":log-group:" + v.Text("firewallLogGroupName")
	f.Expect(len(log.LogDestinationConfigs) == 1 && strings.HasSuffix(log.LogDestinationConfigs[0], group), "goes to %v, expected the group %s", log.LogDestinationConfigs, v.Text("firewallLogGroupName"))
	query := false
	var headers []string
	for _, field := range log.RedactedFields {
		query = query || field.QueryString != nil
		if field.SingleHeader != nil {
			headers = append(headers, strings.ToLower(aws.ToString(field.SingleHeader.Name)))
		}
	}
	f.Expect(query, "shows the query, expected it redacted")
	for _, header := range redactedHeaders {
		f.Expect(slices.Contains(headers, header), "shows the header %s, expected it redacted", header)
	}
	return f.Err()
}
