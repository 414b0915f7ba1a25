//go:build integration

package lane_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
)

// A commit stands in the log before the slot begins, and is not visible yet since
// it waits for a standby. It is in neither the stream nor an early snapshot; the
// lane is therefore not made before all that had an id has ended.
func TestACommitThatIsNotVisibleYetIsInTheBase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	first, second, hidden := w.open("first", "local"), w.open("second", "local"), w.open("hidden", "on")
	w.begin(first, 1)
	creating := make(chan error, 1)
	go func() {
		creating <- lane.Create(t.Context(), lane.Creation{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks, Limits: quick()})
	}()
	// The slot waits for all that runs, and then for all that has begun since.
	w.awaited(first)
	w.begin(second, 2)
	w.end(first)
	w.awaited(second)
	w.hideCommits()
	w.begin(hidden, 3)
	acknowledged := make(chan error, 1)
	go func() {
		_, err := hidden.Exec(t.Context(), `COMMIT`)
		acknowledged <- err
	}()
	require.Eventually(t, func() bool {
		return value[int](w, w.blue, `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`) == 1
	}, waiting, tick)
	w.end(second)
	require.Eventually(t, func() bool {
		return value[int](w, w.blue, `SELECT count(confirmed_flush_lsn) FROM pg_replication_slots`) == 1
	}, waiting, tick)
	time.Sleep(300 * time.Millisecond)
	require.Zero(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.lane`), "a commit is durable and not visible: no chunk may be read")

	w.exec(w.blue, `ALTER SYSTEM RESET synchronous_standby_names`, `SELECT pg_reload_conf()`)
	require.NoError(t, <-acknowledged)
	require.NoError(t, <-creating)
	stop := w.background(w.runner("only"))
	w.running()
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	w.equal()
}

// open is a writer's session.
func (w *world) open(name, commit string) *pgx.Conn {
	conn := w.connect(w.blue.AdminDSN(database), "writer")
	_, err := conn.Exec(w.ctx(), `SELECT set_config('synchronous_commit', $1, false), set_config('application_name', $2, false)`, commit, name)
	require.NoError(w.t, err)
	return conn
}

// hideCommits makes blue's commits wait for a standby that does not exist. The
// server takes the setting in at its own time, so a session commits until one of its
// commits waits, and is then let go.
func (w *world) hideCommits() {
	w.t.Helper()
	w.exec(w.blue, `ALTER SYSTEM SET synchronous_standby_names = 'nobody'`, `SELECT pg_reload_conf()`)
	probe := w.open("probe", "on")
	waits := func() bool {
		return value[int](w, w.blue, `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'probe'`) == 1
	}
	released := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		for {
			_, err := probe.Exec(w.ctx(), `SELECT pg_logical_emit_message(true, 'probe', '')`)
			select {
			case <-stop:
				released <- err
				return
			case <-time.After(tick):
			}
		}
	}()
	require.Eventually(w.t, waits, waiting, tick)
	close(stop)
	w.exec(w.blue, `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'probe'`)
	require.NoError(w.t, <-released, "the wait is given up, the commit stands")
}

// begin opens a transaction that has written.
func (w *world) begin(conn *pgx.Conn, account int) {
	w.t.Helper()
	for _, statement := range []string{`BEGIN`, `INSERT INTO public.account (owner, balance) SELECT current_setting('application_name'), 1`} {
		_, err := conn.Exec(w.ctx(), statement)
		require.NoError(w.t, err)
	}
	_, err := conn.Exec(w.ctx(), `UPDATE public.account SET balance = balance + 1 WHERE id = $1`, account)
	require.NoError(w.t, err)
}

// end commits.
func (w *world) end(conn *pgx.Conn) {
	w.t.Helper()
	_, err := conn.Exec(w.ctx(), `COMMIT`)
	require.NoError(w.t, err)
}

// awaited waits until somebody waits for a transaction's end.
func (w *world) awaited(conn *pgx.Conn) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		return value[int](w, w.blue, `SELECT count(*) FROM pg_locks w JOIN pg_locks h ON h.transactionid = w.transactionid AND h.granted
			WHERE NOT w.granted AND w.locktype = 'transactionid' AND h.pid = $1`, conn.PgConn().PID()) == 1
	}, waiting, tick)
}
