package security

import (
	"fmt"

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
	topic, err := sns.NewTopic(ctx, name+"-events", &sns.TopicArgs{
		Name:           pulumi.String(args.Names.Name(naming.Topic, "events")),
		KmsMasterKeyId: key,
	}, pulumi.Parent(e))
	if err != nil {
		return fmt.Errorf("topic of events: %w", err)
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
