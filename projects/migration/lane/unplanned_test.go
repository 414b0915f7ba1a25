//go:build integration

package lane_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/shared/naming"
)

// A table that an application makes on the side with the authority is in no stream: its
// rows would be missing on the other side after a switch. No switch passes by it, in
// either direction, until the plan excludes it on both sides.
func TestATableThatNobodyHasPlannedKeepsTheAuthorityWhereItIs(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	read := func(from, to side, lane string) []string {
		g, err := gauge.Read(s.ctx(), s.connect(from.DSN("reader_a", password, database), pg.Reader), s.connect(to.DSN("apply_a", password, database), pg.Applier), lane)
		require.NoError(t, err)
		return g.Unplanned
	}
	require.Empty(t, read(s.blue, s.green, "core.fwd"))
	s.exec(s.blue, `CREATE TABLE public.audit (id bigint, day date) PARTITION BY RANGE (day)`,
		`CREATE TABLE public.audit_rest PARTITION OF public.audit DEFAULT`, `CREATE SCHEMA aside; CREATE TABLE aside.cache (id bigint)`)
	require.Equal(t, []string{"public.audit", "public.audit_rest"}, read(s.blue, s.green, "core.fwd"))
	s.shuts(naming.Green, closes{gate: "tables-blue", detail: "neither carried nor excluded: public.audit, public.audit_rest; expected each table"})

	wanted := plan("core.fwd")
	wanted.Excluded = []bgsync.Exclusion{{Schema: "public", Name: "audit", Reason: "written anew by each colour"}}
	again := func() { require.NoError(t, bgsync.Again(s.ctx(), s.blue.admin, s.green.admin, wanted)) }
	again()
	require.Empty(t, read(s.blue, s.green, "core.fwd"), "with its partition")
	s.switchTo(naming.Green)

	s.exec(s.green, `CREATE TABLE public.refund (id bigint PRIMARY KEY, amount bigint)`, `INSERT INTO public.refund VALUES (1, 500)`)
	require.Equal(t, []string{"public.refund"}, read(s.green, s.blue, "core.rev"))
	s.shuts(naming.Blue, closes{gate: "tables-green", detail: "neither carried nor excluded: public.refund"})
	s.settled(naming.Green, 2)

	s.exec(s.green, `CREATE SCHEMA aside`, `ALTER TABLE public.refund SET SCHEMA aside`)
	s.switchTo(naming.Blue)
	s.settled(naming.Blue, 3)
	require.Equal(t, 1, value[int](s.world, s.green, `SELECT count(*) FROM aside.refund`), "the rows of a schema that no lane touches are nobody's business")
}

// What the checks say of such a table: before a switch they refuse it, of a lane that runs
// they warn. A plan that excludes it counts when it is written down on both sides.
func TestPreflightTellsOfATableThatNobodyHasPlanned(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	s.exec(s.green, `CREATE TABLE public.refund (id bigint)`)
	ask := func(phase preflight.Phase, subject *preflight.Subject) preflight.Result {
		results, err := preflight.Run(s.ctx(), subject, phase)
		require.NoError(t, err)
		for _, r := range results {
			if r.ID == "PF13" {
				return r
			}
		}
		require.Fail(t, "there is no PF13")
		return preflight.Result{}
	}
	for phase, status := range map[preflight.Phase]preflight.Status{preflight.Start: preflight.Warn, preflight.Switch: preflight.Refuse} {
		r := ask(phase, s.subject())
		require.Equal(t, status, r.Status, "%v", r.Findings)
		require.Len(t, r.Findings, 1)
		assert.Contains(t, r.Findings[0].String(), "target table public.refund: is neither listed nor excluded")
	}
	subject := s.subject()
	subject.Plan.Excluded = []bgsync.Exclusion{{Schema: "public", Name: "refund", Reason: "test"}}
	r := ask(preflight.Switch, subject)
	require.Equal(t, preflight.Refuse, r.Status)
	assert.Contains(t, r.Findings[0].String(), "is excluded by the plan and not in bgsync.excluded, expected the plan as it is written down on both sides: migrate:preflight")
	require.NoError(t, bgsync.Again(s.ctx(), s.blue.admin, s.green.admin, subject.Plan))
	require.Equal(t, preflight.OK, ask(preflight.Switch, subject).Status)
}

// A plan is registered again while lanes run: what somebody has taken away is there
// again, and the lanes' tables, numbers and builds are as they were. Another list of
// tables is refused, and changes nothing.
func TestAPlanIsRegisteredAgainUnderLanes(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	const kept = `SELECT (SELECT string_agg(m::text, ';' ORDER BY table_id) FROM bgsync.table_map m) || (SELECT string_agg(d::text, ';' ORDER BY ordinal) FROM bgsync.deferred_ddl d)`
	const published = `SELECT string_agg(schemaname || '.' || tablename, ' ' ORDER BY 1) FROM pg_publication_tables`
	before, members := value[string](s.world, s.green, kept), value[string](s.world, s.green, published)
	s.exec(s.green, `REVOKE SELECT ON public.entry FROM bgsync_reader`)
	require.NoError(t, bgsync.Again(s.ctx(), s.blue.admin, s.green.admin, plan("core.fwd")))
	require.True(t, value[bool](s.world, s.green, `SELECT has_table_privilege('bgsync_reader', 'public.entry', 'SELECT')`))
	require.Equal(t, before, value[string](s.world, s.green, kept))
	require.Equal(t, members, value[string](s.world, s.green, published))

	other := plan("core.fwd")
	other.Tables[0].Name = "refund"
	err := bgsync.Again(s.ctx(), s.blue.admin, s.green.admin, other)
	require.ErrorIs(t, err, bgsync.ErrOtherTables)
	require.ErrorContains(t, err, "table public.refund is in the plan and in no lane")
	require.ErrorContains(t, err, "table public.account is carried and not in the plan")
	require.Equal(t, members, value[string](s.world, s.green, published))
	s.exec(s.blue, `UPDATE public.account SET balance = balance + 1 WHERE id = 6`)
	s.drained(s.blue, s.green, "core.fwd")
	s.equal()
	s.switchTo(naming.Green)
}
