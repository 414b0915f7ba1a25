//go:build integration

package lane_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/backfill"
)

// muted leads the target's sessions of an invocation over a network that loses the
// reply to what follows every third time that the step is reached, four times in
// all, and cuts the connections.
func (w *world) muted(r *lane.Runner, step string) *network {
	w.t.Helper()
	n := newNetwork(w.t, w.green)
	r.Endpoints.Apply = n.via(r.Endpoints.Apply)
	var reached, times atomic.Int64
	r.At = func(at string) error {
		if at == step && reached.Add(1)%3 == 0 && times.Add(1) <= 4 {
			n.lose.Store(losesReply)
		}
		return nil
	}
	return n
}

// The reply to the COMMIT of a part is lost: what became of it is looked up, and the
// part is written once.
func TestALostReplyToAPartIsLookedUp(t *testing.T) {
	t.Parallel()
	w := torn(t)
	r := w.runner("muted")
	r.Limits.BatchRows, r.Limits.BatchBytes = 1000, 256<<10
	n := w.muted(&r, apply.BeforePart)
	stop := w.background(r)
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	require.Greater(t, n.lost.Load(), int64(2))
	w.equal()
}

// The reply to the COMMIT of a chunk that was merged is lost: the chunk is there
// once, and so is what the stream brought.
func TestALostReplyToAMergedChunkIsLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.createInterleaved(8 << 10)
	r := w.runner("muted")
	n := w.muted(&r, backfill.BeforeCommit)
	bank := w.bankAt(w.blue, 2, 10*time.Millisecond)
	stop := w.background(r)
	w.running()
	bank.stop()
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	require.Greater(t, n.lost.Load(), int64(2))
	w.equal()
	bank.complete(w.green)
}

// Both servers fail while a transaction is torn and while a base is loaded beside
// the stream.
func TestTheLongWaysGoOnOverFailuresOfBothServers(t *testing.T) {
	t.Parallel()
	restart := func(w *world) {
		for i, s := range []*side{&w.green, &w.blue} {
			time.Sleep(300 * time.Millisecond)
			require.NoError(w.t, s.Kill(), "%d", i)
			require.NoError(w.t, s.Restart(w.ctx()))
			s.admin = w.connect(s.AdminDSN(database), "operator")
		}
	}
	for name, begin := range map[string]func(t *testing.T) *world{
		"torn": torn,
		"interleaved": func(t *testing.T) *world {
			w := newWorld(t)
			w.exec(w.blue, someRows)
			w.createInterleaved(8 << 10)
			return w
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t)
			r := w.runner(fmt.Sprint("over failures of ", name))
			r.Limits.BatchRows, r.Limits.LoadWorkers = 200, 1
			r.At = func(step string) error {
				if step == apply.BeforePart || step == backfill.BeforeMerge {
					time.Sleep(10 * time.Millisecond)
				}
				return nil
			}
			stop := w.background(r)
			restart(w)
			w.exec(w.blue, `UPDATE public.account SET balance = balance + 1`)
			w.running()
			w.drained(w.blue, w.green, "core.fwd")
			report, err := stop()
			require.NoError(t, err)
			require.Nil(t, report.Halt)
			require.Positive(t, report.Reconnects)
			w.equal()
		})
	}
}
