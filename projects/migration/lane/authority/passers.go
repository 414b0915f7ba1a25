package authority

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Passer is a way past the fence: somebody who writes to the replicated tables whatever
// is revoked there.
type Passer struct {
	// Where is a role, a function or a table of the engine, What how it passes.
	Where, What string
}

// String is the way on one line.
func (p Passer) String() string { return p.Where + " " + p.What }

// walkSQL walks the memberships of all roles. Whether a role inherits does not matter:
// who is a member can SET ROLE. A way is plain while it leads through none of the
// engine's roles, which are members of the tables' owners.
const walkSQL = `
WITH RECURSIVE walk(start, role, plain) AS (
  SELECT oid, oid, rolname NOT LIKE 'bgsync\_%' FROM pg_catalog.pg_roles
  UNION
  SELECT w.start, m.roleid, w.plain AND g.rolname NOT LIKE 'bgsync\_%'
  FROM walk w JOIN pg_catalog.pg_auth_members m ON m.member = w.role JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
), stands AS (
  SELECT c.relowner AS owner, x.grantee AS role
  FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) x
  WHERE c.oid = ANY ($1::text[]::pg_catalog.regclass[]::oid[]) AND x.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
  UNION
  SELECT c.relowner, x.grantee
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) x
  WHERE c.oid = ANY ($1::text[]::pg_catalog.regclass[]::oid[]) AND x.privilege_type IN ('INSERT', 'UPDATE')
  UNION
  SELECT c.relowner, r.oid
  FROM bgsync.writer_acl a JOIN pg_catalog.pg_roles r ON r.rolname = a.grantee JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(a.relation)
), reach AS (
  SELECT w.start, s.rolname AS name, s.rolcanlogin AS login,
    pg_catalog.bool_or(w.plain AND EXISTS (SELECT FROM stands x WHERE x.role = w.role AND x.role <> x.owner)) AS writer,
    EXISTS (SELECT FROM stands x WHERE x.role = w.start) AS stands,
    pg_catalog.bool_or(r.rolsuper) OR pg_catalog.bool_or(r.rolname = 'rds_superuser') AS administrator,
    pg_catalog.array_agg(DISTINCT r.rolname::text) AS roles, pg_catalog.bool_or(r.rolsuper) AS super
  FROM walk w JOIN pg_catalog.pg_roles s ON s.oid = w.start JOIN pg_catalog.pg_roles r ON r.oid = w.role
  WHERE s.rolname NOT LIKE 'bgsync\_%'
  GROUP BY w.start, s.rolname, s.rolcanlogin
)`

// passersSQL finds roles. Of those who write by a grant, none may have a power besides
// it; pg_write_all_data is a right to write by itself, whoever has it, but for an
// administrator.
const passersSQL = walkSQL + `
SELECT 'role ' || name, CASE power WHEN '' THEN 'is a superuser' ELSE 'is a member of ' || power END || ' and writes to the replicated tables'
FROM (
  SELECT name, '' AS power, writer OR stands AS passes FROM reach WHERE super
  UNION ALL SELECT name, power, CASE WHEN power = 'pg_write_all_data' THEN writer OR stands OR login AND NOT administrator
    WHEN power LIKE 'bgsync%' THEN writer ELSE writer OR stands END
  FROM reach CROSS JOIN pg_catalog.unnest(ARRAY['rds_superuser', 'rds_replication', 'pg_write_all_data', 'bgsync_owner', 'bgsync_apply', 'bgsync_ddl', 'bgsync_fence']) AS power
  WHERE power = ANY (roles)
) p WHERE passes
UNION ALL SELECT 'table bgsync.' || c.relname, 'is owned by ' || pg_catalog.pg_get_userbyid(c.relowner) || ', not by bgsync_owner'
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'bgsync' AND c.relkind = 'r' AND c.relowner <> (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = 'bgsync_owner')
ORDER BY 1, 2`

// definersSQL finds functions that act with the rights of an owner whom the fence does
// not hold, and that a writer may execute. One of an owner whose rights are revoked with
// the others' is refused at the table. A function that is not volatile writes nothing by
// itself; what it calls is not looked at.
const definersSQL = walkSQL + `
SELECT 'function ' || p.oid::pg_catalog.regprocedure, 'is SECURITY DEFINER of ' || o.name || ', whom no fence holds, and writers may execute it'
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN reach o ON o.start = p.proowner
WHERE p.prosecdef AND p.provolatile = 'v' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'bgsync')
  AND (o.administrator OR o.roles && ARRAY['pg_write_all_data', 'bgsync_owner', 'bgsync_apply', 'bgsync_ddl', 'bgsync_fence'])
  AND o.name <> 'rdsadmin' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
  AND EXISTS (SELECT FROM reach w WHERE w.writer AND pg_catalog.has_function_privilege(w.start, p.oid, 'EXECUTE') AND pg_catalog.has_schema_privilege(w.start, n.oid, 'USAGE'))
ORDER BY 1`

// Passers lists all ways past the fence of a database (preflight PF09), for the given
// tables by quoted names and for whoever is recorded to write. Owners and
// administrators who are no writers are none: they can undo any fence, and doing so is
// seen.
func Passers(ctx context.Context, conn rower, tables []string) ([]Passer, error) {
	found, err := passers(ctx, conn, passersSQL, tables)
	if err != nil {
		return nil, err
	}
	definers, err := passers(ctx, conn, definersSQL, tables)
	return append(found, definers...), err
}

// held makes sure that no role passes. Functions are not looked at: their owners and
// who may execute them cannot change while the schema is frozen.
func held(ctx context.Context, conn rower, tables []string) error {
	found, err := passers(ctx, conn, passersSQL, tables)
	if err != nil || len(found) == 0 {
		return err
	}
	return fmt.Errorf("%s, and %d more: %w", found[0], len(found)-1, ErrGrants)
}

// passers asks for one kind.
func passers(ctx context.Context, conn rower, sql string, tables []string) ([]Passer, error) {
	rows, err := conn.Query(ctx, sql, tables)
	if err != nil {
		return nil, pg.Wrap(err, "look for ways past the fence")
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Passer])
	return found, pg.Wrap(err, "look for ways past the fence")
}
