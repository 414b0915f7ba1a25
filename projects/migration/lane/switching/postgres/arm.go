package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
)

// Arm freezes the schema on both sides, keeps autovacuum off the old side's
// tables, sets the new side's sequences ahead, and begins to record the keys that
// change.
func (d *Databases) Arm(ctx context.Context, t switching.Try) error {
	for _, side := range []naming.Color{t.From, t.To} {
		err := t.Do("switch.1.freeze_"+string(side), func() error {
			return d.on(ctx, side, func(conn *pgx.Conn) error {
				_, err := conn.Exec(ctx, `INSERT INTO bgsync.ddl_freeze DEFAULT VALUES ON CONFLICT DO NOTHING`)
				return pg.Wrap(err, "freeze the schema")
			})
		})
		if err != nil {
			return err
		}
	}
	err := t.Do("switch.1.autovacuum", func() error {
		return d.on(ctx, t.From, func(conn *pgx.Conn) error { return calm(ctx, conn) })
	})
	if err != nil {
		return err
	}
	err = t.Do("switch.1.sequences", func() error {
		_, err := d.sequences(ctx, t)
		return err
	})
	if err != nil {
		return err
	}
	return t.Do("switch.1.tail", func() error { return d.Compare.ArmTail(ctx, t.To) })
}

// Disarm undoes all of it but the sequences, which never go back. Of a side that is given
// up nothing is undone, nor of the lanes from there, which have ended.
func (d *Databases) Disarm(ctx context.Context, t switching.Try) error {
	if t.Alone != "" {
		return d.free(ctx, t.Alone)
	}
	if err := d.Compare.DisarmTail(ctx, t.To); err != nil {
		return err
	}
	row, err := d.Truth(ctx, t.To)
	if err != nil {
		return err
	}
	if row.Epoch == t.Epoch { // the switch came to nothing
		if err := d.Compare.ClearBase(ctx, t.From); err != nil {
			return err
		}
	}
	for _, side := range []naming.Color{t.From, t.To} {
		if err := d.free(ctx, side); err != nil {
			return err
		}
	}
	return nil
}

// free sets autovacuum of a side back and lets its schema be changed again.
func (d *Databases) free(ctx context.Context, side naming.Color) error {
	return d.on(ctx, side, func(conn *pgx.Conn) error {
		if err := uncalm(ctx, conn); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, `DELETE FROM bgsync.ddl_freeze`)
		return pg.Wrap(err, "thaw the schema")
	})
}

// Armed is how long ago the old side was armed, by its own clock.
func (d *Databases) Armed(ctx context.Context, t switching.Try) (age time.Duration, err error) {
	var seconds float64
	err = d.on(ctx, t.From, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT coalesce((SELECT extract(epoch FROM pg_catalog.clock_timestamp() - since) FROM bgsync.ddl_freeze), 0)::float8`).Scan(&seconds)
	})
	return time.Duration(seconds * float64(time.Second)), err
}

const unquietSQL = `
SELECT pg_catalog.format('%I.%I', m.schema, m.name), (SELECT option_value FROM pg_catalog.pg_options_to_table(c.reloptions) WHERE option_name = 'autovacuum_enabled')
FROM bgsync.table_map m JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.format('%I.%I', m.schema, m.name)::pg_catalog.regclass
WHERE c.relkind = 'r' AND NOT EXISTS (SELECT FROM bgsync.arming a WHERE a.relation = pg_catalog.format('%I.%I', m.schema, m.name)) ORDER BY m.table_id`

// calm turns autovacuum off for each table, and notes what was set before in the
// same transaction. A running autovacuum gives way to this request for a lock; to
// the fence's it would not in time.
func calm(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, unquietSQL)
	if err != nil {
		return pg.Wrap(err, "read the storage parameters")
	}
	type table struct {
		Name   string
		Former *string
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
	if err != nil {
		return pg.Wrap(err, "read the storage parameters")
	}
	for _, table := range tables {
		err := alter(ctx, conn, `ALTER TABLE `+table.Name+` SET (autovacuum_enabled = off)`,
			`INSERT INTO bgsync.arming (relation, former) VALUES ($1, $2)`, table.Name, table.Former)
		if err != nil {
			return pg.Wrap(err, "turn autovacuum off for %s", table.Name)
		}
	}
	return nil
}

// uncalm sets back what calm has noted.
func uncalm(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `SELECT relation, former FROM bgsync.arming ORDER BY relation`)
	if err != nil {
		return pg.Wrap(err, "read bgsync.arming")
	}
	type note struct {
		Relation string
		Former   *string
	}
	notes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[note])
	if err != nil {
		return pg.Wrap(err, "read bgsync.arming")
	}
	for _, n := range notes {
		statement := `ALTER TABLE ` + n.Relation + ` RESET (autovacuum_enabled)`
		if n.Former != nil {
			statement = `ALTER TABLE ` + n.Relation + ` SET (autovacuum_enabled = ` + pg.Literal(*n.Former) + `)`
		}
		if err := alter(ctx, conn, statement, `DELETE FROM bgsync.arming WHERE relation = $1`, n.Relation); err != nil {
			return pg.Wrap(err, "set autovacuum of %s back", n.Relation)
		}
	}
	return nil
}

// alter changes a table and the note about it in one transaction.
func alter(ctx context.Context, conn *pgx.Conn, change, note string, args ...any) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10s'`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, note, args...); err != nil {
			return fmt.Errorf("note: %w", err)
		}
		_, err := tx.Exec(ctx, change)
		return err
	})
}
