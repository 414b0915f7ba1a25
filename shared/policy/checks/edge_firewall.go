package checks

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/policy/graph"
)

func balancersHaveAFirewall(s *Scope) {
	for _, balancer := range s.Each(balancerType) {
		associations := s.Referrers(balancer, "aws:wafv2/webAclAssociation:WebAclAssociation", "resourceArn")
		ours := len(associations) == 1 && associations[0].Reference("webAclArn", webACLType) != nil
		s.Expect(ours, balancer, "associated", "", "a web ACL of ours")
		s.Expect(balancer.Is("enableWafFailOpen", false), balancer, "fails-closed", "enableWafFailOpen", "false, set and not left out")
	}
}

// firewallRule is a rule of a web ACL, written as inputs or as JSON.
type firewallRule struct {
	priority float64
	// kind is what the statement does: a managed group's name, "rate" or "other".
	kind string
	// narrowed tells that the statement looks at some paths only.
	narrowed bool
	// labels tells that the statement reads a label of an earlier rule.
	labels   bool
	override string
	// blocks tells that a rule that is no managed group refuses.
	blocks  bool
	metrics bool
	// counted are the rules of a managed group that only count.
	counted []string
}

// firewallRules reads the rules of a web ACL in the order they are applied.
func firewallRules(s *Scope, acl *graph.Resource) []firewallRule {
	items := acl.Items("rules")
	if text := acl.Text("ruleJson"); text != "" {
		s.Expect(json.Unmarshal([]byte(text), &items) == nil, acl, "readable", "ruleJson", "rules that are known")
	}
	rules := make([]firewallRule, 0, len(items))
	for _, item := range items {
		rules = append(rules, readFirewallRule(lowered(item)))
	}
	slices.SortFunc(rules, func(a, b firewallRule) int { return int(a.priority - b.priority) })
	return rules
}

// lowered writes all keys with a small letter at the beginning, as inputs have
// them; JSON has capitals.
func lowered(value any) map[string]any {
	object, _ := value.(map[string]any)
	out := make(map[string]any, len(object))
	for key, each := range object {
		if inner, is := each.(map[string]any); is {
			each = lowered(inner)
		}
		out[strings.ToLower(key[:1])+key[1:]] = each
	}
	return out
}

func readFirewallRule(item map[string]any) firewallRule {
	rule := firewallRule{kind: "other"}
	rule.priority, _ = item["priority"].(float64)
	statement, _ := item["statement"].(map[string]any)
	if managed, is := statement["managedRuleGroupStatement"].(map[string]any); is {
		rule.kind, _ = managed["name"].(string)
		rule.counted = countedRules(managed)
	}
	if rate, is := statement["rateBasedStatement"].(map[string]any); is {
		rule.kind = "rate"
		rule.narrowed = mentions(rate["scopeDownStatement"], "uriPath")
	}
	rule.labels = mentions(statement, "labelMatchStatement")
	action, _ := item["action"].(map[string]any)
	_, rule.blocks = action["block"]
	override, _ := item["overrideAction"].(map[string]any)
	if _, none := override["none"]; none {
		rule.override = "none"
	}
	visibility, _ := item["visibilityConfig"].(map[string]any)
	for _, key := range []string{"cloudwatchMetricsEnabled", "cloudWatchMetricsEnabled"} {
		on, _ := visibility[key].(bool)
		rule.metrics = rule.metrics || on
	}
	return rule
}

// mentions tells whether a key stands anywhere in a value.
func mentions(value any, key string) bool {
	switch node := value.(type) {
	case map[string]any:
		for name, each := range node {
			if strings.EqualFold(name, key) || mentions(each, key) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(node, func(each any) bool { return mentions(each, key) })
	}
	return false
}

func countedRules(managed map[string]any) []string {
	var names []string
	overrides, _ := managed["ruleActionOverrides"].([]any)
	for _, each := range overrides {
		override := lowered(each)
		action, _ := override["actionToUse"].(map[string]any)
		if _, counts := action["count"]; counts {
			name, _ := override["name"].(string)
			names = append(names, name)
		}
	}
	return names
}

// firewallOrder is the order of the rules: by managed group, "rate" for a limit.
var firewallOrder = []string{
	"AWSManagedRulesAmazonIpReputationList", "rate", "rate",
	"AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet",
}

func firewallRulesInOrder(s *Scope) {
	for _, acl := range s.Each(webACLType) {
		s.Expect(acl.Text("scope") == "REGIONAL", acl, "scope", "scope", "REGIONAL")
		var kinds []string
		limits := make(map[bool]int)
		for _, rule := range firewallRules(s, acl) {
			if rule.kind == "other" {
				continue
			}
			kinds = append(kinds, rule.kind)
			if rule.kind == "rate" {
				limits[rule.narrowed]++
				s.Expect(rule.blocks, acl, "blocks", "rules", "a limit of priority %v that refuses", rule.priority)
				continue
			}
			s.Expect(rule.override == "none", acl, "blocks", "rules", "no override of the action of %s", rule.kind)
		}
		s.Expect(slices.Equal(kinds, firewallOrder), acl, "order", "rules", "the rules %v instead of %v", firewallOrder, kinds)
		s.Expect(limits[true] == 1 && limits[false] == 1, acl, "limits", "rules", "one limit for all and a tighter one for the path of payments")
	}
}

// bodySize is the rule that ends at what a balancer hands to inspection.
const bodySize = "SizeRestrictions_BODY"

func largeBodiesAreBlocked(s *Scope) {
	for _, acl := range s.Each(webACLType) {
		rules := firewallRules(s, acl)
		counted, decided := false, false
		for _, rule := range rules {
			counted = counted || slices.Contains(rule.counted, bodySize)
			decided = decided || counted && rule.kind == "other" && rule.labels && rule.blocks
			for _, name := range rule.counted {
				s.Expect(name == bodySize, acl, "counts", "rules", "blocking instead of counting by %s", name)
			}
		}
		s.Expect(!counted || decided, acl, "label", "rules", "a rule behind the count that decides by its label")
	}
}

// redactedHeaders must not be in the firewall's log.
var redactedHeaders = []string{"authorization", "cookie"}

func firewallLogs(s *Scope) {
	for _, acl := range s.Each(webACLType) {
		logs := s.Referrers(acl, "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", "resourceArn")
		s.Expect(len(logs) == 1, acl, "logged", "", "one logging configuration instead of %d", len(logs))
		for _, log := range logs {
			group := log.Reference("logDestinationConfigs", logGroupType)
			s.Expect(group != nil && strings.HasPrefix(group.Text("name"), "aws-waf-logs-"), log, "group", "logDestinationConfigs", "a declared group aws-waf-logs-*")
			var hidden []string
			query := false
			for _, field := range log.Items("redactedFields") {
				header, _ := field["singleHeader"].(map[string]any)
				name, _ := header["name"].(string)
				hidden = append(hidden, strings.ToLower(name))
				_, is := field["queryString"]
				query = query || is
			}
			for _, header := range redactedHeaders {
				s.Expect(slices.Contains(hidden, header), log, "redacted", "redactedFields", "the header %s", header)
			}
			s.Expect(query, log, "redacted", "redactedFields", "the query string")
		}
		s.Expect(acl.Is("visibilityConfig.cloudwatchMetricsEnabled", true), acl, "counted", "visibilityConfig.cloudwatchMetricsEnabled", "true")
		for _, rule := range firewallRules(s, acl) {
			s.Expect(rule.metrics, acl, "counted", "rules", "metrics of the rule of priority %v", rule.priority)
		}
	}
}
