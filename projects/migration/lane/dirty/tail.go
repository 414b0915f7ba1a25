package dirty

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Disarm leaves tail mode, in the caller's transaction, which holds the lane's
// row: the buckets of all recorded keys become dirty, and the list is emptied.
func Disarm(ctx context.Context, conn *pgx.Conn, lane string) error {
	layouts, err := loadLayouts(ctx, conn, lane)
	if err != nil {
		return err
	}
	tables, err := recorded(ctx, conn, lane)
	if err != nil {
		return err
	}
	for id, keys := range tables {
		layout := layouts[id]
		if layout == nil {
			continue
		}
		buckets, err := locateRecorded(ctx, conn, layout, lane, id, keys)
		if err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, `UPDATE bgsync.bucket b SET dirty_lsn = greatest(b.dirty_lsn, l.applied_lsn) FROM bgsync.lane l
			WHERE b.lane = $1 AND l.lane = $1 AND b.table_id = $2 AND b.bucket_no = ANY ($3)`, lane, id, buckets); err != nil {
			return pg.Wrap(err, "leave the tail of lane %s", lane)
		}
	}
	for _, sql := range []string{
		`DELETE FROM bgsync.dirty_key WHERE lane = $1`,
		`UPDATE bgsync.lane SET tail_from = NULL WHERE lane = $1`,
	} {
		if _, err := conn.Exec(ctx, sql, lane); err != nil {
			return pg.Wrap(err, "leave the tail of lane %s", lane)
		}
	}
	return nil
}

// recorded reads the keys of the tail.
func recorded(ctx context.Context, conn *pgx.Conn, lane string) (map[int32][][]string, error) {
	rows, err := conn.Query(ctx, `SELECT table_id, key FROM bgsync.dirty_key WHERE lane = $1`, lane)
	if err != nil {
		return nil, pg.Wrap(err, "read the tail of lane %s", lane)
	}
	tables := map[int32][][]string{}
	var id int32
	var key []string
	_, err = pgx.ForEachRow(rows, []any{&id, &key}, func() error {
		tables[id] = append(tables[id], append([]string{}, key...))
		return nil
	})
	return tables, pg.Wrap(err, "read the tail of lane %s", lane)
}

// locateRecorded finds the buckets of keys of a table that is known by number.
func locateRecorded(ctx context.Context, conn *pgx.Conn, l *layout, lane string, id int32, keys [][]string) ([]int32, error) {
	var schema, name string
	if err := conn.QueryRow(ctx, `SELECT schema, name FROM bgsync.table_map WHERE table_id = $1`, id).Scan(&schema, &name); err != nil {
		return nil, pg.Wrap(err, "read bgsync.table_map")
	}
	table, err := relation.Load(ctx, conn, schema, name)
	if err != nil {
		return nil, fmt.Errorf("leave the tail of lane %s: %w", lane, err)
	}
	table.ID = id
	return l.locate(ctx, conn, lane, table, keys)
}
