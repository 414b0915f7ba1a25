package apply

import (
	"context"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// maxRepair is how many keys one repair takes.
const maxRepair = 500

// Requests are keys of one table whose rows are to be made as the source has
// them.
type Requests struct {
	TableID int32
	Keys    [][]string
}

// Requests lists the oldest table's requests for single keys, and tells whether
// any request of any kind is open.
func (a *Applier) Requests(ctx context.Context) (found Requests, open bool, err error) {
	rows, err := a.conn.Query(ctx, `SELECT table_id, key FROM bgsync.repair WHERE lane = $1 AND state = 'open' AND bucket_no = -1
		ORDER BY table_id LIMIT $2`, a.row.Lane, maxRepair)
	if err != nil {
		return found, false, pg.Wrap(err, "read bgsync.repair")
	}
	var id int32
	var key []string
	_, err = pgx.ForEachRow(rows, []any{&id, &key}, func() error {
		if len(found.Keys) > 0 && id != found.TableID {
			return nil
		}
		found.TableID, found.Keys = id, append(found.Keys, key)
		return nil
	})
	if err == nil {
		err = a.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM bgsync.repair WHERE lane = $1)`, a.row.Lane).Scan(&open)
	}
	return found, open, pg.Wrap(err, "read bgsync.repair")
}

// Truth is what the source showed of a set of keys.
type Truth struct {
	Table *relation.Table
	Keys  [][]string
	// Rows are those that exist.
	Rows []change.Row
	// Until is the source's position after the reading.
	Until pglogrepl.LSN
}

// Read reads rows by key in the caller's transaction on the source.
func Read(ctx context.Context, source relation.Querier, table *relation.Table, keys [][]string) (Truth, error) {
	truth := Truth{Table: table, Keys: keys}
	wanted := make([]change.Row, len(keys))
	for i, key := range keys {
		wanted[i] = keyed(table, key)
	}
	columns := make([]string, len(table.Columns))
	for i, column := range table.Columns {
		columns[i] = "t." + pg.Ident(column.Name) + "::text"
	}
	rows, err := source.Query(ctx, "SELECT ARRAY["+strings.Join(columns, ", ")+"] FROM ONLY "+table.Ident()+" AS t, "+
		input(table, table.Key, 1, false)+" WHERE "+match(table), arrays(wanted, table.Key)...)
	if err != nil {
		return truth, pg.Wrap(err, "read rows of table %s", table.FullName())
	}
	var values []*string
	_, err = pgx.ForEachRow(rows, []any{&values}, func() error {
		row := make(change.Row, len(values))
		for i, value := range values {
			if value != nil {
				row[i] = change.Value{Kind: change.Text, Text: *value}
			}
		}
		truth.Rows = append(truth.Rows, row)
		return nil
	})
	if err == nil {
		err = source.QueryRow(ctx, `SELECT pg_catalog.pg_current_wal_insert_lsn()`).Scan(&truth.Until)
	}
	return truth, pg.Wrap(err, "read rows of table %s", table.FullName())
}

// Repair makes the target's rows under the keys what the source showed, in an
// apply transaction that moves no position. Changes up to the position of the
// reading may be in the rows already: until it is applied the table stays
// tolerant.
func (a *Applier) Repair(ctx context.Context, truth Truth) error {
	tx, err := a.Begin(ctx)
	if err != nil {
		return err
	}
	if err := a.repair(ctx, truth); err != nil {
		a.rollback()
		return pg.Wrap(err, "repair table %s", truth.Table.FullName())
	}
	if err := tx.Commit(ctx, Advance{Position: a.row.Applied}); err != nil {
		return err
	}
	a.repairing[truth.Table.ID] = max(a.repairing[truth.Table.ID], truth.Until)
	if a.row.State == checkpoint.CatchingUp && a.row.ConsistentAfter != 0 {
		a.row.ConsistentAfter = max(a.row.ConsistentAfter, truth.Until)
	}
	return nil
}

// repair deletes what the source does not have and writes what it has.
func (a *Applier) repair(ctx context.Context, truth Truth) error {
	there := map[string]bool{}
	for _, row := range truth.Rows {
		there[strings.Join(change.Key(truth.Table, row), "\x00")] = true
	}
	var gone []change.Row
	for _, key := range truth.Keys {
		if !there[strings.Join(key, "\x00")] {
			gone = append(gone, keyed(truth.Table, key))
		}
	}
	if len(gone) > 0 {
		if _, err := a.run(ctx, deletion(truth.Table, gone)); err != nil {
			return err
		}
	}
	if len(truth.Rows) > 0 {
		if _, err := a.run(ctx, upsert(truth.Table, truth.Rows)); err != nil {
			return err
		}
	}
	batch := &pgx.Batch{}
	until := truth.Until.String()
	batch.Queue(`UPDATE bgsync.table_state SET repair_until = greatest(repair_until, $3::pg_lsn) WHERE lane = $1 AND table_id = $2`, a.row.Lane, truth.Table.ID, until)
	batch.Queue(`UPDATE bgsync.lane SET consistent_after = greatest(consistent_after, $2::pg_lsn)
		WHERE lane = $1 AND state = 'catching_up' AND consistent_after IS NOT NULL`, a.row.Lane, until)
	for _, key := range truth.Keys {
		batch.Queue(`DELETE FROM bgsync.repair WHERE lane = $1 AND table_id = $2 AND bucket_no = -1 AND key = $3`, a.row.Lane, truth.Table.ID, key)
	}
	_, err := send(ctx, a.conn, batch)
	return err
}

// Promote makes the lane strict: it is consistent, and all that was left out of
// the target is built.
func (a *Applier) Promote(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, a.conn, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE bgsync.lane SET state = 'running' WHERE lane = $1 AND generation = $2 AND state = 'catching_up'
			AND applied_lsn = $3::pg_lsn AND applied_lsn >= consistent_after AND part_lsn IS NULL`, a.row.Lane, a.row.Generation, a.row.Applied.String())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return checkpoint.ErrOwnershipLost
		}
		_, err = tx.Exec(ctx, `UPDATE bgsync.table_state SET phase = 'ready' WHERE lane = $1`, a.row.Lane)
		return err
	})
	if err != nil {
		return pg.Wrap(err, "make lane %s strict", a.row.Lane)
	}
	a.row.State = checkpoint.Running
	return nil
}

// Restore takes over until when each table stays tolerant after repairs.
func (a *Applier) Restore(ctx context.Context) error {
	rows, err := a.conn.Query(ctx, `SELECT table_id, repair_until FROM bgsync.table_state WHERE lane = $1 AND repair_until IS NOT NULL`, a.row.Lane)
	if err != nil {
		return pg.Wrap(err, "read bgsync.table_state")
	}
	var id int32
	var until pglogrepl.LSN
	_, err = pgx.ForEachRow(rows, []any{&id, &until}, func() error {
		a.repairing[id] = until
		return nil
	})
	return pg.Wrap(err, "read bgsync.table_state")
}
