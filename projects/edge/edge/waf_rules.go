package edge

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
)

// Names of the firewall's rules, as configuration and metrics have them.
const (
	denyRule        = "deny"
	reputationRule  = "ip-reputation"
	rateRule        = "rate"
	paymentRateRule = "payment-rate"
	badInputsRule   = "known-bad-inputs"
	commonRule      = "common"
	sqlRule         = "sqli"
	bodySizeRule    = "body-size"
)

// firewallRules are all rules in the order in which they look at a request: what
// costs nothing first, what reads bodies last.
var firewallRules = []string{denyRule, reputationRule, rateRule, paymentRateRule, badInputsRule, commonRule, sqlRule, bodySizeRule}

// The rule of AWS's common group about bodies over 8 KB, the most that a balancer
// hands to inspection, and the label that it leaves when it only counts (AWS WAF
// developer guide, "Baseline rule groups").
const (
	bodySize      = "SizeRestrictions_BODY"
	bodySizeLabel = "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"
)

// priorityStep leaves room between rules, for one that has to come in haste.
const priorityStep = 10

// firewallRule is one rule of the web ACL.
type firewallRule struct {
	name      string
	statement statement
	// status answers what the rule refuses; 0 is AWS WAF's own answer, 403.
	status int
}

// isGroup tells that the statement is a rule group of AWS, which has actions of its
// own.
func (r firewallRule) isGroup() bool { return r.statement.group != "" }

// ruleSet are the firewall's rules in order; allow and deny are the ARNs of the
// IP sets. Managed groups are as large as AWS says ("AWS Managed Rules rule groups
// list").
func ruleSet(cfg FirewallConfig, services catalog.Catalog, allow, deny pulumi.StringInput) []firewallRule {
	friends := inSet(allow)
	onPayments := onPaths(paymentPaths(services))
	var counted []string
	if len(cfg.Uploads) > 0 {
		counted = []string{bodySize}
	}
	rules := []firewallRule{
		{name: denyRule, statement: inSet(deny)},
		{name: reputationRule, statement: managed("AWSManagedRulesAmazonIpReputationList", 25, &friends)},
		{name: rateRule, status: http.StatusTooManyRequests, statement: limited(cfg.Rate, friends, nil)},
		{name: paymentRateRule, status: http.StatusTooManyRequests, statement: limited(cfg.PaymentRate, friends, &onPayments)},
		{name: badInputsRule, statement: managed("AWSManagedRulesKnownBadInputsRuleSet", 200, nil)},
		{name: commonRule, statement: managed("AWSManagedRulesCommonRuleSet", 700, nil, counted...)},
		{name: sqlRule, statement: managed("AWSManagedRulesSQLiRuleSet", 200, nil)},
	}
	if len(cfg.Uploads) > 0 {
		rules = append(rules, firewallRule{
			name: bodySizeRule, status: http.StatusRequestEntityTooLarge, statement: both(labelled(bodySizeLabel), not(onPaths(cfg.Uploads))),
		})
	}
	return rules
}

// capacity is what the rules take, in web ACL capacity units.
func capacity(rules []firewallRule) int {
	sum := 0
	for _, rule := range rules {
		sum += rule.statement.units
	}
	return sum
}

// paymentPaths are the path patterns that customers pay through.
func paymentPaths(services catalog.Catalog) []string {
	var patterns []string
	for _, service := range payments(services) {
		patterns = append(patterns, service.Paths...)
	}
	return patterns
}

// write writes the rule down for AWS; one that counts refuses nothing.
func (r firewallRule) write(priority int, metric string, counts bool) wafv2.WebAclRuleArgs {
	rule := wafv2.WebAclRuleArgs{
		Name: pulumi.String(r.name), Priority: pulumi.Int(priority), Statement: r.statement.WebAclRuleStatementArgs,
		VisibilityConfig: wafv2.WebAclRuleVisibilityConfigArgs{
			CloudwatchMetricsEnabled: pulumi.Bool(true), SampledRequestsEnabled: pulumi.Bool(true), MetricName: pulumi.String(metric),
		},
	}
	switch {
	case r.isGroup() && counts:
		rule.OverrideAction = wafv2.WebAclRuleOverrideActionArgs{Count: wafv2.WebAclRuleOverrideActionCountArgs{}}
	case r.isGroup():
		rule.OverrideAction = wafv2.WebAclRuleOverrideActionArgs{None: wafv2.WebAclRuleOverrideActionNoneArgs{}}
	case counts:
		rule.Action = wafv2.WebAclRuleActionArgs{Count: wafv2.WebAclRuleActionCountArgs{}}
	default:
		rule.Action = wafv2.WebAclRuleActionArgs{Block: r.refusal()}
	}
	return rule
}

func (r firewallRule) refusal() wafv2.WebAclRuleActionBlockArgs {
	if r.status == 0 {
		return wafv2.WebAclRuleActionBlockArgs{}
	}
	return wafv2.WebAclRuleActionBlockArgs{CustomResponse: wafv2.WebAclRuleActionBlockCustomResponseArgs{ResponseCode: pulumi.Int(r.status)}}
}

// checkRules joins what AWS would refuse about the rules as a whole.
func checkRules(cfg FirewallConfig, services catalog.Catalog) error {
	var problems []error
	if units := capacity(ruleSet(cfg, services, pulumi.String(""), pulumi.String(""))); units > maxUnits {
		problems = append(problems, fmt.Errorf("firewall capacity: takes %d units, expected at most %d", units, maxUnits))
	}
	paths := paymentPaths(services)
	if len(paths) == 0 {
		problems = append(problems, errors.New("firewall payment paths: no service of the catalogue has payments: true, expected at least one to limit"))
	}
	if length := len(pathExpression(paths)); length > maxExpression {
		problems = append(problems, fmt.Errorf("firewall payment paths %s: make an expression of %d characters, expected at most %d",
			strings.Join(paths, ", "), length, maxExpression))
	}
	for _, rule := range cfg.Count {
		if !slices.Contains(firewallRules, rule) {
			problems = append(problems, fmt.Errorf("firewall rule %q: is unknown, expected one of %s", rule, strings.Join(firewallRules, ", ")))
		}
	}
	return errors.Join(problems...)
}
