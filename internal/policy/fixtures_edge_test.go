package policy_test

import (
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/recording"
)

// Type tokens of the firewall, which no layer registers yet.
const (
	webACLType  = "aws:wafv2/webAcl:WebAcl"
	wafLogsType = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
)

// firewallRule is one rule of a web ACL.
func firewallRule(priority int, statement map[string]any) map[string]any {
	return map[string]any{
		"name": "rule", "priority": priority, "statement": statement, "overrideAction": map[string]any{"none": map[string]any{}},
		"visibilityConfig": map[string]any{"cloudwatchMetricsEnabled": true},
	}
}

func managedGroup(name string) map[string]any {
	return map[string]any{"managedRuleGroupStatement": map[string]any{"vendorName": "AWS", "name": name}}
}

// counting is the group of common rules that only counts large bodies.
func counting() map[string]any {
	group := managedGroup("AWSManagedRulesCommonRuleSet")
	group["managedRuleGroupStatement"].(map[string]any)["ruleActionOverrides"] = []any{ //nolint:forcetypeassert // made above
		map[string]any{"name": "SizeRestrictions_BODY", "actionToUse": map[string]any{"count": map[string]any{}}},
	}
	return group
}

// soundACL has the agreed rules in order, with large bodies decided by a label.
func soundACL() recording.Resource {
	return recording.Resource{Type: webACLType, Name: "acl", Inputs: map[string]any{
		"name": "acl", "scope": "REGIONAL", "visibilityConfig": map[string]any{"cloudwatchMetricsEnabled": true},
		"rules": []any{
			firewallRule(0, managedGroup("AWSManagedRulesAmazonIpReputationList")),
			firewallRule(1, map[string]any{"rateBasedStatement": map[string]any{"limit": 2000}}),
			firewallRule(2, map[string]any{"rateBasedStatement": map[string]any{"limit": 500, "scopeDownStatement": map[string]any{"byteMatchStatement": map[string]any{}}}}),
			firewallRule(3, managedGroup("AWSManagedRulesKnownBadInputsRuleSet")),
			firewallRule(4, counting()),
			firewallRule(5, managedGroup("AWSManagedRulesSQLiRuleSet")),
			firewallRule(6, map[string]any{"labelMatchStatement": map[string]any{}}),
		},
	}}
}

func soundFirewallLog() []recording.Resource {
	return []recording.Resource{
		soundACL(),
		{Type: logGroupType, Name: "waf", Inputs: map[string]any{"name": "aws-waf-logs-cutover"}},
		{Type: wafLogsType, Name: "waf", Inputs: map[string]any{
			"resourceArn": graph.Ref{Type: webACLType, Name: "acl", Output: "arn"}, "logDestinationConfigs": []any{graph.Ref{Type: logGroupType, Name: "waf", Output: "arn"}},
			"redactedFields": []any{
				map[string]any{"singleHeader": map[string]any{"name": "authorization"}}, map[string]any{"singleHeader": map[string]any{"name": "cookie"}},
				map[string]any{"queryString": map[string]any{}},
			},
		}},
	}
}

func edgeFixtures() []fixture {
	acl := []recording.Resource{soundACL()}
	signed := []recording.Resource{
		{Type: "aws:route53/zone:Zone", Name: "zone", Inputs: map[string]any{"name": "cutover.example"}},
		{Type: "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec", Name: "zone", Inputs: map[string]any{"hostedZoneId": graph.Ref{Type: "aws:route53/zone:Zone", Name: "zone", Output: "id"}}},
		{Type: listenerType, Name: "https", Inputs: map[string]any{"routingHttpResponseStrictTransportSecurityHeaderValue": "max-age=31536000", "routingHttpResponseServerEnabled": false}},
	}
	return []fixture{
		{row: "E-10", name: "rules out of order", layer: contract.Edge, sound: acl, fault: one(graph.Set(webACLType, "acl", "rules[3].priority", 9))},
		{row: "E-10", name: "group that only counts", layer: contract.Edge, sound: acl, fault: one(graph.Set(webACLType, "acl", "rules[5].overrideAction", map[string]any{"count": map[string]any{}}))},
		{row: "E-10", name: "no limit for payments", layer: contract.Edge, sound: acl, fault: one(graph.Unset(webACLType, "acl", "rules[2].statement.rateBasedStatement.scopeDownStatement"))},
		{row: "E-11", name: "large bodies counted and let through", layer: contract.Edge, sound: acl, fault: one(graph.Set(webACLType, "acl", "rules[6].priority", -1))},
		{row: "E-11", name: "another rule counted", layer: contract.Edge, sound: acl, fault: one(graph.Set(webACLType, "acl",
			"rules[4].statement.managedRuleGroupStatement.ruleActionOverrides[0].name", "CrossSiteScripting_BODY"))},
		{row: "E-12", name: "no log", layer: contract.Edge, sound: soundFirewallLog(), fault: one(graph.Remove(wafLogsType, "waf"))},
		{row: "E-12", name: "cookies in the log", layer: contract.Edge, sound: soundFirewallLog(), fault: one(graph.Set(wafLogsType, "waf", "redactedFields[1].singleHeader.name", "host"))},
		{row: "E-12", name: "rule without metrics", layer: contract.Edge, sound: soundFirewallLog(), fault: one(graph.Set(webACLType, "acl", "rules[0].visibilityConfig.cloudwatchMetricsEnabled", false))},
		{row: "E-15", name: "zone not signed", layer: contract.Edge, sound: signed, fault: one(graph.Remove("aws:route53/hostedZoneDnsSec:HostedZoneDnsSec", "zone"))},
		{row: "E-15", name: "listener that names its server", layer: contract.Edge, sound: signed, fault: one(graph.Set(listenerType, "https", "routingHttpResponseServerEnabled", true))},
	}
}
