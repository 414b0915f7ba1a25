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
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// maxRepair is how many keys one repair takes.
const maxRepair = 500

// refused is how long a repair rests that the target does not take.
const refused = "1 minute"

// Requests are rows of one table that are to be made as the source has them: a
// number of keys, or one bucket.
type Requests struct {
	TableID int32
	Keys    [][]string
	// Whole tells that all rows of Bucket are meant.
	Whole  bool
	Bucket int32
}

// None tells that nothing is asked for.
func (r Requests) None() bool { return len(r.Keys) == 0 && !r.Whole }

// Requests lists what is asked for of one table, keys before buckets, and tells
// whether any request of any kind is open.
func (a *Applier) Requests(ctx context.Context) (found Requests, open bool, err error) {
	rows, err := a.conn.Query(ctx, `SELECT table_id, key FROM bgsync.repair WHERE lane = $1 AND bucket_no = -1
		  AND (state = 'open' OR at < pg_catalog.clock_timestamp() - $4::interval)
		ORDER BY table_id, reason = $3 DESC LIMIT $2`, a.row.Lane, a.repairKeys, holding, refused)
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
	if err == nil && len(found.Keys) == 0 {
		err = a.conn.QueryRow(ctx, `SELECT table_id, bucket_no FROM bgsync.repair WHERE lane = $1 AND state = 'open' ORDER BY 1, 2 LIMIT 1`,
			a.row.Lane).Scan(&found.TableID, &found.Bucket)
		if found.Whole = err == nil; errors.Is(err, pgx.ErrNoRows) {
			err = nil
		}
	}
	if err == nil {
		err = a.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM bgsync.repair WHERE lane = $1)`, a.row.Lane).Scan(&open)
	}
	return found, open, pg.Wrap(err, "read bgsync.repair")
}

// Refused tells whether a row is to be repaired before anything else is applied: a
// strict lane has met it against expectation.
func (a *Applier) Refused(ctx context.Context) (open bool, err error) {
	err = a.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM bgsync.repair WHERE lane = $1 AND bucket_no = -1 AND state = 'open' AND reason = $2)`,
		a.row.Lane, checkpoint.Refused).Scan(&open)
	return open, pg.Wrap(err, "read bgsync.repair")
}

// Truth is what the source showed of a set of keys, or of a bucket.
type Truth struct {
	Table *relation.Table
	Keys  [][]string
	// Where is the condition of the rows of Bucket, "" for keys.
	Where  string
	Bucket int32
	// Rows are those that exist.
	Rows []change.Row
	// Newest is the first transaction that the snapshot cannot show, Until the
	// source's position after the reading.
	Newest uint64
	Until  pglogrepl.LSN
}

// Ask says where the rows of requests are, by the target's plan of buckets.
func (a *Applier) Ask(ctx context.Context, table *relation.Table, requests Requests) (Truth, error) {
	truth := Truth{Table: table, Keys: requests.Keys, Bucket: requests.Bucket}
	if !requests.Whole {
		return truth, nil
	}
	var kind dirty.Kind
	var count int
	var lo, hi []string
	err := a.conn.QueryRow(ctx, `SELECT s.bucket_kind, (SELECT count(*) FROM bgsync.bucket c WHERE c.lane = b.lane AND c.table_id = b.table_id), b.lo, b.hi
		FROM bgsync.bucket b JOIN bgsync.table_state s USING (lane, table_id) WHERE b.lane = $1 AND b.table_id = $2 AND b.bucket_no = $3`,
		a.row.Lane, table.ID, requests.Bucket).Scan(&kind, &count, &lo, &hi)
	if err != nil {
		return truth, pg.Wrap(err, "read bucket %d of table %s", requests.Bucket, table.FullName())
	}
	if kind == dirty.Hashed {
		names := table.KeyNames()
		for i := range names {
			names[i] = "t." + pg.Ident(names[i])
		}
		truth.Where = dirty.HashSQL(names, count) + " = " + strconv.Itoa(int(requests.Bucket))
		return truth, nil
	}
	truth.Where, err = table.Range(lo, hi)
	return truth, err
}

// Read reads the rows in the caller's transaction on the source.
func (t *Truth) Read(ctx context.Context, source relation.Querier) error {
	var newest string
	if err := source.QueryRow(ctx, `SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text`).Scan(&newest); err != nil {
		return pg.Wrap(err, "take a snapshot of the source")
	}
	var err error
	if t.Newest, err = strconv.ParseUint(newest, 10, 64); err != nil {
		return fmt.Errorf("a transaction id is no number: %w", err)
	}
	columns := make([]string, len(t.Table.Columns))
	for i, column := range t.Table.Columns {
		columns[i] = "t." + pg.Ident(column.Name) + "::text"
	}
	sql, args := "SELECT ARRAY["+strings.Join(columns, ", ")+"]::text[] FROM ONLY "+t.Table.Ident()+" AS t", []any(nil)
	if t.Where != "" {
		sql += " WHERE " + t.Where
	} else {
		wanted := make([]change.Row, len(t.Keys))
		for i, key := range t.Keys {
			wanted[i] = keyed(t.Table, key)
		}
		sql += ", " + input(t.Table, t.Table.Key, 1, false) + " WHERE " + match(t.Table)
		args = arrays(wanted, t.Table.Key)
	}
	if err := t.rows(ctx, source, sql, args); err != nil {
		return pg.Wrap(err, "read rows of table %s", t.Table.FullName())
	}
	return pg.Wrap(source.QueryRow(ctx, `SELECT pg_catalog.pg_current_wal_insert_lsn()`).Scan(&t.Until), "ask the source for its position")
}

func (t *Truth) rows(ctx context.Context, source relation.Querier, sql string, args []any) error {
	rows, err := source.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	var values []*string
	_, err = pgx.ForEachRow(rows, []any{&values}, func() error {
		row := make(change.Row, len(values))
		for i, value := range values {
			if value != nil {
				row[i] = change.Value{Kind: change.Text, Text: *value}
			}
		}
		t.Rows = append(t.Rows, row)
		return nil
	})
	return err
}
