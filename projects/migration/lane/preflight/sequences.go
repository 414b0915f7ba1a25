package preflight

import (
	"context"
	"fmt"
	"slices"

	"github.com/cutover/cutover/projects/migration/lane/sequence"
)

const sequencesSQL = `
SELECT 'sequence ' || s.seqrelid::regclass,
  CASE WHEN s.seqcycle THEN 'starts over at its end' ELSE 'has fewer than 100,000 steps left' END
FROM pg_catalog.pg_sequence s
WHERE s.seqrelid = ANY ($1::text[]::regclass[]) AND (s.seqcycle OR pg_catalog.abs(
  CASE WHEN s.seqincrement > 0 THEN s.seqmax ELSE s.seqmin END::numeric
  - coalesce(pg_catalog.pg_sequence_last_value(s.seqrelid), s.seqstart)) < 100000 * pg_catalog.abs(s.seqincrement))`

const ownersSQL = `
SELECT 'sequence ' || c.oid::regclass, 'bgsync_fence is no member of its owner ' || pg_catalog.pg_get_userbyid(c.relowner) || ' and cannot revoke a right on it'
FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::text[]::regclass[]) AND NOT pg_catalog.pg_has_role('bgsync_fence', c.relowner, 'USAGE')`

// sequences wants the same sequences on both sides, with room; and before a switch those
// that a switch keeps: what it does not know gives the same numbers again on the other
// side.
func sequences(ctx context.Context, s *Subject) ([]Finding, error) {
	var findings []Finding
	found := make([][]string, 2)
	for i, side := range s.both() {
		var err error
		if found[i], err = sequence.Used(ctx, side.conn, s.names()); err != nil {
			return nil, fmt.Errorf("ask the %s: %w", side.name, err)
		}
		more, err := ask(ctx, side.conn, side.name, sequencesSQL, "no CYCLE, and room for ten gaps of 10,000 steps", found[i])
		if err != nil {
			return nil, err
		}
		findings = append(findings, more...)
		if s.phase != Switch {
			continue
		}
		left, err := sequence.Unrecorded(ctx, side.conn)
		if err != nil {
			return nil, fmt.Errorf("ask the %s: %w", side.name, err)
		}
		for _, name := range left {
			findings = append(findings, refuse(side.name+" sequence "+name, "every sequence of the plan's schemas to be written down: migrate:writers does it", "was made since the sequences were written down"))
		}
		if more, err = ask(ctx, side.conn, side.name, ownersSQL, "an owner that is no superuser", found[i]); err != nil {
			return nil, err
		}
		findings = append(findings, more...)
	}
	for i, side := range s.both() {
		for _, name := range found[i] {
			if !slices.Contains(found[1-i], name) {
				findings = append(findings, refuse(side.name+" sequence "+name, "the same sequences on both sides", "is not on the other side"))
			}
		}
	}
	return findings, nil
}
