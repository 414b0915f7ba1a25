package canary

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

var _ Store = (*Dynamo)(nil)

// The attributes of a canary item besides the table's key and the revision.
const (
	writtenAt = "written_at" // RFC 3339 with nanoseconds, UTC
	side      = "side"
)

// Dynamo is the Store in the control table.
type Dynamo struct {
	Client *dynamodb.Client
	Table  string
}

// Get reads the beat under item, consistently.
func (d *Dynamo) Get(ctx context.Context, item string) (Beat, error) {
	out, err := d.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      aws.String(d.Table),
		Key:            map[string]types.AttributeValue{control.HashKey: text(item)},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return Beat{}, fmt.Errorf("get item from table %s: %w", d.Table, err)
	}
	if len(out.Item) == 0 {
		return Beat{}, ErrAbsent
	}
	return decode(out.Item)
}

// Put replaces the revision before beat.Rev.
func (d *Dynamo) Put(ctx context.Context, item string, beat Beat) error {
	input := &dynamodb.PutItemInput{
		TableName: aws.String(d.Table),
		Item: map[string]types.AttributeValue{
			control.HashKey:  text(item),
			control.Revision: number(beat.Rev),
			writtenAt:        text(beat.WrittenAt.UTC().Format(time.RFC3339Nano)),
			side:             text(string(beat.Side)),
		},
		ConditionExpression:      aws.String("#rev = :former"),
		ExpressionAttributeNames: map[string]string{"#rev": control.Revision},
	}
	if beat.Rev == 1 {
		input.ConditionExpression = aws.String("attribute_not_exists(#rev)")
	} else {
		input.ExpressionAttributeValues = map[string]types.AttributeValue{":former": number(beat.Rev - 1)}
	}
	_, err := d.Client.PutItem(ctx, input)
	var refused *types.ConditionalCheckFailedException
	if errors.As(err, &refused) {
		return ErrConflict
	}
	if err != nil {
		return fmt.Errorf("put item into table %s: %w", d.Table, err)
	}
	return nil
}

func text(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }

func number(value int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(value, 10)}
}

// decode reads a beat and refuses whatever is none. The error names the
// attribute, not its value.
func decode(item map[string]types.AttributeValue) (Beat, error) {
	rev, isNumber := item[control.Revision].(*types.AttributeValueMemberN)
	at, isTime := item[writtenAt].(*types.AttributeValueMemberS)
	by, isSide := item[side].(*types.AttributeValueMemberS)
	if !isNumber || !isTime || !isSide {
		return Beat{}, fmt.Errorf("%w: expected a number in %q and texts in %q and %q", ErrUnreadable, control.Revision, writtenAt, side)
	}
	revision, err := strconv.ParseInt(rev.Value, 10, 64)
	if err != nil {
		return Beat{}, fmt.Errorf("%w: %q is no whole number", ErrUnreadable, control.Revision)
	}
	instant, err := time.Parse(time.RFC3339Nano, at.Value)
	if err != nil {
		return Beat{}, fmt.Errorf("%w: %q is no time in RFC 3339", ErrUnreadable, writtenAt)
	}
	return Beat{Rev: revision, WrittenAt: instant, Side: naming.Color(by.Value)}, nil
}
