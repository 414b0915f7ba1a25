package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// checkQueues expects the queue of a service and its dead letters as they were
// made, no more work than its tasks can bear, and nothing given up.
func (c *colorVerifier) checkQueues(ctx context.Context, service catalog.Service) error {
	name := c.names.Name(naming.Queue, service.Name)
	letters := c.names.Name(naming.Queue, service.Name, "dead-letters")
	return errors.Join(c.checkWork(ctx, service, name), c.checkLetters(ctx, letters))
}

func (c *colorVerifier) checkWork(ctx context.Context, service catalog.Service, name string) error {
	f := verify.About("queue %s", name)
	q, err := c.attributes(ctx, f, name)
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("visibility timeout in seconds", q.number(types.QueueAttributeNameVisibilityTimeout), service.VisibilitySeconds())
	f.Equal("retention in seconds", q.number(types.QueueAttributeNameMessageRetentionPeriod), messageSeconds)
	var redrive struct {
		MaxReceiveCount int `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(q[string(types.QueueAttributeNameRedrivePolicy)]), &redrive); err != nil {
		return f.Failed(fmt.Errorf("has no dead letters: %w", err))
	}
	f.Equal("number of attempts", redrive.MaxReceiveCount, service.Queue.Attempts)
	scaling, release := c.cfg.Scaling[service.Name], c.cfg.Releases(c.color)[service.Name]
	bearable := *scaling.BacklogPerTask * release.Tasks.Max
	depth := q.number(types.QueueAttributeNameApproximateNumberOfMessages)
	f.Expect(depth <= bearable, "%d messages wait, more than the %d that %d tasks may have before them", depth, bearable, release.Tasks.Max)
	return f.Err()
}

func (c *colorVerifier) checkLetters(ctx context.Context, name string) error {
	f := verify.About("queue %s", name)
	q, err := c.attributes(ctx, f, name)
	if err != nil {
		return f.Failed(err)
	}
	f.Equal("retention in seconds", q.number(types.QueueAttributeNameMessageRetentionPeriod), deadLetterSeconds)
	waiting := q.number(types.QueueAttributeNameApproximateNumberOfMessages) + q.number(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible)
	f.Expect(waiting == 0, "%d messages were given up, expected none", waiting)
	return f.Err()
}

// attributes of a queue, by the names of SQS.
type attributes map[string]string

// number is a whole number, and -1 where SQS tells none.
func (a attributes) number(name types.QueueAttributeName) int {
	value, err := strconv.Atoi(a[string(name)])
	if err != nil {
		return -1
	}
	return value
}

// attributes reads what SQS knows of a queue, and expects the colour's key.
func (c *colorVerifier) attributes(ctx context.Context, f *verify.Findings, name string) (attributes, error) {
	found, err := c.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(name)})
	if err != nil {
		return nil, err
	}
	answer, err := c.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: found.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return nil, err
	}
	key, err := c.keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/" + c.names.Name(naming.KeyAlias, "messaging"))})
	if err != nil {
		return nil, fmt.Errorf("key of messages: %w", err)
	}
	f.Equal("key", answer.Attributes[string(types.QueueAttributeNameKmsMasterKeyId)], aws.ToString(key.KeyMetadata.Arn))
	return answer.Attributes, nil
}
