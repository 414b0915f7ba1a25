package preflight

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// endpoints wants writers behind verified TLS. A connection that does not leave
// this machine needs none.
func endpoints(ctx context.Context, s *Subject) ([]Finding, error) {
	var findings []Finding
	for _, side := range s.both() {
		var standby bool
		if err := side.conn.QueryRow(ctx, `SELECT pg_catalog.pg_is_in_recovery()`).Scan(&standby); err != nil {
			return nil, fmt.Errorf("ask the %s: %w", side.name, err)
		}
		if standby {
			findings = append(findings, refuse(side.name, "the writer's endpoint", "leads to a server that takes no writes"))
		}
	}
	for _, login := range []struct{ where, dsn string }{{"source, reader", s.Reader}, {"target, applier", s.Apply}, {"target, builder", s.Builder}} {
		cfg, err := pgx.ParseConfig(login.dsn)
		if err != nil {
			findings = append(findings, refuse(login.where, "one in the form that libpq takes", "the connection string cannot be read"))
			continue
		}
		address := net.ParseIP(cfg.Host)
		near := cfg.Host == "localhost" || address != nil && address.IsLoopback()
		verified := cfg.TLSConfig != nil && !cfg.TLSConfig.InsecureSkipVerify
		if !near && (!verified || len(cfg.Fallbacks) > 0) {
			findings = append(findings, refuse(login.where, "sslmode=verify-full", "the connection string does not demand a verified certificate"))
		}
	}
	return findings, nil
}

// versions wants the same minor release of 14 on both sides.
func versions(ctx context.Context, s *Subject) ([]Finding, error) {
	var findings []Finding
	found := make([]int, 2)
	for i, side := range s.both() {
		if err := side.conn.QueryRow(ctx, `SELECT pg_catalog.current_setting('server_version_num')::int`).Scan(&found[i]); err != nil {
			return nil, fmt.Errorf("ask the %s: %w", side.name, err)
		}
		if found[i]/10000 != 14 {
			findings = append(findings, refuse(side.name, "14", "is PostgreSQL %d", found[i]/10000))
		}
	}
	if len(findings) == 0 && found[0] != found[1] {
		findings = append(findings, Finding{Warn, "source and target", fmt.Sprintf("are of release 14.%d and 14.%d", found[0]%10000, found[1]%10000), "the same minor release"})
	}
	return findings, nil
}

// identities wants two different databases that know their sides.
func identities(ctx context.Context, s *Subject) ([]Finding, error) {
	var findings []Finding
	ids, colours := make([]string, 2), make([]string, 2)
	for i, side := range s.both() {
		var version int
		err := side.conn.QueryRow(ctx, `SELECT db_id::text, side, schema_version FROM bgsync.identity`).Scan(&ids[i], &colours[i], &version)
		if err != nil && pg.Classify(err) == pg.Schema {
			findings = append(findings, refuse(side.name, "schema bgsync: install it", "is not installed"))
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("ask the %s: %w", side.name, err)
		}
		if version != bgsync.SchemaVersion {
			findings = append(findings, refuse(side.name, fmt.Sprintf("version %d", bgsync.SchemaVersion), "schema bgsync has version %d", version))
		}
	}
	if len(findings) == 0 && (ids[0] == ids[1] || colours[0] == colours[1]) {
		findings = append(findings, refuse("source and target", "two databases of different sides: a copy must get an identity of its own", "are both %s, or the same database", colours[0]))
	}
	return findings, nil
}

// decodable wants a source with a logical log and room for one more reader.
func decodable(ctx context.Context, s *Subject) ([]Finding, error) {
	return ask(ctx, s.Source, "source", `
		SELECT 'setting wal_level', setting FROM pg_catalog.pg_settings WHERE name = 'wal_level' AND setting <> 'logical'
		UNION ALL SELECT 'replication slots', free || ' are free' FROM (
		  SELECT pg_catalog.current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_catalog.pg_replication_slots) AS free) f WHERE free < 2
		UNION ALL SELECT 'senders of the log', free || ' are free' FROM (
		  SELECT pg_catalog.current_setting('max_wal_senders')::int - (SELECT count(*) FROM pg_catalog.pg_stat_replication) AS free) f WHERE free < 3`,
		"wal_level=logical, 2 free slots and 3 free senders (rds.logical_replication=1 on Aurora)")
}

// replica wants the applier's sessions in replica role, with durable commits.
func replica(ctx context.Context, s *Subject) ([]Finding, error) {
	conn, err := pg.Connect(ctx, s.Apply, pg.Identity{Role: pg.Applier, Lane: s.Plan.Lane, Invocation: "preflight"})
	if err != nil {
		return []Finding{refuse("target, applier", "a login user of group bgsync_apply", "cannot connect: %v", err)}, nil
	}
	defer pg.Close(conn)
	return ask(ctx, conn, "target, applier:", `
		SELECT 'setting session_replication_role', setting FROM pg_catalog.pg_settings WHERE name = 'session_replication_role' AND setting <> 'replica'`,
		"replica: enrol the login user with bgsync.Enrol, as a superuser or as rds_superuser")
}

// rights wants every role to have what it needs and to be reachable.
func rights(ctx context.Context, s *Subject) ([]Finding, error) {
	findings, err := ask(ctx, s.Source, "source", memberSQL, "the right: register the plan", s.names(), []string{"bgsync_reader"}, []string{"SELECT"})
	if err != nil {
		return nil, err
	}
	more, err := ask(ctx, s.Target, "target", memberSQL, "the right: register the plan", s.names(), []string{"bgsync_apply"},
		[]string{"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"})
	if err != nil {
		return nil, err
	}
	findings = append(findings, more...)
	stream, err := pg.ConnectReplication(ctx, s.Reader, pg.Identity{Role: pg.Reader, Lane: s.Plan.Lane, Invocation: "preflight"})
	if err != nil {
		return append(findings, refuse("source, reader", "a login user of group bgsync_reader that may replicate: enrol it", "cannot open a replication connection: %v", err)), nil
	}
	defer pg.Close(stream)
	builder, err := pg.Connect(ctx, s.Builder, pg.Identity{Role: pg.Builder, Lane: s.Plan.Lane, Invocation: "preflight"})
	if err != nil {
		return append(findings, refuse("target, builder", "a login user of group bgsync_ddl", "cannot connect: %v", err)), nil
	}
	defer pg.Close(builder)
	more, err = ask(ctx, builder, "target, builder:", `SELECT 'table ' || c.oid::regclass, 'is not its owner''s member'
		FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::text[]::regclass[]) AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')`,
		"a member of every table's owner: register the plan", s.names())
	if err != nil && pg.Classify(err) == pg.Permission {
		more, err = []Finding{refuse("target, builder", "USAGE on their schemas: register the plan", "may not see the tables")}, nil
	}
	return append(findings, more...), err
}

const memberSQL = `
SELECT 'role ' || g.name, 'has no ' || p.name || ' on ' || c.oid::regclass
FROM pg_catalog.pg_class c, unnest($2::text[]) g(name), unnest($3::text[]) p(name)
WHERE c.oid = ANY ($1::text[]::regclass[]) AND NOT pg_catalog.has_table_privilege(g.name, c.oid, p.name)`

// open wants no prepared transaction and no writer that is a minute old: the slot
// waits for both. The fence waits for no writer that is five seconds old.
func open(ctx context.Context, s *Subject) ([]Finding, error) {
	oldest := 60
	if s.phase == Switch {
		oldest = 5
	}
	return ask(ctx, s.Source, "source", `
		SELECT 'transaction ' || gid, 'is prepared' FROM pg_catalog.pg_prepared_xacts
		UNION ALL SELECT 'process ' || pid, 'has written and is open for ' || extract(epoch FROM pg_catalog.now() - xact_start)::int || ' s'
		FROM pg_catalog.pg_stat_activity WHERE backend_xid IS NOT NULL AND xact_start < pg_catalog.now() - pg_catalog.make_interval(secs => $1) AND pid <> pg_catalog.pg_backend_pid()`,
		fmt.Sprintf("none that is older than %d s", oldest), oldest)
}

// foreign wants a target that no subscription or job writes to.
func foreign(ctx context.Context, s *Subject) ([]Finding, error) {
	findings, err := ask(ctx, s.Target, "target", `SELECT 'subscription ' || subname, 'is enabled' FROM pg_catalog.pg_subscription
		WHERE subenabled AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`, "none that writes")
	if err != nil {
		return nil, err
	}
	var cron bool
	if err := s.Target.QueryRow(ctx, `SELECT pg_catalog.to_regclass('cron.job') IS NOT NULL`).Scan(&cron); err != nil || !cron {
		return findings, err
	}
	jobs, err := ask(ctx, s.Target, "target", `SELECT 'cron job ' || jobid, 'is active' FROM cron.job WHERE active`, "none that is active")
	return append(findings, jobs...), err
}

// writers wants the rights to write to be those that a fence takes away.
func writers(ctx context.Context, s *Subject) ([]Finding, error) {
	var findings []Finding
	for _, side := range s.both() {
		problems, err := authority.Review(ctx, side.conn, s.names())
		if err != nil {
			return nil, fmt.Errorf("ask the %s: %w", side.name, err)
		}
		for _, problem := range problems {
			findings = append(findings, refuse(side.name, "rights that the owner has granted, without grant option, all of them in bgsync.writer_acl where the side is writable and none where it is not: revoke what nobody wants, then migrate:writers writes down the rest", "%s", problem))
		}
	}
	return findings, nil
}

// passers wants nobody to write whatever is revoked.
func passers(ctx context.Context, s *Subject) ([]Finding, error) {
	const want = "no such right: who has it writes whatever is revoked. Take it away, give a function an owner without it, or take EXECUTE from writers and PUBLIC"
	var findings []Finding
	for _, side := range s.both() {
		found, err := authority.Passers(ctx, side.conn, s.names())
		if err != nil {
			return nil, fmt.Errorf("ask the %s: %w", side.name, err)
		}
		for _, p := range found {
			findings = append(findings, refuse(side.name+" "+p.Where, want, "%s", p.What))
		}
	}
	return findings, nil
}

// startable wants a lane whose stream can start.
func startable(ctx context.Context, s *Subject) ([]Finding, error) {
	stream, err := pg.ConnectReplication(ctx, s.Reader, pg.Identity{Role: pg.Reader, Lane: s.Plan.Lane, Invocation: "preflight"})
	if err != nil {
		return []Finding{refuse("source, reader", "a login user of group bgsync_reader that may replicate: enrol it", "cannot open a replication connection: %v", err)}, nil
	}
	defer pg.Close(stream)
	err = lane.Examine(ctx, s.Source, s.Target, stream, s.Plan.Lane)
	var halt *checkpoint.Halt
	switch {
	case errors.As(err, &halt):
		return []Finding{refuse("lane "+s.Plan.Lane, "slot, checkpoint and source of one history: see the halts in docs/sync.md", "would halt with %s: %s", halt.Code, halt.Reason)}, nil
	case errors.Is(err, checkpoint.ErrAbsent):
		return []Finding{refuse("target lane "+s.Plan.Lane, "a lane: create it", "does not exist")}, nil
	default:
		return nil, err
	}
}

// watched warns where no event trigger writes DDL down: then only the stream's
// own descriptions of tables show a change.
func watched(ctx context.Context, s *Subject) ([]Finding, error) {
	var findings []Finding
	for _, side := range s.both() {
		var enabled int
		if err := side.conn.QueryRow(ctx, `SELECT count(*) FROM pg_catalog.pg_event_trigger
			WHERE evtname IN ('bgsync_ddl_end', 'bgsync_ddl_drop') AND evtenabled = 'A'`).Scan(&enabled); err != nil {
			return nil, fmt.Errorf("ask the %s: %w", side.name, err)
		}
		if enabled != 2 {
			findings = append(findings, Finding{Warn, side.name, "has no event trigger for DDL", "bgsync_ddl_end and bgsync_ddl_drop enabled always, where the platform allows it"})
		}
	}
	return findings, nil
}
