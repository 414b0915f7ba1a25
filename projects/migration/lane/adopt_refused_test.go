//go:build integration

package lane_test

import (
	"context"
	"testing"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/adopt"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pgtest"
)

// asFound is all that an adoption could change on a database.
func (w *world) asFound(s side) string {
	w.t.Helper()
	return value[string](w, s, `SELECT concat_ws(' ', (SELECT to_jsonb(i) FROM bgsync.identity i), (SELECT to_jsonb(a) FROM bgsync.authority a),
		(SELECT count(*) FROM bgsync.lane), (SELECT jsonb_agg(relacl::text ORDER BY oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
		(SELECT jsonb_agg(slot_name ORDER BY slot_name) FROM pg_replication_slots))`)
}

// What is no copy, or none that the slot can go on from, is refused with what was
// found where; nothing is changed on it, and nothing on the source.
func TestAWrongCopyIsRefusedAndLeftAsItIs(t *testing.T) {
	t.Parallel()
	w := original(t)
	early := w.copied() // before the slot
	first := w.reserve()
	c := w.copied()
	other := w.joined(pools[naming.Green].Borrow(t)) // with a schema bgsync of its own
	w.green = w.joined(c.Server)
	for name, test := range map[string]struct {
		with  func(a *lane.Adoption)
		at    side
		want  error
		texts []string
	}{
		"the source itself":                       {func(a *lane.Adoption) { a.Administrator = w.blue.AdminDSN(database) }, w.blue, adopt.ErrSame, nil},
		"another database of the source's server": {func(a *lane.Adoption) { a.Administrator = w.blue.AdminDSN("postgres") }, w.blue, adopt.ErrSame, nil},
		"a copy from before the slot": {func(a *lane.Adoption) { a.Administrator, a.Start = early.AdminDSN(database), at(early.End) }, w.joined(early.Server),
			adopt.ErrBefore, []string{"no anchor", first.From.String()}},
		"a database that is no copy":                 {func(a *lane.Adoption) { a.Administrator = other.AdminDSN(database) }, other, adopt.ErrNoCopy, []string{"copied from none"}},
		"a database without a schema":                {func(a *lane.Adoption) { a.Administrator = other.AdminDSN("postgres") }, other, adopt.ErrNoCopy, []string{"has no schema bgsync"}},
		"a copy that would be the source's side":     {func(a *lane.Adoption) { a.Side = naming.Blue }, w.green, nil, []string{"the source is blue, expected the other side"}},
		"a position before the slot":                 {func(a *lane.Adoption) { a.Start = at((first.From - 1).String()) }, w.green, lane.ErrPosition, []string{(first.From - 1).String(), "bgsync_core_fwd_g1"}},
		"a position that the source has not come to": {func(a *lane.Adoption) { a.Start = at("F/0") }, w.green, lane.ErrPosition, []string{"F/0"}},
		"a server that is no Aurora":                 {func(a *lane.Adoption) { a.Start = adopt.Aurora{} }, w.green, adopt.ErrUnknownStart, []string{"14.3"}},
	} {
		before, source := w.asFound(test.at), w.asFound(w.blue)
		with := w.adoption(c)
		test.with(&with)
		_, err := lane.Adopt(w.ctx(), with)
		require.Error(t, err, name)
		if test.want != nil {
			require.ErrorIs(t, err, test.want, name)
		}
		for _, text := range test.texts {
			assert.ErrorContains(t, err, text, name)
		}
		require.Equal(t, before, w.asFound(test.at), "%s: it is left as it was", name)
		require.Equal(t, source, w.asFound(w.blue), "%s: so is the source", name)
	}
	// Of two that adopt the right copy at a time one does, and the other changes nothing.
	with := w.adoption(c)
	with.Start = beside{t, w.adoption(c)}
	_, err := lane.Adopt(w.ctx(), with)
	require.ErrorIs(t, err, adopt.ErrStale)
	again, err := lane.Adopt(w.ctx(), w.adoption(c))
	require.NoError(t, err)
	require.True(t, again.Before)
}

// The copy was right when it was made and is not any more. One copy sees it all: what
// refuses it changes nothing on it.
func TestACopyThatTheSourceHasLeftBehindIsRefused(t *testing.T) {
	t.Parallel()
	w := original(t)
	w.reserve()
	c := w.copied()
	w.green = w.joined(c.Server)
	for _, test := range []struct {
		name         string
		at           side
		change, undo []string
		want         error
		text         string
	}{
		{"a table was changed", w.blue, []string{`ALTER TABLE public.account ADD COLUMN more int`}, []string{`ALTER TABLE public.account DROP COLUMN more`}, nil, "public.account"},
		{"a plan was registered", w.blue, []string{`UPDATE bgsync.table_map SET table_id = 99 WHERE name = 'document'`},
			[]string{`UPDATE bgsync.table_map m SET table_id = (SELECT min(n) FROM generate_series(1, 6) n WHERE n NOT IN (SELECT table_id FROM bgsync.table_map)) WHERE table_id = 99`},
			adopt.ErrBefore, "expected the same"},
		{"the authority has moved", w.blue, []string{`UPDATE bgsync.authority SET epoch = 2`}, []string{`UPDATE bgsync.authority SET epoch = 1`}, adopt.ErrBefore, "epoch 1, the source of 2"},
		{"a switch was under way", w.green, []string{`UPDATE bgsync.authority SET attempt = gen_random_uuid()`}, []string{`UPDATE bgsync.authority SET attempt = NULL`}, nil, "when no switch is under way"},
		{"a switch was armed", w.green, []string{`INSERT INTO bgsync.ddl_freeze DEFAULT VALUES`}, []string{`DELETE FROM bgsync.ddl_freeze`}, nil, "1 traces of a switch"},
		{"a switch has begun", w.blue, []string{`UPDATE bgsync.authority SET attempt = gen_random_uuid()`}, []string{`UPDATE bgsync.authority SET attempt = NULL`}, nil, "changed meanwhile"},
		{"a subscription came with it", w.green, []string{
			`CREATE SUBSCRIPTION warehouse CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false)`, `ALTER SUBSCRIPTION warehouse ENABLE`,
		}, []string{`ALTER SUBSCRIPTION warehouse DISABLE`, `ALTER SUBSCRIPTION warehouse SET (slot_name = NONE)`, `DROP SUBSCRIPTION warehouse`}, nil, "warehouse"},
		{"the slot was read", w.blue, []string{`SELECT pg_replication_slot_advance('bgsync_core_fwd_g1', pg_current_wal_insert_lsn())`}, nil, lane.ErrTaken, "expected"},
		{"the slot is gone", w.blue, []string{`SELECT pg_drop_replication_slot('bgsync_core_fwd_g1')`}, nil, lane.ErrSlotLost, "bgsync_core_fwd_g1"},
	} {
		w.exec(test.at, test.change...)
		w.leaves(c, test.name, test.want, test.text)
		w.exec(test.at, test.undo...)
	}
	w.reserve()
	w.leaves(c, "the slot was made anew", adopt.ErrBefore, "the copy has anchor")
}

// leaves requires a copy to be refused and left as it is.
func (w *world) leaves(c *pgtest.Copy, name string, want error, text string) {
	w.t.Helper()
	before := w.asFound(w.green)
	_, err := lane.Adopt(w.ctx(), w.adoption(c))
	require.ErrorContains(w.t, err, text, name)
	if want != nil {
		require.ErrorIs(w.t, err, want, name)
	}
	require.Equal(w.t, before, w.asFound(w.green), name)
}

// beside lets another session adopt the copy between the look at it and the change.
type beside struct {
	t    *testing.T
	with lane.Adoption
}

func (b beside) Start(ctx context.Context, copied *pgx.Conn) (pglogrepl.LSN, error) {
	_, err := lane.Adopt(ctx, b.with)
	require.NoError(b.t, err)
	return b.with.Start.Start(ctx, copied)
}
