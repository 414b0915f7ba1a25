package control_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control"
)

func item(rev int64, who string) control.Item {
	return control.Item{Rev: rev, Fields: map[string]string{"owner": who, "empty": ""}}
}

// conform checks that a store keeps what Store promises. Each case has an item
// of its own.
func conform(t *testing.T, store control.Store) {
	t.Helper()
	ctx := context.Background()
	t.Run("an item that nobody wrote is absent", func(t *testing.T) {
		_, err := store.Get(ctx, "lane#absent")
		require.ErrorIs(t, err, control.ErrAbsent)
	})
	t.Run("what was written is read", func(t *testing.T) {
		written := item(1, "a")
		require.NoError(t, store.Put(ctx, "lane#kept/../x", written))
		written.Fields["owner"] = "changed afterwards"
		found, err := store.Get(ctx, "lane#kept/../x")
		require.NoError(t, err)
		require.Equal(t, item(1, "a"), found)
		found.Fields["owner"] = "changed afterwards"
		again, err := store.Get(ctx, "lane#kept/../x")
		require.NoError(t, err)
		require.Equal(t, item(1, "a"), again)
	})
	t.Run("the next revision replaces the last, fields and all", func(t *testing.T) {
		require.NoError(t, store.Put(ctx, "lane#next", item(1, "a")))
		require.NoError(t, store.Put(ctx, "lane#next", control.Item{Rev: 2, Fields: map[string]string{"x": "y"}}))
		found, err := store.Get(ctx, "lane#next")
		require.NoError(t, err)
		require.Equal(t, control.Item{Rev: 2, Fields: map[string]string{"x": "y"}}, found)
	})
	t.Run("a repeated, a skipped and a former revision are conflicts and change nothing", func(t *testing.T) {
		require.ErrorIs(t, store.Put(ctx, "lane#skip", item(2, "a")), control.ErrConflict)
		require.NoError(t, store.Put(ctx, "lane#skip", item(1, "a")))
		require.NoError(t, store.Put(ctx, "lane#skip", item(2, "b")))
		for _, rev := range []int64{1, 2, 4} {
			require.ErrorIs(t, store.Put(ctx, "lane#skip", item(rev, "c")), control.ErrConflict)
		}
		found, err := store.Get(ctx, "lane#skip")
		require.NoError(t, err)
		require.Equal(t, item(2, "b"), found)
	})
	t.Run("of many writers of one revision one wins", func(t *testing.T) {
		var won atomic.Int64
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if store.Put(ctx, "lane#race", item(1, "w")) == nil {
					won.Add(1)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1, won.Load())
	})
	t.Run("an ended context ends the call", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := store.Get(ended, "lane#next")
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, store.Put(ended, "lane#ended", item(1, "a")), context.Canceled)
	})
	t.Run("a lease has one owner until it ends", func(t *testing.T) { lease(t, store) })
}

// lease checks leases over a store.
func lease(t *testing.T, store control.Store) {
	t.Helper()
	ctx, now := context.Background(), time.UnixMilli(1_000_000)
	leases := control.Leases{Store: store, TTL: 30 * time.Second, Now: func() time.Time { return now }}
	key := control.LaneItem("core.fwd")
	require.NoError(t, store.Put(ctx, key, control.Item{Rev: 1, Fields: map[string]string{"wanted": "run"}}))
	require.NoError(t, leases.Acquire(ctx, key, "first"))
	require.ErrorIs(t, leases.Acquire(ctx, key, "second"), control.ErrHeld)
	now = now.Add(20 * time.Second)
	require.NoError(t, leases.Acquire(ctx, key, "first"), "renewed")
	now = now.Add(20 * time.Second)
	require.ErrorIs(t, leases.Acquire(ctx, key, "second"), control.ErrHeld)
	now = now.Add(10 * time.Second)
	require.NoError(t, leases.Acquire(ctx, key, "second"), "the lease has ended")
	require.NoError(t, leases.Release(ctx, key, "first"), "it is no longer the first's to give back")
	require.ErrorIs(t, leases.Acquire(ctx, key, "first"), control.ErrHeld)
	require.NoError(t, leases.Release(ctx, key, "second"))
	require.NoError(t, leases.Acquire(ctx, key, "first"))
	found, err := store.Get(ctx, key)
	require.NoError(t, err)
	require.Equal(t, "run", found.Fields["wanted"], "other fields stay")
	require.NoError(t, leases.Release(ctx, "lane#never", "first"))
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
	store := &control.Dynamo{Table: "control", Client: dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})}
	_, err := store.Get(t.Context(), "lane#core")
	require.ErrorIs(t, err, control.ErrAbsent)
	require.JSONEq(t, `{"TableName": "control", "Key": {"item": {"S": "lane#core"}}, "ConsistentRead": true}`, <-asked)
}

func TestMemoryKeepsThePromiseOfAStore(t *testing.T) { conform(t, &control.Memory{}) }

func TestFileKeepsThePromiseOfAStore(t *testing.T) { conform(t, &control.File{Folder: t.TempDir()}) }

func TestFileTellsABrokenItemFromAnAbsentOne(t *testing.T) {
	folder := t.TempDir()
	store := &control.File{Folder: folder}
	for _, text := range []string{"", "{", `{"Rev": 0}`, "[]"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "broken.json"), []byte(text), 0o600))
		_, err := store.Get(context.Background(), "broken")
		require.ErrorIs(t, err, control.ErrUnreadable)
		require.ErrorIs(t, store.Put(context.Background(), "broken", item(1, "a")), control.ErrUnreadable, "a broken item is not overwritten")
	}
}

func TestABrokenLeaseIsNoFreeOne(t *testing.T) {
	store := &control.Memory{}
	require.NoError(t, store.Put(context.Background(), "k", control.Item{Rev: 1, Fields: map[string]string{"lease_until": "soon"}}))
	err := control.Leases{Store: store, Now: time.Now}.Acquire(context.Background(), "k", "me")
	assert.ErrorIs(t, err, control.ErrUnreadable)
}
