package control

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cutover/cutover/shared/control"
)

var _ Store = (*Dynamo)(nil)

// Dynamo is the Store in the control table. Fields are attributes of the item,
// beside the table's key and the revision.
type Dynamo struct {
	Client *dynamodb.Client
	Table  string
}

// Get reads the item under key, consistently.
func (d *Dynamo) Get(ctx context.Context, key string) (Item, error) {
	out, err := d.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      aws.String(d.Table),
		Key:            map[string]types.AttributeValue{control.HashKey: &types.AttributeValueMemberS{Value: key}},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return Item{}, fmt.Errorf("get item from table %s: %w", d.Table, err)
	}
	if len(out.Item) == 0 {
		return Item{}, ErrAbsent
	}
	return decode(out.Item)
}

// Put replaces the revision before item.Rev.
func (d *Dynamo) Put(ctx context.Context, key string, item Item) error {
	attributes := map[string]types.AttributeValue{
		control.HashKey:  &types.AttributeValueMemberS{Value: key},
		control.Revision: &types.AttributeValueMemberN{Value: strconv.FormatInt(item.Rev, 10)},
	}
	for name, value := range item.Fields {
		if name == control.HashKey || name == control.Revision {
			return fmt.Errorf("item %s: field %q is the table's own", key, name)
		}
		attributes[name] = &types.AttributeValueMemberS{Value: value}
	}
	input := &dynamodb.PutItemInput{
		TableName: aws.String(d.Table), Item: attributes,
		ConditionExpression:      aws.String("#rev = :former"),
		ExpressionAttributeNames: map[string]string{"#rev": control.Revision},
	}
	if item.Rev == 1 {
		input.ConditionExpression = aws.String("attribute_not_exists(#rev)")
	} else {
		input.ExpressionAttributeValues = map[string]types.AttributeValue{
			":former": &types.AttributeValueMemberN{Value: strconv.FormatInt(item.Rev-1, 10)},
		}
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

// decode reads an item and refuses whatever is none. The error names the
// attribute, not its value.
func decode(attributes map[string]types.AttributeValue) (Item, error) {
	item := Item{Fields: map[string]string{}}
	for name, value := range attributes {
		text, isText := value.(*types.AttributeValueMemberS)
		number, isNumber := value.(*types.AttributeValueMemberN)
		switch {
		case name == control.HashKey:
		case name == control.Revision && isNumber:
			rev, err := strconv.ParseInt(number.Value, 10, 64)
			if err != nil || rev < 1 {
				return Item{}, fmt.Errorf("%w: %q is no whole number from 1", ErrUnreadable, name)
			}
			item.Rev = rev
		case isText:
			item.Fields[name] = text.Value
		default:
			return Item{}, fmt.Errorf("%w: attribute %q is of a kind that is not expected", ErrUnreadable, name)
		}
	}
	if item.Rev == 0 {
		return Item{}, fmt.Errorf("%w: no revision in %q", ErrUnreadable, control.Revision)
	}
	return item, nil
}
