// Package sequence keeps the values that sequences give unique over both sides.
// Sequences are not in a lane's stream: before a switch those of the new side are
// set ahead of the old side's by a gap, so that values jump and never repeat.
package sequence

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// State is a sequence as one side has it.
type State struct {
	// Relation is the quoted name.
	Relation string
	// Last is the last value that was given out or set aside for a session's cache.
	Last      int64
	Increment int64
	Min, Max  int64
	// Gap has the sign of the increment.
	Gap int64
	// Used is the key column's extreme value that stands in the table, Has whether
	// there is one.
	Used int64
	Has  bool
}

// leastGap is the least number of values between what the old side has given out
// and what the new one begins with.
const leastGap = 10_000

// gaps is how many gaps a sequence must have room for.
const gaps = 10

// usedSQL finds the sequences that the tables $1 take values from: owned ones,
// identities, those of a default; and those in the tables' schemas that belong to
// nothing, from which applications take values themselves.
const usedSQL = `
WITH tables AS (SELECT c.oid, c.relnamespace FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::text[]::pg_catalog.regclass[]::oid[])),
found AS (
  SELECT d.objid AS oid FROM pg_catalog.pg_depend d JOIN tables t ON t.oid = d.refobjid
  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
  UNION
  SELECT d.refobjid FROM pg_catalog.pg_attrdef a JOIN tables t ON t.oid = a.adrelid
  JOIN pg_catalog.pg_depend d ON d.objid = a.oid AND d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
  WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  UNION
  SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relkind = 'S' AND c.relnamespace IN (SELECT relnamespace FROM tables)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e'))
)
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.pg_get_userbyid(c.relowner), s.seqincrement, s.seqcache, s.seqcycle
FROM found f JOIN pg_catalog.pg_class c ON c.oid = f.oid AND c.relkind = 'S' JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid ORDER BY 1`

// used is a sequence that has to be kept.
type used struct {
	Relation, Owner  string
	Increment, Cache int64
	Cycle            bool
}

// querier is a session or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// find takes the registered tables where none are given.
func find(ctx context.Context, conn querier, tables []string) ([]used, error) {
	if tables == nil {
		err := conn.QueryRow(ctx, `SELECT coalesce(pg_catalog.array_agg(pg_catalog.format('%I.%I', schema, name)), '{}') FROM bgsync.table_map`).Scan(&tables)
		if err != nil {
			return nil, pg.Wrap(err, "read bgsync.table_map")
		}
	}
	rows, err := conn.Query(ctx, usedSQL, tables)
	if err != nil {
		return nil, pg.Wrap(err, "look for sequences")
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[used])
	return found, pg.Wrap(err, "look for sequences")
}

// Used lists the sequences that belong to the tables, both as quoted names; nil are the
// registered ones.
func Used(ctx context.Context, conn *pgx.Conn, tables []string) (names []string, err error) {
	found, err := find(ctx, conn, tables)
	for _, s := range found {
		names = append(names, s.Relation)
	}
	return names, err
}

// Unrecorded lists the sequences of the replicated tables that no switch would keep:
// they were made since Record was called.
func Unrecorded(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	names, err := Used(ctx, conn, nil)
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, `SELECT u FROM unnest($1::text[]) u WHERE u NOT IN (SELECT relation FROM bgsync.sequence_map) ORDER BY 1`, names)
	if err != nil {
		return nil, pg.Wrap(err, "read bgsync.sequence_map")
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return left, pg.Wrap(err, "read bgsync.sequence_map")
}

// Record writes the sequences of the replicated tables into both databases and
// lets the fence read and set them, and take and give rights on them. It runs as an
// administrator after bgsync.Register.
func Record(ctx context.Context, sides ...*pgx.Conn) error {
	var first []string
	for i, conn := range sides {
		names, err := record(ctx, conn)
		if err != nil {
			return err
		}
		if i > 0 && fmt.Sprint(names) != fmt.Sprint(first) {
			return fmt.Errorf("record sequences: the sides differ: %v and %v", first, names)
		}
		first = names
	}
	return nil
}

func record(ctx context.Context, conn *pgx.Conn) (names []string, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		found, err := find(ctx, tx, nil)
		if err != nil {
			return err
		}
		var problems []error
		for _, s := range found {
			names = append(names, s.Relation)
			if s.Cycle {
				problems = append(problems, fmt.Errorf("sequence %s cycles: its values repeat", s.Relation))
			}
		}
		if len(problems) > 0 {
			return errors.Join(problems...)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM bgsync.sequence_map WHERE NOT relation = ANY ($1)`, append([]string{}, names...)); err != nil {
			return err
		}
		for _, s := range found {
			if err := s.keep(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	return names, pg.Wrap(err, "record sequences")
}

// keep writes the sequence down. The fence becomes a member of its owner as it is of the
// tables': else no right on it could be revoked.
func (s used) keep(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `INSERT INTO bgsync.sequence_map (relation, gap) VALUES ($1, $2)
		ON CONFLICT (relation) DO UPDATE SET gap = excluded.gap`, s.Relation, max(leastGap, 100*s.Cache)*s.Increment); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `GRANT SELECT, UPDATE ON SEQUENCE `+s.Relation+` TO bgsync_fence`); err != nil {
		return err
	}
	var foreign bool
	err := tx.QueryRow(ctx, `SELECT NOT rolsuper AND NOT pg_catalog.pg_has_role('bgsync_fence', oid, 'USAGE') FROM pg_catalog.pg_roles WHERE rolname = $1`, s.Owner).Scan(&foreign)
	if err != nil || !foreign {
		return err
	}
	_, err = tx.Exec(ctx, `GRANT `+pg.Ident(s.Owner)+` TO bgsync_fence`)
	return err
}

const readSQL = `
SELECT m.relation, m.gap, s.seqincrement, s.seqmin, s.seqmax, CASE WHEN t.relname IS NULL THEN '' ELSE pg_catalog.format('%I.%I', n.nspname, t.relname) END, coalesce(a.attname, '')
FROM bgsync.sequence_map m JOIN pg_catalog.pg_sequence s ON s.seqrelid = m.relation::pg_catalog.regclass
LEFT JOIN pg_catalog.pg_depend d ON d.objid = s.seqrelid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
LEFT JOIN pg_catalog.pg_class t ON t.oid = d.refobjid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  AND EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = t.oid AND i.indkey[0] = a.attnum AND i.indisvalid AND i.indpred IS NULL)
ORDER BY 1`

// Read reads all sequences of a side. Used is known where the column that a
// sequence feeds leads an index.
func Read(ctx context.Context, conn *pgx.Conn) ([]State, error) {
	rows, err := conn.Query(ctx, readSQL)
	if err != nil {
		return nil, pg.Wrap(err, "read sequences")
	}
	var states []State
	var tables, columns []string
	var s State
	var table, column string
	_, err = pgx.ForEachRow(rows, []any{&s.Relation, &s.Gap, &s.Increment, &s.Min, &s.Max, &table, &column}, func() error {
		states, tables, columns = append(states, s), append(tables, table), append(columns, column)
		return nil
	})
	if err != nil {
		return nil, pg.Wrap(err, "read sequences")
	}
	batch := &pgx.Batch{}
	for i := range states {
		state := &states[i]
		batch.Queue(`SELECT CASE WHEN is_called THEN last_value ELSE last_value - $1 END FROM `+state.Relation, state.Increment).
			QueryRow(func(row pgx.Row) error { return row.Scan(&state.Last) })
		if tables[i] == "" || columns[i] == "" {
			continue
		}
		extreme := "max"
		if state.Increment < 0 {
			extreme = "min"
		}
		batch.Queue(fmt.Sprintf(`SELECT coalesce(%[1]s(%[2]s), 0)::bigint, %[1]s(%[2]s) IS NOT NULL FROM %[3]s`, extreme, pg.Ident(columns[i]), tables[i])).
			QueryRow(func(row pgx.Row) error { return row.Scan(&state.Used, &state.Has) })
	}
	return states, pg.Wrap(conn.SendBatch(ctx, batch).Close(), "read sequences")
}

// ErrRoom tells that a sequence has no room for the gap.
var ErrRoom = errors.New("the sequence has too little room left")

// behind tells whether value comes before bound in the sequence's direction.
func (s State) behind(value, bound int64) bool {
	if s.Increment < 0 {
		return value > bound
	}
	return value < bound
}

// Headroom is how much of the sequence's range is not used up, from 0 to 1.
func (s State) Headroom() float64 {
	whole, left := float64(s.Max)-float64(s.Min), float64(s.Max)-float64(s.Last)
	if s.Increment < 0 {
		left = float64(s.Last) - float64(s.Min)
	}
	return max(0, left/whole)
}

// Next is where the new side has to stand for what the old side has given out and
// what stands in its own table: two gaps on. ok tells that it already is at least
// one gap on, and needs not be set.
func Next(before, now State) (value int64, ok bool, err error) {
	reached := before.Last
	if now.Has && before.behind(reached, now.Used) {
		reached = now.Used
	}
	room := (before.Max - reached) / abs(before.Gap)
	if before.Increment < 0 {
		room = (reached - before.Min) / abs(before.Gap)
	}
	if room < gaps {
		return 0, false, fmt.Errorf("sequence %s: room for %d gaps of %d, expected %d: %w", before.Relation, room, before.Gap, gaps, ErrRoom)
	}
	return reached + 2*before.Gap, !now.behind(now.Last, reached+before.Gap), nil
}

func abs(n int64) int64 { return max(n, -n) }

// Set sets those sequences of the new side that are less than a gap ahead of the
// old side, and remembers what each was set to. It returns the new side's states.
// A value that is further on already stays: no sequence ever goes back.
func Set(ctx context.Context, before, after *pgx.Conn) ([]State, error) {
	olds, err := Read(ctx, before)
	if err != nil {
		return nil, err
	}
	news, err := Read(ctx, after)
	if err != nil {
		return nil, err
	}
	if len(olds) != len(news) {
		return nil, fmt.Errorf("the sides have %d and %d sequences", len(olds), len(news))
	}
	batch := &pgx.Batch{}
	for i := range olds {
		if olds[i].Relation != news[i].Relation || olds[i].Increment != news[i].Increment {
			return nil, fmt.Errorf("sequence %s differs between the sides", olds[i].Relation)
		}
		value, ok, err := Next(olds[i], news[i])
		if err != nil {
			return nil, err
		}
		if ok {
			continue
		}
		news[i].Last = value
		batch.Queue(`SELECT pg_catalog.setval($1::text::pg_catalog.regclass, $2)`, news[i].Relation, value)
		batch.Queue(`UPDATE bgsync.sequence_map SET preset = $2 WHERE relation = $1`, news[i].Relation, value)
	}
	if batch.Len() == 0 {
		return news, nil
	}
	return news, pg.Wrap(after.SendBatch(ctx, batch).Close(), "set sequences")
}

// SetAlone sets all sequences of a side ahead whose source is lost: two gaps beyond what it
// has itself and what stands in its tables. What the lost side has given out is not known;
// of a sequence that Detached lists no row tells it either.
func SetAlone(ctx context.Context, on *pgx.Conn) error {
	states, err := Read(ctx, on)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for _, s := range states {
		value, _, err := Next(s, s)
		if err != nil {
			return err
		}
		batch.Queue(`SELECT pg_catalog.setval($1::text::pg_catalog.regclass, $2)`, s.Relation, value)
		batch.Queue(`UPDATE bgsync.sequence_map SET preset = $2 WHERE relation = $1`, s.Relation, value)
	}
	if batch.Len() == 0 {
		return nil
	}
	return pg.Wrap(on.SendBatch(ctx, batch).Close(), "set sequences")
}

// Detached lists the sequences that feed no column of a replicated table that leads an
// index: what was taken from them no row of a side tells.
func Detached(ctx context.Context, on *pgx.Conn) ([]string, error) {
	rows, err := on.Query(ctx, `SELECT relation FROM (`+readSQL+`) AS known (relation, gap, increment, least, most, fed, attribute) WHERE attribute = ''`)
	if err != nil {
		return nil, pg.Wrap(err, "look for sequences that feed no column")
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return found, pg.Wrap(err, "look for sequences that feed no column")
}

// Beyond tells whether the sequence is past all that another has given out.
func (s State) Beyond(other State) bool { return other.behind(other.Last, s.Last) }
