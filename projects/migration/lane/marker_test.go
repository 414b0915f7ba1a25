//go:build integration

package lane_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Whatever the engine writes into replicated tables, chunks and batches, can
// be told from an application's writes in the target's own log: the marker
// comes first and its proof second.
func TestEveryTransactionOfTheEngineBearsItsMarker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	w.exec(w.green, `SELECT pg_create_logical_replication_slot('watch', 'test_decoding')`)
	w.exec(w.blue, `UPDATE public.document SET tags = '{changed}' WHERE slot <= 5`)
	stop := w.background(w.runner("only"))
	w.running()
	w.exec(w.blue, `UPDATE public.account SET balance = 1`, `TRUNCATE public.payment`)
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	rows, err := w.green.admin.Query(w.ctx(), `SELECT data FROM pg_logical_slot_get_changes('watch', NULL, NULL)`)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	var items []string
	writing := map[string]int{}
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "BEGIN"):
			items = nil
		case !strings.HasPrefix(line, "COMMIT"):
			items = append(items, line)
		case strings.Contains(strings.Join(items, "\n"), "table public."):
			require.Contains(t, items[0], "message: transactional: 1 prefix: bgsync.echo")
			proof, _, _ := strings.Cut(items[1], ": ")
			require.Contains(t, []string{"table bgsync.lane", "table bgsync.chunk"}, proof)
			writing[proof]++
		}
	}
	require.Positive(t, writing["table bgsync.chunk"], "chunks")
	require.Positive(t, writing["table bgsync.lane"], "batches")
}
