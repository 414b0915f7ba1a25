package bgsync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/deferred"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Publication is the name of the publication on each side.
const Publication = "bgsync_pub"

// control are the engine's own tables that a lane needs to see.
var control = []string{"authority", "lane", "chunk", "canary", "ddl_log"}

// Register writes the plan into both databases: the numbers of the tables, equal
// on both sides and kept for tables that have one; the publication; the grants.
// A table that differs between the sides is refused, with what differs. The
// target also gets the list of what the source's tables have besides their keys, and of
// which of it is there already.
// Both sessions come from pg.Connect, so that definitions are printed alike.
func Register(ctx context.Context, source, target *pgx.Conn, plan *Plan) ([]*relation.Table, error) {
	if err := plan.Validate(); err != nil {
		return nil, err
	}
	tables, err := compare(ctx, source, target, plan)
	if err != nil {
		return nil, err
	}
	if err := number(ctx, tables, source, target); err != nil {
		return nil, err
	}
	objects, err := deferred.Collect(ctx, source, tables)
	if err != nil {
		return nil, err
	}
	there, err := deferred.Standing(ctx, target, tables, objects)
	if err != nil {
		return nil, err
	}
	for _, side := range []struct {
		name string
		conn *pgx.Conn
	}{{"source", source}, {"target", target}} {
		err := pgx.BeginFunc(ctx, side.conn, func(tx pgx.Tx) error {
			if side.conn == target {
				if err := deferred.Keep(ctx, tx, objects, there); err != nil {
					return err
				}
			}
			return register(ctx, tx, plan, tables)
		})
		if err != nil {
			return nil, pg.Wrap(err, "register lane %s on the %s", plan.Lane, side.name)
		}
	}
	return tables, nil
}

// compare loads every table from both sides and joins all differences.
func compare(ctx context.Context, source, target *pgx.Conn, plan *Plan) ([]*relation.Table, error) {
	var tables []*relation.Table
	var problems []error
	for _, planned := range plan.ordered() {
		on, err := relation.Load(ctx, source, planned.Schema, planned.Name)
		if err != nil {
			problems = append(problems, fmt.Errorf("source: %w", err))
			continue
		}
		at, err := relation.Load(ctx, target, planned.Schema, planned.Name)
		if err != nil {
			problems = append(problems, fmt.Errorf("target: %w", err))
			continue
		}
		if on.Fingerprint() != at.Fingerprint() {
			problems = append(problems, fmt.Errorf("table %s differs between source and target: %s",
				on.FullName(), strings.Join(relation.Differences(on, at), "; ")))
		}
		tables = append(tables, on)
	}
	return tables, errors.Join(problems...)
}

// number gives every table a number that it has, or gets, on both sides.
func number(ctx context.Context, tables []*relation.Table, sides ...*pgx.Conn) error {
	known := map[string]int32{}
	for _, conn := range sides {
		found, err := numbers(ctx, conn)
		if err != nil {
			return err
		}
		for name, id := range found {
			if former, has := known[name]; has && former != id {
				return fmt.Errorf("table %s: has number %d on one side and %d on the other: clear bgsync.table_map on the side that holds no lane", name, former, id)
			}
			known[name] = id
		}
	}
	next := int32(1)
	for id := range maps.Values(known) {
		next = max(next, id+1)
	}
	for _, table := range tables {
		id, has := known[table.FullName()]
		if !has {
			id, next = next, next+1
		}
		table.ID = id
	}
	return nil
}

// numbers reads the numbers of one side.
func numbers(ctx context.Context, conn relation.Querier) (map[string]int32, error) {
	rows, err := conn.Query(ctx, `SELECT schema || '.' || name, table_id FROM bgsync.table_map`)
	if err != nil {
		return nil, pg.Wrap(err, "read bgsync.table_map")
	}
	found := map[string]int32{}
	var name string
	var id int32
	_, err = pgx.ForEachRow(rows, []any{&name, &id}, func() error {
		found[name] = id
		return nil
	})
	return found, pg.Wrap(err, "read bgsync.table_map")
}

const mapSQL = `
INSERT INTO bgsync.table_map (table_id, schema, name, class, key_cols, cols, u_cols, engine_order, binary_ok, fingerprint)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (table_id) DO UPDATE SET class = excluded.class, key_cols = excluded.key_cols, cols = excluded.cols,
  u_cols = excluded.u_cols, engine_order = excluded.engine_order, binary_ok = excluded.binary_ok, fingerprint = excluded.fingerprint`

// register writes the plan into one database.
func register(ctx context.Context, tx pgx.Tx, plan *Plan, tables []*relation.Table) error {
	planned := plan.ordered()
	for i, table := range tables {
		fingerprint := table.Fingerprint()
		uncarried := table.Toastable()
		if uncarried == nil {
			uncarried = []string{}
		}
		_, err := tx.Exec(ctx, mapSQL, table.ID, table.Schema, table.Name, string(planned[i].Class), table.KeyNames(),
			table.ColumnNames(), uncarried, table.EngineOrder(), table.BinaryOK(), fingerprint[:])
		if err != nil {
			return fmt.Errorf("map table %s: %w", table.FullName(), err)
		}
	}
	return write(ctx, tx, plan, tables)
}

// write writes all of the plan but the numbers and forms of its tables.
func write(ctx context.Context, tx pgx.Tx, plan *Plan, tables []*relation.Table) error {
	if err := exclude(ctx, tx, plan.Excluded); err != nil {
		return err
	}
	for _, statement := range slices.Concat(ownership(tables), publication(tables), grants(plan, tables), eventTriggers()) {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", first(statement), err)
		}
	}
	return nil
}

// exclude replaces what is left out on purpose.
func exclude(ctx context.Context, tx pgx.Tx, list []Exclusion) error {
	if _, err := tx.Exec(ctx, `DELETE FROM bgsync.excluded`); err != nil {
		return fmt.Errorf("clear bgsync.excluded: %w", err)
	}
	for _, e := range list {
		if _, err := tx.Exec(ctx, `INSERT INTO bgsync.excluded (schema, name, reason) VALUES ($1, $2, $3)`, e.Schema, e.Name, e.Reason); err != nil {
			return fmt.Errorf("exclude table %s.%s: %w", e.Schema, e.Name, err)
		}
	}
	return nil
}

// first are the first words of a statement, for errors.
func first(statement string) string {
	words := strings.Fields(statement)
	return strings.Join(words[:min(len(words), 4)], " ")
}

// ownership makes the roles that act as owners members of the tables' owners:
// the publication's owner, the builder and the fence.
func ownership(tables []*relation.Table) []string {
	quoted := make([]string, len(tables))
	for i, table := range tables {
		quoted[i] = pg.Literal(table.Ident()) + "::pg_catalog.regclass"
	}
	return []string{`DO $owners$
DECLARE
  member record;
BEGIN
  FOR member IN
    SELECT DISTINCT o.rolname AS owner, g.rolname AS engine
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles o ON o.oid = c.relowner
    CROSS JOIN pg_catalog.pg_roles g
    WHERE c.oid = ANY (ARRAY[` + strings.Join(quoted, ", ") + `]::oid[])
      AND g.rolname IN ('bgsync_owner', 'bgsync_ddl', 'bgsync_fence') AND NOT o.rolsuper
  LOOP
    EXECUTE pg_catalog.format('GRANT %I TO %I', member.owner, member.engine);
  END LOOP;
END
$owners$`}
}

// publication lists exactly the replicated tables and the control tables. The
// administrator makes it and gives it away, since bgsync_owner may not create in
// the database.
func publication(tables []*relation.Table) []string {
	var members []string
	for _, table := range tables {
		if table.Kind == "r" {
			members = append(members, table.Ident())
		}
	}
	for _, name := range control {
		members = append(members, pg.Ident("bgsync", name))
	}
	list := strings.Join(members, ", ")
	return []string{
		`DO $publication$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = 'bgsync_pub') THEN
    CREATE PUBLICATION bgsync_pub;
    ALTER PUBLICATION bgsync_pub OWNER TO bgsync_owner;
  END IF;
END $publication$`,
		`ALTER PUBLICATION bgsync_pub SET TABLE ` + list,
		`ALTER PUBLICATION bgsync_pub SET (publish = 'insert, update, delete, truncate', publish_via_partition_root = false)`,
	}
}

// grants gives the group roles what they need on the replicated tables.
func grants(plan *Plan, tables []*relation.Table) []string {
	list := make([]string, len(tables))
	for i, table := range tables {
		list[i] = table.Ident()
	}
	all := strings.Join(list, ", ")
	var schemas []string
	for _, schema := range plan.Schemas() {
		schemas = append(schemas, pg.Ident(schema))
	}
	return []string{
		`GRANT USAGE ON SCHEMA ` + strings.Join(schemas, ", ") + ` TO bgsync_reader, bgsync_apply, bgsync_ddl, bgsync_fence, bgsync_verify`,
		`GRANT SELECT ON ` + all + ` TO bgsync_reader, bgsync_verify`,
		`GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ` + all + ` TO bgsync_apply`,
		`GRANT UPDATE ON ` + all + ` TO bgsync_fence`,
	}
}

// eventTriggers write down DDL on replicated tables, and refuse DDL while the
// schema is frozen, in replica role too. A
// platform that refuses them leaves the check of Relation messages; preflight
// says so.
func eventTriggers() []string {
	return []string{`DO $triggers$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtname = 'bgsync_ddl_end') THEN
    CREATE EVENT TRIGGER bgsync_ddl_end ON ddl_command_end EXECUTE FUNCTION bgsync.log_ddl();
    CREATE EVENT TRIGGER bgsync_ddl_drop ON sql_drop EXECUTE FUNCTION bgsync.log_ddl();
    ALTER EVENT TRIGGER bgsync_ddl_end ENABLE ALWAYS;
    ALTER EVENT TRIGGER bgsync_ddl_drop ENABLE ALWAYS;
    CREATE EVENT TRIGGER bgsync_freeze_start ON ddl_command_start EXECUTE FUNCTION bgsync.refuse_ddl();
    CREATE EVENT TRIGGER bgsync_freeze_end ON ddl_command_end EXECUTE FUNCTION bgsync.refuse_ddl();
    CREATE EVENT TRIGGER bgsync_freeze_drop ON sql_drop EXECUTE FUNCTION bgsync.refuse_ddl();
    ALTER EVENT TRIGGER bgsync_freeze_start ENABLE ALWAYS;
    ALTER EVENT TRIGGER bgsync_freeze_end ENABLE ALWAYS;
    ALTER EVENT TRIGGER bgsync_freeze_drop ENABLE ALWAYS;
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'event triggers are not allowed here';
END $triggers$`}
}
