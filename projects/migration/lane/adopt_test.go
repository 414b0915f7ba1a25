//go:build integration

package lane_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/adopt"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/sequence"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pgtest"
)

// at is a Start that knows the position.
type at string

func (a at) Start(context.Context, *pgx.Conn) (pglogrepl.LSN, error) {
	return pglogrepl.ParseLSN(string(a))
}

// original is a source alone, with rows, writers' rights and a plan that is published.
func original(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, settings: settings}
	w.blue = w.joined(pools[naming.Blue].Borrow(t))
	w.exec(w.blue, someRows, writersSQL, `SET ROLE platform`, grantsSQL, `RESET ROLE`)
	require.NoError(t, bgsync.Enrol(w.ctx(), w.blue.admin, "fence_a", bgsync.Fence))
	require.NoError(t, bgsync.Publish(w.ctx(), w.blue.admin, plan("core.fwd")))
	require.NoError(t, sequence.Record(w.ctx(), w.blue.admin))
	return w
}

func (w *world) reservation() lane.Reservation {
	return lane.Reservation{Lane: "core.fwd", Reader: w.blue.DSN("reader_a", password, database), Limits: quick()}
}

func (w *world) reserve() lane.Reserved {
	w.t.Helper()
	reserved, err := lane.Reserve(w.ctx(), w.reservation())
	require.NoError(w.t, err)
	return reserved
}

// copied makes a copy of the source.
func (w *world) copied() *pgtest.Copy { return w.blue.Duplicate(w.t) }

// adoption of a copy as green.
func (w *world) adoption(c *pgtest.Copy) lane.Adoption {
	return lane.Adoption{
		Lane: "core.fwd", Side: naming.Green, Reader: w.blue.DSN("reader_a", password, database), Administrator: c.AdminDSN(database),
		Start: at(c.End), Limits: quick(), By: "test",
	}
}

// cloned is a world whose target was copied from its source under writers and adopted.
func cloned(t *testing.T) (*world, *bank) {
	t.Helper()
	w := original(t)
	b := w.bankAt(w.blue, 2, 5*time.Millisecond) // a rate at which it ends soon on a busy machine too
	b.wrote(20)
	w.reserve()
	b.wrote(60)
	c := w.copied()
	w.green = w.joined(c.Server)
	with := w.adoption(c)
	with.Start = w.asAurora(c)
	adopted, err := lane.Adopt(w.ctx(), with)
	require.NoError(t, err)
	require.False(t, adopted.Before)
	require.Equal(t, c.End, adopted.Base.String())
	return w, b
}

// asAurora gives a copy the function by which a clone of Aurora tells where it begins.
func (w *world) asAurora(c *pgtest.Copy) adopt.Start {
	w.t.Helper()
	answer := `CREATE OR REPLACE FUNCTION pg_catalog.aurora_volume_logical_start_lsn() RETURNS pg_lsn LANGUAGE sql AS $$ SELECT %s::pg_lsn $$`
	w.exec(w.green, `SET allow_system_table_mods = on`, fmt.Sprintf(answer, "NULL"))
	_, err := adopt.Aurora{}.Start(w.ctx(), w.green.admin)
	require.ErrorIs(w.t, err, adopt.ErrUnknownStart)
	w.exec(w.green, fmt.Sprintf(answer, pg.Literal(c.End)), `RESET allow_system_table_mods`)
	return adopt.Aurora{}
}

// A copy that was made under writers becomes the target: the lane follows from the
// copy's end, strict from its first transaction on, and what the applications were
// told is written is on both sides once, over a switch and back.
func TestACopyBecomesTheTargetAndGoesToGreenAndBack(t *testing.T) {
	t.Parallel()
	w, b := cloned(t)
	row := w.row(w.green, "core.fwd")
	require.Equal(t, checkpoint.Running, row.State)
	require.False(t, row.Tolerant())
	s := w.switchesOfACopy()
	s.lanes()
	b.wrote(300)
	report := w.full(w.verifier("after the copy"))
	require.True(t, report.Clean, "mismatched %d, unstable %d", report.Mismatched, report.Unstable)
	w.register("core.rev", w.green, w.blue)
	b.stop()
	w.drained(w.blue, w.green, "core.fwd")
	w.same()
	b.complete(w.green)

	s.switchTo(naming.Green)
	s.settled(naming.Green, 2)
	forth := len(b.acknowledged)
	after := w.bank(w.green, 2)
	after.wrote(40)
	after.stop()
	w.drained(w.green, w.blue, "core.rev")
	w.same()
	after.acknowledged = append(after.acknowledged, b.acknowledged...)
	after.complete(w.blue)

	s.switchTo(naming.Blue)
	s.settled(naming.Blue, 3)
	w.exec(w.blue, `UPDATE public.account SET balance = balance`)
	w.drained(w.blue, w.green, "core.fwd")
	w.same()
	after.complete(w.green)
	require.Greater(t, len(after.acknowledged), forth)
}

// switchesOfACopy makes the lane back from a copy, as it is made from a target that
// was loaded.
func (w *world) switchesOfACopy() *switches {
	w.t.Helper()
	folder := w.t.TempDir()
	s := &switches{world: w, store: &control.File{Folder: folder}, proofs: &proof.Folder{Path: w.t.TempDir()}, folder: folder}
	key, err := proof.LoadKey(filepath.Join(folder, "key"))
	require.NoError(w.t, err)
	s.signer = key
	w.register("core.rev", w.green, w.blue)
	require.NoError(w.t, lane.Create(w.ctx(), lane.Creation{Lane: "core.rev", Endpoints: endpoints(w.green, w.blue), Base: lane.Equal, Limits: quick()}))
	require.NoError(w.t, postgres.Record(w.ctx(), w.blue.admin, w.green.admin))
	require.NoError(w.t, switching.Open(w.ctx(), s.store, naming.Blue))
	return s
}

// What a copy brings along is gone when it is adopted: identity, authority, rights,
// records and slots.
func TestAnAdoptedCopyHasNothingOfItsSource(t *testing.T) {
	t.Parallel()
	w := original(t)
	w.exec(w.blue, `INSERT INTO bgsync.ddl_log (tag, object, role) VALUES ('ALTER TABLE', 'public.account', 'x')`,
		`INSERT INTO bgsync.quarantine (lane, generation, commit_lsn, ordinal, table_id, op, key, image, sqlstate) VALUES ('core.rev', 1, '0/1', 1, 1, 'I', '{1}', '\x01', '23505')`,
		`UPDATE bgsync.sequence_map SET preset = 7`, `INSERT INTO bgsync.excluded VALUES ('public', 'cache', 'filled anew')`,
		`SELECT pg_create_physical_replication_slot('somebody', true)`, `SELECT pg_create_logical_replication_slot('warehouse', 'pgoutput')`)
	w.reserve()
	c := w.copied()
	w.green = w.joined(c.Server)
	require.EqualValues(t, 3, value[int](w, w.green, `SELECT count(*) FROM pg_replication_slots`), "the copy has its source's slots")
	w.takenWhenNobodyHoldsWrites(c)

	blue, green := value[string](w, w.blue, `SELECT db_id::text FROM bgsync.identity`), value[string](w, w.green, `SELECT db_id::text FROM bgsync.identity`)
	assert.NotEqual(t, blue, green)
	assert.Equal(t, blue, value[string](w, w.green, `SELECT cloned_from::text FROM bgsync.identity`))
	assert.True(t, w.gauge().Cloned, "as the status tells it")
	assert.Equal(t, "green", value[string](w, w.green, `SELECT side FROM bgsync.identity`))
	assert.Equal(t, "green 1 false", value[string](w, w.green, `SELECT concat_ws(' ', side, epoch, CASE WHEN writable THEN 'true' ELSE 'false' END, attempt) FROM bgsync.authority`))
	assert.Equal(t, "blue 1 true", value[string](w, w.blue, `SELECT concat_ws(' ', side, epoch, CASE WHEN writable THEN 'true' ELSE 'false' END, attempt) FROM bgsync.authority`), "the source is as it was")
	assert.Zero(t, value[int](w, w.green, `SELECT count(*) FROM pg_replication_slots`))
	assert.EqualValues(t, 3, value[int](w, w.blue, `SELECT count(*) FROM pg_replication_slots`), "the source keeps its slots")
	assert.Equal(t, "table_map", value[string](w, w.green, `SELECT string_agg(t, ',') FROM unnest(ARRAY['table_map']) t WHERE (SELECT count(*) FROM bgsync.table_map) = 6`))
	assert.Zero(t, value[int](w, w.green, `SELECT count(preset) FROM bgsync.sequence_map`))
	assert.EqualValues(t, 1, value[int](w, w.green, `SELECT count(*) FROM bgsync.sequence_map`))
	left := value[[]string](w, w.green, `SELECT coalesce(array_agg(relname::text ORDER BY relname), '{}') FROM pg_class WHERE relnamespace = 'bgsync'::regnamespace AND relkind = 'r'
		AND (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM bgsync.%I', relname), false, true, '')))[1]::text <> '0'`)
	assert.Equal(t, []string{"authority", "excluded", "identity", "lane", "sequence_map", "table_map", "table_state"}, left)

	writer := w.connect(w.green.DSN("app_a", password, database), pg.Operator)
	for _, write := range []string{
		`INSERT INTO public.payment VALUES (1, '2026-01-01', 1)`, `UPDATE public.account SET balance = 0`, `DELETE FROM public.document`, `TRUNCATE public.payment`, `INSERT INTO public.entry VALUES (1, 99, 1)`,
		`SELECT nextval('public.account_id_seq')`,
	} {
		_, err := writer.Exec(w.ctx(), write)
		require.Error(t, err, write)
		assert.Equal(t, pg.Permission, pg.Classify(err), write)
	}
	_, err := w.connect(w.blue.DSN("app_a", password, database), pg.Operator).Exec(w.ctx(), `UPDATE public.account SET balance = 0 WHERE id = 1`)
	require.NoError(t, err, "the source's writers still write")
}

// takenWhenNobodyHoldsWrites adopts a copy while a writer is in the midst of a
// transaction there: nothing is changed before that has ended.
func (w *world) takenWhenNobodyHoldsWrites(c *pgtest.Copy) {
	w.t.Helper()
	writer := w.connect(w.green.DSN("app_a", password, database), pg.Operator)
	_, err := writer.Exec(w.ctx(), `BEGIN; UPDATE public.account SET balance = 0 WHERE id = 1`)
	require.NoError(w.t, err)
	taking := make(chan error, 1)
	go func() {
		_, err := lane.Adopt(context.WithoutCancel(w.ctx()), w.adoption(c))
		taking <- err
	}()
	require.Eventually(w.t, func() bool {
		return value[int](w, w.green, `SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ExclusiveLock' AND relation = 'public.account'::regclass`) == 1
	}, waiting, tick)
	require.Equal(w.t, "blue", value[string](w, w.green, `SELECT side FROM bgsync.identity`))
	_, err = writer.Exec(w.ctx(), `ROLLBACK`)
	require.NoError(w.t, err)
	require.NoError(w.t, <-taking)
}

// A reservation that dies at any step is ended by the next one, and one that stands
// stays as it is. A slot that it has not made is refused.
func TestAReservationGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	w := original(t)
	for _, step := range []string{lane.AfterIntent, lane.AfterSlot, lane.AfterSettle, lane.AfterAnchor} {
		with := w.reservation()
		with.At = crashAt(step, 1)
		_, err := lane.Reserve(w.ctx(), with)
		require.ErrorIs(t, err, errCrash, step)
	}
	first := w.reserve()
	require.True(t, first.Before, "the anchor was written before the last crash")
	require.Equal(t, "bgsync_core_fwd_g1", first.Slot)
	require.EqualValues(t, 1, value[int](w, w.blue, `SELECT count(*) FROM pg_replication_slots`))

	w.exec(w.blue, `SELECT pg_replication_slot_advance('bgsync_core_fwd_g1', pg_current_wal_insert_lsn())`)
	_, err := lane.Reserve(w.ctx(), w.reservation())
	require.ErrorIs(t, err, lane.ErrTaken)
	require.ErrorContains(t, err, "bgsync_core_fwd_g1")

	w.exec(w.blue, `SELECT pg_drop_replication_slot('bgsync_core_fwd_g1')`)
	again := w.reserve()
	require.False(t, again.Before)
	require.Greater(t, again.From, first.From)
}

func TestAReservationRefusesASlotThatItHasNotMade(t *testing.T) {
	t.Parallel()
	w := original(t)
	w.exec(w.blue, `SELECT pg_create_logical_replication_slot('bgsync_core_fwd_g1', 'pgoutput')`)
	_, err := lane.Reserve(w.ctx(), w.reservation())
	require.ErrorIs(t, err, lane.ErrTaken)
	require.EqualValues(t, 1, value[int](w, w.blue, `SELECT count(*) FROM pg_replication_slots`), "it is still there")
}

// An adoption that dies after any step is ended by the next call, whichever step it
// was; an adopted copy stays as it is, its lane's position too.
func TestAnAdoptionGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	w := original(t)
	w.reserve()
	c := w.copied()
	w.green = w.joined(c.Server)
	for _, test := range []struct {
		step  string
		state checkpoint.State
		slots int
	}{
		{lane.AfterTake, checkpoint.Created, 1}, {lane.AfterDropSlots, checkpoint.Created, 0}, {lane.AfterRunning, checkpoint.Running, 0},
	} {
		with := w.adoption(c)
		with.At = crashAt(test.step, 1)
		_, err := lane.Adopt(w.ctx(), with)
		require.ErrorIs(t, err, errCrash, test.step)
		require.Equal(t, test.state, w.row(w.green, "core.fwd").State, test.step)
		require.EqualValues(t, test.slots, value[int](w, w.green, `SELECT count(*) FROM pg_replication_slots`), test.step)
		if test.state == checkpoint.Created {
			_, err = w.runner("too early").Run(w.ctx())
			require.ErrorIs(t, err, lane.ErrUnfinished)
		}
	}
	w.exec(w.green, `SELECT pg_create_logical_replication_slot('back', 'pgoutput')`)
	identity := value[string](w, w.green, `SELECT db_id::text FROM bgsync.identity`)
	with := w.adoption(c)
	with.Start = at("0/1")
	adopted, err := lane.Adopt(w.ctx(), with)
	require.NoError(t, err)
	require.True(t, adopted.Before)
	require.Equal(t, c.End, adopted.Base.String(), "the position is the lane's, which is not asked for again")
	require.Equal(t, identity, value[string](w, w.green, `SELECT db_id::text FROM bgsync.identity`))
	require.EqualValues(t, 1, value[int](w, w.green, `SELECT count(*) FROM pg_replication_slots`), "a slot of the new side's own stays")
	stranger := original(t)
	stranger.reserve()
	found := w.asFound(w.green)
	_, err = lane.Adopt(w.ctx(), stranger.adoption(c))
	require.ErrorIs(t, err, adopt.ErrNoCopy, "what was adopted is not another source's")
	require.ErrorContains(t, err, value[string](w, w.blue, `SELECT db_id::text FROM bgsync.identity`), "it says whose copy it is")
	require.Equal(t, found, w.asFound(w.green))
	stop := w.background(w.runner("first " + uuid.NewString()[:4]))
	w.exec(w.blue, `UPDATE public.account SET balance = balance + 1`)
	w.drained(w.blue, w.green, "core.fwd")
	_, err = stop()
	require.NoError(t, err)
	w.equal()
}
