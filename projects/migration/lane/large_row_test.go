//go:build integration

package lane_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// A row that is larger than it may be halts the lane right behind what came before,
// and is not read into memory. With room for it the lane goes on.
func TestALaneStopsBeforeARowThatIsTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	stop := w.background(w.runner("before"))
	w.running()
	_, err := stop()
	require.NoError(t, err)
	w.exec(w.blue, `UPDATE public.account SET balance = balance + 1`)
	w.exec(w.blue, `BEGIN; UPDATE public.account SET balance = balance + 1; INSERT INTO public.document SELECT gen_random_uuid(), 1000, repeat('o', 4 << 20), '{}', NULL, '2026-01-01'; COMMIT`)
	r := w.runner("small")
	r.Limits.RowBytes = 1 << 20
	bounded, end := context.WithTimeout(w.ctx(), waiting)
	defer end()
	report, err := r.Run(bounded)
	require.NoError(t, err)
	require.NotNil(t, report.Halt)
	require.Equal(t, checkpoint.Poison, report.Halt.Code)
	require.Contains(t, report.Halt.Reason, "has a row of 4 MiB, expected at most 1 (row.max_bytes)")
	require.Equal(t, 101, value[int](w, w.green, `SELECT min(balance)::int FROM public.account`), "what came before is there, and nothing of its transaction")
	require.NoError(t, checkpoint.Resume(w.ctx(), w.connect(w.green.AdminDSN(database), "operator"), "core.fwd", checkpoint.Poison))
	stop = w.background(w.runner("after"))
	w.drained(w.blue, w.green, "core.fwd")
	_, err = stop()
	require.NoError(t, err)
	w.equal()
}

// The same of a row of the base.
func TestALoadStopsAtARowThatIsTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows, `INSERT INTO public.document SELECT gen_random_uuid(), 1000, repeat('o', 4 << 20), '{}', NULL, '2026-01-01'`)
	w.create()
	r := w.runner("small")
	r.Limits.RowBytes = 1 << 20
	bounded, end := context.WithTimeout(w.ctx(), waiting)
	defer end()
	report, err := r.Run(bounded)
	require.NoError(t, err)
	require.NotNil(t, report.Halt)
	require.Equal(t, checkpoint.Poison, report.Halt.Code)
	require.Contains(t, report.Halt.Reason, "a row has 4 MiB, expected at most 2")
	require.NoError(t, checkpoint.Resume(w.ctx(), w.connect(w.green.AdminDSN(database), "operator"), "core.fwd", checkpoint.Poison))
	stop := w.background(w.runner("after"))
	w.running()
	_, err = stop()
	require.NoError(t, err)
	w.equal()
}
