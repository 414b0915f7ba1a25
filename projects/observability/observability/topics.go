package observability

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// TopicsArgs describes where notifications go.
type TopicsArgs struct {
	Names     naming.Namer
	AccountID string
	// KeyARN is the key of topics that belong to neither colour. It admits
	// CloudWatch and EventBridge; without that a notification is lost silently.
	KeyARN pulumi.StringInput
	// ReportsRoleARN and ReportsRoleName are the role by which deliveries are reported,
	// ReportsKeyARN the key of the reports.
	ReportsRoleARN, ReportsRoleName, ReportsKeyARN pulumi.StringInput
	// Subscribers are by severity.
	Subscribers map[string][]Subscriber
}

// Validate joins all that is wrong with the arguments.
func (a *TopicsArgs) Validate() error {
	var problems []error
	if a.AccountID == "" {
		problems = append(problems, errors.New("topics: account id is empty, expected 12 digits"))
	}
	if a.KeyARN == nil {
		problems = append(problems, errors.New("topics: key is missing, expected the ARN of the key of events"))
	}
	if a.ReportsRoleARN == nil || a.ReportsRoleName == nil || a.ReportsKeyARN == nil {
		problems = append(problems, errors.New("topics: role or key of the reports is missing, expected those of the layer of security"))
	}
	return errors.Join(problems...)
}

// Topics are one topic a severity, with those who are told.
type Topics struct {
	pulumi.ResourceState

	// ARNs are by severity; they wait for the topics' policies.
	ARNs map[alarm.Severity]pulumi.StringOutput
}

// NewTopics makes the topics, their policies and their subscriptions. An address
// gets a mail and has to confirm; until then verification says so.
func NewTopics(ctx *pulumi.Context, name string, args *TopicsArgs, opts ...pulumi.ResourceOption) (*Topics, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	t := &Topics{ARNs: make(map[alarm.Severity]pulumi.StringOutput)}
	if err := ctx.RegisterComponentResource("cutover:observability:Topics", name, t, opts...); err != nil {
		return nil, fmt.Errorf("register topics: %w", err)
	}
	made, err := t.makeTopics(ctx, name, args)
	if err != nil {
		return nil, err
	}
	outputs := pulumi.Map{}
	for _, severity := range alarm.Severities() {
		if err := t.open(ctx, name+"-"+string(severity), severity, made, args); err != nil {
			return nil, fmt.Errorf("topic of severity %s: %w", severity, err)
		}
		outputs[string(severity)] = t.ARNs[severity]
	}
	return t, ctx.RegisterResourceOutputs(t, outputs)
}

func topicName(names naming.Namer, severity alarm.Severity) string {
	return names.Name(naming.Topic, "alarms", string(severity))
}

// topics are those of all severities; whoever is told waits for what lets them
// report.
type topics struct {
	of      map[alarm.Severity]*component.Topic
	reports []pulumi.Resource
}

// makeTopics makes the topics and lets them report their deliveries.
func (t *Topics) makeTopics(ctx *pulumi.Context, name string, args *TopicsArgs) (topics, error) {
	made := topics{of: make(map[alarm.Severity]*component.Topic)}
	var all []*component.Topic
	for _, severity := range alarm.Severities() {
		topic, err := component.NewTopic(ctx, name+"-"+string(severity), &component.TopicArgs{
			Name: topicName(args.Names, severity), AccountID: args.AccountID, KeyARN: args.KeyARN,
			ReportsRoleARN: args.ReportsRoleARN, ReportsKeyARN: args.ReportsKeyARN,
		}, pulumi.Parent(t))
		if err != nil {
			return made, err
		}
		made.of[severity], all = topic, append(all, topic)
	}
	reports, err := component.NewTopicReportsPolicy(ctx, name+"-reports", args.Names.Name(naming.Policy, "topic-reports", "alarms"),
		args.ReportsRoleName, all, pulumi.Parent(t))
	if err != nil {
		return made, err
	}
	made.reports = reports.Attachments
	return made, nil
}

// open lets alarms and rules publish to a topic, and tells who subscribed.
func (t *Topics) open(ctx *pulumi.Context, name string, severity alarm.Severity, made topics, args *TopicsArgs) error {
	topic := made.of[severity]
	policy, err := sns.NewTopicPolicy(ctx, name, &sns.TopicPolicyArgs{
		Arn: topic.Arn,
		Policy: component.Document(pulumi.StringMap{"topic": topic.Arn}, func(values map[string]string) iamdoc.Document {
			return topicPolicy(values["topic"], args.AccountID, args.Names)
		}),
	}, pulumi.Parent(t))
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	before := append([]pulumi.Resource{policy}, made.reports...)
	for number, who := range args.Subscribers[string(severity)] {
		if _, err := sns.NewTopicSubscription(ctx, fmt.Sprintf("%s-%d", name, number), &sns.TopicSubscriptionArgs{
			Topic: topic.Arn, Protocol: pulumi.String(who.Protocol), Endpoint: pulumi.String(who.Endpoint),
		}, pulumi.Parent(t), pulumi.DependsOn(before)); err != nil {
			return fmt.Errorf("subscriber %d: %w", number, err)
		}
	}
	t.ARNs[severity] = policy.Arn
	return nil
}

// topicPolicy lets alarms and rules of this environment publish, and nobody else
// (Amazon SNS developer guide, "Example cases for Amazon SNS access control").
func topicPolicy(topic, accountID string, names naming.Namer) iamdoc.Document {
	publish := func(sid, service, source string) iamdoc.Statement {
		return iamdoc.Statement{
			Sid: sid, Principals: iamdoc.Principals{Services: []string{service}},
			Actions: []string{"sns:Publish"}, Resources: []string{topic},
			Conditions: iamdoc.Conditions{"StringEquals": {"aws:SourceAccount": {accountID}}, "ArnLike": {"aws:SourceArn": {source}}},
		}
	}
	at := config.Region + ":" + accountID + ":"
	return iamdoc.Document{Statements: []iamdoc.Statement{
		publish("PublishByAlarms", "cloudwatch.amazonaws.com", "arn:aws:cloudwatch:"+at+"alarm:"+names.Name(naming.Alarm)+"-*"),
		publish("PublishByRules", "events.amazonaws.com", "arn:aws:events:"+at+"rule/"+names.Name(naming.EventRule)+"-*"),
		{
			Sid: "RefusePlainTransport", Deny: true, Principals: iamdoc.Principals{Anyone: true},
			Actions: []string{"sns:Publish"}, Resources: []string{topic},
			Conditions: iamdoc.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
		},
	}}
}
