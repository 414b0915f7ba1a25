// Package firewalltest decides what the rules of a web ACL, as AWS WAF has them, do
// with a request: which one ends it, or which only count it. The rules within the
// groups of AWS are not ours to run: a request says which of them hold for it, by the
// names that AWS documents (AWS WAF developer guide, "AWS Managed Rules rule groups
// list"). The package inspects no bodies and knows only the statements that the edge
// layer uses; any other is an error.
package firewalltest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"
)

// Request is what the rules know of a request.
type Request struct {
	Path string
	// Lists are the ends of the names of IP sets that the address is in: "allow".
	Lists []string
	// Sent is how many requests the address sends within the window of a limit.
	Sent int64
	// Holds are rules of AWS's groups that hold for the request.
	Holds []string
}

// Verdict is what becomes of a request.
type Verdict struct {
	// Rule ended the request, "" for the default action, which lets it through.
	Rule     string
	Priority int32
	// Status is the answer, 0 while the request goes through.
	Status int32
	// Counted are the rules that held and only counted, of ours and of AWS's groups.
	Counted []string
}

// refused is AWS WAF's own answer.
const refused = 403

// group is a rule group of AWS, as far as the cases ask for it: its rules with the
// fields that they read, and the labels that they leave.
var group = map[string]map[string]string{
	"AWSManagedRulesAmazonIpReputationList": {
		"AWSManagedIPReputationList":   "awswaf:managed:aws:amazon-ip-list:AWSManagedIPReputationList",
		"AWSManagedReconnaissanceList": "awswaf:managed:aws:amazon-ip-list:AWSManagedReconnaissanceList",
	},
	"AWSManagedRulesKnownBadInputsRuleSet": {
		"Log4JRCE_HEADER":          "awswaf:managed:aws:known-bad-inputs:Log4JRCE_Header",
		"Log4JRCE_BODY":            "awswaf:managed:aws:known-bad-inputs:Log4JRCE_Body",
		"Host_localhost_HEADER":    "awswaf:managed:aws:known-bad-inputs:Host_Localhost_Header",
		"PROPFIND_METHOD":          "awswaf:managed:aws:known-bad-inputs:Propfind_Method",
		"ExploitablePaths_URIPATH": "awswaf:managed:aws:known-bad-inputs:ExploitablePaths_URIPath",
	},
	"AWSManagedRulesCommonRuleSet": {
		"NoUserAgent_HEADER":                "awswaf:managed:aws:core-rule-set:NoUserAgent_Header",
		"CrossSiteScripting_QUERYARGUMENTS": "awswaf:managed:aws:core-rule-set:CrossSiteScripting_QueryArguments",
		"CrossSiteScripting_BODY":           "awswaf:managed:aws:core-rule-set:CrossSiteScripting_Body",
		"CrossSiteScripting_COOKIE":         "awswaf:managed:aws:core-rule-set:CrossSiteScripting_Cookie",
		"CrossSiteScripting_URIPATH":        "awswaf:managed:aws:core-rule-set:CrossSiteScripting_URIPath",
		"GenericLFI_URIPATH":                "awswaf:managed:aws:core-rule-set:GenericLFI_URIPath",
		"SizeRestrictions_QUERYSTRING":      "awswaf:managed:aws:core-rule-set:SizeRestrictions_QueryString",
		"SizeRestrictions_BODY":             "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body",
	},
	"AWSManagedRulesSQLiRuleSet": {
		"SQLi_QUERYARGUMENTS":         "awswaf:managed:aws:sql-database:SQLi_QueryArguments",
		"SQLi_BODY":                   "awswaf:managed:aws:sql-database:SQLi_Body",
		"SQLi_COOKIE":                 "awswaf:managed:aws:sql-database:SQLi_Cookie",
		"SQLiExtendedPatterns_HEADER": "awswaf:managed:aws:sql-database:SQLiExtendedPatterns_Header",
	},
}

// Decide runs the rules in the order of their priorities.
func Decide(rules []types.Rule, request Request) (Verdict, error) {
	rules = slices.Clone(rules)
	slices.SortFunc(rules, func(a, b types.Rule) int { return int(a.Priority - b.Priority) })
	run := &run{request: request}
	for _, rule := range rules {
		name := aws.ToString(rule.Name)
		held, err := run.holds(rule.Statement)
		if err != nil {
			return Verdict{}, fmt.Errorf("rule %s: %w", name, err)
		}
		if !held {
			continue
		}
		counts := rule.Action != nil && rule.Action.Count != nil || rule.OverrideAction != nil && rule.OverrideAction.Count != nil
		if counts {
			run.counted = append(run.counted, name)
			continue
		}
		return Verdict{Rule: name, Priority: rule.Priority, Status: status(rule.Action), Counted: run.counted}, nil
	}
	return Verdict{Counted: run.counted}, nil
}

func status(action *types.RuleAction) int32 {
	if action == nil || action.Block == nil || action.Block.CustomResponse == nil {
		return refused
	}
	return aws.ToInt32(action.Block.CustomResponse.ResponseCode)
}

// run is one request on its way through the rules.
type run struct {
	request Request
	labels  []string
	counted []string
}

func (r *run) holds(s *types.Statement) (bool, error) {
	switch {
	case s == nil:
		return true, nil
	case s.IPSetReferenceStatement != nil:
		arn := aws.ToString(s.IPSetReferenceStatement.ARN)
		return slices.ContainsFunc(r.request.Lists, func(list string) bool {
			name := "firewall-" + list
			return strings.HasSuffix(arn, name) || strings.Contains(arn, name+"/") || strings.Contains(arn, name+"-")
		}), nil
	case s.LabelMatchStatement != nil:
		return slices.Contains(r.labels, aws.ToString(s.LabelMatchStatement.Key)), nil
	case s.RegexMatchStatement != nil:
		return r.matches(s.RegexMatchStatement)
	case s.NotStatement != nil:
		held, err := r.holds(s.NotStatement.Statement)
		return !held, err
	case s.AndStatement != nil:
		return r.all(s.AndStatement.Statements)
	case s.RateBasedStatement != nil:
		within, err := r.holds(s.RateBasedStatement.ScopeDownStatement)
		return within && r.request.Sent > aws.ToInt64(s.RateBasedStatement.Limit), err
	case s.ManagedRuleGroupStatement != nil:
		return r.inGroup(s.ManagedRuleGroupStatement)
	}
	return false, fmt.Errorf("statement %+v: is of a kind that is not known here", *s)
}

func (r *run) all(statements []types.Statement) (bool, error) {
	for i := range statements {
		if held, err := r.holds(&statements[i]); !held || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (r *run) matches(s *types.RegexMatchStatement) (bool, error) {
	if s.FieldToMatch == nil || s.FieldToMatch.UriPath == nil {
		return false, fmt.Errorf("expression %s: reads another field than the path", aws.ToString(s.RegexString))
	}
	expression, err := regexp.Compile(aws.ToString(s.RegexString))
	if err != nil {
		return false, err
	}
	return expression.MatchString(r.request.Path), nil
}

// inGroup tells whether a rule of the group refuses; one that counts leaves its label.
func (r *run) inGroup(s *types.ManagedRuleGroupStatement) (bool, error) {
	known, ok := group[aws.ToString(s.Name)]
	if !ok || aws.ToString(s.VendorName) != "AWS" {
		return false, fmt.Errorf("group %s of %s: is not known here", aws.ToString(s.Name), aws.ToString(s.VendorName))
	}
	if within, err := r.holds(s.ScopeDownStatement); !within || err != nil {
		return false, err
	}
	refuses := false
	for _, name := range r.request.Holds {
		label, ours := known[name]
		if !ours {
			continue
		}
		r.labels = append(r.labels, label)
		if slices.ContainsFunc(s.RuleActionOverrides, func(o types.RuleActionOverride) bool {
			return aws.ToString(o.Name) == name && o.ActionToUse != nil && o.ActionToUse.Count != nil
		}) {
			r.counted = append(r.counted, name)
			continue
		}
		refuses = true
	}
	return refuses, nil
}
