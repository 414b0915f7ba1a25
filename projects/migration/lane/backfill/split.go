package backfill

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Split replaces a planned chunk by two halves, for a loader that would not
// finish it in time. A chunk of one key stays as it is.
func Split(ctx context.Context, source, target *pgx.Conn, lane string, table *relation.Table, chunk Chunk) error {
	middle, err := median(ctx, source, table, chunk.Bounds)
	if err != nil || middle == nil {
		return err
	}
	_, err = cut(ctx, target, lane, table, chunk, middle)
	return err
}

// Trim leaves of a planned chunk its first rows, that many at most, and plans the rest
// as another one. It returns both; there is no rest when the chunk has no more rows.
func Trim(ctx context.Context, source, target *pgx.Conn, lane string, table *relation.Table, chunk Chunk, rows int64) (first Chunk, rest *Chunk, err error) {
	end, err := nth(ctx, source, table, chunk.Bounds, max(1, rows))
	if err != nil || end == nil || equal(end, chunk.Hi) {
		return chunk, nil, err
	}
	if rest, err = cut(ctx, target, lane, table, chunk, end); err != nil {
		return chunk, nil, err
	}
	chunk.Hi = end
	return chunk, rest, nil
}

// Rows is how many rows of a table come to that many bytes of it, at least one.
func Rows(table *relation.Table, bytes float64) int64 {
	row := float64(leanRow)
	if table.Rows > 0 {
		row = math.Max(row, float64(table.Bytes)/table.Rows)
	}
	return int64(math.Max(1, bytes/row))
}

// cut ends a planned chunk at a key, and plans what lies behind it.
func cut(ctx context.Context, target *pgx.Conn, lane string, table *relation.Table, chunk Chunk, middle []string) (*Chunk, error) {
	rest := chunk
	rest.Lo = middle
	err := pgx.BeginFunc(ctx, target, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_catalog.pg_advisory_xact_lock($1, $2)`, int32(checkpoint.CutLock), chunk.TableID); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE bgsync.chunk SET hi = $5 WHERE lane = $1 AND table_id = $2 AND load_no = $3 AND chunk_no = $4
			AND state = 'planned' AND lo IS NOT DISTINCT FROM $6::text[] AND hi IS NOT DISTINCT FROM $7::text[]`,
			lane, chunk.TableID, chunk.Load, chunk.Number, middle, chunk.Lo, chunk.Hi)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrElsewhere
		}
		return tx.QueryRow(ctx, `INSERT INTO bgsync.chunk (lane, table_id, load_no, chunk_no, lo, hi, state)
			SELECT $1, $2, $3, max(chunk_no) + 1, $4::text[], $5::text[], 'planned' FROM bgsync.chunk WHERE lane = $1 AND table_id = $2 AND load_no = $3
			RETURNING chunk_no`, lane, chunk.TableID, chunk.Load, middle, chunk.Hi).Scan(&rest.Number)
	})
	return &rest, pg.Wrap(err, "split chunk %d of table %s", chunk.Number, table.FullName())
}

// splitTimeout bounds the search for the middle of a chunk.
const splitTimeout = 30 * time.Second
