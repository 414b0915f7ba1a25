package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Loading tells whether chunks of any table are still to be loaded beside this
// applier.
func (a *Applier) Loading() bool { return len(a.loading) > 0 }

// restoreLoading reads which tables are being loaded. Only the applier itself ends
// a table's load, so the list stays true.
func (a *Applier) restoreLoading(ctx context.Context) error {
	rows, err := a.conn.Query(ctx, `SELECT table_id FROM bgsync.table_state WHERE lane = $1 AND phase = 'loading'`, a.row.Lane)
	if err != nil {
		return pg.Wrap(err, "read bgsync.table_state")
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return pg.Wrap(err, "read bgsync.table_state")
	}
	a.loading = map[int32]bool{}
	for _, id := range ids {
		a.loading[id] = true
	}
	return nil
}

// ErrReloading tells that a table is loaded anew since the applier looked: it goes on
// with a session that knows it.
var ErrReloading = errors.New("a table is loaded anew")

// reloading looks, within the transaction, whether the load of a table began since the
// applier read which are being loaded. Whoever begins one raises the lane's plan of
// buckets, which the claim has read under the lane's lock.
func (a *Applier) reloading(ctx context.Context) error {
	if a.plan < 0 || a.seen == a.plan {
		a.plan = a.seen
		return nil
	}
	known := a.loading
	if err := a.restoreLoading(ctx); err != nil {
		return err
	}
	for id := range a.loading {
		if !known[id] {
			return ErrReloading
		}
	}
	a.plan = a.seen
	return nil
}

// exclude keeps loaders away from the tables of the changes that are being loaded,
// until the transaction ends: a chunk is merged before or after, never meanwhile.
// The tables are taken in the order of their numbers.
func (a *Applier) exclude(ctx context.Context, changes []change.Change) error {
	if len(a.loading) == 0 {
		return nil
	}
	touched := map[int32]bool{}
	for i := range changes {
		for _, table := range changes[i].Truncated {
			touched[table.ID] = a.loading[table.ID]
		}
		if table := changes[i].Table; table != nil {
			touched[table.ID] = a.loading[table.ID]
		}
	}
	return a.excludeTables(ctx, touched)
}

func (a *Applier) excludeTables(ctx context.Context, touched map[int32]bool) error {
	var ids []int32
	for id, loading := range touched {
		if loading {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	batch := &pgx.Batch{}
	batch.Queue(`SET LOCAL lock_timeout = '60s'`)
	for _, id := range ids {
		batch.Queue(`SELECT pg_catalog.pg_advisory_xact_lock($1, $2)`, int32(checkpoint.LoadLock), id)
	}
	batch.Queue(`SET LOCAL lock_timeout = '2s'`)
	_, err := send(ctx, a.conn, batch)
	return pg.Wrap(err, "keep loaders away")
}

// bury notes that the stream has deleted keys, so that no chunk brings them back.
func bury(lane string, table *relation.Table, rows []change.Row, xid uint64) statement {
	return statement{
		sql: "INSERT INTO bgsync.tombstone (lane, table_id, key, xid) SELECT DISTINCT $1, $2::int, ARRAY[" + strings.Join(keyTexts(table), ", ") +
			"], $3::text::xid8 FROM " + input(table, table.Key, 4, false) + " ON CONFLICT (lane, table_id, key) DO UPDATE SET xid = excluded.xid",
		args: append([]any{lane, table.ID, fmt.Sprint(xid)}, arrays(rows, table.Key)...), rows: len(rows), table: table, op: "tombstones",
	}
}

// exhume takes tombstones away of keys that the stream has written again.
func exhume(lane string, table *relation.Table, rows []change.Row) statement {
	return statement{
		sql: "DELETE FROM bgsync.tombstone USING " + input(table, table.Key, 3, false) + " WHERE lane = $1 AND table_id = $2 AND key = ARRAY[" +
			strings.Join(keyTexts(table), ", ") + "]",
		args: append([]any{lane, table.ID}, arrays(rows, table.Key)...), rows: len(rows), table: table, op: "tombstones",
	}
}

// keyTexts are the key's values in u as texts.
func keyTexts(table *relation.Table) []string {
	list := make([]string, len(table.Key))
	for i, at := range table.Key {
		list[i] = fmt.Sprintf("u.c%d::text", at)
	}
	return list
}

// graves are the tombstones that a fold leaves and takes away. A row of which only
// a part was written has none: where it is missing, partial leaves one.
func (s sorted) graves(lane string, table *relation.Table, xid uint64) []planned {
	var list []planned
	if len(s.deleted) > 0 {
		list = append(list, planned{bury(lane, table, s.deleted, xid), false})
	}
	written := slices.Concat(s.replaced, s.inserted)
	for _, m := range s.updated {
		if len(m.columns) == len(rest(table)) {
			written = append(written, m.rows...)
		}
	}
	if len(written) > 0 {
		list = append(list, planned{exhume(lane, table, written), false})
	}
	return list
}

// remember keeps the tombstones of one change that was written by itself.
func (a *Applier) remember(ctx context.Context, c *change.Change) error {
	if c.Op == change.Truncate {
		return a.replan(ctx, c)
	}
	if !a.loading[c.Table.ID] {
		return nil
	}
	if c.Op == change.Delete || c.Moves() {
		if _, err := a.run(ctx, bury(a.row.Lane, c.Table, []change.Row{keyed(c.Table, c.Former())}, c.Xid)); err != nil {
			return err
		}
	}
	if c.Op == change.Delete || !c.New.Complete() {
		return nil
	}
	_, err := a.run(ctx, exhume(a.row.Lane, c.Table, []change.Row{c.New}))
	return err
}

// replan starts the load of truncated tables anew: what was loaded is gone, and a
// chunk that was read before must not come. Chunks of the former load stay until
// the table is loaded, since a loader may hold one; none of them counts any more.
func (a *Applier) replan(ctx context.Context, c *change.Change) error {
	batch := &pgx.Batch{}
	for _, table := range c.Truncated {
		if !a.loading[table.ID] {
			continue
		}
		batch.Queue(`UPDATE bgsync.table_state SET load_no = load_no + 1, min_xid = $3::text::xid8 WHERE lane = $1 AND table_id = $2`,
			a.row.Lane, table.ID, fmt.Sprint(c.Xid))
		batch.Queue(`DELETE FROM bgsync.tombstone WHERE lane = $1 AND table_id = $2`, a.row.Lane, table.ID)
		batch.Queue(`INSERT INTO bgsync.chunk (lane, table_id, load_no, chunk_no, state)
			SELECT lane, table_id, load_no, 0, 'planned' FROM bgsync.table_state WHERE lane = $1 AND table_id = $2`, a.row.Lane, table.ID)
	}
	if batch.Len() == 0 {
		return nil
	}
	_, err := send(ctx, a.conn, batch)
	return err
}
