package preflight

import (
	"context"
	"fmt"
)

// pathlessSQL finds the functions that tables call by themselves: in generated columns,
// constraints of theirs or of a domain, and indexes. One that is compiled, whose body was
// parsed when it was made, or that sets its search path, finds what it calls.
const pathlessSQL = `
WITH listed AS (SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::text[]::regclass[])),
uses(relation, what, classid, objid) AS (
  SELECT l.oid, 'generated column ' || a.attname, 'pg_catalog.pg_attrdef'::regclass, d.oid
    FROM listed l JOIN pg_catalog.pg_attribute a ON a.attrelid = l.oid AND a.attgenerated <> '' AND NOT a.attisdropped
    JOIN pg_catalog.pg_attrdef d ON d.adrelid = l.oid AND d.adnum = a.attnum
  UNION ALL SELECT l.oid, 'constraint ' || k.conname, 'pg_catalog.pg_constraint'::regclass, k.oid FROM listed l JOIN pg_catalog.pg_constraint k ON k.conrelid = l.oid AND k.contype = 'c'
  UNION ALL SELECT l.oid, 'index ' || x.relname, 'pg_catalog.pg_class'::regclass, x.oid
    FROM listed l JOIN pg_catalog.pg_index i ON i.indrelid = l.oid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
  UNION ALL SELECT l.oid, 'domain of column ' || a.attname, 'pg_catalog.pg_constraint'::regclass, k.oid
    FROM listed l JOIN pg_catalog.pg_attribute a ON a.attrelid = l.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_catalog.pg_constraint k ON k.contypid = a.atttypid
)
SELECT DISTINCT 'table ' || u.relation::regclass, u.what || ' calls function ' || p.oid::regprocedure || ', which finds what it calls by the search path of its caller'
FROM uses u JOIN pg_catalog.pg_depend d ON d.classid = u.classid AND d.objid = u.objid AND d.refclassid = 'pg_catalog.pg_proc'::regclass
JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid JOIN pg_catalog.pg_language g ON g.oid = p.prolang
WHERE g.lanname NOT IN ('internal', 'c') AND p.prosqlbody IS NULL
  AND NOT EXISTS (SELECT FROM unnest(p.proconfig) setting WHERE setting LIKE 'search\_path=%')
ORDER BY 1, 2`

// pathless warns of functions that a table calls and that may not find what they call
// when the engine writes a row: its sessions have no search path. One that calls what is
// PostgreSQL's own, or names schemas, does; nobody can tell from outside.
func pathless(ctx context.Context, s *Subject) ([]Finding, error) {
	var findings []Finding
	for _, side := range s.both() {
		more, err := ask(ctx, side.conn, side.name, pathlessSQL, "names with schemas in its body, or ALTER FUNCTION … SET search_path on both sides: the engine's sessions have none", s.names())
		if err != nil {
			return nil, fmt.Errorf("functions of tables: %w", err)
		}
		findings = append(findings, more...)
	}
	for i := range findings {
		findings[i].Status = Warn
	}
	return findings, nil
}
