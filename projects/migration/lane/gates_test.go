//go:build integration

package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	shared "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// closes is what closes a gate, and no other.
type closes struct {
	gate, detail string
	at           naming.Color
	cause, undo  []string
	// limits make the gate strict, where a statement cannot.
	limits func(*postgres.Databases)
}

// openConflict is a change that waits for a decision.
const openConflict = `INSERT INTO bgsync.conflict (lane, generation, commit_lsn, ordinal, kind, table_id, key) VALUES ('core.fwd', 1, '0/1', 1, 'insert_exists', 1, '{}')`

// gateCauses are causes on a lane to green, each with the gate that is there for it.
func gateCauses() []closes {
	const bucket = ` WHERE lane = 'core.fwd' AND table_id = 1 AND bucket_no = (SELECT min(bucket_no) FROM bgsync.bucket WHERE lane = 'core.fwd' AND table_id = 1)`
	other := func(more string) []string {
		return []string{`CREATE TEMP TABLE other AS SELECT * FROM bgsync.lane LIMIT 1`, `UPDATE other SET lane = 'core.other', ` + more,
			`INSERT INTO bgsync.lane SELECT * FROM other`, `DROP TABLE other`}
	}
	gone := []string{`DELETE FROM bgsync.lane WHERE lane = 'core.other'`}
	return []closes{
		{gate: "lanes-green", detail: "core.other running torn", at: naming.Green, cause: other(`part_lsn = '0/1', part_index = 1, part_change_lsn = '0/1'`), undo: gone},
		{gate: "lanes-blue", detail: "core.other halted poison", at: naming.Blue, cause: other(`state = 'halted', halt_code = 'poison'`), undo: gone},
		{gate: "lanes-blue", detail: "core.other catching_up", at: naming.Blue, cause: other(`state = 'catching_up'`), undo: gone},
		{gate: "decisions-green", detail: "1 conflicts", at: naming.Green, cause: []string{openConflict}, undo: []string{`DELETE FROM bgsync.conflict`}},
		{gate: "grants-blue", detail: "clerk may DELETE public.entry", at: naming.Blue, cause: []string{`GRANT DELETE ON public.entry TO clerk`}, undo: []string{`REVOKE DELETE ON public.entry FROM clerk`}},
		{gate: "grants-green", detail: "app may INSERT public.payment", at: naming.Green, cause: []string{`GRANT INSERT ON public.payment TO app`}, undo: []string{`REVOKE INSERT ON public.payment FROM app`}},
		{gate: "grants-blue", detail: "role app_a is a member of pg_write_all_data", at: naming.Blue, cause: []string{`CREATE ROLE vault IN ROLE pg_write_all_data`, `GRANT vault TO app`}, undo: []string{`DROP ROLE vault`}},
		{gate: "grants-green", detail: "function public.pay() is SECURITY DEFINER of postgres", at: naming.Green, cause: []string{`CREATE FUNCTION public.pay() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM public.entry WHERE false'`}, undo: []string{`DROP FUNCTION public.pay()`}},
		{gate: "verified-age", detail: "25h", at: naming.Green, cause: []string{`UPDATE bgsync.bucket SET at = at - interval '25 hours'` + bucket}, undo: []string{`UPDATE bgsync.bucket SET at = now()` + bucket}},
		{gate: "verified-age", detail: "a bucket was never compared", at: naming.Green, cause: []string{`UPDATE bgsync.bucket SET at = NULL` + bucket}, undo: []string{`UPDATE bgsync.bucket SET at = now()` + bucket}},
		{gate: "verified", detail: "1 different", at: naming.Green, cause: []string{`UPDATE bgsync.bucket SET mismatch = 1` + bucket}, undo: []string{`UPDATE bgsync.bucket SET mismatch = 0` + bucket}},
		{gate: "canary-blue-green", detail: "not arrived", at: naming.Green, limits: func(d *postgres.Databases) { d.Limits.Forward = time.Nanosecond }},
	}
}

// Each condition that does not hold keeps a switch from being armed, and nothing is
// left of the attempt. One that holds no more when the word is given takes it back.
func TestEachGateKeepsASwitchFromBeingArmed(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	for _, c := range gateCauses() {
		s.exec(s.side(c.at), c.cause...)
		s.shuts(naming.Green, c)
		s.exec(s.side(c.at), c.undo...)
	}
	writer := s.app(naming.Blue)
	_, err := writer.Exec(s.ctx(), `BEGIN; UPDATE public.account SET balance = balance WHERE id = 1`)
	require.NoError(t, err)
	s.shuts(naming.Green, closes{gate: "fence-way-blue", detail: "1 long writers", limits: func(d *postgres.Databases) { d.Limits.OpenWrite = time.Nanosecond }})
	_, err = writer.Exec(s.ctx(), `COMMIT`)
	require.NoError(t, err)
	s.settled(naming.Blue, 1)

	m := s.machine("loses a gate")
	defer gone(m)
	_, err = m.Start(s.ctx(), to(naming.Green))
	require.NoError(t, err)
	s.exec(s.green, openConflict)
	_, err = m.Step(s.ctx(), switching.Go)
	require.ErrorIs(t, err, switching.ErrGates)
	s.exec(s.green, `DELETE FROM bgsync.conflict`)
	s.settled(naming.Blue, 1)
	_, sw := s.status()
	require.Contains(t, sw.LastError, "decisions-green fail")
}

// After a switch the lane back counts as compared since then, and a rollback asks how
// long ago that was.
func TestTheWayBackIsAsOldAsTheSwitch(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	s.switchTo(naming.Green)
	require.Zero(t, value[int](s.world, s.blue, `SELECT count(at) FROM bgsync.bucket`), "no bucket was compared by itself")
	s.exec(s.blue, `UPDATE bgsync.lane SET clean_base_at = clean_base_at - interval '73 hours'`)
	s.shuts(naming.Blue, closes{gate: "verified-age", detail: "the oldest comparison is 73h"})
	s.exec(s.blue, `UPDATE bgsync.lane SET clean_base_at = NULL`)
	s.shuts(naming.Blue, closes{gate: "verified-age", detail: "a bucket was never compared"})
	s.exec(s.blue, `UPDATE bgsync.lane SET clean_base_at = now() - interval '71 hours'`)
	s.switchTo(naming.Blue)
	s.settled(naming.Blue, 3)
}

// shuts requires that a switch is not armed, for one gate and no other.
func (s *switches) shuts(side naming.Color, c closes) {
	s.t.Helper()
	token, _ := s.status()
	m := s.machine(c.gate)
	defer gone(m)
	if c.limits != nil {
		c.limits(m.Primary.(*postgres.Databases))
	}
	m.Limits.ArmMax = time.Nanosecond // the gates are asked once
	outcome, err := m.Start(s.ctx(), to(side))
	require.ErrorIs(s.t, err, switching.ErrGates, "%s: %s", c.gate, c.detail)
	require.Equal(s.t, shared.Steady, outcome.Switch.State, c.gate)
	for _, g := range outcome.Gates {
		if g.Name == c.gate {
			assert.Equal(s.t, switching.Fail, g.Verdict, "%s: %s", g.Name, g.Detail)
			assert.Contains(s.t, g.Detail, c.detail)
			continue
		}
		assert.Equal(s.t, switching.Pass, g.Verdict, "%s is closed too, beside %s: %s", g.Name, c.gate, g.Detail)
	}
	after, _ := s.status()
	require.Equal(s.t, token, after, "the token is as it was")
}
