package steering

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/cutover/cutover/shared/control"
)

var (
	_ Table = (*Dynamo)(nil)
	_ Table = (*Memory)(nil)
)

// Dynamo is the control table in DynamoDB. Fields are text attributes beside key
// and revision.
type Dynamo struct {
	Client *dynamodb.Client
	Name   string
}

// Get reads an item, consistently. A table that does not exist holds no item: the
// edge layer is deployed before the layer that makes the table.
func (d *Dynamo) Get(ctx context.Context, key string) (Item, error) {
	out, err := d.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      aws.String(d.Name),
		Key:            map[string]types.AttributeValue{control.HashKey: &types.AttributeValueMemberS{Value: key}},
		ConsistentRead: aws.Bool(true),
	})
	var none *types.ResourceNotFoundException
	if errors.As(err, &none) {
		return Item{}, fmt.Errorf("table %s: %w", d.Name, ErrAbsent)
	}
	if err != nil {
		return Item{}, fmt.Errorf("read %s from table %s: %w", key, d.Name, err)
	}
	if len(out.Item) == 0 {
		return Item{}, fmt.Errorf("item %s: %w", key, ErrAbsent)
	}
	return decode(key, out.Item)
}

func decode(key string, attributes map[string]types.AttributeValue) (Item, error) {
	item := Item{Key: key, Fields: map[string]string{}}
	for name, value := range attributes {
		switch v := value.(type) {
		case *types.AttributeValueMemberN:
			rev, err := strconv.ParseInt(v.Value, 10, 64)
			if name != control.Revision || err != nil {
				return Item{}, fmt.Errorf("item %s: attribute %q is a number: expected only %q, a whole one", key, name, control.Revision)
			}
			item.Rev = rev
		case *types.AttributeValueMemberS:
			if name != control.HashKey {
				item.Fields[name] = v.Value
			}
		default:
			return Item{}, fmt.Errorf("item %s: attribute %q is neither text nor number", key, name)
		}
	}
	if item.Rev < 1 {
		return Item{}, fmt.Errorf("item %s: no revision in %q", key, control.Revision)
	}
	return item, nil
}

// Put writes all items or none.
func (d *Dynamo) Put(ctx context.Context, items ...Item) error {
	var writes []types.TransactWriteItem
	for _, item := range items {
		writes = append(writes, types.TransactWriteItem{Put: d.put(item)})
	}
	_, err := d.Client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) && refused(cancelled) {
		return fmt.Errorf("item %s, revision %d: %w", items[0].Key, items[0].Rev, ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("write %s to table %s: %w", items[0].Key, d.Name, err)
	}
	return nil
}

// refused tells whether another writer was first, as opposed to a failure.
func refused(err *types.TransactionCanceledException) bool {
	for _, reason := range err.CancellationReasons {
		if code := aws.ToString(reason.Code); code == "ConditionalCheckFailed" || code == "TransactionConflict" {
			return true
		}
	}
	return false
}

func (d *Dynamo) put(item Item) *types.Put {
	attributes := map[string]types.AttributeValue{
		control.HashKey:  &types.AttributeValueMemberS{Value: item.Key},
		control.Revision: &types.AttributeValueMemberN{Value: strconv.FormatInt(item.Rev, 10)},
	}
	for name, value := range item.Fields {
		attributes[name] = &types.AttributeValueMemberS{Value: value}
	}
	put := &types.Put{
		TableName: aws.String(d.Name), Item: attributes,
		ExpressionAttributeNames: map[string]string{"#rev": control.Revision},
		ConditionExpression:      aws.String("attribute_not_exists(#rev)"),
	}
	if item.Rev > 1 {
		put.ConditionExpression = aws.String("#rev = :former")
		put.ExpressionAttributeValues = map[string]types.AttributeValue{
			":former": &types.AttributeValueMemberN{Value: strconv.FormatInt(item.Rev-1, 10)},
		}
	}
	return put
}

// Memory is a Table in the process, for tests of what uses one.
type Memory struct {
	mutex sync.Mutex
	items map[string]Item
	// Err, unless nil, is what every call answers.
	Err error
}

// Get returns the item under key.
func (m *Memory) Get(ctx context.Context, key string) (Item, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if err := cmp.Or(m.Err, ctx.Err()); err != nil {
		return Item{}, err
	}
	item, found := m.items[key]
	if !found {
		return Item{}, ErrAbsent
	}
	item.Fields = maps.Clone(item.Fields)
	return item, nil
}

// Put writes all items or none.
func (m *Memory) Put(ctx context.Context, items ...Item) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if err := cmp.Or(m.Err, ctx.Err()); err != nil {
		return err
	}
	for _, item := range items {
		if m.items[item.Key].Rev != item.Rev-1 {
			return ErrConflict
		}
	}
	if m.items == nil {
		m.items = map[string]Item{}
	}
	for _, item := range items {
		item.Fields = maps.Clone(item.Fields)
		m.items[item.Key] = item
	}
	return nil
}
