package apply

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Repair makes the target's rows under the keys, or in the bucket, what the source
// showed, in an apply transaction that moves no position. Changes up to the
// position of the reading may be in the rows already: until it is applied the
// table stays tolerant. What comparisons have shown counts no more.
func (a *Applier) Repair(ctx context.Context, truth Truth) error {
	tx, err := a.Begin(ctx)
	if err != nil {
		return err
	}
	if err := a.excludeTables(ctx, map[int32]bool{truth.Table.ID: a.loading[truth.Table.ID]}); err != nil {
		a.rollback()
		return err
	}
	if err := a.repair(ctx, truth); err != nil {
		a.rollback()
		if pg.Classify(err) == pg.Unique {
			return a.held(ctx, truth, err)
		}
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

// maxInsert is how many rows one statement of a repair writes.
const maxInsert = 1_000

// repair deletes what the target has and writes what the source has: so no value
// stands in the way of another that it changes places with.
func (a *Applier) repair(ctx context.Context, truth Truth) error {
	if err := dirty.Forget(ctx, a.conn, a.row.Lane); err != nil {
		return err
	}
	if err := a.clear(ctx, truth); err != nil {
		return err
	}
	for from := 0; from < len(truth.Rows); from += maxInsert {
		if _, err := a.run(ctx, insertion(truth.Table, truth.Rows[from:min(len(truth.Rows), from+maxInsert)])); err != nil {
			return err
		}
	}
	if err := a.mark(ctx, truth); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	until := truth.Until.String()
	batch.Queue(`UPDATE bgsync.table_state SET repair_until = greatest(repair_until, $3::pg_lsn) WHERE lane = $1 AND table_id = $2`, a.row.Lane, truth.Table.ID, until)
	batch.Queue(`UPDATE bgsync.lane SET consistent_after = greatest(consistent_after, $2::pg_lsn)
		WHERE lane = $1 AND state = 'catching_up' AND consistent_after IS NOT NULL`, a.row.Lane, until)
	if truth.Where != "" {
		batch.Queue(`DELETE FROM bgsync.repair WHERE lane = $1 AND table_id = $2 AND bucket_no = $3`, a.row.Lane, truth.Table.ID, truth.Bucket)
	}
	for _, key := range truth.Keys {
		batch.Queue(`DELETE FROM bgsync.repair WHERE lane = $1 AND table_id = $2 AND bucket_no = -1 AND key = $3`, a.row.Lane, truth.Table.ID, key)
	}
	_, err := send(ctx, a.conn, batch)
	return err
}

// clear deletes the target's rows under the keys, or in the bucket.
func (a *Applier) clear(ctx context.Context, truth Truth) error {
	if truth.Where != "" {
		_, err := a.conn.Exec(ctx, "DELETE FROM ONLY "+truth.Table.Ident()+" AS t WHERE "+truth.Where)
		return err
	}
	rows := make([]change.Row, len(truth.Keys))
	for i, key := range truth.Keys {
		rows[i] = keyed(truth.Table, key)
	}
	_, err := a.run(ctx, deletion(truth.Table, rows))
	return err
}

// mark notes what was written, as of any transaction that the snapshot may show.
func (a *Applier) mark(ctx context.Context, truth Truth) error {
	a.track.Newer(truth.Newest)
	if truth.Where != "" {
		a.track.Bucket(truth.Table.ID, truth.Bucket)
		return nil
	}
	return a.track.Keys(ctx, a.conn, truth.Table, truth.Keys)
}

// ErrHeld tells that rows outside of a repair hold unique values that it needs.
// They are asked for as well; the repair is to be tried again with them.
var ErrHeld = errors.New("other rows hold unique values that a repair needs; they are to be repaired with it")

// maxHeld is how often one repair may find its values held.
const maxHeld = 3

// held asks for the rows that hold the values which a repair could not write.
func (a *Applier) held(ctx context.Context, truth Truth, cause error) error {
	var server *pg.ServerError
	if !errors.As(pg.Reduce(cause), &server) {
		return cause
	}
	columns, err := a.indexed(ctx, truth, server.Constraint)
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		return checkpoint.NewHalt(checkpoint.Divergence, "a repair of table %s meets constraint %s, which is not over plain columns", truth.Table.FullName(), server.Constraint)
	}
	err = pgx.BeginFunc(ctx, a.conn, func(tx pgx.Tx) error {
		if err := a.askHolders(ctx, tx, truth, columns); err != nil {
			return err
		}
		var tries int
		if err := tx.QueryRow(ctx, `WITH tried AS (UPDATE bgsync.repair SET tries = tries + 1 WHERE lane = $1 AND table_id = $2 AND state = 'open'
			  AND reason <> $3 RETURNING tries) SELECT coalesce(max(tries), 0) FROM tried`, a.row.Lane, truth.Table.ID, holding).Scan(&tries); err != nil {
			return err
		}
		if tries > maxHeld {
			return checkpoint.NewHalt(checkpoint.Divergence, "repairs of table %s meet constraint %s again and again", truth.Table.FullName(), server.Constraint)
		}
		return nil
	})
	if err != nil {
		return pg.Wrap(err, "find what holds unique values of table %s", truth.Table.FullName())
	}
	return ErrHeld
}

// holding is the reason of requests for rows that hold another's value. They come
// before others.
const holding = "holds a unique value"

// indexed lists the columns of a unique index as places in the table's row; none
// when it is over expressions.
func (a *Applier) indexed(ctx context.Context, truth Truth, index string) ([]int, error) {
	rows, err := a.conn.Query(ctx, `SELECT coalesce(a.attname, '') FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
		CROSS JOIN LATERAL unnest(i.indkey::int2[]) k(attnum) LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
		WHERE i.indrelid = $1::text::regclass AND x.relname = $2`, truth.Table.Ident(), index)
	if err != nil {
		return nil, pg.Wrap(err, "read index %s", index)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	var places []int
	for _, name := range names {
		at := -1
		for i, column := range truth.Table.Columns {
			if column.Name == name {
				at = i
			}
		}
		if at < 0 {
			return nil, nil
		}
		places = append(places, at)
	}
	return places, pg.Wrap(err, "read index %s", index)
}

// askHolders asks for the rows of the target that have a value of the truth in
// the columns.
func (a *Applier) askHolders(ctx context.Context, tx pgx.Tx, truth Truth, columns []int) error {
	conditions, keys := make([]string, len(columns)), make([]string, len(truth.Table.Key))
	for i, at := range columns {
		conditions[i] = "t." + pg.Ident(truth.Table.Columns[at].Name) + " = u.c" + strconv.Itoa(at)
	}
	for i, name := range truth.Table.KeyNames() {
		keys[i] = "t." + pg.Ident(name) + "::text"
	}
	args := append(arrays(truth.Rows, columns), a.row.Lane, truth.Table.ID, holding)
	_, err := tx.Exec(ctx, fmt.Sprintf(`INSERT INTO bgsync.repair (lane, table_id, bucket_no, key, reason)
		SELECT DISTINCT $%[1]d::text, $%[2]d::int, -1, ARRAY[%[4]s], $%[3]d::text FROM ONLY %[5]s AS t, %[6]s WHERE %[7]s ON CONFLICT DO NOTHING`,
		len(columns)+1, len(columns)+2, len(columns)+3, strings.Join(keys, ", "), truth.Table.Ident(), input(truth.Table, columns, 1, false), strings.Join(conditions, " AND ")), args...)
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

// Restore takes over until when each table stays tolerant after repairs, and which
// tables are being loaded.
func (a *Applier) Restore(ctx context.Context) error {
	if err := a.conn.QueryRow(ctx, `SELECT bucket_plan FROM bgsync.lane WHERE lane = $1`, a.row.Lane).Scan(&a.plan); err != nil {
		return pg.Wrap(err, "read lane %s", a.row.Lane)
	}
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
	if err != nil {
		return pg.Wrap(err, "read bgsync.table_state")
	}
	if err := a.restoreDiscarded(ctx); err != nil {
		return err
	}
	return a.restoreLoading(ctx)
}
