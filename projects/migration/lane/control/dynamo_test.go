//go:build integration

package control_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/control/controltest"
	names "github.com/cutover/cutover/shared/control"
)

func TestDynamoKeepsThePromiseOfAStore(t *testing.T) {
	store := controltest.Start(t)
	conform(t, store)
	t.Run("a foreign item is not an absent one", func(t *testing.T) {
		for name, attribute := range map[string]types.AttributeValue{
			"text": &types.AttributeValueMemberS{Value: "1"}, "zero": &types.AttributeValueMemberN{Value: "0"}, "none": nil,
		} {
			foreign := map[string]types.AttributeValue{names.HashKey: &types.AttributeValueMemberS{Value: name}}
			if attribute != nil {
				foreign[names.Revision] = attribute
			}
			_, err := store.Client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(store.Table), Item: foreign})
			require.NoError(t, err)
			_, err = store.Get(t.Context(), name)
			require.ErrorIs(t, err, control.ErrUnreadable, name)
		}
	})
	t.Run("the table's own attributes are no fields", func(t *testing.T) {
		require.Error(t, store.Put(t.Context(), "own", control.Item{Rev: 1, Fields: map[string]string{names.Revision: "7"}}))
	})
}

func TestDynamoNamesTheTableItDidNotFind(t *testing.T) {
	store := controltest.Start(t)
	store.Table = "nowhere"
	_, err := store.Get(t.Context(), "lane#core")
	require.ErrorContains(t, err, "get item from table nowhere")
	var missing *types.ResourceNotFoundException
	require.ErrorAs(t, err, &missing)
	require.ErrorAs(t, store.Put(t.Context(), "lane#core", control.Item{Rev: 1}), &missing)
}
