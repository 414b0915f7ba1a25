//go:build integration

package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
)

// A publication that leaves changes out, for however short a time, halts the lane: in
// the log by the entry of the statement, also where all is put right before the lane
// comes there. Only a new generation goes on, and its verification finds what is in
// no stream.
func TestAPublicationThatLeavesChangesOutIsAGap(t *testing.T) {
	t.Parallel()
	w := steady(t)
	for i, c := range []struct{ name, change, lost, back string }{
		{"a table is left out", `ALTER PUBLICATION bgsync_pub DROP TABLE public.payment_2026`, `INSERT INTO public.payment VALUES (660001, '2026-06-06', 6)`, `ALTER PUBLICATION bgsync_pub ADD TABLE public.payment_2026`},
		{"only insertions, with rows in the same transaction", `BEGIN; ALTER PUBLICATION bgsync_pub SET (publish = 'insert'); UPDATE public.account SET balance = balance + 7 WHERE id = 3; COMMIT`,
			`DELETE FROM public.entry WHERE account = 9`, `ALTER PUBLICATION bgsync_pub SET (publish = 'insert, update, delete, truncate')`},
		{"by roots of partitions", `ALTER PUBLICATION bgsync_pub SET (publish_via_partition_root = true)`, `UPDATE public.account SET balance = balance + 7 WHERE id = 4`, `ALTER PUBLICATION bgsync_pub SET (publish_via_partition_root = false)`},
		{"a partition that nobody has listed", `CREATE TABLE public.payment_2030 PARTITION OF public.payment FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')`,
			`INSERT INTO public.payment VALUES (660002, '2030-06-06', 6)`, `BEGIN; ALTER TABLE public.payment DETACH PARTITION public.payment_2030; INSERT INTO public.payment SELECT * FROM public.payment_2030; DROP TABLE public.payment_2030; COMMIT`},
		{"a table that inherits, attached and taken off", `CREATE TABLE public.entry_old (LIKE public.entry INCLUDING GENERATED); ALTER TABLE public.entry_old INHERIT public.entry`,
			`INSERT INTO public.entry_old (account, seq, amount) VALUES (1, 1000, 1)`, `BEGIN; ALTER TABLE public.entry_old NO INHERIT public.entry; DROP TABLE public.entry_old; COMMIT`},
		{"gone", `DROP PUBLICATION bgsync_pub`, `UPDATE public.account SET balance = balance + 7 WHERE id = 5`, ``},
	} {
		w.exec(w.blue, c.change, c.lost)
		if c.back != "" {
			w.exec(w.blue, c.back)
		}
		w.register("core.fwd", w.blue, w.green)
		require.Equal(t, checkpoint.Gap, w.haltOf(c.name), c.name)
		require.Contains(t, w.row(w.green, "core.fwd").Reason, "bgsync_pub", c.name)
		require.NoError(t, lane.Renew(w.ctx(), w.renewal()), c.name)
		require.EqualValues(t, i+2, w.row(w.green, "core.fwd").Generation)
		w.released()
	}
	v, stop := w.verifier("after the gaps"), w.background(w.runner("renewed"))
	for round := 0; w.row(w.green, "core.fwd").State != checkpoint.Running; round++ {
		require.Less(t, round, 10)
		w.full(v)
		w.repaired()
		w.exec(w.blue, `UPDATE public.account SET balance = balance + 1 WHERE id = 1`)
		w.drained(w.blue, w.green, "core.fwd")
	}
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	w.equal()
	w.released()
	entries := value[int](w, w.blue, `SELECT count(*) FROM bgsync.ddl_log`)
	w.register("core.fwd", w.blue, w.green)
	w.exec(w.blue, `CREATE PUBLICATION other`, `ALTER PUBLICATION other ADD TABLE public.account`, `DROP PUBLICATION other`)
	require.Equal(t, entries, value[int](w, w.blue, `SELECT count(*) FROM bgsync.ddl_log`), "what leaves nothing out is not written down")
	w.follow(`UPDATE public.account SET balance = balance + 1 WHERE id = 6`)
}

// Where no event trigger writes down who changed the publication, an invocation looks
// before it follows, and no switch begins.
func TestNobodyFollowsOrSwitchesWhereChangesAreNotPublished(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	quiet := func(at side, statement string) {
		s.exec(at, `ALTER EVENT TRIGGER bgsync_ddl_end DISABLE`, statement, `ALTER EVENT TRIGGER bgsync_ddl_end ENABLE ALWAYS`)
	}
	for _, c := range []struct {
		at                 naming.Color
		change, back, want string
	}{
		{naming.Blue, `ALTER PUBLICATION bgsync_pub DROP TABLE public.entry, bgsync.ddl_log`, `ALTER PUBLICATION bgsync_pub ADD TABLE public.entry, bgsync.ddl_log`, "lacks bgsync.ddl_log, lacks public.entry"},
		{naming.Green, `ALTER PUBLICATION bgsync_pub SET (publish = 'insert, update, delete')`, `ALTER PUBLICATION bgsync_pub SET (publish = 'insert, update, delete, truncate')`, "does not publish every operation of every partition"},
		{naming.Green, `CREATE TABLE public.payment_2030 PARTITION OF public.payment FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')`, `DROP TABLE public.payment_2030`, "lacks public.payment_2030, which is a part of a replicated table"},
		{naming.Green, `ALTER PUBLICATION bgsync_pub RENAME TO away`, `ALTER PUBLICATION away RENAME TO bgsync_pub`, "does not exist"},
	} {
		quiet(s.side(c.at), c.change)
		asking := s.databases("asking")
		asking.Limits.Forward, asking.Limits.Back = time.Millisecond, time.Millisecond // no lane brings a canary
		gates := asking.Evaluate(s.ctx(), switching.Try{From: naming.Blue, To: naming.Green, Epoch: 1})
		asking.Disconnect()
		for _, color := range naming.Colors() {
			g := gateOf(t, gates, "publication-"+string(color))
			want := switching.Pass
			if color == c.at {
				want = switching.Fail
				assert.Contains(t, g.Detail, c.want)
			}
			assert.Equal(t, want, g.Verdict, "%s: %s", c.change, g.Detail)
		}
		quiet(s.side(c.at), c.back)
	}
	quiet(s.blue, `ALTER PUBLICATION bgsync_pub DROP TABLE public.entry`)
	s.exec(s.blue, `DELETE FROM public.entry WHERE account = 11`)
	results, err := preflight.Run(s.ctx(), s.subject(), preflight.Start)
	require.NoError(t, err)
	require.ErrorContains(t, preflight.Refusal(results), "PF25 slot and checkpoint belong together: lane core.fwd: would halt with gap: publication bgsync_pub lacks public.entry")
	require.Equal(t, checkpoint.Gap, s.haltOf("starts"))
	require.NotZero(t, value[int](s.world, s.green, `SELECT count(*) FROM public.entry WHERE account = 11`))
}

// A source whose schema bgsync is older than the engine is not followed, and nothing
// is written.
func TestASourceOfAnOlderSchemaIsNotFollowed(t *testing.T) {
	t.Parallel()
	w := steady(t)
	w.exec(w.blue, `UPDATE bgsync.identity SET schema_version = schema_version - 1`)
	report, err := w.runner("too new").Run(w.ctx())
	require.NoError(t, err)
	require.NotNil(t, report.Halt)
	require.Equal(t, checkpoint.CheckpointInvalid, report.Halt.Code)
	require.Equal(t, checkpoint.Running, w.row(w.green, "core.fwd").State)
	w.exec(w.blue, `UPDATE bgsync.identity SET schema_version = schema_version + 1`)
	w.follow(`UPDATE public.account SET balance = balance + 1 WHERE id = 6`)
}

// gateOf is the gate of a name.
func gateOf(t *testing.T, gates []switching.Gate, name string) switching.Gate {
	t.Helper()
	for _, g := range gates {
		if g.Name == name {
			return g
		}
	}
	require.Fail(t, "there is no such gate", name)
	return switching.Gate{}
}
