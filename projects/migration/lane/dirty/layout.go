package dirty

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Kind says how a table's keys are divided into buckets.
type Kind string

// The kinds of division.
const (
	// Ranges are ranges (lo, hi] of keys, numbered from 0 in the order of keys.
	Ranges Kind = "range"
	// Hashed are residues of a hash of the key, for keys that the two servers
	// order differently.
	Hashed Kind = "hash"
)

// layout is how one table is divided.
type layout struct {
	kind  Kind
	count int
	// highs are the upper ends of all buckets but the last.
	highs [][]string
}

// loadLayouts reads the division of all tables of a lane.
func loadLayouts(ctx context.Context, conn *pgx.Conn, lane string) (map[int32]*layout, error) {
	rows, err := conn.Query(ctx, `SELECT b.table_id, s.bucket_kind, b.hi FROM bgsync.bucket b JOIN bgsync.table_state s USING (lane, table_id)
		WHERE b.lane = $1 ORDER BY b.table_id, b.bucket_no`, lane)
	if err != nil {
		return nil, pg.Wrap(err, "read the buckets of lane %s", lane)
	}
	layouts := map[int32]*layout{}
	var id int32
	var kind Kind
	var hi []string
	_, err = pgx.ForEachRow(rows, []any{&id, &kind, &hi}, func() error {
		l := layouts[id]
		if l == nil {
			l = &layout{kind: kind}
			layouts[id] = l
		}
		l.count++
		if hi != nil {
			l.highs = append(l.highs, hi)
		}
		return nil
	})
	return layouts, pg.Wrap(err, "read the buckets of lane %s", lane)
}

// locate lists the buckets that keys lie in. Keys of types that order alike
// everywhere are looked up here, others by one statement on the target.
func (l *layout) locate(ctx context.Context, conn *pgx.Conn, lane string, table *relation.Table, keys [][]string) ([]int32, error) {
	if l.kind == Hashed {
		return l.ask(ctx, conn, table, hashedSQL(table, l.count), Columns(keys, len(table.Key)))
	}
	if len(l.highs) == 0 {
		return []int32{0}, nil
	}
	if !table.EngineOrder() {
		return l.ask(ctx, conn, table, rangesSQL(table), append([]any{lane, table.ID}, Columns(keys, len(table.Key))...))
	}
	compare := make([]func(a, b string) int, len(table.Key))
	for i, at := range table.Key {
		compare[i] = comparator(table.Columns[at].Type)
	}
	found := map[int32]bool{}
	for _, key := range keys {
		at := sort.Search(len(l.highs), func(i int) bool { return before(compare, key, l.highs[i]) <= 0 })
		found[int32(at)] = true //nolint:gosec // a table has far fewer buckets
	}
	list := make([]int32, 0, len(found))
	for bucket := range found {
		list = append(list, bucket)
	}
	slices.Sort(list)
	return list, nil
}

// before compares two keys column by column.
func before(compare []func(a, b string) int, a, b []string) int {
	for i := range compare {
		if order := compare[i](a[i], b[i]); order != 0 {
			return order
		}
	}
	return 0
}

func (l *layout) ask(ctx context.Context, conn *pgx.Conn, table *relation.Table, sql string, args []any) ([]int32, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, pg.Wrap(err, "find the buckets of table %s", table.FullName())
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	return found, pg.Wrap(err, "find the buckets of table %s", table.FullName())
}

// HashSQL is the number of the bucket, of count, that the key expressions fall
// into: alike on both servers whatever their collations.
func HashSQL(key []string, count int) string {
	return fmt.Sprintf(`((hashtextextended(ROW(%s)::text COLLATE "C", 0) & 9223372036854775807) %% %d)::int`, strings.Join(key, ", "), count)
}

// hashedSQL finds buckets by hash; its arguments are one array for each column of
// the key.
func hashedSQL(table *relation.Table, count int) string {
	casts := make([]string, len(table.Key))
	for i, at := range table.Key {
		casts[i] = fmt.Sprintf("x.c%d::%s", i, table.Columns[at].Type)
	}
	return "SELECT DISTINCT " + HashSQL(casts, count) + " FROM " + unnest(len(table.Key), 1)
}

// rangesSQL finds buckets by the target's own order: keys and lower ends are
// sorted together, and a key lies in the bucket whose lower end came last before
// it. A key that is a lower end belongs to the bucket before.
func rangesSQL(table *relation.Table) string {
	var ends, keys, order []string
	for i, at := range table.Key {
		column := table.Columns[at]
		ends = append(ends, fmt.Sprintf("(b.lo[%d])::%s AS k%d", i+1, column.Type, i))
		keys = append(keys, fmt.Sprintf("x.c%d::%s", i, column.Type))
		expression := fmt.Sprintf("k%d", i)
		if column.Collation != "" {
			expression += " COLLATE " + pg.Ident(strings.SplitN(column.Collation, ".", 2)...)
		}
		order = append(order, expression)
	}
	return "SELECT DISTINCT coalesce(n, 0) FROM (SELECT max(n) OVER (ORDER BY " + strings.Join(order, ", ") +
		", bound ROWS UNBOUNDED PRECEDING) AS n, bound FROM (SELECT b.bucket_no AS n, true AS bound, " + strings.Join(ends, ", ") +
		" FROM bgsync.bucket b WHERE b.lane = $1 AND b.table_id = $2 AND b.lo IS NOT NULL UNION ALL SELECT NULL, false, " +
		strings.Join(keys, ", ") + " FROM " + unnest(len(table.Key), 3) + ") u) v WHERE NOT bound"
}

// unnest is a table x of columns c0, c1, … from that many arrays of texts. It
// stands without its schema: only so does the grammar let it take several.
func unnest(columns, first int) string {
	parameters := make([]string, columns)
	for i := range parameters {
		parameters[i] = fmt.Sprintf("$%d::text[]", first+i)
	}
	return "unnest(" + strings.Join(parameters, ", ") + ") AS x(" + list(columns, "c%d") + ")"
}

func list(n int, format string) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(names, ", ")
}

// Columns turns keys into arguments: one array of texts for each column.
func Columns(keys [][]string, columns int) []any {
	args := make([]any, columns)
	for i := range args {
		values := make([]string, len(keys))
		for n, key := range keys {
			values[n] = key[i]
		}
		args[i] = values
	}
	return args
}
