package backfill

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Steps of merging a chunk into a table that changes are applied to.
const (
	BeforeMerge = "chunk.before_merge"
	AfterMerge  = "chunk.after_merge"
)

// staged is the chunk on its way.
const staged = "pg_temp.bgsync_chunk"

// merge copies the rows aside and then inserts those that the stream has said
// nothing about: of their keys there is neither a row nor a tombstone. The table's
// lock is taken as late as that, so that the applier waits for an insert and not
// for a copy.
func (l *Loader) merge(ctx context.Context, tx pgx.Tx, table *relation.Table, chunk Chunk, loaded *Loaded) error {
	if _, err := tx.Exec(ctx, stageSQL(table)); err != nil {
		return fmt.Errorf("make a table for the chunk: %w", err)
	}
	if err := l.copy(ctx, tx, table, chunk, staged, loaded); err != nil {
		return err
	}
	if err := l.at(BeforeMerge); err != nil {
		return err
	}
	if err := l.lock(ctx, tx, chunk.TableID); err != nil {
		return err
	}
	if err := l.current(ctx, tx, chunk); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, mergeSQL(table), l.Lane, chunk.TableID)
	if err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	loaded.Rows = tag.RowsAffected()
	return l.at(AfterMerge)
}

// stageSQL makes the table for a chunk. The table itself is not named, since even
// that would lock it, and the applier would wait for the copy.
func stageSQL(table *relation.Table) string {
	columns := make([]string, len(table.Columns))
	for i, column := range table.Columns {
		columns[i] = pg.Ident(column.Name) + " " + column.Type
	}
	return "CREATE TEMPORARY TABLE " + strings.TrimPrefix(staged, "pg_temp.") + " (" + strings.Join(columns, ", ") + ") ON COMMIT DROP"
}

// current checks, with the table's lock held, that the chunk still belongs to the
// load that the table is in, and that the lane goes on.
func (l *Loader) current(ctx context.Context, tx pgx.Tx, chunk Chunk) error {
	var state checkpoint.State
	var loading bool
	err := tx.QueryRow(ctx, `SELECT l.state, t.load_no = $3 AND t.phase = 'loading' FROM bgsync.lane l JOIN bgsync.table_state t USING (lane)
		WHERE l.lane = $1 AND t.table_id = $2`, l.Lane, chunk.TableID, chunk.Load).Scan(&state, &loading)
	if err != nil {
		return fmt.Errorf("read state of the table: %w", err)
	}
	if !loading || state != checkpoint.CatchingUp && state != checkpoint.Running {
		return ErrElsewhere
	}
	return nil
}

// mergeSQL inserts what is staged. Only the table's own key decides: a row that
// meets another unique index is an error and not left out.
func mergeSQL(table *relation.Table) string {
	key, same, text := make([]string, len(table.Key)), make([]string, len(table.Key)), make([]string, len(table.Key))
	for i, name := range table.KeyNames() {
		key[i] = pg.Ident(name)
		same[i] = "t." + key[i] + " = s." + key[i]
		text[i] = "s." + key[i] + "::text"
	}
	return "INSERT INTO " + table.Ident() + " (" + table.Selection() + ") OVERRIDING SYSTEM VALUE SELECT " + table.Selection() + " FROM " + staged + " AS s" +
		" WHERE NOT EXISTS (SELECT FROM ONLY " + table.Ident() + " AS t WHERE " + strings.Join(same, " AND ") + ")" +
		" AND NOT EXISTS (SELECT FROM bgsync.tombstone x WHERE x.lane = $1 AND x.table_id = $2 AND x.key = ARRAY[" + strings.Join(text, ", ") + "])" +
		" ON CONFLICT (" + strings.Join(key, ", ") + ") DO NOTHING"
}
