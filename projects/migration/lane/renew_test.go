//go:build integration

package lane_test

import (
	"testing"

	"github.com/jackc/pglogrepl"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// renewal is an operator's consent to a new generation of the forward lane.
func (w *world) renewal() lane.Renewal {
	return lane.Renewal{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Limits: quick(), Code: checkpoint.Gap, By: []string{"first"}}
}

// gapped is a lane whose slot was lost while the source was written to: rows came
// and went, and unique values changed hands.
func gapped(t *testing.T) *world {
	t.Helper()
	w := steady(t)
	w.exec(w.blue, `SELECT pg_drop_replication_slot('bgsync_core_fwd_g1')`,
		`UPDATE public.account SET balance = balance + 3 WHERE id < 50`, `DELETE FROM public.entry WHERE account = 7`,
		`INSERT INTO public.payment VALUES (7001, '2026-02-02', 1), (7002, '2034-02-02', 2)`,
		`UPDATE public.document SET slot = 9000 + slot WHERE slot IN (21, 23)`, `UPDATE public.document SET body = 'short' WHERE slot = 30`)
	require.Equal(t, checkpoint.Gap, w.haltOf("halting"))
	return w
}

// After a gap a new generation follows from where the source is. A value that a
// row gave up within the gap is taken by another one: its former holder is repaired
// first. A full verification finds what else was missed, and with the first clean
// one the lane is strict.
func TestANewGenerationBridgesAGapByRepairs(t *testing.T) {
	t.Parallel()
	w := gapped(t)
	for i, step := range []string{lane.AfterSlot, lane.AfterSettle} {
		with := w.renewal()
		with.At = crashAt(step, 1)
		require.ErrorIs(t, lane.Renew(w.ctx(), with), errCrash)
		require.Equal(t, checkpoint.Halted, w.row(w.green, "core.fwd").State, "attempt %d", i)
	}
	require.NoError(t, lane.Renew(w.ctx(), w.renewal()))
	renewed := w.row(w.green, "core.fwd")
	assert.EqualValues(t, 2, renewed.Generation)
	assert.Equal(t, "bgsync_core_fwd_g2", value[string](w, w.blue, `SELECT string_agg(slot_name, ',') FROM pg_replication_slots`))
	w.exec(w.blue, `UPDATE public.document SET slot = 21 WHERE slot = 22`, `UPDATE public.document SET slot = 23, tags = '{x}' WHERE slot = 24`)
	stop := w.background(w.runner("follows"))
	w.drained(w.blue, w.green, "core.fwd")
	require.Equal(t, checkpoint.CatchingUp, w.row(w.green, "core.fwd").State, "nothing has shown yet that the sides agree")
	v := w.verifier("after the gap")
	for round := 0; w.row(w.green, "core.fwd").State != checkpoint.Running; round++ {
		require.Less(t, round, 10)
		w.full(v)
		w.repaired()
		w.exec(w.blue, `UPDATE public.account SET balance = balance + 1 WHERE id = 1`)
		w.drained(w.blue, w.green, "core.fwd")
	}
	w.exec(w.blue, `UPDATE public.account SET balance = balance + 1`)
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	w.equal()
}

func TestANewGenerationTakesAnOperatorWhoHasSeenTheHalt(t *testing.T) {
	t.Parallel()
	w := steady(t)
	require.ErrorIs(t, lane.Renew(w.ctx(), w.renewal()), lane.ErrNotRenewable, "the lane is well")
	for name, edit := range map[string]func(*lane.Renewal){
		"nobody consents":                     func(r *lane.Renewal) { r.By = nil },
		"no name":                             func(r *lane.Renewal) { r.By = []string{" "} },
		"a halt that is answered by resuming": func(r *lane.Renewal) { r.Code = checkpoint.Poison },
	} {
		with := w.renewal()
		edit(&with)
		require.ErrorIs(t, lane.Renew(w.ctx(), with), lane.ErrNotRenewable, name)
	}
	require.EqualValues(t, 1, w.row(w.green, "core.fwd").Generation)
}

// A lane whose source does not have the authority is never compared. It begins its new
// generation strict where it had followed the source to the end of its term, and is
// refused one where it had not.
func TestANewGenerationOfALaneThatIsNeverComparedIsStrict(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	back := lane.Runner{Lane: "core.rev", Endpoints: endpoints(s.green, s.blue), Invocation: "halting", Limits: quick()}
	s.exec(s.green, `SELECT pg_drop_replication_slot('bgsync_core_rev_g1')`)
	report, err := back.Run(s.ctx())
	require.NoError(t, err)
	require.NotNil(t, report.Halt)
	require.Equal(t, checkpoint.Gap, report.Halt.Code)
	with := lane.Renewal{
		Lane: "core.rev", Endpoints: endpoints(s.green, s.blue), Limits: quick(), Source: s.green.DSN("apply_a", password, database),
		Code: checkpoint.Gap, By: []string{"first"},
	}
	for _, edit := range []struct{ do, undo string }{
		{`src_epoch = src_epoch + 1`, `src_epoch = src_epoch - 1`},
		{`src_writable = true`, `src_writable = false`},
		{`consistent_after = NULL`, `consistent_after = base_lsn`},
		{`part_lsn = '0/1', part_index = 1, part_change_lsn = '0/1'`, `part_lsn = NULL, part_index = 0, part_change_lsn = NULL`},
	} {
		s.exec(s.blue, `UPDATE bgsync.lane SET `+edit.do)
		require.ErrorIs(t, lane.Renew(s.ctx(), with), lane.ErrNotRenewable, edit.do)
		s.exec(s.blue, `UPDATE bgsync.lane SET `+edit.undo)
	}
	require.NoError(t, lane.Renew(s.ctx(), with))
	renewed := s.row(s.blue, "core.rev")
	assert.EqualValues(t, 2, renewed.Generation)
	assert.False(t, renewed.Tolerant())
	back.Invocation = "follows"
	s.background(back)
	require.Eventually(t, func() bool { return s.row(s.blue, "core.rev").State == checkpoint.Running }, waiting, tick)
	s.drained(s.green, s.blue, "core.rev")
}

// A row that the target refuses is passed over when two operators say so. The lane
// goes on and does not become strict before the row is there.
func TestAPoisonRowIsDiscardedByTwoOperators(t *testing.T) {
	t.Parallel()
	w := steady(t)
	w.exec(w.green, `ALTER TABLE public.payment ADD CONSTRAINT low CHECK (amount < 1000)`)
	w.exec(w.blue, `INSERT INTO public.payment VALUES (1, '2026-06-06', 1), (2, '2026-06-06', 5000), (3, '2026-06-06', 3)`)
	require.Equal(t, checkpoint.Poison, w.haltOf("halting"))
	var commit pglogrepl.LSN
	var ordinal int64
	require.NoError(t, w.green.admin.QueryRow(w.ctx(), `SELECT commit_lsn, ordinal FROM bgsync.quarantine WHERE state = 'open'`).Scan(&commit, &ordinal))
	discard := func(by string) (bool, error) {
		return checkpoint.Discard(w.ctx(), w.green.admin, "core.fwd", commit, ordinal, by)
	}
	_, err := discard(" ")
	require.ErrorIs(t, err, checkpoint.ErrDecision)
	done, err := discard("first")
	require.NoError(t, err)
	require.False(t, done, "one operator is not enough")
	_, err = discard("first")
	require.ErrorIs(t, err, checkpoint.ErrDecision, "the same one again is one")
	done, err = discard("second")
	require.NoError(t, err)
	require.True(t, done)
	require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.Poison))

	stop := w.background(w.runner("resumed"))
	w.drained(w.blue, w.green, "core.fwd")
	require.Equal(t, []int32{1, 3}, value[[]int32](w, w.green, `SELECT array_agg(id::int ORDER BY id) FROM public.payment WHERE day = '2026-06-06' AND id < 4`))
	require.Eventually(t, func() bool { return value[string](w, w.green, `SELECT state FROM bgsync.repair`) == "failed" }, waiting, tick)
	require.Equal(t, checkpoint.CatchingUp, w.row(w.green, "core.fwd").State, "no switch while a row is missing")
	w.exec(w.green, `ALTER TABLE public.payment DROP CONSTRAINT low`, `UPDATE bgsync.repair SET at = at - interval '2 minutes'`)
	w.running()
	w.drained(w.blue, w.green, "core.fwd")
	_, err = stop()
	require.NoError(t, err)
	w.equal()
	require.Equal(t, "{first,second}", value[string](w, w.green, `SELECT decided_by::text FROM bgsync.quarantine WHERE state = 'discarded'`))
}

// A lane that loads beside the stream and is halted goes on so: what is loaded
// later must not overwrite what was applied.
func TestAnInterleavedLaneStaysSoOverAHalt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.createInterleaved(8 << 10)
	r := w.runner("crashing")
	r.Limits.LoadWorkers = 1
	r.At = crashAt(apply.AfterCommit, 3)
	_, err := r.Run(w.ctx())
	require.ErrorIs(t, err, errCrash)
	w.exec(w.green, `UPDATE bgsync.lane SET state = 'halted', halt_code = 'operator', halted_at = now()`)
	require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.ByOperator))
	require.Equal(t, checkpoint.CatchingUp, w.row(w.green, "core.fwd").State)
	stop := w.background(w.runner("resumed"))
	w.running()
	_, err = stop()
	require.NoError(t, err)
	w.equal()
}
