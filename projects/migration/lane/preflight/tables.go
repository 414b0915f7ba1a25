package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/projects/migration/lane/deferred"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// load reads the plan's tables from one side. Tables that are absent are left
// out; PF12 names them.
func (s *Subject) load(ctx context.Context, conn relation.Querier) ([]*relation.Table, error) {
	var list []*relation.Table
	for _, planned := range s.Plan.Tables {
		table, err := relation.Load(ctx, conn, planned.Schema, planned.Name)
		if err != nil && !errors.Is(err, relation.ErrNoKey) && !errors.Is(err, relation.ErrAbsent) {
			return nil, err
		}
		if table != nil {
			list = append(list, table)
		}
	}
	return list, nil
}

// tables wants every table on both sides with one fingerprint.
func tables(ctx context.Context, s *Subject) ([]Finding, error) {
	found := make([]map[string]*relation.Table, 2)
	var findings []Finding
	for i, side := range s.both() {
		list, err := s.load(ctx, side.conn)
		if err != nil {
			return nil, err
		}
		found[i] = map[string]*relation.Table{}
		for _, table := range list {
			found[i][table.FullName()] = table
		}
	}
	for _, planned := range s.Plan.Tables {
		on, at := found[0][planned.FullName()], found[1][planned.FullName()]
		switch {
		case on == nil:
			findings = append(findings, refuse("source table "+planned.FullName(), "a table", "does not exist"))
		case at == nil:
			findings = append(findings, refuse("target table "+planned.FullName(), "a table", "does not exist"))
		case on.Fingerprint() != at.Fingerprint():
			findings = append(findings, refuse("table "+planned.FullName(), "equal tables", "differs between source and target: %s", strings.Join(relation.Differences(on, at), "; ")))
		}
	}
	return findings, nil
}

// forgottenSQL finds the tables of the schemas $1 that are neither listed nor excluded,
// $2, nor a partition of one that is excluded, $3.
const forgottenSQL = `
SELECT 'table ' || n.nspname || '.' || c.relname, 'is neither listed nor excluded'
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'f', 'm')
  AND '"' || pg_catalog.replace(n.nspname, '"', '""') || '"."' || pg_catalog.replace(c.relname, '"', '""') || '"' <> ALL ($2)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) a JOIN pg_catalog.pg_class x ON x.oid = a.relid JOIN pg_catalog.pg_namespace m ON m.oid = x.relnamespace
    WHERE '"' || pg_catalog.replace(m.nspname, '"', '""') || '"."' || pg_catalog.replace(x.relname, '"', '""') || '"' = ANY ($3))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')`

// forgotten wants every table of the plan's schemas to be listed or excluded, before a
// switch by what is written down on both sides as well, which is what its gates ask for.
// A lane that runs is only warned: what it carries is as right as before.
func forgotten(ctx context.Context, s *Subject) ([]Finding, error) {
	excluded := []string{} // not nil: NULL would match nothing
	for _, e := range s.Plan.Excluded {
		excluded = append(excluded, pg.Ident(e.Schema, e.Name))
	}
	var findings []Finding
	for _, side := range s.both() {
		more, err := ask(ctx, side.conn, side.name, forgottenSQL, "one of both, the latter with a reason", s.Plan.Schemas(), append(s.names(), excluded...), excluded)
		if err != nil {
			return nil, err
		}
		if s.phase == Switch && len(more) == 0 {
			more, err = ask(ctx, side.conn, side.name, `SELECT 'table ' || name, 'is excluded by the plan and not in bgsync.excluded' FROM bgsync.unplanned() AS name`,
				"the plan as it is written down on both sides: migrate:preflight does it")
			if err != nil && pg.Classify(err) == pg.Schema { // another version, which PF03 tells
				more, err = nil, nil
			}
		}
		if err != nil {
			return nil, err
		}
		findings = append(findings, more...)
	}
	if s.phase == Start {
		for i := range findings {
			findings[i].Status = Warn
		}
	}
	return findings, nil
}

// keys wants a key by which rows can be addressed on either side.
func keys(ctx context.Context, s *Subject) ([]Finding, error) {
	list, err := s.load(ctx, s.Source)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, table := range list {
		where := "table " + table.FullName()
		if table.Key == nil {
			findings = append(findings, refuse(where, "a primary key that is not deferrable, or REPLICA IDENTITY USING INDEX on a unique index of NOT NULL columns",
				"its rows cannot be told apart"))
		}
		for at, column := range table.Columns {
			switch {
			case table.IsKey(at) && !column.KeyOperator:
				findings = append(findings, refuse(where, "a type of PostgreSQL itself, an enum, a domain or a range", "key column %s has type %s, whose equality is found by a search path only", column.Name, column.Type))
			case column.Always && !table.IsKey(at):
				findings = append(findings, refuse(where, "GENERATED BY DEFAULT: a column that only the server sets cannot be updated on the target", "column %s outside of the key is GENERATED ALWAYS AS IDENTITY", column.Name))
			}
		}
	}
	return findings, nil
}

// obstacles wants none of the objects with which rows would be lost, doubled or
// changed on their way.
func obstacles(ctx context.Context, s *Subject) ([]Finding, error) {
	harmless := []string{} // not nil: NULL would match everything
	for _, table := range s.Plan.Tables {
		for _, column := range table.HarmlessOIDs {
			harmless = append(harmless, table.FullName()+"."+column)
		}
	}
	var findings []Finding
	for _, side := range s.both() {
		more, err := ask(ctx, side.conn, side.name, obstaclesSQL, "none: see the objects' rules in docs/sync.md", s.names(), harmless)
		if err != nil {
			return nil, err
		}
		findings = append(findings, more...)
	}
	return findings, nil
}

const obstaclesSQL = `
WITH listed AS (SELECT c.*, n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1::text[]::regclass[]))
SELECT 'table ' || oid::regclass, 'is unlogged or temporary' FROM listed WHERE relpersistence <> 'p'
UNION ALL SELECT 'table ' || oid::regclass, 'has row security' FROM listed WHERE relrowsecurity
UNION ALL SELECT 'table ' || l.oid::regclass, 'has the rule ' || r.rulename FROM listed l JOIN pg_catalog.pg_rewrite r ON r.ev_class = l.oid
UNION ALL SELECT 'table ' || l.oid::regclass, 'has the trigger ' || t.tgname || ' that fires in replica role too'
  FROM listed l JOIN pg_catalog.pg_trigger t ON t.tgrelid = l.oid WHERE t.tgenabled IN ('A', 'R') AND NOT t.tgisinternal
UNION ALL SELECT 'table ' || l.oid::regclass, 'has column ' || a.attname || ' of type ' || pg_catalog.format_type(a.atttypid, -1)
  FROM listed l JOIN pg_catalog.pg_attribute a ON a.attrelid = l.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace AND n.nspname = 'pg_catalog'
  WHERE t.typname LIKE 'reg%' OR (t.typname = 'oid' AND NOT (l.nspname || '.' || l.relname || '.' || a.attname = ANY ($2::text[])))
UNION ALL SELECT 'table ' || oid::regclass, 'has replica identity NOTHING' FROM listed WHERE relreplident = 'n' AND relkind = 'r'
UNION ALL SELECT 'table ' || p.inhparent::regclass, 'has the partition ' || p.inhrelid::regclass || ' that is not listed'
  FROM pg_catalog.pg_inherits p JOIN listed l ON l.oid = p.inhparent WHERE p.inhrelid NOT IN (SELECT oid FROM listed)
UNION ALL SELECT 'database', 'has ' || count(*) || ' large objects' FROM pg_catalog.pg_largeobject_metadata HAVING count(*) > 0`

// bare wants a target that has keys only, and no rows; before a switch it wants one
// that lacks nothing.
func bare(ctx context.Context, s *Subject) ([]Finding, error) {
	if s.phase == Switch {
		return complete(ctx, s)
	}
	list, err := s.load(ctx, s.Target)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	objects, err := deferred.Collect(ctx, s.Target, list)
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		findings = append(findings, refuse("target", "none before the load: it is built when the lane is consistent", "has the %s %s", object.Kind, object.Name))
	}
	for _, table := range list {
		var filled bool
		if err := s.Target.QueryRow(ctx, "SELECT EXISTS (SELECT FROM ONLY "+table.Ident()+")").Scan(&filled); err != nil {
			return nil, fmt.Errorf("look into table %s: %w", table.FullName(), err)
		}
		if filled {
			findings = append(findings, refuse("target table "+table.FullName(), "an empty table", "has rows"))
		}
	}
	return findings, nil
}

// largest is the size in bytes over which a row is a poison row.
const largest = 64 << 20

// headroom are the connections that must be left beside the loaders.
const headroom = 10

// fit wants rows that a message can carry, by the planner's statistics, and
// connections for all loaders.
func fit(ctx context.Context, s *Subject) ([]Finding, error) {
	findings, err := ask(ctx, s.Source, "source", `
		SELECT 'table ' || schemaname || '.' || tablename, 'has rows of ' || width || ' bytes on the average'
		FROM (SELECT schemaname, tablename, sum(avg_width) AS width FROM pg_catalog.pg_stats GROUP BY 1, 2) w
		WHERE schemaname = ANY ($1) AND width > $2`, "no more than 64 MiB", s.Plan.Schemas(), largest)
	if err != nil {
		return nil, err
	}
	for _, side := range s.both() {
		more, err := ask(ctx, side.conn, side.name, `
			SELECT 'setting max_connections', free || ' connections are free' FROM (
			  SELECT pg_catalog.current_setting('max_connections')::int - (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend') AS free) f
			WHERE free < $1`, fmt.Sprintf("%d, for %d loaders and %d others", s.Workers+headroom, s.Workers, headroom), s.Workers+headroom)
		if err != nil {
			return nil, err
		}
		findings = append(findings, more...)
	}
	return slices.Clip(findings), nil
}
