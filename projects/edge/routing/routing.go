// Package routing says where a balancer sends a request, from the rules that the
// balancer has: it reads them through the ELBv2 API and evaluates path patterns
// as AWS documents them. It makes no rules; the edge layer does. It evaluates no
// conditions but paths, and refuses rules that have others.
package routing

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/cutover/cutover/shared/catalog"
)

// Rule forwards requests of some paths to one target group.
type Rule struct {
	// Priority is 1 to 50000; the lowest number is asked first.
	Priority int
	// Patterns are alternatives.
	Patterns []string
	// TargetGroupARN is where they go.
	TargetGroupARN string
}

// Table is a listener's rules in the order in which they are asked, and the
// status code that answers what no rule takes.
type Table struct {
	Rules   []Rule
	Default string
}

// Target returns the target group of a request target, such as /payments/1?x=y;
// empty means that the default answers. Patterns are compared with the path alone,
// without the query.
func (t Table) Target(requestTarget string) string {
	path, _, _ := strings.Cut(requestTarget, "?")
	for _, rule := range t.Rules {
		if slices.ContainsFunc(rule.Patterns, func(pattern string) bool { return catalog.Match(pattern, path) }) {
			return rule.TargetGroupARN
		}
	}
	return ""
}

// Rules is the part of the ELBv2 API that Read needs.
type Rules interface {
	DescribeRules(ctx context.Context, in *elb.DescribeRulesInput, opts ...func(*elb.Options)) (*elb.DescribeRulesOutput, error)
}

// Read reads the rules of a listener. A rule that is not a path condition and one
// forward action, or a default that is no fixed response, is an error: such a
// listener is not one of the edge layer's.
func Read(ctx context.Context, api Rules, listenerARN string) (Table, error) {
	var table Table
	in := &elb.DescribeRulesInput{ListenerArn: aws.String(listenerARN)}
	for {
		page, err := api.DescribeRules(ctx, in)
		if err != nil {
			return Table{}, fmt.Errorf("rules of %s: %w", listenerARN, err)
		}
		for _, rule := range page.Rules {
			if err := table.add(rule); err != nil {
				return Table{}, fmt.Errorf("rule of priority %s: %w", aws.ToString(rule.Priority), err)
			}
		}
		if aws.ToString(page.NextMarker) == "" {
			break
		}
		in.Marker = page.NextMarker
	}
	slices.SortFunc(table.Rules, func(a, b Rule) int { return cmp.Compare(a.Priority, b.Priority) })
	return table, nil
}

func (t *Table) add(rule types.Rule) error {
	if len(rule.Actions) != 1 {
		return fmt.Errorf("has %d actions, expected one", len(rule.Actions))
	}
	action := rule.Actions[0]
	if aws.ToBool(rule.IsDefault) {
		if action.Type != types.ActionTypeEnumFixedResponse || action.FixedResponseConfig == nil {
			return fmt.Errorf("is to %s, expected a fixed response", action.Type)
		}
		t.Default = aws.ToString(action.FixedResponseConfig.StatusCode)
		return nil
	}
	priority, err := strconv.Atoi(aws.ToString(rule.Priority))
	if err != nil {
		return fmt.Errorf("priority: %w", err)
	}
	if action.Type != types.ActionTypeEnumForward {
		return fmt.Errorf("is to %s, expected to forward", action.Type)
	}
	if len(rule.Conditions) != 1 || aws.ToString(rule.Conditions[0].Field) != "path-pattern" {
		return fmt.Errorf("has %d conditions, expected one of path-pattern", len(rule.Conditions))
	}
	t.Rules = append(t.Rules, Rule{Priority: priority, Patterns: patterns(rule.Conditions[0]), TargetGroupARN: targetOf(action)})
	return nil
}

// patterns are in either of two fields, by the API's version that wrote them.
func patterns(condition types.RuleCondition) []string {
	if condition.PathPatternConfig != nil && len(condition.PathPatternConfig.Values) > 0 {
		return condition.PathPatternConfig.Values
	}
	return condition.Values
}

// targetOf is empty where the action divides among several groups.
func targetOf(action types.Action) string {
	if action.ForwardConfig != nil && len(action.ForwardConfig.TargetGroups) > 1 {
		return ""
	}
	return aws.ToString(action.TargetGroupArn)
}
