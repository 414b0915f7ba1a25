//go:build integration

package lane_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// ordered halts the forward lane by an operator's word when a step was done for the nth
// time; steps counts the reads of chunks that begin afterwards.
func (w *world) ordered(r *lane.Runner, step string, nth int64) (later *atomic.Int64) {
	var done atomic.Int64
	later = &atomic.Int64{}
	r.At = func(at string) error {
		if at == step && done.Add(1) == nth {
			halted, err := checkpoint.Order(w.ctx(), w.green.admin, "core.fwd", "ann: too much load")
			assert.NoError(w.t, err)
			assert.True(w.t, halted)
		}
		if at == backfill.BeforeRead && done.Load() >= nth {
			later.Add(1)
		}
		return nil
	}
	return later
}

// byOrder requires that an invocation has ended with the operator's halt, and no error.
func (w *world) byOrder(report lane.Report, err error) {
	w.t.Helper()
	require.NoError(w.t, err)
	require.NotNil(w.t, report.Halt)
	require.Equal(w.t, checkpoint.ByOperator, report.Halt.Code)
	require.Contains(w.t, report.Halt.Reason, "ann: too much load")
	require.Equal(w.t, checkpoint.Halted, report.Row.State)
}

// A lane that follows is halted by an operator's word: who runs it ends with it before
// anything else is applied, and the lane goes on when it was resumed.
func TestAnOperatorHaltsALaneThatFollows(t *testing.T) {
	t.Parallel()
	w := steady(t)
	r := w.runner("followed")
	w.ordered(&r, apply.AfterCommit, 1)
	report, err := r.Run(w.ctx())
	w.byOrder(report, err)
	stood := w.row(w.green, "core.fwd")
	require.Equal(t, stood.Applied, report.Row.Applied)

	w.exec(w.blue, `UPDATE public.account SET balance = balance + 1 WHERE id = 1`)
	w.byOrder(w.runner("later").Run(w.ctx()))
	require.Equal(t, stood, w.row(w.green, "core.fwd"), "nothing was applied, and the halt is the same")
	halted, err := checkpoint.Order(w.ctx(), w.green.admin, "core.fwd", "bob: again")
	require.NoError(t, err)
	require.False(t, halted, "a halted lane keeps its halt")
	require.Equal(t, stood, w.row(w.green, "core.fwd"))

	require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.ByOperator))
	stop := w.background(w.runner("resumed"))
	w.drained(w.blue, w.green, "core.fwd")
	_, err = stop()
	require.NoError(t, err)
	w.equal()
}

// A load is halted by an operator's word: no chunk is read any more, neither by the
// lane's own invocation nor by those that help it, and the rest is loaded later.
func TestAnOperatorHaltsALoad(t *testing.T) {
	t.Parallel()
	for name, interleaved := range map[string]bool{"before the stream": false, "beside the stream": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.exec(w.blue, someRows)
			limits := quick()
			limits.ChunkBytes = 8 << 10
			require.NoError(t, lane.Create(w.ctx(), lane.Creation{
				Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks, Interleaved: interleaved, Limits: limits,
			}))
			r := w.runner("loading")
			r.Limits.LoadWorkers = 1
			later := w.ordered(&r, backfill.AfterCommit, 2)
			report, err := r.Run(w.ctx())
			w.byOrder(report, err)
			assert.Zero(t, later.Load(), "chunks that were read afterwards")

			helper := lane.Worker{Lane: "core.fwd", Endpoints: r.Endpoints, Invocation: "helping", Limits: r.Limits}
			helper.At = func(step string) error {
				assert.NotEqual(t, backfill.BeforeRead, step)
				return nil
			}
			planned, err := helper.Planned(w.ctx())
			require.NoError(t, err)
			require.NotEmpty(t, planned)
			_, err = helper.Load(w.ctx(), planned[0])
			var halt *checkpoint.Halt
			require.ErrorAs(t, err, &halt)
			require.Equal(t, checkpoint.ByOperator, halt.Code)

			require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.ByOperator))
			stop := w.background(w.runner("resumed"))
			w.running()
			_, err = stop()
			require.NoError(t, err)
			w.equal()
		})
	}
}
