package edge

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Capacity units of statements (AWS WAF developer guide, "AWS WAF web ACL
// capacity units" and the statements' own pages). Where the guide counts the
// nested statements only, one unit is added: the sum is an upper bound.
const (
	ipSetUnits     = 1
	labelUnits     = 1
	regexUnits     = 3
	transformUnits = 10
	rateUnits      = 2
	logicUnits     = 1
	// maxUnits is the largest capacity without an increase (developer guide, "AWS
	// WAF quotas").
	maxUnits = 1500
	// maxExpression is the longest regular expression (API reference,
	// RegexMatchStatement), in characters.
	maxExpression = 512
)

// statement is a statement of AWS WAF with its capacity units.
type statement struct {
	wafv2.WebAclRuleStatementArgs

	units int
	// group names a rule group of AWS, counted those of its rules that only count.
	group   string
	counted []string
	// limit is that of a rate.
	limit RateLimit
}

// inSet holds for addresses of an IP set.
func inSet(arn pulumi.StringInput) statement {
	return statement{units: ipSetUnits, WebAclRuleStatementArgs: wafv2.WebAclRuleStatementArgs{
		IpSetReferenceStatement: wafv2.WebAclRuleStatementIpSetReferenceStatementArgs{Arn: arn},
	}}
}

// labelled holds for requests that an earlier rule labelled.
func labelled(label string) statement {
	return statement{units: labelUnits, WebAclRuleStatementArgs: wafv2.WebAclRuleStatementArgs{
		LabelMatchStatement: wafv2.WebAclRuleStatementLabelMatchStatementArgs{Scope: pulumi.String("LABEL"), Key: pulumi.String(label)},
	}}
}

// onPaths holds for requests of path patterns of the balancer. The path is taken
// as it came, as the balancer takes it: what is routed is what is matched.
func onPaths(patterns []string) statement {
	return statement{units: regexUnits + transformUnits, WebAclRuleStatementArgs: wafv2.WebAclRuleStatementArgs{
		RegexMatchStatement: wafv2.WebAclRuleStatementRegexMatchStatementArgs{
			RegexString:  pulumi.String(pathExpression(patterns)),
			FieldToMatch: wafv2.WebAclRuleStatementRegexMatchStatementFieldToMatchArgs{UriPath: wafv2.WebAclRuleStatementRegexMatchStatementFieldToMatchUriPathArgs{}},
			TextTransformations: wafv2.WebAclRuleStatementRegexMatchStatementTextTransformationArray{
				wafv2.WebAclRuleStatementRegexMatchStatementTextTransformationArgs{Priority: pulumi.Int(0), Type: pulumi.String("NONE")},
			},
		},
	}}
}

// not holds where s does not.
func not(s statement) statement {
	return statement{units: logicUnits + s.units, WebAclRuleStatementArgs: wafv2.WebAclRuleStatementArgs{
		NotStatement: wafv2.WebAclRuleStatementNotStatementArgs{Statements: wafv2.WebAclRuleStatementArray{s.WebAclRuleStatementArgs}},
	}}
}

// both holds where a and b hold.
func both(a, b statement) statement {
	return statement{units: logicUnits + a.units + b.units, WebAclRuleStatementArgs: wafv2.WebAclRuleStatementArgs{
		AndStatement: wafv2.WebAclRuleStatementAndStatementArgs{Statements: wafv2.WebAclRuleStatementArray{a.WebAclRuleStatementArgs, b.WebAclRuleStatementArgs}},
	}}
}

// managed is a rule group of AWS; but, if not nil, limits it to other addresses,
// and the rules in counted count instead of refusing.
func managed(name string, units int, but *statement, counted ...string) statement {
	group := wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs{VendorName: pulumi.String("AWS"), Name: pulumi.String(name)}
	if but != nil {
		units += logicUnits + but.units
		group.ScopeDownStatement = wafv2.WebAclRuleStatementManagedRuleGroupStatementScopeDownStatementArgs{
			NotStatement: wafv2.WebAclRuleStatementManagedRuleGroupStatementScopeDownStatementNotStatementArgs{
				Statements: wafv2.WebAclRuleStatementArray{but.WebAclRuleStatementArgs},
			},
		}
	}
	var overrides wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArray
	for _, rule := range counted {
		overrides = append(overrides, wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs{
			Name: pulumi.String(rule),
			ActionToUse: wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs{
				Count: wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs{},
			},
		})
	}
	if len(overrides) > 0 {
		group.RuleActionOverrides = overrides
	}
	return statement{units: units, group: name, counted: counted, WebAclRuleStatementArgs: wafv2.WebAclRuleStatementArgs{ManagedRuleGroupStatement: group}}
}

// limited holds for an address that sends more than the limit, but for those of
// a set; on, if not nil, counts the requests that it holds for.
func limited(limit RateLimit, but statement, on *statement) statement {
	others := not(but)
	units := rateUnits + others.units
	scope := wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementArgs{
		NotStatement: wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementNotStatementArgs{
			Statements: wafv2.WebAclRuleStatementArray{but.WebAclRuleStatementArgs},
		},
	}
	if on != nil {
		units += logicUnits + on.units
		scope = wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementArgs{
			AndStatement: wafv2.WebAclRuleStatementRateBasedStatementScopeDownStatementAndStatementArgs{
				Statements: wafv2.WebAclRuleStatementArray{on.WebAclRuleStatementArgs, others.WebAclRuleStatementArgs},
			},
		}
	}
	return statement{units: units, limit: limit, WebAclRuleStatementArgs: wafv2.WebAclRuleStatementArgs{
		RateBasedStatement: wafv2.WebAclRuleStatementRateBasedStatementArgs{
			AggregateKeyType: pulumi.String("IP"), Limit: pulumi.Int(limit.Limit), EvaluationWindowSec: pulumi.Int(limit.Window), ScopeDownStatement: scope,
		},
	}}
}

// pathExpression is the regular expression of path patterns of a balancer, in
// which * stands for any characters and ? for one.
func pathExpression(patterns []string) string {
	alternatives := make([]string, len(patterns))
	for i, pattern := range patterns {
		quoted := regexp.QuoteMeta(pattern)
		alternatives[i] = strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(quoted)
	}
	return "^(" + strings.Join(alternatives, "|") + ")$"
}
