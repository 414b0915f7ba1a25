package component

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// ReportedSuccesses is the percentage of deliveries that succeeded of which a
// topic reports; it reports all that failed. Topics carry alarms and findings, few
// enough for all of them.
const ReportedSuccesses = 100

// TopicArgs describes one topic.
type TopicArgs struct {
	// Name is the physical name, from naming.Topic.
	Name      string
	AccountID string
	// KeyARN encrypts the messages.
	KeyARN pulumi.StringInput
	// ReportsRoleARN is the role that Amazon SNS takes to report deliveries, with
	// what NewTopicReportsPolicy gives it; ReportsKeyARN encrypts the reports.
	ReportsRoleARN, ReportsKeyARN pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *TopicArgs) Validate() error {
	var problems []error
	if a.Name == "" || len(a.Name) > naming.Topic.Max() {
		problems = append(problems, fmt.Errorf("topic name %q: expected 1 to %d characters", a.Name, naming.Topic.Max()))
	}
	if a.AccountID == "" {
		problems = append(problems, errors.New("topic account id: is empty, expected 12 digits"))
	}
	if a.KeyARN == nil {
		problems = append(problems, errors.New("topic key: is missing, expected the ARN of a key for messages"))
	}
	if a.ReportsRoleARN == nil {
		problems = append(problems, errors.New("topic reports: role is missing, expected the ARN of the role that reports deliveries"))
	}
	if a.ReportsKeyARN == nil {
		problems = append(problems, errors.New("topic reports: key is missing, expected the ARN of a key for logs"))
	}
	return errors.Join(problems...)
}

// Topic is an encrypted topic that reports its deliveries.
type Topic struct {
	*sns.Topic
	// ReportGroups are the log groups of its reports: of successes, then of failures.
	ReportGroups []*cloudwatch.LogGroup
}

// NewTopic makes an encrypted topic that reports what became of every message to
// an https endpoint or a queue (AWS Security Hub control SNS.2); of e-mail Amazon
// SNS reports nothing. The log groups of the reports are made before it.
func NewTopic(ctx *pulumi.Context, name string, args *TopicArgs, opts ...pulumi.ResourceOption) (*Topic, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("topic %s: %w", name, err)
	}
	t := &Topic{}
	var before []pulumi.Resource
	for i, outcome := range []string{"delivered", "failed"} {
		group, err := NewLogGroup(ctx, name+"-"+outcome, &LogGroupArgs{
			Name: TopicReportGroups(args.AccountID, args.Name)[i], KeyARN: args.ReportsKeyARN,
		}, opts...)
		if err != nil {
			return nil, err
		}
		t.ReportGroups, before = append(t.ReportGroups, group), append(before, group)
	}
	role := args.ReportsRoleARN.ToStringOutput().ToStringPtrOutput()
	var err error
	t.Topic, err = sns.NewTopic(ctx, name, &sns.TopicArgs{
		Name:                          pulumi.String(args.Name),
		KmsMasterKeyId:                args.KeyARN.ToStringOutput().ToStringPtrOutput(),
		HttpSuccessFeedbackRoleArn:    role,
		HttpSuccessFeedbackSampleRate: pulumi.Int(ReportedSuccesses),
		HttpFailureFeedbackRoleArn:    role,
		SqsSuccessFeedbackRoleArn:     role,
		SqsSuccessFeedbackSampleRate:  pulumi.Int(ReportedSuccesses),
		SqsFailureFeedbackRoleArn:     role,
	}, append(opts, pulumi.DependsOn(before))...)
	if err != nil {
		return nil, fmt.Errorf("topic %s: %w", args.Name, err)
	}
	return t, nil
}

// TopicReportGroups are the names of the log groups that Amazon SNS writes a
// topic's reports to: of deliveries that succeeded, and of those that failed
// (Amazon SNS developer guide, "Prerequisites for configuring delivery status
// logging").
func TopicReportGroups(accountID, topic string) []string {
	group := "sns/" + config.Region + "/" + accountID + "/" + topic
	return []string{group, group + "/Failure"}
}

// NewTopicReportsPolicy lets the role of the reports, by name, write what becomes
// of the topics' messages. The guide's own example also makes groups, for topics
// whose groups nobody made: one that Amazon SNS made would have no key and no end.
func NewTopicReportsPolicy(ctx *pulumi.Context, name, policy string, role pulumi.StringInput, topics []*Topic, opts ...pulumi.ResourceOption) (*Policy, error) {
	groups := pulumi.StringMap{}
	for _, topic := range topics {
		for _, group := range topic.ReportGroups {
			groups[strconv.Itoa(len(groups))] = group.Arn
		}
	}
	return NewPolicy(ctx, name, &PolicyArgs{
		Name: policy, Description: "Reports of deliveries", Values: groups,
		Write: func(arns map[string]string) iamdoc.Document {
			var streams []string
			for _, group := range slices.Sorted(maps.Values(arns)) {
				streams = append(streams, group+":*")
			}
			return iamdoc.Document{Statements: []iamdoc.Statement{{
				Sid: "ReportDeliveries", Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Resources: streams,
			}}}
		},
		Roles: map[string]pulumi.StringInput{"topic-reports": role},
	}, opts...)
}
