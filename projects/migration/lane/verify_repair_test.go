//go:build integration

package lane_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/dirty"
)

// More rows than a blemish has are a defect: the lane halts and repairs nothing.
func TestTooManyDifferencesHaltTheLane(t *testing.T) {
	t.Parallel()
	w := following(t)
	w.exec(w.green, `SET session_replication_role = replica`, `UPDATE public.entry SET amount = amount + 1 WHERE account <= 5`)
	v := w.verifier("pass")
	v.Limits.RepairRows = 99
	report := w.full(v)
	require.NotNil(t, report.Halt)
	require.Equal(t, checkpoint.Divergence, report.Halt.Code)
	require.Equal(t, 100, value[int](w, w.green, `SELECT count(*) FROM public.entry WHERE account <= 5 AND amount <> account + seq / 100.0`))
}

// gap makes a new generation whose slot begins after changes that no lane has
// seen.
func (w *world) gap() {
	w.t.Helper()
	w.exec(w.blue, `SELECT pg_drop_replication_slot('bgsync_core_fwd_g1')`, `UPDATE public.account SET balance = balance + 1`, `DELETE FROM public.entry WHERE account <= 15`,
		`UPDATE public.document SET tags = '{gap}' WHERE slot <= 20`, `INSERT INTO public.payment SELECT n, '2026-09-09', n FROM generate_series(5001, 6500) n`)
	var lsn, xid string
	require.NoError(w.t, w.blue.admin.QueryRow(w.ctx(), `SELECT lsn::text FROM pg_create_logical_replication_slot('bgsync_core_fwd_g2', 'pgoutput')`).Scan(&lsn))
	require.NoError(w.t, w.blue.admin.QueryRow(w.ctx(), `SELECT pg_current_xact_id()::text`).Scan(&xid))
	require.NoError(w.t, pgx.BeginFunc(w.ctx(), w.green.admin, func(tx pgx.Tx) error {
		_, err := tx.Exec(w.ctx(), `UPDATE bgsync.lane SET generation = 2, slot_name = 'bgsync_core_fwd_g2', base_lsn = $1::text::pg_lsn, applied_lsn = $1::text::pg_lsn,
			applied_xid = $2::text::xid8, state = 'catching_up', consistent_after = NULL`, lsn, xid)
		return errors.Join(err, dirty.Restart(w.ctx(), tx, "core.fwd"))
	}))
}

// After a gap passes find what no change brought, more of it than a blemish has;
// the lane is consistent, and strict, when one has come out clean.
func TestAfterAGapTheLaneIsRepairedUntilAPassIsClean(t *testing.T) {
	t.Parallel()
	w := steady(t)
	w.gap()
	w.background(w.runner("second generation"))
	bank := w.bankAt(w.blue, 2, 5*time.Millisecond)
	v := w.verifier("after the gap")
	report := w.full(v)
	require.False(t, report.Clean)
	require.GreaterOrEqual(t, report.Requested, int64(1500+300), "there is no limit") // the writers bring the others
	require.Equal(t, "catching_up", value[string](w, w.green, `SELECT state FROM bgsync.lane`))
	for clean := false; !clean; clean = w.full(v).Clean {
		require.Zero(t, value[int](w, w.green, `SELECT count(consistent_after) FROM bgsync.lane`), "not before a pass is clean")
		w.repaired()
	}
	require.Equal(t, 1, value[int](w, w.green, `SELECT count(consistent_after) FROM bgsync.lane`))
	w.running()
	bank.stop()
	w.drained(w.blue, w.green, "core.fwd")
	w.same()
	w.exec(w.green, `SET session_replication_role = replica`, `UPDATE public.account SET balance = 0 WHERE id = 1`)
	require.NotNil(t, w.full(v).Halt, "after the first clean pass of the generation")
}

// A repair does not undo what the lane has applied and the source's readers do not
// see yet: it waits until they do.
func TestARepairWaitsForWhatIsNotVisibleYet(t *testing.T) {
	t.Parallel()
	w := following(t)
	hidden := w.open("hidden", "on")
	w.hideCommits()
	w.begin(hidden, 3)
	acknowledged := make(chan error, 1)
	go func() {
		_, err := hidden.Exec(t.Context(), `COMMIT`)
		acknowledged <- err
	}()
	require.Eventually(t, func() bool {
		return value[int](w, w.green, `SELECT count(*) FROM public.account WHERE owner = 'hidden'`) == 1
	}, waiting, tick, "it is applied before it is visible")
	require.Zero(t, value[int](w, w.blue, `SELECT count(*) FROM public.account WHERE owner = 'hidden'`))
	w.exec(w.green, `INSERT INTO bgsync.repair (lane, table_id, bucket_no, key, reason)
		SELECT 'core.fwd', table_id, -1, ARRAY['3'], 'asked for' FROM bgsync.table_map WHERE name = 'account'`)
	time.Sleep(2500 * time.Millisecond)
	require.Equal(t, "101.00", value[string](w, w.green, `SELECT balance::text FROM public.account WHERE id = 3`), "nothing is undone")
	require.Equal(t, 1, value[int](w, w.green, `SELECT count(*) FROM bgsync.repair`))
	w.exec(w.blue, `ALTER SYSTEM RESET synchronous_standby_names`, `SELECT pg_reload_conf()`)
	require.NoError(t, <-acknowledged)
	w.repaired()
	w.drained(w.blue, w.green, "core.fwd")
	w.same()
}

// A repair brings rows of transactions that no position tells of: its bucket is
// marked as of all that the repair's snapshot may show.
func TestARepairMarksItsBucket(t *testing.T) {
	t.Parallel()
	w := following(t)
	require.True(t, w.full(w.verifier("pass")).Clean)
	newest := value[int64](w, w.blue, `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint`)
	for name, request := range map[string]string{
		"account": `SELECT 'core.fwd', table_id, -1, ARRAY['1'], 'asked for' FROM bgsync.table_map WHERE name = 'account'`,
		"entry":   `SELECT 'core.fwd', table_id, 2, '{}', 'asked for' FROM bgsync.table_map WHERE name = 'entry'`,
	} {
		w.exec(w.green, `INSERT INTO bgsync.repair (lane, table_id, bucket_no, key, reason) `+request)
		w.repaired()
		require.Equal(t, 1, value[int](w, w.green, `SELECT count(*) FROM bgsync.bucket b JOIN bgsync.table_map m USING (table_id)
			WHERE m.name = $1 AND b.dirty_xid >= $2::bigint::text::xid8`, name, newest))
	}
	w.same()
	status, err := w.verifier("look").Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, status.Buckets, status.Unverified, "a repair takes all results back")
}
