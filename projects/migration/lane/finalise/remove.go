package finalise

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/shared/naming"
)

// installed tells whether a side still has the schema: the last thing to go.
func installed(ctx context.Context, on *pgx.Conn) (there bool, err error) {
	err = on.QueryRow(ctx, `SELECT pg_catalog.to_regclass('bgsync.lane') IS NOT NULL`).Scan(&there)
	return there, err
}

// retire ends the lanes on both sides: no claim succeeds from here on, and their
// last positions stand.
func (f *Finaliser) retire(ctx context.Context) error {
	for _, color := range naming.Colors() {
		err := f.do("retire_"+string(color), func() error {
			there, err := installed(ctx, f.Sides[color])
			if err != nil || !there {
				return err
			}
			_, err = f.Sides[color].Exec(ctx, `UPDATE bgsync.lane SET state = 'retired', halt_code = NULL, halt_reason = NULL, halted_at = NULL WHERE state <> 'retired'`)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// last is where the lanes that end on a side stand, and which changes operators have
// discarded there.
func last(ctx context.Context, on *pgx.Conn) (lanes []proof.Lane, discarded []string, err error) {
	there, err := installed(ctx, on)
	if err != nil || !there {
		return nil, nil, err
	}
	rows, err := on.Query(ctx, `SELECT lane, generation, applied_lsn::text, txns, echoes FROM bgsync.lane ORDER BY lane`)
	if err != nil {
		return nil, nil, err
	}
	if lanes, err = pgx.CollectRows(rows, pgx.RowToStructByPos[proof.Lane]); err != nil {
		return nil, nil, err
	}
	rows, err = on.Query(ctx, `SELECT lane || ' ' || commit_lsn || ' ' || ordinal FROM bgsync.quarantine WHERE state = 'discarded' ORDER BY 1`)
	if err != nil {
		return nil, nil, err
	}
	discarded, err = pgx.CollectRows(rows, pgx.RowTo[string])
	return lanes, discarded, err
}

// inOrder is the order of the sides: the holder's comes last.
func inOrder(holder naming.Color) []naming.Color { return []naming.Color{holder.Other(), holder} }

// remove takes slots, triggers, publication and schema away, the holder's last: as
// long as it has them it can be seen there what was decided. Images of rows go with
// the schema.
func (f *Finaliser) remove(ctx context.Context, holder naming.Color) ([]string, error) {
	order := inOrder(holder)
	var dropped []string
	for _, color := range order {
		err := f.do("slots_"+string(color), func() error {
			names, err := DropSlots(ctx, f.Sides[color], f.Quiet)
			dropped = append(dropped, names...)
			return err
		})
		if err != nil {
			return dropped, err
		}
	}
	for _, color := range order {
		for _, step := range []struct{ name, statements string }{
			{"triggers_", triggersSQL}, {"publication_", `DROP PUBLICATION IF EXISTS bgsync_pub`}, {"schema_", `DROP SCHEMA IF EXISTS bgsync CASCADE`},
		} {
			err := f.do(step.name+string(color), func() error {
				_, err := f.Sides[color].Exec(ctx, step.statements)
				return err
			})
			if err != nil {
				return dropped, err
			}
		}
	}
	return dropped, nil
}

// triggersSQL drops the event triggers: until they are gone, DDL needs the schema
// that they write into.
const triggersSQL = `
DROP EVENT TRIGGER IF EXISTS bgsync_ddl_end; DROP EVENT TRIGGER IF EXISTS bgsync_ddl_drop; DROP EVENT TRIGGER IF EXISTS bgsync_freeze_start;
DROP EVENT TRIGGER IF EXISTS bgsync_freeze_end; DROP EVENT TRIGGER IF EXISTS bgsync_freeze_drop`

// slotsSQL lists the slots of lanes in a source's database.
const slotsSQL = `SELECT slot_name::text, active FROM pg_catalog.pg_replication_slots
  WHERE database = pg_catalog.current_database() AND plugin = 'pgoutput' AND slot_name ~ '^bgsync_[a-z0-9_]+_g[0-9]+$' ORDER BY 1`

// DropSlots drops the slots of lanes in a source's database. One that is streamed is
// waited for, as long as quiet says: its lane has retired, and its invocation ends with
// the next commit. ErrStreaming tells that it did not.
func DropSlots(ctx context.Context, on *pgx.Conn, quiet time.Duration) ([]string, error) {
	var dropped []string
	for until := time.Now().Add(quiet); ; {
		names, streamed, err := list(ctx, on)
		if err != nil {
			return dropped, err
		}
		for _, name := range names {
			if _, err := on.Exec(ctx, `SELECT pg_catalog.pg_drop_replication_slot($1)`, name); err != nil {
				return dropped, err
			}
			dropped = append(dropped, name)
		}
		if len(streamed) == 0 {
			return dropped, nil
		}
		if time.Now().After(until) {
			return dropped, fmt.Errorf("%v: %w", streamed, ErrStreaming)
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return dropped, errors.Join(ctx.Err(), fmt.Errorf("%v: %w", streamed, ErrStreaming))
		}
	}
}

// poll is how often a streamed slot is looked at.
const poll = 200 * time.Millisecond

// list divides the slots into those at rest and those that are streamed.
func list(ctx context.Context, on *pgx.Conn) (names, streamed []string, err error) {
	rows, err := on.Query(ctx, slotsSQL)
	if err != nil {
		return nil, nil, err
	}
	var name string
	var active bool
	_, err = pgx.ForEachRow(rows, []any{&name, &active}, func() error {
		if active {
			streamed = append(streamed, name)
		} else {
			names = append(names, name)
		}
		return nil
	})
	return slices.Clip(names), streamed, err
}
