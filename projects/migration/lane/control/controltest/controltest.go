// Package controltest starts a control table for tests.
package controltest

import (
	"context"
	"net"
	"path/filepath"
	"runtime"
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

// Start starts an emulator for this test, makes the control table in it and sets
// the variables with which AWS's SDK finds both. The emulator ends with the test.
func Start(t *testing.T) *control.Dynamo {
	t.Helper()
	_, here, _, found := runtime.Caller(0)
	require.True(t, found)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	ctx := context.Background()
	local := emulator.New(emulator.Options{
		RepoRoot: filepath.Join(filepath.Dir(here), "../../../../.."), StateDir: t.TempDir(), Addr: listener.Addr().String(),
	})
	t.Cleanup(func() { require.NoError(t, local.Down(ctx)) })
	require.NoError(t, local.Up(ctx))
	for name, value := range local.Env() {
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	require.NoError(t, err)
	cfg.HTTPClient = emulator.HTTPClient()
	store := &control.Dynamo{Client: dynamodb.NewFromConfig(cfg), Table: "control"}
	_, err = store.Client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String(store.Table), BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String(names.HashKey), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String(names.HashKey), AttributeType: types.ScalarAttributeTypeS}},
	})
	require.NoError(t, err)
	return store
}
