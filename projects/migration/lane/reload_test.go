//go:build integration

package lane_test

import (
	"testing"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/shared/naming"
)

// reload asks for a table of the forward lane.
func (w *world) reload(table string) lane.Reload {
	limits := quick()
	limits.ChunkBytes = 32 << 10
	return lane.Reload{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Limits: limits, Schema: "public", Table: table, By: "ann"}
}

// lost takes rows off the target behind the lanes' backs: the way back takes it for an
// echo, and nothing else notices.
func (w *world) lost(statement string) {
	w.exec(w.green, `BEGIN; SET LOCAL session_replication_role = replica; SELECT pg_logical_emit_message(true, 'bgsync.echo', 'x');
		UPDATE bgsync.lane SET claimed_by = claimed_by WHERE lane = 'core.fwd'; `+statement+`; COMMIT`)
}

// loaded waits until no table is loading any more.
func (w *world) loaded() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		return value[int](w, w.green, `SELECT (SELECT count(*) FROM bgsync.table_state WHERE phase = 'loading') + (SELECT count(*) FROM bgsync.lane WHERE state = 'halted')`) == 0
	}, waiting, tick)
}

// Tables are loaded anew while writers are at work and both lanes run. What was lost
// is there again, the other tables stay strict and keep their results, and a switch
// waits until what was loaded has been compared.
func TestATableIsLoadedAnewUnderLoad(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	bank := s.bankAt(s.blue, 2, 10*time.Millisecond)
	s.lost(`UPDATE public.entry SET note = 'wrong' WHERE seq < 5; INSERT INTO public.entry VALUES (1, -9, 1)`)
	for _, table := range []string{"account", "entry"} {
		require.NoError(t, s.reload(table).Run(s.ctx()))
	}
	s.loaded()
	bank.stop()
	s.drained(s.blue, s.green, "core.fwd")
	s.drained(s.green, s.blue, "core.rev")
	s.equal()
	bank.complete(s.green)
	clean := `SELECT count(*) FROM bgsync.bucket b JOIN bgsync.table_map m USING (table_id) WHERE m.name = $1 AND b.clean_lsn IS NOT NULL`
	require.Zero(t, value[int](s.world, s.green, clean, "account"))
	require.Positive(t, value[int](s.world, s.green, clean, "document"))
	require.Equal(t, checkpoint.Running, s.row(s.green, "core.fwd").State, "the lane was strict all the time")
	s.switchTo(naming.Green)
	s.settled(naming.Green, 2)
}

// A row that is missing against expectation halts the lane although another table is
// being loaded: only that one is tolerant.
func TestOnlyTheTableThatIsLoadedIsTolerant(t *testing.T) {
	t.Parallel()
	w := steady(t)
	require.NoError(t, w.reload("entry").Run(w.ctx()))
	w.exec(w.green, `SET session_replication_role = replica`, `DELETE FROM public.account WHERE id = 3`, `RESET session_replication_role`)
	w.exec(w.blue, `UPDATE public.entry SET amount = amount + 1`, `DELETE FROM public.entry WHERE seq = 7`, `UPDATE public.account SET balance = 3 WHERE id = 3`)
	require.Equal(t, checkpoint.Divergence, w.haltOf("halting"))

	// and loading that one anew is the way out
	require.NoError(t, w.reload("account").Run(w.ctx()))
	require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.Divergence))
	stop := w.background(w.runner("resumed"))
	w.loaded()
	w.running()
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	w.equal()
}

// Whoever dies at whatever step of loading a table anew, the next goes on.
func TestATableLoadedAnewSurvivesACrashAtEveryStep(t *testing.T) {
	t.Parallel()
	w := steady(t)
	r := w.reload("entry")
	r.At = crashAt(lane.BeforeReload, 1)
	require.ErrorIs(t, r.Run(w.ctx()), errCrash)
	require.Equal(t, 1000, value[int](w, w.green, `SELECT count(*) FROM public.entry`))
	for _, crash := range []string{
		lane.AfterReload, backfill.AfterRead, backfill.BeforeMerge, backfill.BeforeCommit, backfill.AfterCommit, apply.AfterClaim, apply.BeforeCommit, apply.AfterCommit,
	} {
		w.lost(`DELETE FROM public.entry WHERE seq > 10`)
		r := w.reload("entry")
		if crash == lane.AfterReload {
			r.At = crashAt(crash, 1)
			require.ErrorIs(t, r.Run(w.ctx()), errCrash)
			require.ErrorIs(t, w.reload("entry").Run(w.ctx()), lane.ErrNotReloadable, "it is being loaded")
		} else {
			require.NoError(t, r.Run(w.ctx()))
		}
		w.exec(w.blue, `UPDATE public.entry SET amount = amount + 1 WHERE seq = 3`, `INSERT INTO public.entry SELECT 1, max(seq) + 1, 5 FROM public.entry`)
		if crash != lane.AfterReload {
			dying := w.runner("crash " + crash)
			dying.At = crashAt(crash, 1)
			_, err := dying.Run(w.ctx())
			require.ErrorIs(t, err, errCrash, crash)
		}
		stop := w.background(w.runner("after " + crash))
		w.loaded()
		w.drained(w.blue, w.green, "core.fwd")
		_, err := stop()
		require.NoError(t, err)
		w.equal()
	}
}

// A chunk shows rows that the stream has yet to bring. Also when the load is over by
// then, the table is tolerant until it has brought them.
func TestATableStaysTolerantUntilItsLastChunkIsConsistent(t *testing.T) {
	t.Parallel()
	w := steady(t)
	require.NoError(t, w.reload("entry").Run(w.ctx()))
	w.exec(w.blue, `INSERT INTO public.entry SELECT 1, n, 1 FROM generate_series(5000, 5100) n`, `DELETE FROM public.entry WHERE seq = 3`)
	worker := lane.Worker{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Invocation: "worker", Limits: quick()}
	chunks, err := worker.Planned(w.ctx())
	require.NoError(t, err)
	for _, chunk := range chunks {
		_, err := worker.Load(w.ctx(), chunk)
		require.NoError(t, err)
	}
	w.exec(w.blue, `UPDATE public.entry SET amount = 2 WHERE seq > 5050`)
	stop := w.background(w.runner("late"))
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	w.equal()
}

// After a change that operators have discarded the table is loaded anew, and nothing
// waits for a decision any more.
func TestATableIsLoadedAnewAfterADiscard(t *testing.T) {
	t.Parallel()
	w := steady(t)
	w.exec(w.green, `ALTER TABLE public.payment_2026 ADD CONSTRAINT low CHECK (amount < 1000)`)
	w.exec(w.blue, `INSERT INTO public.payment VALUES (1, '2026-06-06', 1), (2, '2026-06-06', 5000)`)
	require.Equal(t, checkpoint.Poison, w.haltOf("halting"))
	var commit pglogrepl.LSN
	var ordinal int64
	require.NoError(t, w.green.admin.QueryRow(w.ctx(), `SELECT commit_lsn, ordinal FROM bgsync.quarantine`).Scan(&commit, &ordinal))
	for _, by := range []string{"ann", "bob"} {
		_, err := checkpoint.Discard(w.ctx(), w.green.admin, "core.fwd", commit, ordinal, by)
		require.NoError(t, err)
	}
	w.exec(w.green, `ALTER TABLE public.payment_2026 DROP CONSTRAINT low`)
	require.NoError(t, w.reload("payment_2026").Run(w.ctx()))
	require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.Poison))
	stop := w.background(w.runner("resumed"))
	w.loaded()
	w.running()
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	w.equal()
	require.Zero(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.repair`))
}

func TestWhatIsNotLoadedAnew(t *testing.T) {
	t.Parallel()
	w := steady(t)
	w.register("core.rev", w.green, w.blue)
	require.NoError(t, lane.Create(w.ctx(), lane.Creation{Lane: "core.rev", Endpoints: endpoints(w.green, w.blue), Base: lane.Equal, Limits: quick()}))
	back := w.reload("entry")
	back.Lane, back.Endpoints = "core.rev", endpoints(w.green, w.blue)
	require.ErrorIs(t, back.Run(w.ctx()), lane.ErrNotReloadable, "its target is the authority")
	nobody := w.reload("entry")
	nobody.By = " "
	require.ErrorIs(t, nobody.Run(w.ctx()), lane.ErrNotReloadable)
	require.ErrorIs(t, w.reload("payment").Run(w.ctx()), lane.ErrNotReloadable, "it has no rows of its own")
	require.ErrorIs(t, w.reload("nothing").Run(w.ctx()), lane.ErrNotReloadable)
	for _, edit := range []string{`tail_from = '0/1'`, `part_lsn = '0/1', part_index = 1, part_change_lsn = '0/1'`, `state = 'halted', halt_code = 'gap'`} {
		w.exec(w.green, `UPDATE bgsync.lane SET `+edit)
		require.ErrorIs(t, w.reload("entry").Run(w.ctx()), lane.ErrNotReloadable, edit)
		w.exec(w.green, `UPDATE bgsync.lane SET tail_from = NULL, part_lsn = NULL, part_index = 0, part_change_lsn = NULL, state = 'running', halt_code = NULL`)
	}
	w.equal()
}
