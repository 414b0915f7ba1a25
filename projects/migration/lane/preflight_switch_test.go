//go:build integration

package lane_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/preflight"
)

// application opens a session of an application under a name.
func (s *switches) application(at side, name string) *pgx.Conn {
	s.t.Helper()
	cfg, err := pgx.ParseConfig(at.DSN("app_a", password, database))
	require.NoError(s.t, err)
	cfg.RuntimeParams["application_name"] = name
	conn, err := pgx.ConnectConfig(s.ctx(), cfg)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close(s.ctx()) }) // a test may have closed it
	return conn
}

// What the checks before a switch find: first that nothing is in the way, then each
// cause by the check that is there for it, and by no other.
func TestPreflightFindsWhatStopsASwitch(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	blue, green := s.application(s.blue, "payment-api client-contract/1"), s.application(s.green, "payment-api client-contract/2")
	subject := func() *preflight.Subject {
		sub := s.subject()
		sub.Facts.Applications = preflight.Known(true)
		return sub
	}
	require.Eventually(t, func() bool { // the lane back has to bring its first canary
		results, err := preflight.Run(s.ctx(), subject(), preflight.Switch)
		require.NoError(t, err)
		return preflight.Refusal(results) == nil
	}, waiting, tick)

	const conflict = `INSERT INTO bgsync.conflict (lane, generation, commit_lsn, ordinal, kind, table_id, key) VALUES ('core.rev', 1, '0/1', 1, 'insert_exists', 1, '{}')`
	for _, c := range []struct {
		name, id, want string
		cause, undo    func()
		change         func(*preflight.Subject)
	}{
		{
			name: "an application of another version", id: "PF35", want: `source user app_a: 1 sessions of application "payment-api" tell of no rules`,
			cause: func() { _, err := blue.Exec(s.ctx(), `SET application_name = 'payment-api'`); require.NoError(t, err) },
			undo: func() {
				_, err := blue.Exec(s.ctx(), `SET application_name = 'payment-api client-contract/1'`)
				require.NoError(t, err)
			},
		},
		{
			name: "rules of version 0", id: "PF35", want: "target user app_a: 1 sessions",
			cause: func() {
				_, err := green.Exec(s.ctx(), `SET application_name = 'x client-contract/0'`)
				require.NoError(t, err)
			},
			undo: func() {
				_, err := green.Exec(s.ctx(), `SET application_name = 'x client-contract/1'`)
				require.NoError(t, err)
			},
		},
		{name: "nobody has asked for applications", id: "PF35", want: "nobody has asked", change: func(s *preflight.Subject) { s.Facts.Applications = preflight.Fact[bool]{} }},
		{name: "an alarm is on", id: "PF36", want: "alarm migration-unsafe: is ALARM", change: func(s *preflight.Subject) {
			s.Facts.Alarms = preflight.Known([]preflight.Alarm{{Name: "migration-unsafe", State: "ALARM"}})
		}},
		{name: "names that cannot be read", id: "PF36", want: "public name: cannot be known: throttled", change: func(s *preflight.Subject) { s.Facts.Names = preflight.Fact[preflight.Names]{Unknown: "throttled"} }},
		{name: "the window closes", id: "PF30", want: "before the planned end", change: func(s *preflight.Subject) { s.Facts.Window = preflight.Known(time.Now().Add(time.Hour)) }},
		{name: "an index is missing", id: "PF19", want: "is not built", cause: func() {
			s.exec(s.green, `UPDATE bgsync.deferred_ddl SET state = 'planned' WHERE ordinal = (SELECT min(ordinal) FROM bgsync.deferred_ddl)`)
		}, undo: func() { s.exec(s.green, `UPDATE bgsync.deferred_ddl SET state = 'done'`) }},
		{name: "a conflict on the lane back", id: "PF37", want: "lane core.rev: has 1 conflicts and 0 rows in quarantine",
			cause: func() { s.exec(s.blue, conflict) },
			undo:  func() { s.exec(s.blue, `DELETE FROM bgsync.conflict`) }},
		{name: "the lane back is halted", id: "PF37", want: "lane core.rev: is halted operator",
			cause: func() {
				s.exec(s.blue, `UPDATE bgsync.lane SET state = 'halted', halt_code = 'operator', halted_at = now() WHERE lane = 'core.rev'`)
			}},
		{name: "the lane back brings nothing", id: "PF37", want: "lane core.rev: its newest canary is",
			cause: func() {
				s.exec(s.blue, `UPDATE bgsync.lane SET state = 'running', halt_code = NULL, halted_at = NULL WHERE lane = 'core.rev'`)
			},
			change: func(s *preflight.Subject) { s.RoundTrip = time.Nanosecond }},
		{name: "a sequence that nobody has written down", id: "PF17", want: `source sequence public.invoice: was made since`,
			cause: func() { both(s.world, `CREATE SEQUENCE public.invoice`)() }, undo: func() { both(s.world, `DROP SEQUENCE public.invoice`)() }},
		{name: "nobody is connected", id: "PF35", want: "target: cannot be known: no application is connected", cause: func() { require.NoError(t, green.Close(s.ctx())) }},
		{name: "no lane back", id: "PF37", want: "lane back: does not exist", cause: func() {
			s.application(s.green, "x client-contract/1")
			s.exec(s.blue, `UPDATE bgsync.lane SET state = 'retired'`)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.cause != nil {
				c.cause()
			}
			sub := subject()
			if c.change != nil {
				c.change(sub)
			}
			results, err := preflight.Run(s.ctx(), sub, preflight.Switch)
			require.NoError(t, err)
			refused := 0
			for _, r := range results {
				if r.Status != preflight.Refuse {
					continue
				}
				refused++
				require.Equal(t, c.id, r.ID, "%v", r.Findings)
				assert.Contains(t, r.Findings[0].String(), c.want)
			}
			assert.Equal(t, 1, refused)
			if c.undo != nil {
				c.undo()
			}
		})
	}
}
