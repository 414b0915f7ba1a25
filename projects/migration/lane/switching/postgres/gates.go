package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
)

// Evaluate asks both databases for what must hold before writers are kept out.
func (d *Databases) Evaluate(ctx context.Context, t switching.Try) []switching.Gate {
	var gates []switching.Gate
	for _, side := range []naming.Color{t.From, t.To} {
		gates = append(gates, d.lanesRun(ctx, side), d.nothingOpen(ctx, side), d.grants(ctx, side, side == t.From), d.frozen(ctx, side), d.unchanging(ctx, side), d.published(ctx, side), d.planned(ctx, side))
	}
	gates = append(gates, d.unhindered(ctx, t.From), d.canary(ctx, t.From, t.To, d.Limits.Forward), d.canary(ctx, t.To, t.From, d.Limits.Back))
	return append(gates, d.Compare.Evaluate(ctx, t.To)...)
}

// ask makes a gate of a query that answers whether it holds, and in figures what
// was found.
func (d *Databases) ask(ctx context.Context, name string, side naming.Color, expect, sql string, args ...any) switching.Gate {
	name += "-" + string(side)
	var holds bool
	var found string
	err := d.on(ctx, side, func(conn *pgx.Conn) error { return conn.QueryRow(ctx, sql, args...).Scan(&holds, &found) })
	if err != nil {
		return switching.Unanswered(name, err)
	}
	return switching.Held(name, holds, "%s; expected %s", found, expect)
}

// lanesRun asks for the lanes that end on a side.
func (d *Databases) lanesRun(ctx context.Context, side naming.Color) switching.Gate {
	return d.ask(ctx, "lanes", side, "at least one lane, all running and whole", `
		SELECT count(*) > 0 AND coalesce(pg_catalog.bool_and(state = 'running' AND part_lsn IS NULL), false),
		       coalesce(pg_catalog.string_agg(lane || ' ' || state || coalesce(' ' || halt_code, '') || CASE WHEN part_lsn IS NULL THEN '' ELSE ' torn' END, ', '), 'none')
		FROM bgsync.lane WHERE state <> 'retired'`)
}

func (d *Databases) nothingOpen(ctx context.Context, side naming.Color) switching.Gate {
	return d.ask(ctx, "decisions", side, "0 of each", `
		SELECT c + q + r = 0, pg_catalog.format('%s conflicts, %s quarantined, %s repairs', c, q, r) FROM
		(SELECT (SELECT count(*) FROM bgsync.conflict WHERE state = 'open') AS c, (SELECT count(*) FROM bgsync.quarantine WHERE state = 'open') AS q,
		        (SELECT count(*) FROM bgsync.repair) AS r) n`)
}

func (d *Databases) frozen(ctx context.Context, side naming.Color) switching.Gate {
	return d.ask(ctx, "ddl-freeze", side, "a frozen schema", `
		SELECT EXISTS (SELECT FROM bgsync.ddl_freeze), CASE WHEN EXISTS (SELECT FROM bgsync.ddl_freeze) THEN 'frozen' ELSE 'not frozen' END`)
}

// unchanging asks for changes of the schema that one side may have without the
// other. None can begin: the schema is frozen by now.
func (d *Databases) unchanging(ctx context.Context, side naming.Color) switching.Gate {
	return d.ask(ctx, "schema-change", side, "no planned change that is not done", `
		SELECT count(*) = 0, coalesce(pg_catalog.string_agg('change ' || id, ', '), 'none') FROM bgsync.schema_change WHERE state = 'planned'`)
}

// published asks for what a side's publication leaves out of the lane from there:
// writes that are in no stream mark no bucket and are in no tail.
func (d *Databases) published(ctx context.Context, side naming.Color) switching.Gate {
	return d.ask(ctx, "publication", side, "all replicated tables and all changes of them", `
		SELECT count(*) = 0, coalesce(pg_catalog.string_agg(fault, ', '), 'nothing left out') FROM bgsync.unpublished() AS fault`)
}

// planned asks for tables that no lane carries and nobody has left out: after the switch
// their rows are missing on the other side.
func (d *Databases) planned(ctx context.Context, side naming.Color) switching.Gate {
	return d.ask(ctx, "tables", side, "each table of the replicated schemas either carried, which takes a new lane, or excluded by the plan with a reason, which migrate:preflight writes down", `
		SELECT count(*) = 0, CASE count(*) WHEN 0 THEN 'all are carried or excluded' ELSE 'neither carried nor excluded: ' || pg_catalog.string_agg(name, ', ') END
		FROM bgsync.unplanned() AS name`)
}

// unhindered asks for what the fence would have to wait for.
func (d *Databases) unhindered(ctx context.Context, side naming.Color) switching.Gate {
	return d.ask(ctx, "fence-way", side, fmt.Sprintf("none prepared, none writing for more than %s, no vacuum on a replicated table", d.Limits.OpenWrite), `
		SELECT p + w + v = 0, pg_catalog.format('%s prepared transactions, %s long writers, %s vacuums', p, w, v) FROM
		(SELECT (SELECT count(*) FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()) AS p,
		        (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() AND backend_xid IS NOT NULL
		          AND backend_type = 'client backend' AND xact_start < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $1)) AS w,
		        (SELECT count(*) FROM pg_catalog.pg_stat_progress_vacuum v JOIN bgsync.table_map m
		          ON pg_catalog.format('%I.%I', m.schema, m.name)::pg_catalog.regclass = v.relid WHERE v.datname = pg_catalog.current_database()) AS v) n`,
		d.Limits.OpenWrite.Seconds())
}

// grants compares who may write with who should (preflight PF10), and looks for ways
// past the fence (PF09).
func (d *Databases) grants(ctx context.Context, side naming.Color, writable bool) switching.Gate {
	name := "grants-" + string(side)
	var problems []string
	err := d.on(ctx, side, func(conn *pgx.Conn) error {
		acl, err := authority.LoadACL(ctx, conn)
		if err == nil {
			problems, err = acl.Compare(ctx, conn, writable)
		}
		if err != nil {
			return err
		}
		passers, err := authority.Passers(ctx, conn, acl.Tables)
		for _, p := range passers {
			problems = append(problems, p.String())
		}
		return err
	})
	if err != nil {
		return switching.Unanswered(name, err)
	}
	return switching.Held(name, len(problems) == 0, "%d differences from bgsync.writer_acl and ways past a fence, expected 0: %s", len(problems), strings.Join(problems[:min(len(problems), 3)], "; "))
}

// canary writes a row on one side and waits until the lane has brought it to the
// other.
func (d *Databases) canary(ctx context.Context, from, to naming.Color, limit time.Duration) switching.Gate {
	name := fmt.Sprintf("canary-%s-%s", from, to)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	begun := time.Now()
	if err := d.roundTrip(ctx, from, to); err != nil {
		if pg.Classify(err) == pg.Ended {
			return switching.Held(name, false, "not arrived after %s, expected less", limit)
		}
		return switching.Unanswered(name, err)
	}
	return switching.Held(name, true, "%s, expected less than %s", time.Since(begun).Round(time.Millisecond), limit)
}

func (d *Databases) roundTrip(ctx context.Context, from, to naming.Color) error {
	source, err := d.session(ctx, pg.Reader, from, d.Sides[from].Reader)
	if err != nil {
		return err
	}
	nonce := uuid.NewString()
	_, err = source.Exec(ctx, `INSERT INTO bgsync.canary AS c (side, name, seq, nonce, written_at) VALUES ($1, 'switch', 1, $2::uuid, pg_catalog.clock_timestamp())
		ON CONFLICT (side, name) DO UPDATE SET seq = c.seq + 1, nonce = excluded.nonce, written_at = excluded.written_at`, string(from), nonce)
	if err != nil {
		return pg.Wrap(err, "write a canary on %s", from)
	}
	for {
		var there bool
		err := d.on(ctx, to, func(conn *pgx.Conn) error {
			return conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM bgsync.canary WHERE side = $1 AND name = 'switch' AND nonce = $2::uuid)`, string(from), nonce).Scan(&there)
		})
		if err != nil || there {
			return err
		}
		select {
		case <-time.After(d.Limits.Poll):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
