// Package backfill copies the base of a lane in chunks: ranges of keys, each read
// under one snapshot of the source and written by one transaction of the target,
// which also notes that it is done. It knows nothing of the stream that follows.
package backfill

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Bounds are a range (Lo, Hi] of keys; nil is open.
type Bounds struct{ Lo, Hi []string }

// Cut divides the space of keys at evenly spaced keys of an ordered sample: every
// possible key is in exactly one range, those that no sample shows too. There may
// be fewer ranges than wanted, never more.
func Cut(sample [][]string, wanted int) []Bounds {
	var bounds []Bounds
	var lo []string
	for i := 1; i < wanted; i++ {
		at := i * len(sample) / wanted
		if at >= len(sample) || equal(sample[at], lo) {
			continue
		}
		bounds = append(bounds, Bounds{Lo: lo, Hi: sample[at]})
		lo = sample[at]
	}
	return append(bounds, Bounds{Lo: lo})
}

// Expect is what each of a table's chunks is taken to hold until it is loaded. Where the
// planner has no estimate of the rows they are taken for small ones: too many.
func Expect(table *relation.Table, chunks int) (rows, bytes int64) {
	all := table.Rows
	if all <= 0 {
		all = float64(table.Bytes) / leanRow
	}
	return int64(math.Ceil(all / float64(chunks))), table.Bytes / int64(chunks)
}

func equal(a, b []string) bool {
	return a != nil && b != nil && strings.Join(a, "\x00") == strings.Join(b, "\x00")
}

// samplesPerChunk makes the sizes of chunks even within some percent.
const samplesPerChunk = 200

// leanRow is the size of a row in bytes that is assumed where the planner has no
// estimate: a small one gives a larger sample.
const leanRow = 64

// Plan divides a table into chunks of about that many bytes.
func Plan(ctx context.Context, source *pgx.Conn, table *relation.Table, chunkBytes int64) ([]Bounds, error) {
	wanted := int((table.Bytes + chunkBytes - 1) / chunkBytes)
	if wanted <= 1 {
		return []Bounds{{}}, nil
	}
	rows := math.Max(table.Rows, float64(table.Bytes)/leanRow)
	if table.Rows > 0 {
		rows = table.Rows
	}
	percent := math.Min(100, 100*float64(samplesPerChunk*wanted)/rows)
	keys := make([]string, len(table.Key))
	order := make([]string, len(table.Key))
	for i, at := range table.Key {
		order[i] = pg.Ident(table.Columns[at].Name)
		keys[i] = order[i] + "::text"
	}
	found, err := source.Query(ctx, fmt.Sprintf("SELECT ARRAY[%s] FROM ONLY %s TABLESAMPLE SYSTEM (%g) ORDER BY %s",
		strings.Join(keys, ", "), table.Ident(), percent, strings.Join(order, ", ")))
	if err != nil {
		return nil, pg.Wrap(err, "sample table %s", table.FullName())
	}
	sample, err := pgx.CollectRows(found, pgx.RowTo[[]string])
	if err != nil {
		return nil, pg.Wrap(err, "sample table %s", table.FullName())
	}
	return Cut(sample, wanted), nil
}
