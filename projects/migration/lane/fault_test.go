//go:build integration

package lane_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/deferred"
)

// errCrash ends an invocation at a step: what follows the step never happens.
var errCrash = errors.New("crash")

// crashAt fails at the nth time a step is reached.
func crashAt(step string, nth int) func(string) error {
	var mutex sync.Mutex
	return func(reached string) error {
		mutex.Lock()
		defer mutex.Unlock()
		if reached != step {
			return nil
		}
		nth--
		if nth == 0 {
			return errCrash
		}
		return nil
	}
}

// steps are all durable steps of an invocation, in order.
var steps = []string{
	backfill.BeforeRead, backfill.BeforeCopy, backfill.AfterRead, backfill.AfterCopy, backfill.BeforeCommit, backfill.AfterCommit,
	apply.BeforeClaim, apply.AfterClaim, apply.BeforeData, apply.AfterData, apply.BeforeCommit, apply.AfterCommit,
	lane.BeforeFlush, lane.AfterFlush, deferred.BeforeBuild, deferred.AfterBuild,
}

// crashed runs an invocation that must die at the nth time that it reaches a step.
func (w *world) crashed(step string, nth int) {
	w.t.Helper()
	r := w.runner(fmt.Sprintf("%s %d", step, nth))
	r.At = crashAt(step, nth)
	ctx, cancel := context.WithTimeout(w.ctx(), waiting)
	defer cancel()
	_, err := r.Run(ctx)
	require.ErrorIs(w.t, err, errCrash, "step %s is reached %d times", step, nth)
	w.injected(byCrash)
}

// A lane that dies twice at every step, in the load, in the first batches, in the
// build and when it is strict, ends equal, with every source transaction applied
// once.
func TestALaneGoesOnAfterACrashAtEveryStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	limits := quick()
	limits.ChunkBytes = 16 << 10 // chunks enough for all crashes
	require.NoError(t, lane.Create(w.ctx(), lane.Creation{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks, Limits: limits}))
	writes := 0
	crash := func(step string, nth int) {
		writes++
		w.exec(w.blue, fmt.Sprintf(`UPDATE public.account SET balance = balance + 1 WHERE id = %d`, writes),
			fmt.Sprintf(`INSERT INTO public.entry (account, seq, amount) VALUES (%d, 1000, 1)`, writes))
		w.crashed(step, nth)
	}
	loading, applying, flushing, building := steps[:6], steps[6:11], steps[11:14], steps[14:]
	for _, step := range loading {
		crash(step, 1)
		crash(step, 2)
	}
	for _, step := range applying {
		crash(step, 1)
	}
	for _, step := range building {
		crash(step, 1)
		crash(step, 2)
	}
	require.NotEqual(t, checkpoint.Running, w.row(w.green, "core.fwd").State, "the crashes so far were those of a tolerant lane")
	for _, step := range flushing {
		crash(step, 1)
	}
	for _, step := range slices.Concat(applying, flushing) {
		crash(step, 2)
	}
	t.Logf("%d crashes survived", writes)
	stop := w.background(w.runner("last"))
	w.running()
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	w.equal()
}

// Two invocations at once: the slot lets one read, and the claim one write.
func TestOfTwoInvocationsOneGivesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	first := w.background(w.runner("first"))
	w.running()
	second := w.runner("second")
	second.Limits.SlotWait = 300 * time.Millisecond
	_, err := second.Run(w.ctx())
	require.ErrorIs(t, err, lane.ErrBusy)
	w.exec(w.blue, `UPDATE public.account SET balance = 0`)
	w.drained(w.blue, w.green, "core.fwd")
	_, err = first()
	require.NoError(t, err)
	w.equal()
}

// An invocation that does not get the lease has nothing to do and says so; the
// lease is free when its holder has ended.
func TestASecondInvocationFindsTheLeaseTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	leases := &control.Leases{Store: &control.Memory{}, TTL: 30 * time.Second, Now: time.Now}
	first, second := w.runner("first"), w.runner("second")
	first.Leases, second.Leases = leases, leases
	first.Limits.Stop, first.Limits.Cancel, first.Limits.Return = margin, margin, margin // it gives the lease back, as slow as it is
	stop := w.background(first)
	w.running()
	report, err := second.Run(w.ctx())
	require.NoError(t, err)
	require.True(t, report.Idle)
	_, err = stop()
	require.NoError(t, err)
	require.NoError(t, leases.Acquire(w.ctx(), control.LaneItem("core.fwd"), "third"))
}

// Two loaders of the same chunks: each chunk is loaded once.
func TestChunksAreLoadedOnceByManyLoaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	limits := quick()
	limits.ChunkBytes = 8 << 10
	require.NoError(t, lane.Create(w.ctx(), lane.Creation{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks, Limits: limits}))
	require.Greater(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.chunk`), 10)
	var group sync.WaitGroup
	reports := make([]lane.Report, 2)
	ctx, cancel := context.WithCancel(w.ctx())
	defer cancel()
	for i := range reports {
		group.Go(func() {
			r := w.runner(fmt.Sprint("loader ", i))
			r.Limits.SlotWait = 100 * time.Millisecond
			reports[i], _ = r.Run(ctx) // one of them finds the slot busy
		})
	}
	w.running()
	cancel()
	group.Wait()
	w.equal()
	assert.EqualValues(t, 200+1000+40+400, reports[0].LoadedRows+reports[1].LoadedRows)
	assert.EqualValues(t, 0, value[int](w, w.green, `SELECT count(*) FROM bgsync.chunk WHERE claim_no <> 1 OR state <> 'loaded'`))
}

// An applier that is held up before its claim, while another takes the lane,
// finds that its claim changes nothing.
func TestAnApplierThatWakesLateWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	settled := w.background(w.runner("before"))
	w.running()
	_, err := settled()
	require.NoError(t, err)
	w.released()

	held, wake := make(chan struct{}), make(chan struct{})
	zombie := w.runner("zombie")
	zombie.Limits.SlotWait = time.Second // the heir has the slot, and keeps it
	zombie.At = func(step string) error {
		if step == apply.BeforeClaim {
			select {
			case <-held:
			default:
				close(held)
			}
			<-wake
		}
		return nil
	}
	ended := make(chan error, 1)
	w.exec(w.blue, `UPDATE public.account SET balance = balance + 5`)
	go func() {
		report, err := zombie.Run(w.ctx())
		assert.Nil(t, report.Halt)
		ended <- err
	}()
	<-held
	// The zombie's stream is cut, as the server does with a reader that is silent.
	w.exec(w.blue, `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active`)
	heir := w.background(w.runner("heir"))
	w.drained(w.blue, w.green, "core.fwd")
	before := w.row(w.green, "core.fwd")
	close(wake)
	err = <-ended
	require.Error(t, err)
	w.drained(w.blue, w.green, "core.fwd")
	_, err = heir()
	require.NoError(t, err)
	w.equal()
	require.GreaterOrEqual(t, w.row(w.green, "core.fwd").Applied, before.Applied)
}

func TestTheLaneFollowsOverRestartsOfBothServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	stop := w.background(w.runner("only"))
	w.running()
	for i := range 3 {
		w.exec(w.blue, fmt.Sprintf(`UPDATE public.account SET balance = balance + %d`, i))
		for _, s := range []*side{&w.green, &w.blue} {
			require.NoError(t, s.Kill())
			require.NoError(t, s.Restart(w.ctx()))
			s.admin = w.connect(s.AdminDSN(database), "operator")
			w.injected(byRestart)
		}
	}
	w.exec(w.blue, `INSERT INTO public.payment VALUES (1, '2026-12-24', 7)`)
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	require.Positive(t, report.Reconnects)
	w.equal()
}

// haltOf runs an invocation that must end by a halt.
func (w *world) haltOf(invocation string) checkpoint.HaltCode {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx(), waiting)
	defer cancel()
	report, err := w.runner(invocation).Run(ctx)
	require.NoError(w.t, err)
	require.NotNil(w.t, report.Halt, "the invocation ended without a halt")
	require.Equal(w.t, checkpoint.Halted, w.row(w.green, "core.fwd").State)
	require.Equal(w.t, report.Halt.Code, w.row(w.green, "core.fwd").Halt, "the halt is durable")
	return report.Halt.Code
}

// steady is a world whose lane is strict and at rest.
func steady(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	stop := w.background(w.runner("first"))
	w.running()
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	w.released()
	return w
}

func TestTheLaneHaltsRatherThanGuess(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cause  func(w *world)
		want   checkpoint.HaltCode
		remedy func(w *world) // nil when the lane cannot be resumed
	}{
		"the slot is gone": {func(w *world) {
			w.exec(w.blue, `SELECT pg_drop_replication_slot('bgsync_core_fwd_g1')`)
		}, checkpoint.Gap, nil},
		"the slot was made anew": {func(w *world) {
			w.exec(w.blue, `SELECT pg_drop_replication_slot('bgsync_core_fwd_g1')`, `UPDATE public.account SET balance = 1`,
				`SELECT pg_create_logical_replication_slot('bgsync_core_fwd_g1', 'pgoutput')`)
		}, checkpoint.Gap, nil},
		"the slot is ahead of the checkpoint": {func(w *world) {
			w.exec(w.blue, `UPDATE public.account SET balance = 1`, `SELECT pg_replication_slot_advance('bgsync_core_fwd_g1', pg_current_wal_lsn())`)
		}, checkpoint.Gap, nil},
		"the source is another database": {func(w *world) {
			w.exec(w.blue, `UPDATE bgsync.identity SET db_id = gen_random_uuid()`)
		}, checkpoint.SourceIdentity, nil},
		"the checkpoint is ahead of the source": {func(w *world) {
			w.exec(w.green, `UPDATE bgsync.lane SET applied_lsn = 'F/0'`)
		}, checkpoint.SourceRewound, nil},
		"a write where nobody may write": {func(w *world) {
			w.exec(w.blue, `UPDATE bgsync.authority SET writable = false`, `UPDATE public.account SET balance = 0 WHERE id = 1`)
		}, checkpoint.RogueWrite, nil},
		"a forged marker": {func(w *world) {
			w.exec(w.blue, `BEGIN; SELECT pg_logical_emit_message(true, 'bgsync.echo', 'core.fwd'); UPDATE public.account SET balance = 0 WHERE id = 1; COMMIT`)
		}, checkpoint.MarkerForged, nil},
		"a column more on the source": {func(w *world) {
			w.exec(w.blue, `ALTER TABLE public.account ADD COLUMN extra int`, `UPDATE public.account SET extra = 1 WHERE id = 1`)
		}, checkpoint.SchemaDrift, nil},
		"a table changed and changed back": {func(w *world) {
			w.exec(w.blue, `ALTER TABLE public.account ADD COLUMN extra int`, `ALTER TABLE public.account DROP COLUMN extra`)
		}, checkpoint.SchemaDrift, nil},
		"a row that the target does not take": {func(w *world) {
			w.exec(w.green, `ALTER TABLE public.payment ADD CONSTRAINT low CHECK (amount < 1000)`)
			w.exec(w.blue, `INSERT INTO public.payment VALUES (1, '2026-06-06', 1), (2, '2026-06-06', 5000)`)
		}, checkpoint.Poison, func(w *world) { w.exec(w.green, `ALTER TABLE public.payment DROP CONSTRAINT low`) }},
		"a row that is missing": {func(w *world) {
			w.exec(w.green, `SET session_replication_role = replica`, `DELETE FROM public.account WHERE id = 3`)
			w.exec(w.blue, `UPDATE public.account SET balance = 3 WHERE id = 3`)
		}, checkpoint.Divergence, func(w *world) {
			w.exec(w.green, `INSERT INTO public.account OVERRIDING SYSTEM VALUE VALUES (3, 'owner 3', 0, 'EUR')`)
			w.exec(w.green, `UPDATE public.account SET currency = (ARRAY['EUR','USD','CHF'])[1 + id % 3]::public.currency WHERE id = 3`)
		}},
		"a row that is there": {func(w *world) {
			w.exec(w.green, `INSERT INTO public.payment VALUES (7777, '2026-07-07', 1)`)
			w.exec(w.blue, `INSERT INTO public.payment VALUES (7777, '2026-07-07', 2)`)
		}, checkpoint.Divergence, func(w *world) { w.exec(w.green, `DELETE FROM public.payment WHERE id = 7777`) }},
		"a deleted row that is missing": {func(w *world) {
			w.exec(w.green, `SET session_replication_role = replica`, `DELETE FROM public.account WHERE id = 199`)
			w.exec(w.blue, `DELETE FROM public.account WHERE id = 199`)
		}, checkpoint.Divergence, func(w *world) {
			w.exec(w.green, `INSERT INTO public.account OVERRIDING SYSTEM VALUE VALUES (199, 'owner 199', 0, 'EUR')`)
		}},
		"a right that was taken away": {func(w *world) {
			w.exec(w.green, `REVOKE UPDATE ON public.account FROM bgsync_apply`)
			w.exec(w.blue, `UPDATE public.account SET balance = 9 WHERE id = 9`)
		}, checkpoint.Permission, func(w *world) { w.exec(w.green, `GRANT UPDATE ON public.account TO bgsync_apply`) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := steady(t)
			test.cause(w)
			require.Equal(t, test.want, w.haltOf("halting"))
			halted := w.row(w.green, "core.fwd")
			report, err := w.runner("again").Run(w.ctx())
			require.NoError(t, err)
			require.Equal(t, test.want, report.Halt.Code)
			require.Equal(t, halted, w.row(w.green, "core.fwd"), "a halted lane changes nothing")
			require.Error(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", other(test.want)), "the operator must name the code")
			if test.remedy == nil {
				return
			}
			test.remedy(w)
			require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", test.want))
			stop := w.background(w.runner("resumed"))
			w.drained(w.blue, w.green, "core.fwd")
			_, err = stop()
			require.NoError(t, err)
			w.equal()
		})
	}
}

// other is a code that is not the one.
func other(code checkpoint.HaltCode) checkpoint.HaltCode {
	codes := checkpoint.HaltCodes()
	return codes[(slices.Index(codes, code)+1)%len(codes)]
}
