//go:build integration

package lane_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Processes that apply are killed again and again, from the first chunk on, under
// writers that never stop; no acknowledged write is lost or doubled.
func TestNoWriteIsLostOverKilledProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	bank := w.bankAt(w.blue, 3, 10*time.Millisecond)
	for i := range 15 {
		p := w.spawn(fmt.Sprint("victim ", i), 0)
		time.Sleep(time.Duration(100+60*i) * time.Millisecond)
		w.killed(p)
	}
	stop := w.background(w.runner("survivor"))
	w.running()
	bank.stop()
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	w.equal()
	bank.complete(w.green)
}

// A process that is stopped between reading the checkpoint and its claim, and
// goes on when another has taken over, writes nothing.
func TestAZombieWritesNothing(t *testing.T) {
	t.Parallel()
	w := steady(t)
	limits := quick()
	limits.SlotWait = time.Second // the heir has it
	zombie := w.spawnWith("zombie", 3, limits)
	require.True(t, zombie.lines.Scan())
	require.Equal(t, "pausing", zombie.lines.Text())
	// The server would cut a silent reader after wal_sender_timeout.
	w.exec(w.blue, `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active`)
	w.exec(w.blue, `UPDATE public.account SET balance = balance + 5`)
	heir := w.background(w.runner("heir"))
	w.drained(w.blue, w.green, "core.fwd")
	claims := value[int64](w, w.green, `SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'bgsync/apply/core.fwd/zombie'`)
	require.EqualValues(t, 1, claims, "the zombie still has its session")
	require.NoError(t, zombie.Process.Signal(syscall.SIGCONT))
	require.True(t, zombie.lines.Scan())
	assert.Contains(t, zombie.lines.Text(), "ended halt=<nil> error=")
	assert.NotContains(t, zombie.lines.Text(), "error=<nil>")
	require.NoError(t, zombie.Wait())
	w.injected(byStop)
	w.exec(w.blue, `UPDATE public.account SET balance = balance + 7`)
	w.drained(w.blue, w.green, "core.fwd")
	report, err := heir()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	w.equal()
}
