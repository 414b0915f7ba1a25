//go:build integration

package lane_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// After a divergence the row that was met against expectation is fetched before the
// change is tried again, and the lane is strict: what is wrong in another table halts it
// again, and is not written over.
func TestALaneResumedAfterADivergenceWritesOverNothingElse(t *testing.T) {
	t.Parallel()
	w := steady(t)
	w.exec(w.green, `SET session_replication_role = replica`, `DELETE FROM public.account WHERE id = 3`, `DELETE FROM public.entry WHERE account = 5 AND seq = 5`,
		`INSERT INTO public.payment VALUES (7777, '2026-07-07', 1)`, `RESET session_replication_role`)
	w.exec(w.blue, `UPDATE public.account SET balance = 3 WHERE id = 3`, `UPDATE public.entry SET amount = 5 WHERE account = 5 AND seq = 5`,
		`INSERT INTO public.payment VALUES (7777, '2026-07-07', 2)`)
	for _, kind := range []string{"update_missing", "update_missing", "insert_exists"} {
		require.Equal(t, checkpoint.Divergence, w.haltOf("meets "+kind))
		require.Equal(t, kind, value[string](w, w.green, `SELECT kind FROM bgsync.conflict WHERE state = 'open'`))
		require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.Divergence))
		require.Equal(t, checkpoint.Running, w.row(w.green, "core.fwd").State)
		require.Equal(t, 1, value[int](w, w.green, `SELECT count(*) FROM bgsync.repair WHERE reason = 'change refused'`))
	}
	r, beside := w.runner("fetches first"), w.beside(w.green)
	r.Observe = func(row checkpoint.Row) {
		var open int
		assert.NoError(t, beside.QueryRow(w.ctx(), `SELECT count(*) FROM bgsync.repair`).Scan(&open))
		assert.Zero(t, open, "at %s", row.Applied)
	}
	stop := w.background(r)
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	require.EqualValues(t, 1, report.RepairedRows)
	w.equal()
}

// A row cannot be fetched while a transaction of the source is open that the reading has
// to show. The change that has met the row waits for that, and is not tried before.
func TestAChangeIsNotTriedAgainBeforeItsRowIsFetched(t *testing.T) {
	t.Parallel()
	w := steady(t)
	open, err := w.beside(w.blue).Begin(w.ctx())
	require.NoError(t, err)
	_, err = open.Exec(w.ctx(), `INSERT INTO public.account (owner, balance) VALUES ('open', 1)`)
	require.NoError(t, err)
	w.follow(`UPDATE public.account SET balance = 2 WHERE id = 2`) // a later transaction is applied
	w.exec(w.green, `SET session_replication_role = replica`, `DELETE FROM public.account WHERE id = 3`, `RESET session_replication_role`)
	w.exec(w.blue, `UPDATE public.account SET balance = 3 WHERE id = 3`)
	require.Equal(t, checkpoint.Divergence, w.haltOf("meets it"))
	require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.Divergence))

	stop, sessions := w.background(w.runner("fetches")), map[int]bool{}
	require.Eventually(t, func() bool { // it has asked the source once, and once more
		for _, pid := range value[[]int](w, w.blue, `SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity
			WHERE application_name = 'bgsync/reader/core.fwd/fetches' AND backend_type = 'client backend'`) {
			sessions[pid] = true
		}
		return len(sessions) > 2 || w.row(w.green, "core.fwd").State == checkpoint.Halted
	}, waiting, tick)
	require.Equal(t, checkpoint.Running, w.row(w.green, "core.fwd").State, "the change was tried again")
	require.NoError(t, open.Commit(w.ctx()))
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	require.EqualValues(t, 1, report.RepairedRows)
	w.equal()
}

// A row that differs although it was found equal halts the lane. When it goes on, what
// comparisons find is repaired.
func TestAComparisonThatHaltedTheLaneIsAnsweredByRepairs(t *testing.T) {
	t.Parallel()
	w := following(t)
	v := w.verifier("compares")
	require.True(t, w.full(v).Clean)
	w.exec(w.green, `UPDATE public.account SET balance = 9 WHERE id = 3`)
	report := w.full(v)
	require.NotNil(t, report.Halt)
	w.released() // who followed has met the halt
	require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.Divergence))
	w.background(w.runner("goes on"))
	report = w.full(v)
	require.Nil(t, report.Halt)
	require.EqualValues(t, 1, report.Requested)
	w.repaired()
	require.True(t, w.full(v).Clean)
	w.same()
}

// A lane whose source has no authority loses its slot, and with it the sight of a stray
// write. Its new generation is strict from its start, and what was written is found by
// the other lane and repaired: before the authority has moved, and after.
func TestAGapOfALaneThatIsNeverComparedHidesNoStrayWrite(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	for _, at := range []struct {
		lane, opposite string
		source, target side
	}{{"core.rev", "core.fwd", s.green, s.blue}, {"core.fwd", "core.rev", s.blue, s.green}} {
		compares := lane.Runner{Lane: at.opposite, Endpoints: endpoints(at.target, at.source), Invocation: "compares", Limits: quick()}
		stop := s.background(compares)
		require.Zero(t, s.cleaned(at.opposite, at.target, at.source))
		slot := s.row(at.target, at.lane).Slot
		s.exec(at.source, `UPDATE public.account SET balance = 9 WHERE id = 3`, `SELECT pg_drop_replication_slot('`+slot+`')`)
		broken := lane.Runner{Lane: at.lane, Endpoints: endpoints(at.source, at.target), Invocation: "halting", Limits: quick()}
		report, err := broken.Run(s.ctx())
		require.NoError(t, err)
		require.Equal(t, checkpoint.Gap, report.Halt.Code)
		require.NoError(t, lane.Renew(s.ctx(), lane.Renewal{
			Lane: at.lane, Endpoints: broken.Endpoints, Limits: quick(), Source: at.source.DSN("apply_a", password, database), Code: checkpoint.Gap, By: []string{"ann"},
		}))
		broken.Invocation = "goes on"
		going := s.background(broken)
		require.Eventually(t, func() bool { return s.row(at.target, at.lane).State == checkpoint.Running }, waiting, tick)
		require.EqualValues(t, 1, s.cleaned(at.opposite, at.target, at.source))
		s.same()
		if at.lane == "core.rev" { // the authority moves
			s.exec(s.blue, `UPDATE bgsync.authority SET writable = false`)
			s.drained(s.blue, s.green, "core.fwd")
			s.exec(s.green, `BEGIN; UPDATE bgsync.authority SET epoch = 2, writable = true; UPDATE bgsync.lane SET epoch = 2; COMMIT`)
			s.exec(s.blue, `BEGIN; UPDATE bgsync.authority SET epoch = 2; UPDATE bgsync.lane SET epoch = 2; COMMIT`)
			s.drained(s.blue, s.green, "core.fwd")
			s.drained(s.green, s.blue, "core.rev")
		}
		for _, end := range []func() (lane.Report, error){stop, going} {
			_, err := end()
			require.NoError(t, err)
		}
		s.released()
	}
}

// The applier of a long transaction waits for its source for longer than a batch may:
// for a minute, and not without end.
func TestALongTransactionMayWaitForItsSource(t *testing.T) {
	t.Parallel()
	w := steady(t)
	w.exec(w.blue, `UPDATE public.account SET balance = 1`)
	r, beside, asked := w.runner("long"), w.beside(w.green), false
	r.Limits.BatchRows, r.Limits.BatchBytes = 20, 16<<10
	r.At = func(step string) error {
		if step != apply.BeforeData || asked {
			return nil
		}
		return beside.QueryRow(w.ctx(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'apply_a' AND state = 'idle in transaction'
			AND query LIKE 'SET LOCAL idle_in_transaction_session_timeout%')`).Scan(&asked)
	}
	stop := w.background(r)
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	w.equal()
	require.True(t, asked, "a transaction of more rows than a batch has")

	conn := w.connect(endpoints(w.blue, w.green).Apply, pg.Applier)
	timeout := func() (found string) {
		require.NoError(t, conn.QueryRow(w.ctx(), `SHOW idle_in_transaction_session_timeout`).Scan(&found))
		return found
	}
	tx, err := apply.New(conn, *w.row(w.green, "core.fwd"), "test", nil, nil).Begin(w.ctx())
	require.NoError(t, err)
	require.Equal(t, "15s", timeout())
	require.NoError(t, tx.Patient(w.ctx()))
	require.Equal(t, "1min", timeout())
	tx.Rollback()
	require.Equal(t, "15s", timeout(), "the next one waits no longer than others")
}

// beside is a session of an administrator for what runs beside the test.
func (w *world) beside(s side) *pgx.Conn { return w.connect(s.AdminDSN(database), pg.Operator) }
