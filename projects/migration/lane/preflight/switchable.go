package preflight

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// fenceSQL asks for what LOCK and REVOKE take: UPDATE on the table, the rights of its
// owner, since REVOKE takes away only what the owner has granted, and a login.
const fenceSQL = `
SELECT 'table ' || c.oid::regclass, 'bgsync_fence may not lock it' FROM pg_catalog.pg_class c
WHERE c.oid = ANY ($1::text[]::regclass[]) AND NOT pg_catalog.has_table_privilege('bgsync_fence', c.oid, 'UPDATE')
UNION ALL SELECT 'table ' || c.oid::regclass, 'bgsync_fence is no member of its owner ' || pg_catalog.pg_get_userbyid(c.relowner) || ' and cannot revoke a right on it'
FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::text[]::regclass[]) AND NOT pg_catalog.pg_has_role('bgsync_fence', c.relowner, 'USAGE')
UNION ALL SELECT DISTINCT 'schema ' || n.nspname, 'bgsync_fence may not use it' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1::text[]::regclass[]) AND NOT pg_catalog.has_schema_privilege('bgsync_fence', n.oid, 'USAGE')
UNION ALL SELECT 'role bgsync_fence', 'has no login that inherits its rights' WHERE NOT EXISTS (
  SELECT FROM pg_catalog.pg_roles r WHERE r.rolcanlogin AND r.rolinherit AND NOT r.rolsuper AND pg_catalog.pg_has_role(r.oid, 'bgsync_fence', 'USAGE'))`

// contractSQL lists the sessions of whoever may write and what they say of
// themselves. A right of PUBLIC is everybody's.
const contractSQL = `
SELECT a.usename::text, a.application_name, coalesce(pg_catalog.substring(a.application_name, 'client-contract/([0-9]{1,4})')::int, 0), count(*)
FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
WHERE a.backend_type = 'client backend' AND a.datname = pg_catalog.current_database() AND NOT r.rolsuper
  AND EXISTS (SELECT FROM bgsync.writer_acl w WHERE w.grantee = 'PUBLIC' OR EXISTS (
    SELECT FROM pg_catalog.pg_roles g WHERE g.rolname = w.grantee AND pg_catalog.pg_has_role(r.oid, g.oid, 'USAGE')))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles g WHERE g.rolname LIKE 'bgsync\_%' AND pg_catalog.pg_has_role(r.oid, g.oid, 'USAGE'))
GROUP BY 1, 2, 3 ORDER BY 1, 2`

// contract is the version of the rules that applications follow in a switch.
const contract = 1

// applications wants every application that may write to say, in the name of its
// sessions, that it follows the rules of a switch; on both sides, since both are
// written to one after the other.
func applications(ctx context.Context, s *Subject) ([]Finding, error) {
	const want = "application_name with client-contract/1 or later in every session of a writer: see the rules of applications in docs/sync.md"
	if s.Facts.Applications.Value == nil {
		return judge(s.Facts.Applications, "applications", want, nil), nil
	}
	var findings []Finding
	for _, side := range s.both() {
		rows, err := side.conn.Query(ctx, contractSQL)
		if err != nil {
			return nil, fmt.Errorf("ask the %s: %w", side.name, err)
		}
		seen := false
		var user, name string
		var version int
		var sessions int64
		_, err = pgx.ForEachRow(rows, []any{&user, &name, &version, &sessions}, func() error {
			seen = true
			if version < contract {
				findings = append(findings, refuse(side.name+" user "+user, want, "%d sessions of application %q tell of no rules that they follow", sessions, name))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("ask the %s: %w", side.name, err)
		}
		if !seen {
			findings = append(findings, refuse(side.name, want, "cannot be known: no application is connected"))
		}
	}
	return findings, nil
}

// LongestRoundTrip is how old the newest canary of the opposite lane may be.
const LongestRoundTrip = 5 * time.Second

// opposite wants the lane back to be fit to carry the changes of the new side.
func opposite(ctx context.Context, s *Subject) ([]Finding, error) {
	rows, err := s.Source.Query(ctx, `SELECT lane FROM bgsync.lane WHERE state <> 'retired' ORDER BY lane`)
	if err != nil {
		return nil, pg.Wrap(err, "ask the source for its lanes")
	}
	lanes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, pg.Wrap(err, "ask the source for its lanes")
	}
	if len(lanes) == 0 {
		return []Finding{refuse("lane back", "one that runs: migrate:verify makes it", "does not exist")}, nil
	}
	var findings []Finding
	for _, lane := range lanes {
		more, err := s.back(ctx, lane)
		if err != nil {
			return nil, err
		}
		findings = append(findings, more...)
	}
	return findings, nil
}

// back looks at one lane that ends at the source. A canary that is late is waited for
// as long as it may take.
func (s *Subject) back(ctx context.Context, lane string) ([]Finding, error) {
	var g gauge.Snapshot
	for until := time.Now().Add(s.RoundTrip); ; {
		var err error
		if g, err = gauge.Read(ctx, s.Target, s.Source, lane); err != nil {
			return nil, err
		}
		if g.CanarySeconds < s.RoundTrip.Seconds() && g.Followed || g.State != checkpoint.Running || time.Now().After(until) {
			break
		}
		select {
		case <-time.After(backPoll):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var findings []Finding
	where := "lane " + lane
	switch {
	case g.State != checkpoint.Running:
		findings = append(findings, refuse(where, "a lane that runs: migrate:start with the -color of its end has it run", "is %s %s", g.State, g.Halt))
	case !g.Followed:
		findings = append(findings, refuse(where, "a canary: migrate:status tells whether anybody runs it", "has brought nothing yet"))
	case g.CanarySeconds >= s.RoundTrip.Seconds():
		findings = append(findings, refuse(where, fmt.Sprintf("less than %s: look at its lag", s.RoundTrip), "its newest canary is %.1f s old", g.CanarySeconds))
	}
	if g.Torn {
		findings = append(findings, refuse(where, "none: it ends by itself", "is in the middle of a long transaction"))
	}
	if open := g.Conflicts + g.Quarantine; open > 0 {
		findings = append(findings, refuse(where, "0 of each: decide them", "has %d conflicts and %d rows in quarantine", g.Conflicts, g.Quarantine))
	}
	return findings, nil
}

// backPoll is how often the lane back is looked at.
const backPoll = 200 * time.Millisecond

// complete wants a target that has all indexes, constraints and triggers.
func complete(ctx context.Context, s *Subject) ([]Finding, error) {
	return ask(ctx, s.Target, "target", `SELECT kind || ' ' || name, 'is not built' FROM bgsync.deferred_ddl WHERE state = 'planned' ORDER BY ordinal`,
		"all of them: the lane builds them when it is consistent")
}
