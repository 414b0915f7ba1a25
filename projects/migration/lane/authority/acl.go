package authority

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Public stands for all roles in bgsync.writer_acl.
const Public = "PUBLIC"

// Grant is a right to write: what the fence takes away and a promotion or a
// release gives. Owners and PUBLIC are among the grantees.
type Grant struct {
	// Relation is the quoted name of a table or sequence, Sequence which of them.
	Relation string
	Sequence bool
	Grantee  string
	// Privilege is INSERT, UPDATE, DELETE or TRUNCATE; of a sequence USAGE or UPDATE.
	Privilege string
	// Columns are those that the right is limited to; nil is the whole table.
	Columns []string
}

// ACL is who may write to the replicated tables of one database.
type ACL struct {
	// Tables are the quoted names of all replicated tables in the order of their
	// numbers, Sequences those of the sequences that feed them.
	Tables, Sequences []string
	Grants            []Grant
}

const tablesSQL = `SELECT coalesce(pg_catalog.array_agg(pg_catalog.format('%I.%I', schema, name) ORDER BY table_id), '{}') FROM bgsync.table_map`

// LoadACL reads the list of writers of a database.
func LoadACL(ctx context.Context, conn querier) (ACL, error) {
	var a ACL
	if err := conn.QueryRow(ctx, tablesSQL).Scan(&a.Tables); err != nil {
		return a, pg.Wrap(err, "read bgsync.table_map")
	}
	err := conn.QueryRow(ctx, `SELECT coalesce(pg_catalog.array_agg(relation ORDER BY relation), '{}') FROM bgsync.sequence_map`).Scan(&a.Sequences)
	if err != nil {
		return a, pg.Wrap(err, "read bgsync.sequence_map")
	}
	var relations, grantees, privileges, columns []string
	err = conn.QueryRow(ctx, `SELECT coalesce(pg_catalog.array_agg(relation ORDER BY o), '{}'), coalesce(pg_catalog.array_agg(grantee ORDER BY o), '{}'),
		  coalesce(pg_catalog.array_agg(privilege ORDER BY o), '{}'), coalesce(pg_catalog.array_agg(coalesce(columns::text, '') ORDER BY o), '{}')
		FROM (SELECT *, pg_catalog.row_number() OVER (ORDER BY relation, grantee, privilege) AS o FROM bgsync.writer_acl) w`).
		Scan(&relations, &grantees, &privileges, &columns)
	if err != nil {
		return a, pg.Wrap(err, "read bgsync.writer_acl")
	}
	if len(a.Tables) == 0 || len(relations) == 0 {
		return a, fmt.Errorf("bgsync.table_map or bgsync.writer_acl is empty: register the plan and record the writers first")
	}
	for i := range relations {
		g := Grant{Relation: relations[i], Grantee: grantees[i], Privilege: privileges[i], Sequence: slices.Contains(a.Sequences, relations[i])}
		if columns[i] != "" {
			if err := conn.QueryRow(ctx, `SELECT $1::text::text[]`, columns[i]).Scan(&g.Columns); err != nil {
				return a, pg.Wrap(err, "read the columns of %s", g.Relation)
			}
		}
		a.Grants = append(a.Grants, g)
	}
	return a, nil
}

// Grant gives the writers their rights.
func (a ACL) Grant(ctx context.Context, tx pgx.Tx) error { return a.all(ctx, tx, "GRANT", "TO") }

// Revoke takes them away.
func (a ACL) Revoke(ctx context.Context, tx pgx.Tx) error { return a.all(ctx, tx, "REVOKE", "FROM") }

// all runs one statement for each kind of right and grantee, in one round trip.
func (a ACL) all(ctx context.Context, tx pgx.Tx, verb, preposition string) error {
	_, err := tx.Exec(ctx, strings.Join(a.statements(verb, preposition), "; "))
	return pg.Wrap(err, "%s the writers' rights", verb)
}

// statements folds the rights that differ in their relation only.
func (a ACL) statements(verb, preposition string) []string {
	relations, order := map[string][]string{}, []string{}
	for _, g := range a.Grants {
		right, kind, grantee := g.Privilege, "TABLE", Public
		if g.Sequence {
			kind = "SEQUENCE"
		}
		if g.Columns != nil {
			quoted := make([]string, len(g.Columns))
			for i, column := range g.Columns {
				quoted[i] = pg.Ident(column)
			}
			right += " (" + strings.Join(quoted, ", ") + ")"
		}
		if g.Grantee != Public {
			grantee = pg.Ident(g.Grantee)
		}
		key := verb + " " + right + " ON " + kind + " \x00 " + preposition + " " + grantee
		if relations[key] == nil {
			order = append(order, key)
		}
		relations[key] = append(relations[key], g.Relation)
	}
	statements := make([]string, len(order))
	for i, key := range order {
		statements[i] = strings.Replace(key, "\x00", strings.Join(relations[key], ", "), 1)
	}
	return statements
}

// engine are the group roles whose own rights to write stay.
const engine = `('bgsync_apply', 'bgsync_fence')`

// actualSQL lists every right to write that stands in the catalogs, for the
// replicated tables $1 and the sequences $2: of owners, of PUBLIC and of single
// columns too.
const actualSQL = `
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS relation, c.relkind = 'S' AS sequence, g.grantee, g.privilege, g.columns, g.foreign_grantor, g.grantable
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT coalesce(r.rolname, 'PUBLIC') AS grantee, x.privilege_type AS privilege, NULL::text[] AS columns,
         x.grantor <> c.relowner AS foreign_grantor, x.is_grantable AND x.grantee <> c.relowner AS grantable
  FROM pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) x
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = x.grantee
  WHERE x.privilege_type = ANY (CASE c.relkind WHEN 'S' THEN ARRAY['USAGE', 'UPDATE'] ELSE ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'] END)
  UNION ALL
  SELECT coalesce(r.rolname, 'PUBLIC'), x.privilege_type, pg_catalog.array_agg(a.attname::text ORDER BY a.attname),
         pg_catalog.bool_or(x.grantor <> c.relowner), pg_catalog.bool_or(x.is_grantable AND x.grantee <> c.relowner)
  FROM pg_catalog.pg_attribute a CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) x LEFT JOIN pg_catalog.pg_roles r ON r.oid = x.grantee
  WHERE a.attrelid = c.oid AND NOT a.attisdropped AND x.privilege_type IN ('INSERT', 'UPDATE')
  GROUP BY 1, 2
) g
WHERE c.oid = ANY ($1::text[]::pg_catalog.regclass[]::oid[] || $2::text[]::pg_catalog.regclass[]::oid[]) AND g.grantee NOT IN ` + engine + `
ORDER BY 1, 3, 4, g.columns NULLS FIRST`

// actual reads the rights that stand in the catalogs.
func (a ACL) actual(ctx context.Context, conn rower) (grants []Grant, problems []string, err error) {
	rows, err := conn.Query(ctx, actualSQL, a.Tables, a.Sequences)
	if err != nil {
		return nil, nil, pg.Wrap(err, "read the grants")
	}
	var g Grant
	var foreign, grantable bool
	_, err = pgx.ForEachRow(rows, []any{&g.Relation, &g.Sequence, &g.Grantee, &g.Privilege, &g.Columns, &foreign, &grantable}, func() error {
		if foreign {
			problems = append(problems, fmt.Sprintf("%s on %s of %s was not granted by the owner", g.Privilege, g.Relation, g.Grantee))
		}
		if grantable {
			problems = append(problems, fmt.Sprintf("%s on %s may be passed on by %s", g.Privilege, g.Relation, g.Grantee))
		}
		grants = append(grants, g)
		return nil
	})
	return grants, problems, pg.Wrap(err, "read the grants")
}

// rower is a session or a transaction.
type rower interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// closed makes sure that nobody but the engine may write.
func (a ACL) closed(ctx context.Context, conn rower) error {
	grants, _, err := a.actual(ctx, conn)
	if err != nil {
		return err
	}
	if len(grants) > 0 {
		g := grants[0]
		return fmt.Errorf("%s on %s of %s, and %d more: %w", g.Privilege, g.Relation, g.Grantee, len(grants)-1, ErrGrants)
	}
	return nil
}

// Compare tells how the rights in the catalogs differ from the list of writers:
// all of it where the side is writable, nothing where it is not (preflight PF10).
func (a ACL) Compare(ctx context.Context, conn *pgx.Conn, writable bool) ([]string, error) {
	actual, problems, err := a.actual(ctx, conn)
	if err != nil {
		return nil, err
	}
	var wanted []Grant
	if writable {
		wanted = a.Grants
	}
	for _, g := range actual {
		if !slices.ContainsFunc(wanted, g.same) && !(g.Columns != nil && slices.ContainsFunc(wanted, g.whole)) {
			problems = append(problems, fmt.Sprintf("%s may %s %s and is not in bgsync.writer_acl for this side", g.Grantee, g.Privilege, g.Relation))
		}
	}
	for _, g := range wanted {
		if !slices.ContainsFunc(actual, g.same) {
			problems = append(problems, fmt.Sprintf("%s may not %s %s, against bgsync.writer_acl", g.Grantee, g.Privilege, g.Relation))
		}
	}
	return problems, nil
}

// Review tells what is wrong with the rights to write on a side (preflight PF10). Once
// the writers are recorded it is Compare; before that, what Record would refuse:
// rights on the given tables, as quoted names, that a fence would miss.
func Review(ctx context.Context, conn *pgx.Conn, tables []string) ([]string, error) {
	var recorded, writable bool
	err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM bgsync.writer_acl), (SELECT writable FROM bgsync.authority)`).Scan(&recorded, &writable)
	if err != nil {
		return nil, pg.Wrap(err, "read bgsync.writer_acl")
	}
	if !recorded {
		_, problems, err := ACL{Tables: tables, Sequences: []string{}}.actual(ctx, conn)
		return problems, err
	}
	acl, err := LoadACL(ctx, conn)
	if err != nil {
		return nil, err
	}
	return acl.Compare(ctx, conn, writable)
}

// same tells whether two grants are one.
func (g Grant) same(other Grant) bool {
	return g.Relation == other.Relation && g.Grantee == other.Grantee && g.Privilege == other.Privilege && slices.Equal(g.Columns, other.Columns)
}

// whole tells whether other is the right on the whole table.
func (g Grant) whole(other Grant) bool {
	g.Columns = nil
	return other.Columns == nil && g.same(other)
}
