package security

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// eventPublishers are the services that publish to the topic: changes and
// compliance from Config, alarms over deployments, findings of GuardDuty and
// others through EventBridge, events of databases. The topic's key admits the same ones; without it a
// publication to an encrypted topic is lost silently.
func eventPublishers() []string {
	return []string{configService, "cloudwatch.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com"}
}

// addTopic makes the topic of the account's events, with a key of its own: who
// reads events has no business with the evidence.
func (e *Evidence) addTopic(ctx *pulumi.Context, name string, args *EvidenceArgs) error {
	account := args.Environment.AccountID
	key, err := makeKey(ctx, name, Events, keyArgs{
		names: args.Names, environment: args.Environment, description: eventsUse().description,
		policy: accountKeyPolicy(eventsUse(), account),
	}, pulumi.Parent(e))
	if err != nil {
		return err
	}
	e.EventsKeyARN = key
	if e.ReportsRole, err = newReportsRole(ctx, args, pulumi.Parent(e)); err != nil {
		return err
	}
	topic, err := component.NewTopic(ctx, name+"-events", &component.TopicArgs{
		Name: args.Names.Name(naming.Topic, "events"), AccountID: account, KeyARN: key,
		ReportsRoleARN: e.ReportsRole.Arn, ReportsKeyARN: e.KeyARN,
	}, pulumi.Parent(e))
	if err != nil {
		return err
	}
	if _, err := component.NewTopicReportsPolicy(ctx, name+"-"+topicReports, args.Names.Name(naming.Policy, topicReports, "events"),
		e.ReportsRole.Name, []*component.Topic{topic}, pulumi.Parent(e)); err != nil {
		return err
	}
	policy, err := sns.NewTopicPolicy(ctx, name+"-events", &sns.TopicPolicyArgs{
		Arn: topic.Arn,
		Policy: component.Document(pulumi.StringMap{"topic": topic.Arn}, func(values map[string]string) iamdoc.Document {
			return topicPolicy(values["topic"], account)
		}),
	}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("policy of the topic of events: %w", err)
	}
	// Whoever gets the topic waits for its policy: Config tries a publication
	// when it is told of the topic.
	e.EventsTopicARN = policy.Arn
	return nil
}

// topicReports is the purpose of the role by which Amazon SNS reports what became of
// messages, of this topic and of those of other layers; each layer allows it to
// write about its own.
const topicReports = "topic-reports"

func newReportsRole(ctx *pulumi.Context, args *EvidenceArgs, opts ...pulumi.ResourceOption) (*iam.Role, error) {
	return component.NewRole(ctx, "account-"+topicReports, &component.RoleArgs{
		Name:        args.Names.Name(naming.Role, topicReports),
		Description: "Reports of deliveries of topics",
		Trust:       iamdoc.AssumeByService("sns.amazonaws.com", args.Environment.AccountID),
		BoundaryARN: args.BoundaryARN,
	}, opts...)
}

func topicPolicy(topic, accountID string) iamdoc.Document {
	return iamdoc.Document{Statements: []iamdoc.Statement{
		{
			Sid: "PublishByServices", Principals: iamdoc.Principals{Services: eventPublishers()},
			Actions: []string{"sns:Publish"}, Resources: []string{topic},
			Conditions: iamdoc.Conditions{"StringEquals": {"aws:SourceAccount": {accountID}}},
		},
		{
			Sid: "RefusePlainTransport", Deny: true, Principals: iamdoc.Principals{Anyone: true},
			Actions: []string{"sns:Publish"}, Resources: []string{topic},
			Conditions: iamdoc.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
		},
	}}
}
