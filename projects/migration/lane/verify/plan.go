package verify

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// grown is by how much a bucket may outgrow its plan before it is divided.
const grown = 4

// samplesPerBucket makes the sizes of buckets even within a quarter or so.
const samplesPerBucket = 20

// Prepare makes the buckets of tables that have none, and divides those that have
// grown. Nothing is compared: a lane whose source is not the authority gets its
// buckets so.
func (v *Verifier) Prepare(ctx context.Context) error {
	s, err := v.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	return s.prepare(ctx)
}

func (s *session) prepare(ctx context.Context) error {
	for _, table := range s.tables {
		if err := s.divide(ctx, table); err != nil {
			return err
		}
	}
	return nil
}

// division is a bucket that is to be divided at keys of the source's order.
type division struct {
	bucket
	at [][]string
}

// divide plans one table. Keys are read from the source outside of the
// transaction that writes the plan, for the lane waits for that one.
func (s *session) divide(ctx context.Context, table *relation.Table) error {
	kind, large, err := s.large(ctx, table)
	if err != nil || len(large) == 0 {
		return err
	}
	if kind == hashed {
		count, err := s.residues(ctx, table)
		if err != nil {
			return err
		}
		return s.write(ctx, table, hashed, func([]planned) []planned { return make([]planned, count) })
	}
	for i := range large {
		if large[i].at, err = s.sample(ctx, table, large[i].bucket); err != nil {
			return err
		}
	}
	return s.write(ctx, table, ranges, func(old []planned) []planned { return cut(old, large) })
}

// large lists the buckets that are too large; of a table that has none, the
// bucket that is all of it.
func (s *session) large(ctx context.Context, table *relation.Table) (dirty.Kind, []division, error) {
	var kind dirty.Kind
	var count int
	err := s.target.QueryRow(ctx, `SELECT coalesce(max(t.bucket_kind), ''), count(b.bucket_no) FROM bgsync.table_state t
		LEFT JOIN bgsync.bucket b USING (lane, table_id) WHERE t.lane = $1 AND t.table_id = $2`, s.Lane, table.ID).Scan(&kind, &count)
	if err != nil {
		return "", nil, pg.Wrap(err, "read the buckets of table %s", table.FullName())
	}
	if count == 0 {
		kind, err = s.kind(ctx, table)
		return kind, []division{{}}, err
	}
	if kind == hashed {
		return kind, nil, nil
	}
	rows, err := s.target.Query(ctx, `SELECT bucket_no, lo, hi FROM bgsync.bucket WHERE lane = $1 AND table_id = $2 AND rows > $3 ORDER BY 1`,
		s.Lane, table.ID, grown*s.Limits.BucketRows)
	if err != nil {
		return "", nil, pg.Wrap(err, "read the buckets of table %s", table.FullName())
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (division, error) {
		var d division
		err := row.Scan(&d.no, &d.lo, &d.hi)
		return d, err
	})
	return kind, found, pg.Wrap(err, "read the buckets of table %s", table.FullName())
}

// collationSQL describes what decides about the order of a column's values.
const collationSQL = `
SELECT coalesce(string_agg(concat_ws(' ', a.attnum, c.collprovider, c.collisdeterministic,
         CASE WHEN c.collprovider = 'd' THEN d.datcollate ELSE c.collcollate END,
         CASE WHEN c.collprovider = 'd' THEN d.datctype ELSE c.collctype END,
         CASE WHEN c.collprovider = 'd'
           THEN (SELECT max(pg_collation_actual_version(l.oid)) FROM pg_collation l WHERE l.collprovider = 'c' AND l.collcollate = d.datcollate)
           ELSE pg_collation_actual_version(c.oid) END), ',' ORDER BY a.attname), '')
FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid JOIN pg_namespace n ON n.oid = r.relnamespace
JOIN pg_collation c ON c.oid = a.attcollation JOIN pg_database d ON d.datname = current_database()
WHERE n.nspname = $1 AND r.relname = $2 AND a.attname = ANY ($3) AND NOT a.attisdropped`

// kind is how a table can be divided: by ranges only where both servers order its
// keys alike.
func (s *session) kind(ctx context.Context, table *relation.Table) (dirty.Kind, error) {
	if table.EngineOrder() {
		return ranges, nil
	}
	var orders [2]string
	for i, conn := range []*pgx.Conn{s.source, s.target} {
		if err := conn.QueryRow(ctx, collationSQL, table.Schema, table.Name, table.KeyNames()).Scan(&orders[i]); err != nil {
			return "", pg.Wrap(err, "read the collations of table %s", table.FullName())
		}
	}
	if orders[0] != orders[1] {
		return hashed, nil
	}
	return ranges, nil
}

// rows is about how many rows the source has.
func (s *session) rows(ctx context.Context, table *relation.Table) (float64, error) {
	if table.Rows > 0 {
		return table.Rows, nil
	}
	var count int64
	err := s.source.QueryRow(ctx, `SELECT count(*) FROM ONLY `+table.Ident()).Scan(&count)
	return float64(count), pg.Wrap(err, "count table %s", table.FullName())
}

// residues is how many buckets a table gets that is divided by a hash.
func (s *session) residues(ctx context.Context, table *relation.Table) (int, error) {
	rows, err := s.rows(ctx, table)
	return max(1, int(math.Round(rows/float64(s.Limits.BucketRows)))), err
}

// sample lists keys of the source that divide a bucket evenly. The sample is of
// rows, not of pages: rows of one page often have keys that follow each other.
func (s *session) sample(ctx context.Context, table *relation.Table, b bucket) ([][]string, error) {
	condition, err := table.Range(b.lo, b.hi)
	if err != nil {
		return nil, err
	}
	percent := math.Min(100, 100*samplesPerBucket/float64(s.Limits.BucketRows))
	step := max(1, int(math.Round(float64(s.Limits.BucketRows)*percent/100)))
	names := make([]string, len(table.Key))
	for i, name := range table.KeyNames() {
		names[i] = pg.Ident(name)
	}
	keys := strings.Join(names, "::text, ") + "::text"
	order := strings.Join(names, ", ")
	rows, err := s.source.Query(ctx, fmt.Sprintf(`SELECT key FROM (SELECT ARRAY[%s] AS key, row_number() OVER (ORDER BY %s) AS n
		FROM ONLY %s TABLESAMPLE BERNOULLI (%g) WHERE %s) sampled WHERE n %% %d = 0 ORDER BY n`, keys, order, table.Ident(), percent, condition, step))
	if err != nil {
		return nil, pg.Wrap(err, "sample table %s", table.FullName())
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[[]string])
	return found, pg.Wrap(err, "sample table %s", table.FullName())
}

// planned is a row of bgsync.bucket as it is to be written.
type planned struct {
	No       int      `json:"no"`
	Lo       []string `json:"lo"`
	Hi       []string `json:"hi"`
	DirtyXid *string  `json:"dirty_xid"`
	DirtyLSN *string  `json:"dirty_lsn"`
	Clean    *string  `json:"clean_lsn"`
	Sum1     *string  `json:"sum1"`
	Sum2     *string  `json:"sum2"`
	Pass     *int64   `json:"pass_id"`
	Rows     *int64   `json:"rows"`
	Unstable int32    `json:"unstable"`
	Mismatch int32    `json:"mismatch"`
}

// cut divides buckets; what is known of a bucket is true of its parts.
func cut(old []planned, large []division) []planned {
	var all []planned
	for _, p := range old {
		for _, d := range large {
			if !same(p.Lo, d.lo) || !same(p.Hi, d.hi) {
				continue
			}
			p.Rows, p.Sum1, p.Sum2 = nil, nil, nil
			for _, at := range d.at {
				if same(at, p.Hi) {
					continue // the last key of the bucket ends it already
				}
				part := p
				part.Hi = at
				all = append(all, part)
				p.Lo = at
			}
		}
		all = append(all, p)
	}
	return all
}

// same compares ends of ranges; nil is open.
func same(a, b []string) bool {
	return (a == nil) == (b == nil) && strings.Join(a, "\x00") == strings.Join(b, "\x00")
}
