package backfill

import (
	"context"
	"errors"
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
	_, err = cut(ctx, target, lane, table, chunk, middle, nil)
	return err
}

// Trim leaves of a planned chunk its first rows, that many at most, and plans the rest
// as another one. It returns both; there is no rest when the chunk has no more rows.
func Trim(ctx context.Context, source, target *pgx.Conn, lane string, table *relation.Table, chunk Chunk, rows int64) (first Chunk, rest *Chunk, err error) {
	end, err := nth(ctx, source, table, chunk.Bounds, max(1, rows))
	if err != nil || end == nil || equal(end, chunk.Hi) {
		return chunk, nil, err
	}
	rows = max(1, rows)
	if rest, err = cut(ctx, target, lane, table, chunk, end, &rows); err != nil {
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

// cutSQL ends a chunk at a key and tells what it was expected to hold. It keeps as many
// rows as are known to lie before the key, $8, or half of them, and their part of the bytes.
const cutSQL = `
WITH former AS MATERIALIZED (
  SELECT lane, table_id, load_no, chunk_no, rows, bytes,
    CASE WHEN rows IS NOT NULL THEN coalesce($8::bigint, rows / 2) END AS kept FROM bgsync.chunk
  WHERE lane = $1 AND table_id = $2 AND load_no = $3 AND chunk_no = $4)
UPDATE bgsync.chunk c SET hi = $5, rows = f.kept, bytes = f.bytes * least(f.kept, f.rows) / greatest(f.rows, 1)
FROM former f WHERE (c.lane, c.table_id, c.load_no, c.chunk_no) = (f.lane, f.table_id, f.load_no, f.chunk_no)
  AND c.state = 'planned' AND c.lo IS NOT DISTINCT FROM $6::text[] AND c.hi IS NOT DISTINCT FROM $7::text[]
RETURNING f.rows, f.bytes, c.rows, c.bytes`

// restSQL plans what lies behind the key. It holds what was not kept; where that is
// nothing there were more rows than expected, and it is taken for as large as the beginning.
const restSQL = `
INSERT INTO bgsync.chunk (lane, table_id, load_no, chunk_no, lo, hi, state, rows, bytes)
SELECT $1, $2, $3, max(chunk_no) + 1, $4::text[], $5::text[], 'planned',
  CASE WHEN $6::bigint > $8::bigint THEN $6 - $8 ELSE $8 END, CASE WHEN $6 > $8 THEN $7::bigint - $9::bigint ELSE $9 END
FROM bgsync.chunk WHERE lane = $1 AND table_id = $2 AND load_no = $3
RETURNING chunk_no`

// cut ends a planned chunk at a key, and plans what lies behind it. first is how many
// rows lie before the key, nil where nobody has counted them: about half.
func cut(ctx context.Context, target *pgx.Conn, lane string, table *relation.Table, chunk Chunk, middle []string, first *int64) (*Chunk, error) {
	rest := chunk
	rest.Lo = middle
	err := pgx.BeginFunc(ctx, target, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_catalog.pg_advisory_xact_lock($1, $2)`, int32(checkpoint.CutLock), chunk.TableID); err != nil {
			return err
		}
		var rows, bytes, kept, keptBytes *int64
		err := tx.QueryRow(ctx, cutSQL, lane, chunk.TableID, chunk.Load, chunk.Number, middle, chunk.Lo, chunk.Hi, first).Scan(&rows, &bytes, &kept, &keptBytes)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrElsewhere
		}
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, restSQL, lane, chunk.TableID, chunk.Load, middle, chunk.Hi, rows, bytes, kept, keptBytes).Scan(&rest.Number)
	})
	return &rest, pg.Wrap(err, "split chunk %d of table %s", chunk.Number, table.FullName())
}

// splitTimeout bounds the search for the middle of a chunk.
const splitTimeout = 30 * time.Second
