// Package deferred carries over what a target must not have while its base is
// loaded and its rows go back and forth: secondary indexes, unique and exclusion
// constraints, checks, foreign keys and triggers. They are read from the source's
// catalogs, kept on the target, and built there once the lane is consistent. The
// package executes nothing that came through the stream.
package deferred

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Kind is what is built.
type Kind string

// The kinds, in the order in which they are built.
const (
	Index      Kind = "index"
	Unique     Kind = "unique"
	Constraint Kind = "constraint"
	Foreign    Kind = "fk"
	Trigger    Kind = "trigger"
)

// Object is one thing to build.
type Object struct {
	Ordinal   int32
	TableID   int32
	Kind      Kind
	Name      string
	Statement string
}

// objectsSQL lists the objects of one table, $1, except the key's index, $2, and
// those that a partition has from its parent.
const objectsSQL = `
SELECT 1 AS rank, CASE WHEN i.indisunique THEN 'unique' ELSE 'index' END, x.relname, pg_catalog.pg_get_indexdef(x.oid)
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid = $1::text::regclass AND x.relname <> $2 AND NOT x.relispartition
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = x.oid AND k.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT CASE k.contype WHEN 'f' THEN 4 WHEN 'c' THEN 3 ELSE 2 END,
       CASE k.contype WHEN 'f' THEN 'fk' WHEN 'c' THEN 'constraint' ELSE 'unique' END, k.conname,
       pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', $1, k.conname, pg_catalog.pg_get_constraintdef(k.oid))
FROM pg_catalog.pg_constraint k
WHERE k.conrelid = $1::text::regclass AND k.contype IN ('u', 'x', 'c', 'f') AND k.conparentid = 0 AND k.coninhcount = 0
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_class x WHERE x.oid = k.conindid AND x.relname = $2 AND k.contype <> 'f')
UNION ALL
SELECT 5, 'trigger', t.tgname, pg_catalog.pg_get_triggerdef(t.oid)
FROM pg_catalog.pg_trigger t WHERE t.tgrelid = $1::text::regclass AND NOT t.tgisinternal AND t.tgparentid = 0
ORDER BY 1, 3`

// Collect reads what the tables have besides their keys, in the order in which it
// is to be built: whatever needs an index comes after all indexes.
func Collect(ctx context.Context, conn relation.Querier, tables []*relation.Table) ([]Object, error) {
	byRank := map[int32][]Object{}
	for _, table := range tables {
		rows, err := conn.Query(ctx, objectsSQL, table.Ident(), table.KeyIndex)
		if err != nil {
			return nil, pg.Wrap(err, "read what table %s has besides its key", table.FullName())
		}
		var rank int32
		object := Object{TableID: table.ID}
		_, err = pgx.ForEachRow(rows, []any{&rank, &object.Kind, &object.Name, &object.Statement}, func() error {
			// an index of a partitioned table is made with those of its partitions
			object.Statement = strings.Replace(object.Statement, " ON ONLY ", " ON ", 1)
			byRank[rank] = append(byRank[rank], object)
			return nil
		})
		if err != nil {
			return nil, pg.Wrap(err, "read what table %s has besides its key", table.FullName())
		}
	}
	var all []Object
	for rank := range int32(6) {
		for _, object := range byRank[rank] {
			object.Ordinal = int32(len(all) + 1) //nolint:gosec // far fewer than 2³¹ objects
			all = append(all, object)
		}
	}
	return all, nil
}

// Standing is which of the objects the tables have already, by their place in the order: all
// of them where these rows have come from. An index that is not valid is not there.
func Standing(ctx context.Context, conn relation.Querier, tables []*relation.Table, objects []Object) (map[int32]bool, error) {
	found, err := Collect(ctx, conn, tables)
	if err != nil {
		return nil, err
	}
	var idents, broken []string
	for _, table := range tables {
		idents = append(idents, table.Ident())
	}
	err = conn.QueryRow(ctx, `SELECT coalesce(pg_catalog.array_agg(x.relname::text), '{}') FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
		WHERE i.indrelid = ANY ($1::text[]::pg_catalog.regclass[]::oid[]) AND NOT i.indisvalid`, idents).Scan(&broken)
	if err != nil {
		return nil, pg.Wrap(err, "look for indexes that are not valid")
	}
	whole := map[Object]bool{}
	for _, object := range found {
		object.Ordinal = 0
		whole[object] = !slices.Contains(broken, object.Name)
	}
	there := map[int32]bool{}
	for _, object := range objects {
		at := object.Ordinal
		object.Ordinal = 0
		there[at] = whole[object]
	}
	return there, nil
}

// Keep replaces what the target is to build: all but what is there.
func Keep(ctx context.Context, tx pgx.Tx, objects []Object, there map[int32]bool) error {
	if _, err := tx.Exec(ctx, `DELETE FROM bgsync.deferred_ddl`); err != nil {
		return pg.Wrap(err, "clear bgsync.deferred_ddl")
	}
	for _, o := range objects {
		_, err := tx.Exec(ctx, `INSERT INTO bgsync.deferred_ddl (ordinal, table_id, kind, name, statement, state) VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 THEN 'done' ELSE 'planned' END)`,
			o.Ordinal, o.TableID, string(o.Kind), o.Name, o.Statement, there[o.Ordinal])
		if err != nil {
			return pg.Wrap(err, "keep %s %s", o.Kind, o.Name)
		}
	}
	return nil
}

// Steps of building, for observers.
const (
	BeforeBuild = "deferred.before_build"
	AfterBuild  = "deferred.after_build"
)

// ErrDifferent tells that an object of the name is there and is another one.
var ErrDifferent = errors.New("is there already with another definition: drop it on the target")

// Build makes what is not built yet. It is safe to run again at any point: what
// is there with the same definition counts as built, an index that an interrupted
// build left invalid is dropped first. A server goes on with the statement of a session
// whose process is gone, which may take hours: it is waited for, until ctx ends.
func Build(ctx context.Context, conn *pgx.Conn, at func(string) error) error {
	rows, err := conn.Query(ctx, `SELECT d.ordinal, d.table_id, d.kind, d.name, d.statement, pg_catalog.quote_ident(m.schema), pg_catalog.quote_ident(m.name)
		FROM bgsync.deferred_ddl d JOIN bgsync.table_map m USING (table_id) WHERE d.state = 'planned' ORDER BY d.ordinal`)
	if err != nil {
		return pg.Wrap(err, "read bgsync.deferred_ddl")
	}
	objects, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (placed, error) {
		var p placed
		err := row.Scan(&p.Ordinal, &p.TableID, &p.Kind, &p.Name, &p.Statement, &p.schema, &p.table)
		return p, err
	})
	if err != nil {
		return pg.Wrap(err, "read bgsync.deferred_ddl")
	}
	for _, object := range objects {
		if err := at(BeforeBuild); err != nil {
			return err
		}
		if err := object.insist(ctx, conn); err != nil {
			return pg.Wrap(err, "build %s %s of table %s.%s", object.Kind, object.Name, object.schema, object.table)
		}
		if _, err := conn.Exec(ctx, `UPDATE bgsync.deferred_ddl SET state = 'done' WHERE ordinal = $1`, object.Ordinal); err != nil {
			return pg.Wrap(err, "note %s %s", object.Kind, object.Name)
		}
		if err := at(AfterBuild); err != nil {
			return err
		}
	}
	return nil
}

// placed is an object with its table, quoted.
type placed struct {
	Object
	schema, table string
}

func (p placed) ident() string { return p.schema + "." + p.table }

// looks is how often an object is looked for that a statement says is there.
const looks = 3

// insist builds the object, or waits until another session has.
func (p placed) insist(ctx context.Context, conn *pgx.Conn) error {
	for seen := 0; ; {
		err := p.build(ctx, conn)
		switch {
		case err == nil, ctx.Err() != nil:
			return err
		case there(err):
			if seen++; seen == looks { // and is not to be found at this table
				return fmt.Errorf("%w: %w", ErrDifferent, pg.Reduce(err))
			}
		case !locked(err):
			return err
		}
	}
}

// there tells whether a statement failed since an object of the name was made after it
// had been looked for: the server notices before it begins, when it takes the name
// (42P07, 42710), or when another session commits that has taken it (23505 of a catalog).
func there(err error) bool {
	const duplicateTable, duplicateObject, uniqueViolation = "42P07", "42710", "23505"
	switch server := refusal(err); server.SQLState {
	case duplicateTable, duplicateObject:
		return true
	case uniqueViolation:
		return strings.HasPrefix(server.Relation, "pg_catalog.")
	}
	return false
}

// locked tells whether a statement has waited for another session as long as the
// session's lock_timeout lets it.
func locked(err error) bool { return refusal(err).SQLState == "55P03" }

// refusal is what the server has said, empty where it was not the server that failed.
func refusal(err error) pg.ServerError {
	var server *pg.ServerError
	if errors.As(pg.Reduce(err), &server) {
		return *server
	}
	return pg.ServerError{}
}

// build makes the object unless it is there.
func (p placed) build(ctx context.Context, conn *pgx.Conn) error {
	if strings.HasPrefix(p.Statement, "ALTER TABLE") {
		return p.constraint(ctx, conn)
	}
	var there, valid bool
	var definition string
	query := `SELECT true, i.indisvalid, pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index i
		JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = $1::text::regclass AND x.relname = $2`
	if p.Kind == Trigger {
		query = `SELECT true, true, pg_catalog.pg_get_triggerdef(t.oid) FROM pg_catalog.pg_trigger t WHERE t.tgrelid = $1::text::regclass AND t.tgname = $2`
	}
	err := conn.QueryRow(ctx, query, p.ident(), p.Name).Scan(&there, &valid, &definition)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	switch {
	case there && valid && strings.Replace(definition, " ON ONLY ", " ON ", 1) == p.Statement:
		return nil
	case there && valid:
		return ErrDifferent
	case there:
		if _, err := conn.Exec(ctx, "DROP INDEX "+p.schema+"."+pg.Ident(p.Name)); err != nil {
			return err
		}
	}
	_, err = conn.Exec(ctx, p.Statement)
	return err
}

// constraint adds a constraint unless it is there, and validates it. A foreign
// key is added without a look at the rows first, which takes the lock for a
// moment only.
func (p placed) constraint(ctx context.Context, conn *pgx.Conn) error {
	var valid, partitioned bool
	var definition string
	err := conn.QueryRow(ctx, `SELECT c.relkind = 'p', coalesce(k.convalidated, false), coalesce(pg_catalog.pg_get_constraintdef(k.oid), '')
		FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.conname = $2
		WHERE c.oid = $1::text::regclass`, p.ident(), p.Name).Scan(&partitioned, &valid, &definition)
	if err != nil {
		return err
	}
	statement, wanted := p.Statement, strings.TrimSuffix(definition, " NOT VALID")
	switch {
	case definition == "":
		if p.Kind == Foreign && !partitioned && !strings.HasSuffix(statement, " NOT VALID") {
			statement += " NOT VALID"
		}
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	case !strings.HasSuffix(strings.TrimSuffix(p.Statement, " NOT VALID"), " "+wanted):
		return ErrDifferent
	case valid:
		return nil
	}
	if p.Kind != Foreign || partitioned {
		return nil
	}
	_, err = conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s VALIDATE CONSTRAINT %s", p.ident(), pg.Ident(p.Name)))
	return err
}
