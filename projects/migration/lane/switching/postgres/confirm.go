package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/sequence"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
)

// Confirm checks after a switch what must hold, in both directions alike: who is
// writable, in the row, in the grants and by trying; lanes; canaries; sequences.
func (d *Databases) Confirm(ctx context.Context, t switching.Try) []switching.Gate {
	var gates []switching.Gate
	for _, side := range []naming.Color{t.To, t.From} {
		gates = append(gates, d.authority(ctx, side, t.Epoch+1, side == t.To), d.grants(ctx, side, side == t.To),
			d.probe(ctx, side, side == t.To), d.lanesRun(ctx, side), d.nothingOpen(ctx, side))
	}
	return append(gates, d.canary(ctx, t.To, t.From, d.Limits.Confirm), d.canary(ctx, t.From, t.To, d.Limits.Back), d.ahead(ctx, t))
}

// authority checks the row of a side.
func (d *Databases) authority(ctx context.Context, side naming.Color, epoch int64, writable bool) switching.Gate {
	name := "authority-" + string(side)
	row, err := d.Truth(ctx, side)
	if err != nil {
		return switching.Unanswered(name, err)
	}
	return switching.Held(name, row.Epoch == epoch && row.Writable == writable && row.Attempt == "",
		"epoch %d, writable %t, attempt %q; expected %d, %t and none", row.Epoch, row.Writable, row.Attempt, epoch, writable)
}

// ahead checks that no sequence of the new side can return what the old one has.
func (d *Databases) ahead(ctx context.Context, t switching.Try) switching.Gate {
	const name = "sequences"
	states := map[naming.Color][]sequence.State{}
	for _, side := range []naming.Color{t.From, t.To} {
		err := d.on(ctx, side, func(conn *pgx.Conn) (err error) {
			states[side], err = sequence.Read(ctx, conn)
			return err
		})
		if err != nil {
			return switching.Unanswered(name, err)
		}
	}
	before, after := states[t.From], states[t.To]
	if len(before) != len(after) {
		return switching.Held(name, false, "%d and %d sequences, expected as many", len(before), len(after))
	}
	for i := range before {
		if !after[i].Beyond(before[i]) {
			return switching.Held(name, false, "%s stands at %d, expected beyond %d", after[i].Relation, after[i].Last, before[i].Last)
		}
	}
	return switching.Held(name, true, "%d sequences beyond the other side's", len(after))
}

const probesSQL = `
SELECT DISTINCT ON (w.relation) w.relation, w.privilege, coalesce(w.columns[1],
         (SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = w.relation::pg_catalog.regclass AND a.attnum > 0
            AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a' ORDER BY a.attnum LIMIT 1))
FROM bgsync.writer_acl w JOIN bgsync.table_map m ON w.relation = pg_catalog.format('%I.%I', m.schema, m.name)
WHERE w.privilege IN ('DELETE', 'UPDATE') AND (w.grantee = 'PUBLIC' OR pg_catalog.pg_has_role($1, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = w.grantee), 'USAGE'))
ORDER BY w.relation, w.privilege`

// probe tries to write with a writer's own login: statements that name no row, so
// that only the right is asked for, in a transaction that is undone.
func (d *Databases) probe(ctx context.Context, side naming.Color, allowed bool) switching.Gate {
	name := "probe-" + string(side)
	conn, err := pg.Connect(ctx, d.Sides[side].Probe, pg.Identity{Role: pg.Operator, Lane: string(side), Invocation: "probe"})
	if err != nil {
		return switching.Unanswered(name, err)
	}
	defer pg.Close(conn)
	statements, err := d.probes(ctx, side, conn)
	if err != nil {
		return switching.Unanswered(name, err)
	}
	for _, statement := range statements {
		err := try(ctx, conn, statement)
		refused := err != nil && pg.Classify(err) == pg.Permission
		switch {
		case err != nil && !refused:
			return switching.Unanswered(name, pg.Reduce(err))
		case refused == allowed:
			return switching.Held(name, false, "%s: refused %t, expected %t", statement, refused, !allowed)
		}
	}
	return switching.Held(name, len(statements) > 0, "%d tables tried, expected 1 or more", len(statements))
}

// probes are the statements, by what the list of writers lets the login do.
func (d *Databases) probes(ctx context.Context, side naming.Color, as *pgx.Conn) (statements []string, err error) {
	var login string
	if err := as.QueryRow(ctx, `SELECT session_user::text`).Scan(&login); err != nil {
		return nil, pg.Wrap(err, "ask for the probe's name")
	}
	err = d.on(ctx, side, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, probesSQL, login)
		if err != nil {
			return err
		}
		var relation, privilege, column string
		_, err = pgx.ForEachRow(rows, []any{&relation, &privilege, &column}, func() error {
			statement := `DELETE FROM ONLY ` + relation + ` WHERE false`
			if privilege == "UPDATE" {
				statement = fmt.Sprintf(`UPDATE ONLY %s SET %s = DEFAULT WHERE false`, relation, pg.Ident(column))
			}
			statements = append(statements, statement)
			return nil
		})
		return err
	})
	return statements, err
}

// try runs a statement and undoes it.
func try(ctx context.Context, conn *pgx.Conn, statement string) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, statement)
	if back := tx.Rollback(ctx); err == nil {
		err = back
	}
	return err
}
