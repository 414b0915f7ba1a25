//go:build integration

package lane_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// largeRow has 4 MiB.
const largeRow = `INSERT INTO public.document SELECT gen_random_uuid(), 1000, repeat('o', 4 << 20), '{}', NULL, '2026-01-01'`

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
	w.exec(w.blue, `BEGIN; UPDATE public.account SET balance = balance + 1; `+largeRow+`; COMMIT`)
	require.Contains(t, w.tooLarge(), "has a row of 4 MiB, expected at most 1 (row.max_bytes)")
	require.Equal(t, 101, value[int](w, w.green, `SELECT min(balance)::int FROM public.account`), "what came before is there, and nothing of its transaction")
	w.withRoom()
}

// The same of a row of the base.
func TestALoadStopsAtARowThatIsTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows, largeRow)
	w.create()
	require.Contains(t, w.tooLarge(), "a row has 4 MiB, expected at most 2")
	w.withRoom()
}

// tooLarge runs the lane with room for rows of 1 MiB until it halts, and returns why.
func (w *world) tooLarge() string {
	w.t.Helper()
	r := w.runner("small")
	r.Limits.RowBytes = 1 << 20
	bounded, end := context.WithTimeout(w.ctx(), waiting)
	defer end()
	report, err := r.Run(bounded)
	require.NoError(w.t, err)
	require.NotNil(w.t, report.Halt)
	require.Equal(w.t, checkpoint.Poison, report.Halt.Code)
	return report.Halt.Reason
}

// withRoom lets the lane go on with the room that it has by default, until both sides
// are equal.
func (w *world) withRoom() {
	w.t.Helper()
	require.NoError(w.t, checkpoint.Resume(w.ctx(), w.connect(w.green.AdminDSN(database), "operator"), "core.fwd", checkpoint.Poison))
	stop := w.background(w.runner("after"))
	w.running()
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(w.t, err)
	w.equal()
}
