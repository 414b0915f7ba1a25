package relation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// What Load answers besides failures of its own.
var (
	// ErrAbsent tells that there is no such table.
	ErrAbsent = errors.New("no such table")
	// ErrNoKey tells that rows of the table cannot be told apart.
	ErrNoKey = errors.New("no key: expected a primary key that is not deferrable, or REPLICA IDENTITY USING INDEX on a unique index of NOT NULL columns")
)

// Querier is a session or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const tableSQL = `
SELECT c.oid, c.relkind::text, c.relreplident::text, c.relpersistence::text,
       coalesce(pg_catalog.pg_get_expr(c.relpartbound, c.oid), ''),
       greatest(c.reltuples, 0)::float8, pg_catalog.pg_table_size(c.oid)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`

const columnsSQL = `
SELECT a.attnum, a.attname, pg_catalog.format_type(a.atttypid, -1), pg_catalog.format_type(a.atttypid, a.atttypmod),
       a.atttypid, a.atttypmod, coalesce(cn.nspname || '.' || co.collname, ''), a.attnotnull, a.attidentity::text,
       CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) ELSE '' END,
       t.oid < 10000 AND tn.nspname = 'pg_catalog', a.attstorage <> 'p',
       t.typname IN ('int2', 'int4', 'int8', 'uuid', 'bytea', 'date', 'timestamp', 'timestamptz')
         OR (t.typname = 'text' AND co.collname = 'C'),
       tn.nspname = 'pg_catalog' OR t.typtype IN ('e', 'd', 'r')
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped`

const keySQL = `
SELECT x.relname, i.indkey::int2[]
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid = $1 AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
  AND CASE WHEN $2 = 'i' THEN i.indisreplident ELSE i.indisprimary AND $2 <> 'n' END
  AND i.indnkeyatts = i.indnatts`

// typesSQL describes every type that the table's columns are made of and that
// users made: what is equal in text must mean the same.
const typesSQL = `
WITH RECURSIVE used(oid) AS (
  SELECT atttypid FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
  UNION
  SELECT part.oid FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid, LATERAL (
    SELECT t.typelem WHERE t.typelem <> 0
    UNION ALL SELECT t.typbasetype WHERE t.typbasetype <> 0
    UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
    UNION ALL SELECT m.atttypid FROM pg_catalog.pg_attribute m
      WHERE t.typtype = 'c' AND m.attrelid = t.typrelid AND m.attnum > 0 AND NOT m.attisdropped) part(oid)
)
SELECT pg_catalog.format_type(t.oid, -1) || ' ' || t.typtype::text || ' '
  || coalesce(CASE t.typtype
       WHEN 'e' THEN (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder)
                      FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
       WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) || CASE WHEN t.typnotnull THEN ' not null ' ELSE ' ' END
            || coalesce((SELECT pg_catalog.string_agg(pg_catalog.pg_get_constraintdef(k.oid), ',' ORDER BY k.conname)
                         FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid), '')
       WHEN 'c' THEN (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(m.attname) || ' ' || pg_catalog.format_type(m.atttypid, m.atttypmod), ',' ORDER BY m.attnum)
                      FROM pg_catalog.pg_attribute m WHERE m.attrelid = t.typrelid AND m.attnum > 0 AND NOT m.attisdropped)
       WHEN 'r' THEN (SELECT pg_catalog.format_type(r.rngsubtype, -1) FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)
     END, '')
FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname <> 'pg_catalog' AND t.typtype IN ('e', 'd', 'c', 'r')`

// Load reads one table from the catalogs. A table without a key comes with
// ErrNoKey and is otherwise complete.
func Load(ctx context.Context, conn Querier, schema, name string) (*Table, error) {
	table := &Table{Schema: schema, Name: name}
	var oid uint32
	err := conn.QueryRow(ctx, tableSQL, schema, name).Scan(&oid, &table.Kind, &table.Identity, &table.Persistence,
		&table.Bound, &table.Rows, &table.Bytes)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("table %s: %w", table.FullName(), ErrAbsent)
	}
	if err != nil {
		return nil, pg.Wrap(err, "table %s: read catalog", table.FullName())
	}
	places, err := table.loadColumns(ctx, conn, oid)
	if err != nil {
		return nil, err
	}
	if err := table.loadTypes(ctx, conn, oid); err != nil {
		return nil, err
	}
	return table, table.loadKey(ctx, conn, oid, places)
}

// loadColumns fills the columns and returns their names by attribute number.
func (t *Table) loadColumns(ctx context.Context, conn Querier, oid uint32) (map[int16]string, error) {
	rows, err := conn.Query(ctx, columnsSQL, oid)
	if err != nil {
		return nil, pg.Wrap(err, "table %s: read columns", t.FullName())
	}
	places := map[int16]string{}
	var number int16
	var identity string
	var c Column
	_, err = pgx.ForEachRow(rows, []any{
		&number, &c.Name, &c.Type, &c.Modified, &c.TypeOID, &c.Modifier, &c.Collation, &c.NotNull, &identity,
		&c.Generated, &c.Builtin, &c.Toastable, &c.EngineOrder, &c.KeyOperator,
	}, func() error {
		c.Always, c.ByDefault = identity == "a", identity == "d"
		places[number] = c.Name
		if c.Generated != "" {
			t.Computed = append(t.Computed, c)
		} else {
			t.Columns = append(t.Columns, c)
		}
		return nil
	})
	byName := func(a, b Column) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(t.Columns, byName)
	slices.SortFunc(t.Computed, byName)
	return places, pg.Wrap(err, "table %s: read columns", t.FullName())
}

// loadTypes fills the descriptions of the types in use.
func (t *Table) loadTypes(ctx context.Context, conn Querier, oid uint32) error {
	rows, err := conn.Query(ctx, typesSQL, oid)
	if err != nil {
		return pg.Wrap(err, "table %s: read types", t.FullName())
	}
	t.Types, err = pgx.CollectRows(rows, pgx.RowTo[string])
	slices.Sort(t.Types)
	return pg.Wrap(err, "table %s: read types", t.FullName())
}

// loadKey fills the key.
func (t *Table) loadKey(ctx context.Context, conn Querier, oid uint32, places map[int16]string) error {
	var numbers []int16
	err := conn.QueryRow(ctx, keySQL, oid, string(t.Identity)).Scan(&t.KeyIndex, &numbers)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("table %s: %w", t.FullName(), ErrNoKey)
	}
	if err != nil {
		return pg.Wrap(err, "table %s: read key", t.FullName())
	}
	for _, number := range numbers {
		at := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == places[number] })
		if at < 0 || !t.Columns[at].NotNull {
			t.Key, t.KeyIndex = nil, ""
			return fmt.Errorf("table %s: %w", t.FullName(), ErrNoKey)
		}
		t.Key = append(t.Key, at)
	}
	return nil
}
