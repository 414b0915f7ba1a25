package canary_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/canary"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/emulator"
)

// An instant with all the digits that a store has to keep.
var instant = time.Date(2026, 11, 22, 16, 0, 0, 123456789, time.UTC)

func beat(rev int64) canary.Beat {
	return canary.Beat{Rev: rev, WrittenAt: instant.Add(time.Duration(rev)), Side: naming.Blue}
}

// conform checks that a store keeps what Store promises. Each case has an item
// of its own.
func conform(t *testing.T, store canary.Store) {
	t.Helper()
	ctx := context.Background()
	t.Run("an item that nobody wrote is absent", func(t *testing.T) {
		_, err := store.Get(ctx, "canary#absent")
		require.ErrorIs(t, err, canary.ErrAbsent)
	})
	t.Run("what was written is read, to the nanosecond", func(t *testing.T) {
		require.NoError(t, store.Put(ctx, "canary#kept", beat(1)))
		found, err := store.Get(ctx, "canary#kept")
		require.NoError(t, err)
		assert.True(t, found.WrittenAt.Equal(beat(1).WrittenAt))
		found.WrittenAt = beat(1).WrittenAt
		assert.Equal(t, beat(1), found)
	})
	t.Run("the next revision replaces the last", func(t *testing.T) {
		for rev := int64(1); rev <= 3; rev++ {
			require.NoError(t, store.Put(ctx, "canary#next", beat(rev)))
		}
		found, err := store.Get(ctx, "canary#next")
		require.NoError(t, err)
		assert.EqualValues(t, 3, found.Rev)
	})
	t.Run("of two writers of one revision the second loses and changes nothing", func(t *testing.T) {
		require.NoError(t, store.Put(ctx, "canary#race", beat(1)))
		late := beat(1)
		late.Side = naming.Green
		require.ErrorIs(t, store.Put(ctx, "canary#race", late), canary.ErrConflict)
		found, err := store.Get(ctx, "canary#race")
		require.NoError(t, err)
		assert.Equal(t, naming.Blue, found.Side)
	})
	t.Run("a skipped and a former revision are conflicts", func(t *testing.T) {
		require.ErrorIs(t, store.Put(ctx, "canary#skip", beat(2)), canary.ErrConflict)
		require.NoError(t, store.Put(ctx, "canary#skip", beat(1)))
		require.NoError(t, store.Put(ctx, "canary#skip", beat(2)))
		require.ErrorIs(t, store.Put(ctx, "canary#skip", beat(2)), canary.ErrConflict)
		require.ErrorIs(t, store.Put(ctx, "canary#skip", beat(4)), canary.ErrConflict)
	})
	t.Run("items do not touch each other", func(t *testing.T) {
		require.NoError(t, store.Put(ctx, "canary#one", beat(1)))
		_, err := store.Get(ctx, "canary#two")
		require.ErrorIs(t, err, canary.ErrAbsent)
	})
	t.Run("an ended context ends the call", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := store.Get(ended, "canary#kept")
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, store.Put(ended, "canary#ended", beat(1)), context.Canceled)
	})
}

func TestMemoryKeepsThePromiseOfAStore(t *testing.T) { conform(t, &canary.Memory{}) }

func TestDynamoKeepsThePromiseOfAStore(t *testing.T) { conform(t, dynamo(t)) }

func TestDynamoTellsAForeignItemFromAnAbsentOne(t *testing.T) {
	store := dynamo(t)
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	number := func(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
	foreign := map[string]map[string]types.AttributeValue{
		"nothing but the key": {},
		"revision as text":    {control.Revision: text("1"), "written_at": text("2026-11-22T16:00:00Z"), "side": text("blue")},
		"no time":             {control.Revision: number("1"), "written_at": text("noon"), "side": text("blue")},
		"broken revision":     {control.Revision: number("1.5"), "written_at": text("2026-11-22T16:00:00Z"), "side": text("blue")},
	}
	for name, item := range foreign {
		t.Run(name, func(t *testing.T) {
			item[control.HashKey] = text("canary#" + name)
			_, err := store.Client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String(store.Table), Item: item})
			require.NoError(t, err)
			_, err = store.Get(context.Background(), "canary#"+name)
			require.ErrorIs(t, err, canary.ErrUnreadable)
			require.NotContains(t, err.Error(), "noon", "values stay out of errors")
		})
	}
}

func TestDynamoNamesTheTableItDidNotFind(t *testing.T) {
	store := dynamo(t)
	store.Table = "nowhere"
	_, err := store.Get(context.Background(), "canary#blue")
	require.ErrorContains(t, err, "get item from table nowhere")
	var missing *types.ResourceNotFoundException
	require.ErrorAs(t, err, &missing)
	require.ErrorAs(t, store.Put(context.Background(), "canary#blue", beat(1)), &missing)
}

// The emulator reads consistently whether it is asked to or not; DynamoDB only
// when it is asked.
func TestDynamoAsksForConsistentReads(t *testing.T) {
	asked := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		assert.NoError(t, err)
		asked <- string(body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, err = io.WriteString(w, "{}")
		assert.NoError(t, err)
	}))
	defer server.Close()
	store := &canary.Dynamo{Table: "control", Client: dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})}
	_, err := store.Get(context.Background(), "canary#blue")
	require.ErrorIs(t, err, canary.ErrAbsent)
	require.JSONEq(t, `{"TableName": "control", "Key": {"item": {"S": "canary#blue"}}, "ConsistentRead": true}`, <-asked)
}

// dynamo starts an emulator for this test and makes the control table in it.
func dynamo(t *testing.T) *canary.Dynamo {
	t.Helper()
	if testing.Short() {
		t.Skip("starts the emulator")
	}
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	ctx := context.Background()
	local := emulator.New(emulator.Options{RepoRoot: root, StateDir: t.TempDir(), Addr: freeAddr(t)})
	t.Cleanup(func() { require.NoError(t, local.Down(ctx)) })
	require.NoError(t, local.Up(ctx))
	for name, value := range local.Env() {
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	require.NoError(t, err)
	store := &canary.Dynamo{Client: dynamodb.NewFromConfig(cfg), Table: "control"}
	_, err = store.Client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String(store.Table),
		BillingMode:          types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String(control.HashKey), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String(control.HashKey), AttributeType: types.ScalarAttributeTypeS}},
	})
	require.NoError(t, err)
	return store
}

// freeAddr returns an address that nobody listens at.
func freeAddr(t *testing.T) string {
	t.Helper()
	var listen net.ListenConfig
	listener, err := listen.Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	return listener.Addr().String()
}
