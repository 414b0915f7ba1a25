package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/sequence"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
)

// Comparison shows that what two databases hold is equal. The lanes of one
// direction are named by the side where they end.
type Comparison interface {
	// ArmTail begins to record the keys that change on a side, so that they can be
	// compared while writers wait, and compares what changed before once more.
	// DisarmTail ends it, also where it was not begun.
	ArmTail(ctx context.Context, on naming.Color) error
	DisarmTail(ctx context.Context, on naming.Color) error
	// OpenTail makes the comparison ready to run.
	OpenTail(ctx context.Context, on naming.Color) (Tail, error)
	// Evaluate says whether the side was shown to be equal and still counts as such.
	Evaluate(ctx context.Context, on naming.Color) []switching.Gate
	// ClearBase takes Tail.CleanBase back, for the lane that ends on a side.
	ClearBase(ctx context.Context, on naming.Color) error
	// Diverged halts the lane that ends on a side.
	Diverged(ctx context.Context, on naming.Color, why string) error
	// Summary is what was shown of each table.
	Summary(ctx context.Context, on naming.Color) ([]proof.Table, error)
}

// Tail compares what has changed last, while nobody writes.
type Tail interface {
	// Check answers switching.ErrMismatch where a row differs, and another error where
	// it does not come to its end.
	Check(ctx context.Context, budget time.Duration) (proof.Tail, error)
	// CleanBase tells the lane back, which ends on the other side, that both were equal
	// at a position of its source. It may be called while Check is under way.
	CleanBase(ctx context.Context, at string) error
	Close()
}

// Prepare opens sessions and the comparison before writers have to wait.
func (d *Databases) Prepare(ctx context.Context, t switching.Try) error {
	for _, side := range []naming.Color{t.From, t.To} {
		if _, err := d.Truth(ctx, side); err != nil {
			return err
		}
		if _, err := d.acl(ctx, side); err != nil {
			return err
		}
	}
	if err := d.ready(ctx, t); err != nil {
		return err
	}
	tail, err := d.Compare.OpenTail(ctx, t.To)
	if err != nil {
		return fmt.Errorf("open the comparison: %w", err)
	}
	summary, err := d.Compare.Summary(ctx, t.To)
	if err != nil {
		tail.Close()
		return fmt.Errorf("sum the comparison up: %w", err)
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.tail != nil {
		d.tail.Close()
	}
	d.tail, d.summary = tail, summary
	return nil
}

// ready asks both sides once for what they will be asked for while writers wait, where
// that changes nothing, and has them know the acts: what a session is asked for the
// first time takes several times as long.
func (d *Databases) ready(ctx context.Context, t switching.Try) error {
	for _, side := range []naming.Color{t.From, t.To} {
		err := d.on(ctx, side, func(conn *pgx.Conn) error {
			if err := authority.Ready(ctx, conn, d.acls[side]); err != nil {
				return err
			}
			_, err := sequence.Read(ctx, conn)
			return err
		})
		if err != nil {
			return err
		}
	}
	if _, _, err := d.drained(ctx, t); err != nil {
		return err
	}
	if _, err := d.lanes(ctx); err != nil {
		return err
	}
	if _, err := d.discarded(ctx, t); err != nil {
		return err
	}
	_, err := d.sound(ctx, t)
	return err
}

// Check shows that the new side equals the old one, that its sequences are ahead,
// and that the lane back will miss nothing from its position on.
func (d *Databases) Check(ctx context.Context, t switching.Try) (switching.Evidence, error) {
	d.mutex.Lock()
	e, tail := switching.Evidence{Tables: d.summary}, d.tail
	d.mutex.Unlock()
	if tail == nil {
		return e, errors.New("the comparison was not made ready")
	}
	group, limited := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		e.Tail, err = tail.Check(limited, d.Limits.Tail)
		return err
	})
	group.Go(func() (err error) {
		if e.Sequences, err = d.sequences(limited, t); err != nil {
			return err
		}
		if e.Reverse, err = d.reverse(limited, t, tail); err != nil {
			return err
		}
		if e.Lanes, err = d.lanes(limited); err != nil {
			return err
		}
		e.Discarded, err = d.discarded(limited, t)
		return err
	})
	err := group.Wait()
	if errors.Is(err, switching.ErrMismatch) {
		err = errors.Join(err, d.Compare.Diverged(ctx, t.To, "rows differ while nobody may write"))
	}
	return e, err
}

// sequences sets those of the new side that are not far enough ahead.
func (d *Databases) sequences(ctx context.Context, t switching.Try) (states []sequence.State, err error) {
	before, err := d.conn(ctx, t.From)
	if err != nil {
		return nil, err
	}
	err = d.on(ctx, t.To, func(after *pgx.Conn) error {
		states, err = sequence.Set(ctx, before, after)
		return err
	})
	return states, err
}

const slotSQL = `SELECT count(*), coalesce(pg_catalog.bool_and(s.confirmed_flush_lsn <= $2::text::pg_lsn AND coalesce(s.wal_status, '') <> 'lost' AND s.active), false)
  FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = ANY ($1) AND s.plugin = 'pgoutput' AND s.database = pg_catalog.current_database()`

// sound is the new side's position, when the lane back is there, running, with its slot
// not past it.
func (d *Databases) sound(ctx context.Context, t switching.Try) (string, error) {
	var slots []string
	var sound bool
	err := d.on(ctx, t.From, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT coalesce(pg_catalog.array_agg(slot_name), '{}'),
			coalesce(pg_catalog.bool_and(state = 'running' AND NOT src_writable AND part_lsn IS NULL), false)
			FROM bgsync.lane WHERE state <> 'retired'`).Scan(&slots, &sound)
	})
	if err != nil {
		return "", err
	}
	if !sound {
		return "", fmt.Errorf("the lane from %s back to %s does not run, or takes %s for writable", t.To, t.From, t.To)
	}
	position, err := d.Position(ctx, t.To)
	if err != nil {
		return "", err
	}
	var found int
	err = d.on(ctx, t.To, func(conn *pgx.Conn) error { return conn.QueryRow(ctx, slotSQL, slots, position).Scan(&found, &sound) })
	if err != nil {
		return "", err
	}
	if found != len(slots) || !sound {
		return "", fmt.Errorf("%s: %d of %d slots of the lane back are there and not past %s", t.To, found, len(slots), position)
	}
	return position, nil
}

// reverse is where the lane back begins: the new side's position, before anybody
// writes there.
func (d *Databases) reverse(ctx context.Context, t switching.Try, tail Tail) (string, error) {
	position, err := d.sound(ctx, t)
	if err != nil {
		return "", err
	}
	err = t.Do("switch.10.clean_base", func() error { return tail.CleanBase(ctx, position) })
	return position, err
}

// lanes are the positions of all lanes, for the record.
func (d *Databases) lanes(ctx context.Context) ([]proof.Lane, error) {
	var all []proof.Lane
	for _, side := range naming.Colors() {
		err := d.on(ctx, side, func(conn *pgx.Conn) error {
			rows, err := conn.Query(ctx, `SELECT lane, generation, applied_lsn::text, txns, echoes FROM bgsync.lane WHERE state <> 'retired' ORDER BY lane`)
			if err != nil {
				return err
			}
			var l proof.Lane
			_, err = pgx.ForEachRow(rows, []any{&l.Name, &l.Generation, &l.Applied, &l.Txns, &l.Echoes}, func() error {
				all = append(all, l)
				return nil
			})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// discarded names the changes that operators have left out.
func (d *Databases) discarded(ctx context.Context, t switching.Try) (names []string, err error) {
	err = d.on(ctx, t.To, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT coalesce(pg_catalog.array_agg(pg_catalog.format('%s %s %s', lane, commit_lsn, ordinal) ORDER BY 1), '{}')
			FROM (SELECT lane, commit_lsn, ordinal FROM bgsync.quarantine WHERE state = 'discarded'
			      UNION ALL SELECT lane, commit_lsn, ordinal FROM bgsync.conflict WHERE state = 'discarded') d`).Scan(&names)
	})
	return names, err
}
