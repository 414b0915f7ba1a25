package observability

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/board"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// checkTopics wants every topic encrypted, closed, reporting its deliveries and
// heard by confirmed subscribers.
func (v *verifier) checkTopics(ctx context.Context) error {
	all := verify.About("topics")
	for _, severity := range alarm.Severities() {
		arn := v.topics[string(severity)]
		attributes, err := v.sns.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(arn)})
		if err != nil {
			all.Include(fmt.Errorf("topic of severity %s (%s): %w", severity, arn, err))
			continue
		}
		var subscriptions []types.Subscription
		pages := sns.NewListSubscriptionsByTopicPaginator(v.sns, &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(arn)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return all.Failed(err)
			}
			subscriptions = append(subscriptions, page.Subscriptions...)
		}
		all.Include(v.judgeTopic(severity, attributes.Attributes, subscriptions))
	}
	return all.Err()
}

// judgeTopic joins what is wrong with a topic.
func (v *verifier) judgeTopic(severity alarm.Severity, attributes map[string]string, subscriptions []types.Subscription) error {
	f := verify.About("topic %s", topicName(v.names, severity))
	f.Expect(attributes["KmsMasterKeyId"] != "" && !strings.HasPrefix(attributes["KmsMasterKeyId"], "alias/aws/"), "is not encrypted with a key of ours, so alarms are lost or readable")
	want, err := topicPolicy(v.topics[string(severity)], v.cfg.Environment.AccountID, v.names).JSON()
	if err != nil {
		return f.Failed(err)
	}
	f.Expect(sameJSON(attributes["Policy"], want), "has another policy than it was given")
	v.judgeReports(f, attributes)
	for _, who := range v.cfg.Subscribers[string(severity)] {
		at := slices.IndexFunc(subscriptions, func(s types.Subscription) bool {
			return aws.ToString(s.Protocol) == who.Protocol && aws.ToString(s.Endpoint) == who.Endpoint
		})
		if at < 0 {
			f.Expect(false, "does not tell %s %s", who.Protocol, who.Endpoint)
			continue
		}
		f.Expect(strings.HasPrefix(aws.ToString(subscriptions[at].SubscriptionArn), "arn:"), "waits for %s %s to confirm: nothing arrives there", who.Protocol, who.Endpoint)
	}
	return f.Err()
}

// judgeReports wants every delivery to an https endpoint or a queue reported, by
// the names of the API (Amazon SNS API reference, SetTopicAttributes).
func (v *verifier) judgeReports(f *verify.Findings, attributes map[string]string) {
	for _, protocol := range []string{"HTTP", "SQS"} {
		for _, outcome := range []string{"Success", "Failure"} {
			name := protocol + outcome + "FeedbackRoleArn"
			f.Expect(strings.HasSuffix(attributes[name], "/"+v.names.Name(naming.Role, "topic-reports")),
				"%s is %q: what becomes of messages is not reported", name, attributes[name])
		}
		rate := protocol + "SuccessFeedbackSampleRate"
		f.Equal(rate, attributes[rate], strconv.Itoa(component.ReportedSuccesses))
	}
}

// sameJSON compares documents without regard to white space and order of keys.
func sameJSON(one, other string) bool {
	var a, b any
	return json.Unmarshal([]byte(one), &a) == nil && json.Unmarshal([]byte(other), &b) == nil && reflect.DeepEqual(a, b)
}

// checkDashboards wants every dashboard to show what it was given.
func (v *verifier) checkDashboards(ctx context.Context) error {
	all := verify.About("dashboards")
	for _, which := range board.Names() {
		made, err := board.Args{Watch: v.watch, Names: v.names, AccountID: v.cfg.Environment.AccountID, Estate: v.estate}.Make(which)
		if err != nil {
			all.Include(fmt.Errorf("dashboard %s: %w", which, err))
			continue
		}
		want, err := made.Body()
		if err != nil {
			all.Include(fmt.Errorf("dashboard %s: %w", which, err))
			continue
		}
		name := v.names.Name(naming.Dashboard, which)
		got, err := v.metrics.GetDashboard(ctx, &cloudwatch.GetDashboardInput{DashboardName: aws.String(name)})
		if err != nil {
			all.Include(fmt.Errorf("dashboard %s: %w", name, err))
			continue
		}
		all.Expect(sameJSON(aws.ToString(got.DashboardBody), want), "%s shows something else than it was given", name)
	}
	return all.Err()
}

// checkRules wants every kind of finding told by a rule that is on.
func (v *verifier) checkRules(ctx context.Context) error {
	all := verify.About("rules of findings")
	for _, each := range findings {
		name := v.names.Name(naming.EventRule, "findings", each.name)
		rule, err := v.events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String(name)})
		if err != nil {
			all.Include(fmt.Errorf("rule %s: %w", name, err))
			continue
		}
		targets, err := v.events.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String(name)})
		if err != nil {
			all.Include(fmt.Errorf("targets of rule %s: %w", name, err))
			continue
		}
		all.Include(v.judgeRule(each, rule, targets.Targets))
	}
	return all.Err()
}

func (v *verifier) judgeRule(want finding, rule *eventbridge.DescribeRuleOutput, targets []eventtypes.Target) error {
	f := verify.About("rule %s", aws.ToString(rule.Name))
	pattern, err := want.pattern()
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("state", rule.State, eventtypes.RuleStateEnabled)
	f.Expect(sameJSON(aws.ToString(rule.EventPattern), pattern), "matches %s, expected %s", aws.ToString(rule.EventPattern), pattern)
	topic := v.topics[string(want.severity)]
	f.Expect(slices.ContainsFunc(targets, func(t eventtypes.Target) bool { return aws.ToString(t.Arn) == topic }), "does not tell the topic %s", topic)
	return f.Err()
}
