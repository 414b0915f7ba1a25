//go:build integration

package lane_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
)

// says runs the checks of a phase and returns what one of them says, a finding a line.
func (w *world) says(s *preflight.Subject, phase preflight.Phase, id string) (status preflight.Status, said string) {
	w.t.Helper()
	results, err := preflight.Run(w.ctx(), s, phase)
	require.NoError(w.t, err)
	for _, r := range results {
		if r.ID != id {
			continue
		}
		lines := make([]string, len(r.Findings))
		for i, f := range r.Findings {
			lines[i] = f.String()
		}
		return r.Status, strings.Join(lines, "\n")
	}
	require.Fail(w.t, "the check was not run", id)
	return "", ""
}

// Subscriptions that are turned off or fill another database, and jobs that rest, write
// nothing to the target; the others are found before a lane and before a switch.
func TestOnlyWhoWritesToTheTargetIsInTheWay(t *testing.T) {
	t.Parallel()
	w := steady(t)
	const subscription = `CREATE SUBSCRIPTION other CONNECTION 'host=127.0.0.1 port=1' PUBLICATION other WITH (connect = false)`
	for _, phase := range []preflight.Phase{preflight.Creation, preflight.Switch} {
		w.exec(w.green, subscription, `CREATE SCHEMA cron`, `CREATE TABLE cron.job (jobid bigint, active bool)`, `INSERT INTO cron.job VALUES (7, false)`)
		status, said := w.says(w.subject(), phase, "PF20")
		assert.Equal(t, preflight.OK, status, said)
		w.exec(w.green, `ALTER SUBSCRIPTION other ENABLE`, `INSERT INTO cron.job VALUES (8, true)`)
		status, said = w.says(w.subject(), phase, "PF20")
		assert.Equal(t, preflight.Refuse, status)
		assert.Equal(t, "target subscription other: is enabled, expected none that writes\ntarget cron job 8: is active, expected none that is active", said)
		w.exec(w.green, `ALTER SUBSCRIPTION other DISABLE`, `ALTER SUBSCRIPTION other SET (slot_name = NONE)`, `DROP SUBSCRIPTION other`, `DROP SCHEMA cron CASCADE`)
	}
	w.exec(w.green, `CREATE DATABASE aside`)
	aside := w.connect(w.green.AdminDSN("aside"), "test")
	for _, statement := range []string{subscription, `ALTER SUBSCRIPTION other ENABLE`} {
		_, err := aside.Exec(w.ctx(), statement)
		require.NoError(t, err)
	}
	status, said := w.says(w.subject(), preflight.Creation, "PF20")
	assert.Equal(t, preflight.OK, status, said)
}

// A transaction that has written may be open for five seconds before a switch and for a
// minute before a lane is made; one that only reads is in nobody's way.
func TestTransactionsThatAreOpenForTooLongAreFound(t *testing.T) {
	t.Parallel()
	w := steady(t)
	writes, reads := w.beside(w.blue), w.beside(w.blue)
	var pid int
	_, err := reads.Exec(w.ctx(), `BEGIN; SELECT count(*) FROM public.account`)
	require.NoError(t, err)
	_, err = writes.Exec(w.ctx(), `BEGIN; UPDATE public.account SET balance = balance + 1 WHERE id = 1`)
	require.NoError(t, err)
	require.NoError(t, writes.QueryRow(w.ctx(), `SELECT pg_backend_pid()`).Scan(&pid))
	status, said := w.says(w.subject(), preflight.Switch, "PF21")
	assert.Equal(t, preflight.OK, status, said)
	require.Eventually(t, func() bool {
		status, said = w.says(w.subject(), preflight.Switch, "PF21")
		return status != preflight.OK
	}, waiting, tick)
	assert.Equal(t, preflight.Refuse, status)
	assert.Regexp(t, fmt.Sprintf(`^source process %d: has written and is open for \d+ s, expected none that is older than 5 s$`, pid), said)
	status, said = w.says(w.subject(), preflight.Creation, "PF21")
	assert.Equal(t, preflight.OK, status, said)
}

// A fence locks all tables at once, and may take half of what can be locked.
func TestAFenceTakesHalfOfTheLocksAtMost(t *testing.T) {
	t.Parallel()
	w := steady(t)
	locks := value[int](w, w.blue, `SELECT current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int`)
	subject := w.subject()
	for n := len(subject.Plan.Tables); n < locks/2; n++ {
		subject.Plan.Tables = append(subject.Plan.Tables, bgsync.TablePlan{Schema: "public", Name: fmt.Sprint("table ", n), Class: bgsync.Standard})
	}
	for _, phase := range []preflight.Phase{preflight.Creation, preflight.Switch} {
		status, said := w.says(subject, phase, "PF23")
		assert.Equal(t, preflight.OK, status, said)
	}
	subject.Plan.Tables = append(subject.Plan.Tables, bgsync.TablePlan{Schema: "public", Name: "one more", Class: bgsync.Standard})
	for _, phase := range []preflight.Phase{preflight.Creation, preflight.Switch} {
		status, said := w.says(subject, phase, "PF23")
		assert.Equal(t, preflight.Refuse, status)
		assert.Contains(t, said, fmt.Sprintf("room for half of %d locks and %d tables to lock, expected a larger max_locks_per_transaction", locks, locks/2+1))
	}
}

// Before a switch somebody is told that a lane could fall silent unheard. It forbids
// nothing.
func TestASwitchWarnsOfAlarmsThatHearNoSilence(t *testing.T) {
	t.Parallel()
	w := steady(t)
	subject := w.subject()
	subject.Facts.Alarms = preflight.Known([]preflight.Alarm{{Name: "lane-halted", State: "OK", Deaf: true}})
	status, said := w.says(subject, preflight.Switch, "PF39")
	assert.Equal(t, preflight.Warn, status)
	assert.Contains(t, said, "1 stay quiet when a lane or the watchdog of a switch falls silent")
	status, _ = w.says(w.subject(), preflight.Switch, "PF39")
	assert.Equal(t, preflight.OK, status)
}
