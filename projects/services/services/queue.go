package services

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// Times of queues, in seconds (Amazon SQS API reference, SetQueueAttributes).
const (
	// messageSeconds is how long work waits: a long weekend.
	messageSeconds = 4 * 24 * 60 * 60
	// deadLetterSeconds is the longest of SQS. A message keeps the time it was first
	// sent, so that 10 days are left for one that failed at the end of the four.
	deadLetterSeconds = 14 * 24 * 60 * 60
	// pollSeconds is how long an empty queue is listened to, the longest of SQS.
	pollSeconds = 20
	// dataKeySeconds is how long SQS uses one data key before it asks KMS again.
	dataKeySeconds = 300
)

// QueueArgs describes the queue of one service in one colour.
type QueueArgs struct {
	Names       naming.Namer
	Environment config.Environment
	// Service is the one that takes work from the queue.
	Service catalog.Service
	// KeyARN encrypts the messages.
	KeyARN pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *QueueArgs) Validate() error {
	var problems []error
	if a.Service.Queue == nil {
		problems = append(problems, fmt.Errorf("queue of %s: the catalogue has none", a.Service.Name))
	}
	if a.KeyARN == nil {
		problems = append(problems, fmt.Errorf("queue of %s: key is missing, expected the ARN of a key for messages", a.Service.Name))
	}
	return errors.Join(problems...)
}

// Queue is the work that waits for one service, and what could not be done.
type Queue struct {
	pulumi.ResourceState

	Name, ARN, URL                pulumi.StringOutput
	DeadLetterName, DeadLetterARN pulumi.StringOutput
}

// NewQueue makes the queue of one service in one colour, with its dead letters.
func NewQueue(ctx *pulumi.Context, name string, args *QueueArgs, opts ...pulumi.ResourceOption) (*Queue, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	q := &Queue{}
	if err := ctx.RegisterComponentResource("cutover:services:Queue", name, q, opts...); err != nil {
		return nil, fmt.Errorf("register queue %s: %w", name, err)
	}
	work := args.Names.Name(naming.Queue, args.Service.Name)
	dead := args.Names.Name(naming.Queue, args.Service.Name, "dead-letters")
	allow, err := text(map[string]any{"redrivePermission": "byQueue", "sourceQueueArns": []string{args.arn(work)}})
	if err != nil {
		return nil, err
	}
	letters, err := q.add(ctx, name+"-dead-letters", dead, args, &sqs.QueueArgs{
		MessageRetentionSeconds: pulumi.Int(deadLetterSeconds),
		RedriveAllowPolicy:      pulumi.String(allow),
	})
	if err != nil {
		return nil, err
	}
	queue, err := q.add(ctx, name, work, args, &sqs.QueueArgs{
		MessageRetentionSeconds:  pulumi.Int(messageSeconds),
		ReceiveWaitTimeSeconds:   pulumi.Int(pollSeconds),
		VisibilityTimeoutSeconds: pulumi.Int(args.Service.VisibilitySeconds()),
		RedrivePolicy:            redrive(letters.Arn, args.Service.Queue.Attempts),
		RedriveAllowPolicy:       pulumi.String(`{"redrivePermission":"denyAll"}`),
	})
	if err != nil {
		return nil, err
	}
	q.Name, q.ARN, q.URL = queue.Name, queue.Arn, queue.Url
	q.DeadLetterName, q.DeadLetterARN = letters.Name, letters.Arn
	return q, ctx.RegisterResourceOutputs(q, pulumi.Map{"name": q.Name, "deadLetterName": q.DeadLetterName})
}

// arn names a queue that need not be made yet.
func (a *QueueArgs) arn(physical string) string {
	return "arn:aws:sqs:" + config.Region + ":" + a.Environment.AccountID + ":" + physical
}

func (q *Queue) add(ctx *pulumi.Context, at, physical string, args *QueueArgs, made *sqs.QueueArgs) (*sqs.Queue, error) {
	made.Name = pulumi.String(physical)
	made.KmsMasterKeyId = args.KeyARN.ToStringOutput().ToStringPtrOutput()
	made.KmsDataKeyReusePeriodSeconds = pulumi.Int(dataKeySeconds)
	made.Tags = pulumi.StringMap{"Name": pulumi.String(physical)}
	queue, err := sqs.NewQueue(ctx, at, made, component.Stateful(args.Environment, pulumi.Parent(q))...)
	if err != nil {
		return nil, fmt.Errorf("queue %s: %w", physical, err)
	}
	if _, err := sqs.NewQueuePolicy(ctx, at, &sqs.QueuePolicyArgs{
		QueueUrl: queue.Url,
		Policy:   component.Document(pulumi.StringMap{"queue": queue.Arn}, transportPolicy),
	}, pulumi.Parent(q)); err != nil {
		return nil, fmt.Errorf("policy of queue %s: %w", physical, err)
	}
	return queue, nil
}

// redrive moves a message that was handed out attempts times to the dead letters.
func redrive(letters pulumi.StringInput, attempts int) pulumi.StringOutput {
	return letters.ToStringOutput().ApplyT(func(arn string) (string, error) {
		return text(map[string]any{"deadLetterTargetArn": arn, "maxReceiveCount": attempts})
	}).(pulumi.StringOutput)
}

func text(document map[string]any) (string, error) {
	rendered, err := json.Marshal(document)
	if err != nil {
		return "", fmt.Errorf("render policy of a queue: %w", err)
	}
	return string(rendered), nil
}

// transportPolicy refuses plain transport, to everybody. Who sends and who
// receives stands in the policies of their roles.
func transportPolicy(values map[string]string) iamdoc.Document {
	return iamdoc.Document{Statements: []iamdoc.Statement{{
		Sid: "NoPlainTransport", Deny: true, Principals: iamdoc.Principals{Anyone: true},
		Actions: []string{"sqs:*"}, Resources: []string{values["queue"]},
		Conditions: iamdoc.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
	}}}
}
