//go:build integration

package pgtest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/pgtest"
)

// A copy that is made while the original is written to has all that had committed
// before its end and nothing that committed later, the original's identity and its
// slots.
func TestACopyIsTheOriginalAsOfItsEnd(t *testing.T) {
	t.Parallel()
	original := pgtest.Start(t, pgtest.Options{Settings: map[string]string{"wal_level": "logical"}, Databases: []string{"payments"}})
	require.NoError(t, original.Exec(t.Context(), "payments",
		`CREATE TABLE written (n bigint PRIMARY KEY, ended pg_lsn)`,
		`SELECT pg_create_logical_replication_slot('read', 'test_decoding')`))
	writing, stop := context.WithCancel(t.Context())
	written := make(chan error, 1)
	half := make(chan struct{})
	conn := connect(t, original.AdminDSN("payments"))
	go func() {
		n := 0
		for writing.Err() == nil {
			n++
			if n == 200 {
				close(half)
			}
			if _, err := conn.Exec(context.Background(), `INSERT INTO written VALUES ($1, pg_current_wal_insert_lsn())`, n); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	select {
	case <-half:
	case err := <-written:
		require.NoError(t, err, "before the copy began")
	}
	copied := original.Duplicate(t)
	stop()
	require.NoError(t, <-written)
	require.NoError(t, original.Exec(t.Context(), "payments", `INSERT INTO written VALUES (0, pg_current_wal_insert_lsn())`))

	for _, same := range []string{`SELECT system_identifier::text FROM pg_control_system()`, `SELECT timeline_id::text FROM pg_control_checkpoint()`, `SELECT string_agg(slot_name, ',') FROM pg_replication_slots`} {
		require.Equal(t, value[string](t, original, "payments", same), value[string](t, copied.Server, "payments", same), same)
	}
	missing := value[int](t, original, "payments", `SELECT count(*) FROM written WHERE ended < '`+copied.End+`'`) - value[int](t, copied.Server, "payments", `SELECT count(*) FROM written`)
	require.Contains(t, []int{0, 1}, missing, "the position is that before the row: the last one may have ended behind it")
	require.Positive(t, value[int](t, original, "payments", `SELECT count(*) FROM written WHERE ended >= '`+copied.End+`'`))
	require.True(t, value[bool](t, copied.Server, "payments", `SELECT redo_lsn - '`+copied.End+`'::pg_lsn BETWEEN 0 AND 40 FROM pg_control_checkpoint()`),
		"the copy goes on where its recovery has ended")
}
