package migration

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

const (
	// deadLetterSeconds keeps what failed for as long as SQS can: 14 days.
	deadLetterSeconds = 1209600
	// dataKeySeconds is how long SQS uses one data key before it asks KMS again.
	dataKeySeconds = 300
)

// addDeadLetters makes the queue for events that a schedule could not hand over
// and for those that a function failed on. Other queues may not send to it.
func (s *Sync) addDeadLetters(ctx *pulumi.Context, name string, args *SyncArgs) error {
	physical := args.Names.Name(naming.Queue, "sync-dead-letters")
	at := name + "-dead-letters"
	queue, err := sqs.NewQueue(ctx, at, &sqs.QueueArgs{
		Name:                         pulumi.String(physical),
		KmsMasterKeyId:               args.Principals.MessagingKeyARN,
		KmsDataKeyReusePeriodSeconds: pulumi.Int(dataKeySeconds),
		MessageRetentionSeconds:      pulumi.Int(deadLetterSeconds),
		RedriveAllowPolicy:           pulumi.String(`{"redrivePermission":"denyAll"}`),
		Tags:                         pulumi.StringMap{"Name": pulumi.String(physical)},
	}, pulumi.Parent(s))
	if err != nil {
		return fmt.Errorf("queue %s: %w", physical, err)
	}
	s.deadLetters = queue
	if _, err := sqs.NewQueuePolicy(ctx, at, &sqs.QueuePolicyArgs{
		QueueUrl: queue.Url,
		Policy:   component.Document(pulumi.StringMap{"queue": queue.Arn}, transportPolicy),
	}, pulumi.Parent(s)); err != nil {
		return fmt.Errorf("policy of queue %s: %w", physical, err)
	}
	return nil
}

// transportPolicy refuses plain transport, to everybody.
func transportPolicy(values map[string]string) iamdoc.Document {
	return iamdoc.Document{Statements: []iamdoc.Statement{{
		Sid: "NoPlainTransport", Deny: true, Principals: iamdoc.Principals{Anyone: true},
		Actions: []string{"sqs:*"}, Resources: []string{values["queue"]},
		Conditions: iamdoc.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
	}}}
}
