package lane

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Reload asks to load one table of a live lane anew: after a change that operators
// have discarded, or rows that the target has lost.
type Reload struct {
	Lane      string
	Endpoints Endpoints
	Limits    Limits
	// Schema and Table name it.
	Schema, Table string
	// By names the operator.
	By string
	// At is told each durable step; nil is no observer.
	At func(step string) error
}

// Steps of loading a table anew, for observers.
const (
	BeforeReload = "reload.before"
	AfterReload  = "reload.after"
)

// ErrNotReloadable tells that a table cannot be loaded anew now.
var ErrNotReloadable = errors.New("the table cannot be loaded anew now")

// Run empties the target's table and plans its chunks, in one transaction. The lane's
// invocations load them beside the stream; until the last of them is consistent this
// table is tolerant, and no other. Its buckets are dirty, and no comparison has a
// result while it is loading, so that nothing is switched before it was compared.
// What has a foreign key to the table keeps its rows.
func (r Reload) Run(ctx context.Context) error {
	if r.At == nil {
		r.At = func(string) error { return nil }
	}
	if strings.TrimSpace(r.By) == "" {
		return fmt.Errorf("%w: expected the operator's name", ErrNotReloadable)
	}
	if err := r.Limits.Validate(); err != nil {
		return err
	}
	source, target, err := connectBoth(ctx, r.Endpoints, r.Lane, "reload")
	if err != nil {
		return err
	}
	defer pg.Close(source)
	defer pg.Close(target)
	if err := replicaRole(ctx, target); err != nil {
		return err
	}
	row, table, err := r.look(ctx, source, target)
	if err != nil {
		return err
	}
	bounds, err := backfill.Plan(ctx, source, table, r.Limits.ChunkBytes)
	if err != nil {
		return err
	}
	if err := r.At(BeforeReload); err != nil {
		return err
	}
	if err := pgx.BeginFunc(ctx, target, func(tx pgx.Tx) error { return r.begin(ctx, tx, row, table, bounds) }); err != nil {
		return pg.Wrap(err, "load table %s anew", table.FullName())
	}
	return r.At(AfterReload)
}

// look finds the lane and the table, on the lane's source.
func (r Reload) look(ctx context.Context, source, target *pgx.Conn) (*checkpoint.Row, *relation.Table, error) {
	row, err := checkpoint.LoadSettled(ctx, target, r.Lane)
	if err != nil {
		return nil, nil, err
	}
	var db string
	if err := source.QueryRow(ctx, `SELECT db_id::text FROM bgsync.identity`).Scan(&db); err != nil {
		return nil, nil, pg.Wrap(err, "read identity")
	}
	if db != row.SourceDB {
		return nil, nil, fmt.Errorf("%w: the source is database %s, expected %s", ErrNotReloadable, db, row.SourceDB)
	}
	tables, err := tablesOf(ctx, source, target, row)
	if err != nil {
		return nil, nil, err
	}
	at := slices.IndexFunc(tables, func(t *relation.Table) bool { return t.Schema == r.Schema && t.Name == r.Table })
	if at < 0 || tables[at].Kind != "r" {
		return nil, nil, fmt.Errorf("%w: %s.%s is no table with rows of lane %s", ErrNotReloadable, r.Schema, r.Table, r.Lane)
	}
	return row, tables[at], nil
}

// reloadSQL takes the lane from whoever applies, for this transaction. All that it
// asks for stands in the lane's row, so that a switch is either before it and seen,
// or waits and sees the load: arming begins by setting tail_from.
const reloadSQL = `UPDATE bgsync.lane SET claim_no = claim_no + 1, claimed_by = $3, bucket_plan = bucket_plan + 1
  WHERE lane = $1 AND generation = $2 AND part_lsn IS NULL AND tail_from IS NULL AND src_writable
    AND (state IN ('catching_up', 'running') OR state = 'halted' AND halt_code IN ('divergence', 'poison'))`

// begin empties the table and plans its load. The marker comes first: the lane back
// drops what it sees of this.
func (r Reload) begin(ctx context.Context, tx pgx.Tx, row *checkpoint.Row, table *relation.Table, bounds []backfill.Bounds) error {
	if _, err := tx.Exec(ctx, `SELECT pg_catalog.pg_logical_emit_message(true, 'bgsync.echo', $1)`, row.Lane); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, reloadSQL, row.Lane, row.Generation, "reload by "+r.By)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("%w: lane %s must be catching up, running, or halted with %s or %s, be whole, follow the authority, and not be armed for a switch",
			ErrNotReloadable, row.Lane, checkpoint.Divergence, checkpoint.Poison)
	}
	tag, err = tx.Exec(ctx, `UPDATE bgsync.table_state t SET load_no = t.load_no + 1, phase = 'loading', repair_until = NULL, min_xid = l.applied_xid
		FROM bgsync.lane l WHERE l.lane = t.lane AND t.lane = $1 AND t.table_id = $2 AND t.phase IN ('loaded', 'indexed', 'ready')`, row.Lane, table.ID)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("%w: table %s is being loaded", ErrNotReloadable, table.FullName())
	}
	if _, err := tx.Exec(ctx, `SELECT pg_catalog.pg_advisory_xact_lock($1, $2)`, int32(checkpoint.LoadLock), table.ID); err != nil {
		return err
	}
	if err := empty(ctx, tx, table); err != nil {
		return err
	}
	return r.plan(ctx, tx, row.Lane, table, bounds)
}

// empty takes the target's rows away. A table that others refer to cannot be
// truncated; its rows are deleted.
func empty(ctx context.Context, tx pgx.Tx, table *relation.Table) error {
	err := pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error {
		_, err := inner.Exec(ctx, `TRUNCATE ONLY `+table.Ident())
		return err
	})
	var server *pg.ServerError
	if err = pg.Reduce(err); errors.As(err, &server) && server.SQLState == "0A000" {
		_, err = tx.Exec(ctx, `DELETE FROM ONLY `+table.Ident())
	}
	return err
}

// plan writes the chunks, and takes back what was known of the table.
func (r Reload) plan(ctx context.Context, tx pgx.Tx, lane string, table *relation.Table, bounds []backfill.Bounds) error {
	for _, statement := range []string{
		`DELETE FROM bgsync.tombstone WHERE lane = $1 AND table_id = $2`,
		`DELETE FROM bgsync.repair WHERE lane = $1 AND table_id = $2`,
		`DELETE FROM bgsync.chunk WHERE lane = $1 AND table_id = $2`,
		`UPDATE bgsync.bucket b SET clean_lsn = NULL, dirty_lsn = greatest(b.dirty_lsn, l.applied_lsn + 1::numeric)
		   FROM bgsync.lane l WHERE l.lane = b.lane AND b.lane = $1 AND b.table_id = $2`,
	} {
		if _, err := tx.Exec(ctx, statement, lane, table.ID); err != nil {
			return err
		}
	}
	for number, b := range bounds {
		rows, bytes := backfill.Expect(table, len(bounds))
		_, err := tx.Exec(ctx, `INSERT INTO bgsync.chunk (lane, table_id, load_no, chunk_no, lo, hi, state, rows, bytes)
			SELECT lane, table_id, load_no, $3, $4::text[], $5::text[], 'planned', $6, $7 FROM bgsync.table_state WHERE lane = $1 AND table_id = $2`,
			lane, table.ID, number, b.Lo, b.Hi, rows, bytes)
		if err != nil {
			return err
		}
	}
	return nil
}
