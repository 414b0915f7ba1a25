// Package dirty keeps track of what a lane has changed since it was compared: in
// the transaction that writes the data it raises the marks of the buckets that the
// data lies in, and in tail mode it writes down the keys themselves. It also takes
// back results of comparisons that may not be relied on any more. It compares
// nothing.
package dirty

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// MaxTail is how many keys a tail may have. A lane that changes more leaves tail
// mode: its buckets are dirty then.
const MaxTail = 50_000

// Tracker collects what one apply transaction after the other touches. It belongs
// to one applier.
type Tracker struct {
	lane string
	// loaded is the plan of buckets that layouts holds, plan the one that counts.
	loaded, plan int64
	layouts      map[int32]*layout
	tail         bool
	tailKeys     int
	touched      map[int32]*touched
	newest       uint64
}

// touched is what the open transaction changed in one table.
type touched struct {
	// keyed are buckets of which the changed keys are known, whole those of which
	// any key may have changed.
	keyed, whole map[int32]bool
	// all tells that any key of the table may have changed.
	all bool
}

// New makes a tracker for a lane.
func New(lane string) *Tracker { return &Tracker{lane: lane, loaded: -1} }

// Begin starts a transaction with what the claim found in the lane's row: the
// number of its plan of buckets, and whether the tail is recorded.
func (t *Tracker) Begin(plan int64, tail bool) {
	if tail && !t.tail {
		t.tailKeys = MaxTail // not known: counted at the first key
	}
	t.plan, t.tail, t.touched, t.newest = plan, tail, map[int32]*touched{}, 0
}

// Newer notes that rows of source transactions below xid may be among what is
// written, whatever the position says: a repair reads them under a snapshot.
func (t *Tracker) Newer(xid uint64) { t.newest = max(t.newest, xid) }

// Touch notes changes, in the transaction that wrote them. Canaries are not
// noted: they belong to no bucket.
func (t *Tracker) Touch(ctx context.Context, conn *pgx.Conn, changes []change.Change) error {
	keys, tables := map[int32]map[string][]string{}, map[int32]*relation.Table{}
	for i := range changes {
		c := &changes[i]
		for _, table := range c.Truncated {
			t.Whole(table.ID)
		}
		if c.Op == change.Truncate || c.Table.ID == 0 {
			continue
		}
		if err := t.load(ctx, conn); err != nil {
			return err
		}
		if !t.tail && t.layouts[c.Table.ID] == nil {
			continue
		}
		of := keys[c.Table.ID]
		if of == nil {
			of = map[string][]string{}
			keys[c.Table.ID], tables[c.Table.ID] = of, c.Table
		}
		key := c.Key()
		of[strings.Join(key, "\x00")] = key
		if c.Moves() {
			former := c.Former()
			of[strings.Join(former, "\x00")] = former
		}
	}
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		if err := t.Keys(ctx, conn, tables[id], slices.Collect(maps.Values(keys[id]))); err != nil {
			return err
		}
	}
	return nil
}

// Whole notes that all rows of a table may have changed.
func (t *Tracker) Whole(table int32) { t.of(table).all = true }

// Bucket notes that any row of a bucket may have changed.
func (t *Tracker) Bucket(table, bucket int32) { t.of(table).whole[bucket] = true }

func (t *Tracker) of(table int32) *touched {
	if t.touched[table] == nil {
		t.touched[table] = &touched{keyed: map[int32]bool{}, whole: map[int32]bool{}}
	}
	return t.touched[table]
}

// Keys notes that the rows under the keys changed.
func (t *Tracker) Keys(ctx context.Context, conn *pgx.Conn, table *relation.Table, keys [][]string) error {
	if len(keys) == 0 {
		return nil
	}
	if err := t.load(ctx, conn); err != nil {
		return err
	}
	if layout := t.layouts[table.ID]; layout != nil {
		found, err := layout.locate(ctx, conn, t.lane, table, keys)
		if err != nil {
			return err
		}
		for _, bucket := range found {
			t.of(table.ID).keyed[bucket] = true
		}
	}
	if !t.tail {
		return nil
	}
	return t.record(ctx, conn, table, keys)
}

// load reads the plan of buckets when it is not the one that counts. The claim
// holds the lane's row, and no plan is written without it.
func (t *Tracker) load(ctx context.Context, conn *pgx.Conn) error {
	if t.loaded == t.plan {
		return nil
	}
	layouts, err := loadLayouts(ctx, conn, t.lane)
	if err != nil {
		return err
	}
	t.layouts, t.loaded = layouts, t.plan
	return nil
}

// record writes keys of the tail down. Over the limit the lane leaves tail mode.
func (t *Tracker) record(ctx context.Context, conn *pgx.Conn, table *relation.Table, keys [][]string) error {
	_, err := conn.Exec(ctx, `INSERT INTO bgsync.dirty_key (lane, table_id, key) SELECT $1, $2, ARRAY[`+
		list(len(table.Key), "x.c%d")+`] FROM `+unnest(len(table.Key), 3)+` ON CONFLICT DO NOTHING`,
		append([]any{t.lane, table.ID}, Columns(keys, len(table.Key))...)...)
	if err != nil {
		return pg.Wrap(err, "record the tail of lane %s", t.lane)
	}
	if t.tailKeys += len(keys); t.tailKeys <= MaxTail {
		return nil
	}
	if err := conn.QueryRow(ctx, `SELECT count(*) FROM bgsync.dirty_key WHERE lane = $1`, t.lane).Scan(&t.tailKeys); err != nil {
		return pg.Wrap(err, "count the tail of lane %s", t.lane)
	}
	if t.tailKeys <= MaxTail {
		return nil
	}
	t.tail = false
	return Disarm(ctx, conn, t.lane)
}

const markSQL = `UPDATE bgsync.bucket SET dirty_xid = greatest(dirty_xid, $4::text::xid8),
    dirty_lsn = CASE WHEN $6 THEN dirty_lsn ELSE greatest(dirty_lsn, $5::pg_lsn) END
  WHERE lane = $1 AND table_id = $2 AND ($3::int[] IS NULL OR bucket_no = ANY ($3::int[]))`

// Queue adds to the statements that end a transaction those that raise the marks
// of the buckets that it touched: to a source transaction at least as new as all
// in it, and to the position at which the transaction leaves the lane.
func (t *Tracker) Queue(batch *pgx.Batch, xid uint64, position pglogrepl.LSN) {
	mark := func(table int32, buckets []int32, keyed bool) {
		batch.Queue(markSQL, t.lane, table, buckets, fmt.Sprint(max(xid, t.newest)), position.String(), keyed && t.tail)
	}
	for _, id := range slices.Sorted(maps.Keys(t.touched)) {
		of := t.touched[id]
		if of.all {
			mark(id, nil, false)
			continue
		}
		if len(of.keyed) > 0 {
			mark(id, slices.Sorted(maps.Keys(of.keyed)), true)
		}
		if len(of.whole) > 0 { // also in tail mode: the tail is a list of keys
			mark(id, slices.Sorted(maps.Keys(of.whole)), false)
		}
	}
}
