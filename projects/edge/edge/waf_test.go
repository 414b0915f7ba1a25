package edge

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/pulumitest"
)

const (
	webACL          = "aws:wafv2/webAcl:WebAcl"
	ipSet           = "aws:wafv2/ipSet:IpSet"
	firewallLogging = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
	association     = "aws:wafv2/webAclAssociation:WebAclAssociation"
	configRule      = "aws:cfg/rule:Rule"
)

// at walks to a value within inputs.
func at(t *testing.T, value any, steps ...any) any {
	t.Helper()
	for _, step := range steps {
		switch key := step.(type) {
		case string:
			value = value.(map[string]any)[key]
		case int:
			value = value.([]any)[key]
		}
	}
	return value
}

// rulesOf lists the rules of the web ACL by name.
func rulesOf(t *testing.T, recording *pulumitest.Recording) map[string]map[string]any {
	t.Helper()
	rules := make(map[string]map[string]any)
	for _, each := range recording.Find(t, webACL, "firewall").Inputs["rules"].([]any) {
		rule := each.(map[string]any)
		rules[rule["name"].(string)] = rule
	}
	return rules
}

func firewallWith(change string) map[string]string {
	base := `"allow":[],"deny":[],"rate":{"limit":2000,"window":300},"paymentRate":{"limit":500,"window":300},"uploads":[],"count":[]`
	key, _, _ := strings.Cut(change, ":")
	parts := regexp.MustCompile(key+`:(\[\]|\{[^}]*\})`).ReplaceAllLiteralString(base, change)
	return map[string]string{"edge:firewall": "{" + parts + "}"}
}

func TestFirewallRulesStandInOrder(t *testing.T) {
	acl := run(t, "prod", nil).Find(t, webACL, "firewall").Inputs
	require.Equal(t, "REGIONAL", acl["scope"])
	require.Equal(t, "cutover-prod-firewall", acl["name"])
	require.Equal(t, map[string]any{"allow": map[string]any{}}, acl["defaultAction"])
	var names []string
	last := -1.0
	for _, each := range acl["rules"].([]any) {
		rule := each.(map[string]any)
		names = append(names, rule["name"].(string))
		require.Greater(t, rule["priority"], last, "priorities rise")
		last = rule["priority"].(float64)
	}
	require.Equal(t, []string{"deny", "ip-reputation", "rate", "payment-rate", "known-bad-inputs", "common", "sqli", "body-size"}, names)
}

// What each rule does with a request that it holds for, as registered.
func TestEachFirewallRuleRefuses(t *testing.T) {
	rules := rulesOf(t, run(t, "prod", nil))
	for name, group := range map[string]string{
		"ip-reputation": "AWSManagedRulesAmazonIpReputationList", "known-bad-inputs": "AWSManagedRulesKnownBadInputsRuleSet",
		"common": "AWSManagedRulesCommonRuleSet", "sqli": "AWSManagedRulesSQLiRuleSet",
	} {
		require.Equal(t, map[string]any{"none": map[string]any{}}, rules[name]["overrideAction"], name)
		require.Nil(t, rules[name]["action"], "AWS takes either action or overrideAction")
		statement := at(t, rules[name], "statement", "managedRuleGroupStatement")
		require.Equal(t, group, at(t, statement, "name"))
		require.Equal(t, "AWS", at(t, statement, "vendorName"))
	}
	for name, status := range map[string]any{"deny": nil, "rate": 429.0, "payment-rate": 429.0, "body-size": 413.0} {
		require.Nil(t, rules[name]["overrideAction"], name)
		block := at(t, rules[name], "action", "block").(map[string]any)
		if status == nil {
			require.Empty(t, block, name)
			continue
		}
		require.Equal(t, status, at(t, block, "customResponse", "responseCode"), name)
	}
}

func TestRatesCountAddressesButThoseThatAreAllowed(t *testing.T) {
	rules := rulesOf(t, run(t, "prod", nil))
	overall := at(t, rules["rate"], "statement", "rateBasedStatement")
	require.Equal(t, "IP", at(t, overall, "aggregateKeyType"))
	require.InEpsilon(t, 2000, at(t, overall, "limit"), 0)
	require.InEpsilon(t, 300, at(t, overall, "evaluationWindowSec"), 0)
	require.Contains(t, fmt.Sprint(at(t, overall, "scopeDownStatement", "notStatement", "statements", 0)), "firewall-allow")

	payments := at(t, rules["payment-rate"], "statement", "rateBasedStatement")
	require.InEpsilon(t, 500, at(t, payments, "limit"), 0)
	narrowed := at(t, payments, "scopeDownStatement", "andStatement", "statements")
	require.Len(t, narrowed, 2)
	match := at(t, narrowed, 0, "regexMatchStatement")
	require.Equal(t, `^(/payments|/payments/.*|/transactions|/transactions/.*)$`, at(t, match, "regexString"))
	require.Equal(t, map[string]any{"uriPath": map[string]any{}}, at(t, match, "fieldToMatch"))
	require.Contains(t, fmt.Sprint(at(t, narrowed, 1, "notStatement", "statements", 0)), "firewall-allow")
	require.Contains(t, fmt.Sprint(at(t, rules["ip-reputation"], "statement", "managedRuleGroupStatement", "scopeDownStatement", "notStatement")), "firewall-allow")
	for _, name := range []string{"known-bad-inputs", "common", "sqli"} {
		require.Nil(t, at(t, rules[name], "statement", "managedRuleGroupStatement", "scopeDownStatement"), "%s inspects what friends send, too", name)
	}
}

// The limit of payments holds on exactly the paths that the balancer sends to
// services with payments.
func TestPathsOfTheLimitAreThoseOfTheBalancer(t *testing.T) {
	listed, err := catalog.Load()
	require.NoError(t, err)
	expression := regexp.MustCompile(pathExpression(paymentPaths(listed)))
	for path, limited := range map[string]bool{
		"/payments": true, "/payments/": true, "/payments/1/refund": true, "/payments/../reports": true, "/transactions/9": true,
		"/payments2": false, "/Payments/1": false, "//payments/1": false, "/reports": false, "/reports/payments/1": false, "/": false, "/pay%6dents/1": false,
	} {
		require.Equal(t, limited, expression.MatchString(path), path)
	}
	require.Equal(t, `^(/a\.b/.\$|/x.*y)$`, pathExpression([]string{"/a.b/?$", "/x*y"}))
}

// Bodies over 8 KB are refused everywhere but on the paths of uploads; without
// such paths AWS's own rule refuses them.
func TestLargeBodiesAreRefusedButOnUploads(t *testing.T) {
	rules := rulesOf(t, run(t, "prod", nil))
	override := at(t, rules["common"], "statement", "managedRuleGroupStatement", "ruleActionOverrides")
	require.Equal(t, []any{map[string]any{"name": "SizeRestrictions_BODY", "actionToUse": map[string]any{"count": map[string]any{}}}}, override)
	decided := at(t, rules["body-size"], "statement", "andStatement", "statements")
	require.Equal(t, map[string]any{"scope": "LABEL", "key": "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"}, at(t, decided, 0, "labelMatchStatement"))
	require.Equal(t, `^(/reports/uploads|/reports/uploads/.*)$`, at(t, decided, 1, "notStatement", "statements", 0, "regexMatchStatement", "regexString"))

	without := rulesOf(t, run(t, "local", firewallWith(`"uploads":[]`)))
	require.NotContains(t, without, "body-size")
	require.Nil(t, at(t, without["common"], "statement", "managedRuleGroupStatement", "ruleActionOverrides"))
}

func TestEachRuleCanCountForItsRollOut(t *testing.T) {
	for _, name := range firewallRules {
		set := map[string]string{"edge:firewall": `{"allow":[],"deny":[],"rate":{"limit":2000,"window":300},"paymentRate":{"limit":500,"window":300},"uploads":["/reports/uploads"],"count":["` + name + `"]}`}
		for each, rule := range rulesOf(t, run(t, "local", set)) {
			action := rule["action"]
			if action == nil {
				action = rule["overrideAction"]
			}
			_, counts := action.(map[string]any)["count"]
			require.Equal(t, each == name, counts, "%s while %s counts", each, name)
		}
	}
}

func TestListsOfNetworksAreThereEvenWhenEmpty(t *testing.T) {
	empty := run(t, "prod", nil).Find(t, ipSet, "firewall-deny").Inputs
	require.Empty(t, empty["addresses"])
	filled := run(t, "local", firewallWith(`"deny":["203.0.113.0/24","198.51.100.7/32"]`)).Find(t, ipSet, "firewall-deny").Inputs
	require.Equal(t, []any{"203.0.113.0/24", "198.51.100.7/32"}, filled["addresses"])
	require.Equal(t, "IPV4", filled["ipAddressVersion"])
	require.Equal(t, "REGIONAL", filled["scope"])
	require.Equal(t, "cutover-local-firewall-deny", filled["name"])
}

// The sum is AWS's prices added by hand: 1 deny, 25+2 reputation, 2+2 limit,
// 2+1+13+2 limit of payments, 200, 700, 200, and 1+1+1+13 for bodies.
func TestCapacityStaysBelowWhatAWSTakes(t *testing.T) {
	listed, err := catalog.Load()
	require.NoError(t, err)
	cfg, err := config.ReadFile[Config](stackFile(t, "prod"))
	require.NoError(t, err)
	units := capacity(ruleSet(cfg.Firewall, listed, pulumi.String("a"), pulumi.String("b")))
	require.Equal(t, 1+27+4+18+200+700+200+16, units)
	require.Less(t, units, 1500)
	require.NoError(t, checkRules(cfg.Firewall, listed))
}

func TestBothBalancersStandBehindTheFirewall(t *testing.T) {
	recording := run(t, "prod", nil)
	require.Len(t, recording.OfType(association), 2)
	for _, color := range []string{"blue", "green"} {
		inputs := recording.Find(t, association, color+"-alb").Inputs
		require.Contains(t, inputs["webAclArn"], "firewall")
		require.Contains(t, inputs["resourceArn"], color+"-alb")
	}
	require.Equal(t, recording.Find(t, association, "blue-alb").Inputs["webAclArn"], recording.Exports["firewallArn"])
	require.Equal(t, "cutover-prod-firewall", recording.Exports["firewallMetricName"])
	require.Equal(t, "aws-waf-logs-cutover-prod-firewall", recording.Exports["firewallLogGroupName"])
	require.Len(t, recording.Exports["firewallRuleMetricNames"], len(firewallRules))
}

// AWS WAF writes to groups of one prefix only, and takes the ARN of the group
// without the :* of its streams.
func TestFirewallLogsWithoutCredentials(t *testing.T) {
	recording := run(t, "prod", nil)
	group := recording.Find(t, "aws:cloudwatch/logGroup:LogGroup", "firewall").Inputs
	require.Equal(t, "aws-waf-logs-cutover-prod-firewall", group["name"])
	require.Equal(t, "security/blueLogsKeyArn", group["kmsKeyId"])
	log := recording.Find(t, firewallLogging, "firewall").Inputs
	require.Equal(t, []any{
		map[string]any{"queryString": map[string]any{}},
		map[string]any{"singleHeader": map[string]any{"name": "authorization"}},
		map[string]any{"singleHeader": map[string]any{"name": "cookie"}},
	}, log["redactedFields"])
	require.Len(t, log["logDestinationConfigs"], 1)
	require.NotContains(t, log["logDestinationConfigs"].([]any)[0], ":*")
	policy := recording.Find(t, "aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "firewall").Inputs["policyDocument"]
	require.Contains(t, policy, `"Service":["delivery.logs.amazonaws.com"]`)
	require.Contains(t, policy, `"arn:aws:logs:us-east-1:345678901234:log-group:aws-waf-logs-cutover-prod-firewall:*"`)
	require.Contains(t, policy, `"aws:SourceAccount":["345678901234"]`)
}

// AWS WAF takes letters, digits, dash and underscore, 128 of them (API reference,
// WebACL and VisibilityConfig); All and Default_Action are metrics of its own.
func TestFirewallNamesKeepTheLimitsOfAWS(t *testing.T) {
	for _, env := range config.Names() {
		recording := run(t, env, nil)
		acl := recording.Find(t, webACL, "firewall").Inputs
		names := []any{acl["name"], at(t, acl, "visibilityConfig", "metricName")}
		metrics := make(map[any]bool)
		for _, rule := range rulesOf(t, recording) {
			visible := rule["visibilityConfig"].(map[string]any)
			require.Equal(t, true, visible["cloudwatchMetricsEnabled"])
			require.Equal(t, true, visible["sampledRequestsEnabled"])
			require.False(t, metrics[visible["metricName"]], visible["metricName"])
			metrics[visible["metricName"]] = true
			names = append(names, rule["name"], visible["metricName"])
		}
		for _, set := range recording.OfType(ipSet) {
			names = append(names, set.Inputs["name"])
		}
		for _, name := range names {
			require.Regexp(t, `^[A-Za-z0-9_-]{1,128}$`, name)
			require.NotContains(t, []string{"All", "Default_Action"}, name)
		}
	}
}

func TestConfigWatchesFirewallAndLogsOfTheBalancers(t *testing.T) {
	recording := run(t, "prod", nil)
	require.Len(t, recording.OfType(configRule), 2)
	waf := recording.Find(t, configRule, "alb-waf-enabled").Inputs
	require.Equal(t, "ALB_WAF_ENABLED", at(t, waf, "source", "sourceIdentifier"))
	require.Contains(t, waf["inputParameters"], recording.Exports["firewallArn"])
	logs := recording.Find(t, configRule, "elb-logging-enabled").Inputs
	require.JSONEq(t, `{"s3BucketNames":"cutover-prod-blue-alb-logs-345678901234,cutover-prod-green-alb-logs-345678901234"}`, logs["inputParameters"].(string))
}

func TestFirewallArgumentsAreJudgedTogether(t *testing.T) {
	args := &FirewallArgs{Config: FirewallConfig{Count: []string{"xss"}}}
	for _, want := range []string{
		"firewall account id: is empty", "firewall log key: is missing", "no service of the catalogue has payments: true",
		`firewall rule "xss": is unknown, expected one of deny, ip-reputation, rate`,
	} {
		require.ErrorContains(t, args.Validate(), want)
	}
	err := (&RulesArgs{}).Validate()
	require.ErrorContains(t, err, "rules web ACL: is missing")
	require.ErrorContains(t, err, "rules log buckets: none")

	long := catalog.Catalog{Services: []catalog.Service{{Name: "a", Payments: true, Paths: []string{"/" + strings.Repeat("a", 600)}}}}
	require.ErrorContains(t, checkRules(FirewallConfig{}, long), "make an expression of 605 characters, expected at most 512")
}
