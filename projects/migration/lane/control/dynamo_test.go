//go:build integration

package control_test

import (
	"context"
	"net"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control"
	names "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/ops/emulator"
)

func TestDynamoKeepsThePromiseOfAStore(t *testing.T) {
	store := dynamo(t)
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

// dynamo starts an emulator for this test and makes the control table in it.
func dynamo(t *testing.T) *control.Dynamo {
	t.Helper()
	root, err := filepath.Abs("../../../..")
	require.NoError(t, err)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	ctx := context.Background()
	local := emulator.New(emulator.Options{RepoRoot: root, StateDir: t.TempDir(), Addr: listener.Addr().String()})
	t.Cleanup(func() { require.NoError(t, local.Down(ctx)) })
	require.NoError(t, local.Up(ctx))
	for name, value := range local.Env() {
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	require.NoError(t, err)
	store := &control.Dynamo{Client: dynamodb.NewFromConfig(cfg), Table: "control"}
	_, err = store.Client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String(store.Table), BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String(names.HashKey), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String(names.HashKey), AttributeType: types.ScalarAttributeTypeS}},
	})
	require.NoError(t, err)
	return store
}
