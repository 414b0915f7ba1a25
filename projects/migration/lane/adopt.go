package lane

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/adopt"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
	"github.com/cutover/cutover/shared/naming"
)

// Adoption makes a copy of a lane's source the lane's target. The copy was made
// after Reserve.
type Adoption struct {
	Lane string
	// Side is what the copy becomes.
	Side naming.Color
	// Reader is a member of bgsync_reader on the source.
	Reader string
	// Administrator may, on the copy, what an administrator may: change the engine's
	// records, take rights, drop slots.
	Administrator string
	// Start says where the copy's rows end in the source's log.
	Start  adopt.Start
	Limits Limits
	By     string
	// At is told each durable step; nil is no observer.
	At func(step string) error
}

// Adopted is what came of it.
type Adopted struct {
	// Base is the position from which the lane follows.
	Base pglogrepl.LSN
	// Before tells that the copy had been adopted already, and all was done.
	Before bool
}

// Steps of an adoption, for observers: the copy is the passive side, it has no slot
// any more, the lane runs.
const (
	AfterTake      = "adopt.after_take"
	AfterDropSlots = "adopt.after_drop_slots"
	AfterRunning   = "adopt.after_running"
)

// ErrUnfinished tells that the target of a lane is a copy whose adoption has begun
// and not ended.
var ErrUnfinished = errors.New("the lane's target is a copy that is not adopted yet: adopt it again, which ends what was begun")

// What makes a copy of no use.
var (
	// ErrOtherSystem tells that the copy's rows were copied and not its volume: its
	// log has other positions.
	ErrOtherSystem = errors.New("the copy is of another system, expected a physical copy: positions of the source mean nothing in it")
	// ErrPosition tells that the position of the copy does not lie within what the
	// slot has and the source has written.
	ErrPosition = errors.New("the copy's position is not one at which the slot can go on")
)

// Adopt makes the copy the lane's target: first, in one transaction, another identity,
// the authority of the passive side, no records, no writers, and the lane's row with
// its position; then the copied slots are dropped; then the lane runs, strict from
// its first transaction on. Each step can be repeated; a call after a crash goes on
// where the other has ended, and one on an adopted copy changes nothing. It never
// writes to the source. A full verification is due afterwards.
func Adopt(ctx context.Context, with Adoption) (Adopted, error) {
	if with.At == nil {
		with.At = func(string) error { return nil }
	}
	a := &adoption{Adoption: with}
	defer a.close()
	adopted, err := a.adopt(ctx)
	if err != nil {
		return adopted, fmt.Errorf("adopt the copy as %s for lane %s: %w", with.Side, with.Lane, err)
	}
	return adopted, nil
}

// adoption is an Adoption under way.
type adoption struct {
	Adoption
	// creation has the source, the copy as its target, and what the lane's row says.
	creation
	to adopt.Adoption
}

func (a *adoption) adopt(ctx context.Context) (Adopted, error) {
	if err := a.open(ctx); err != nil {
		return Adopted{}, err
	}
	adopted, err := a.look(ctx)
	if err != nil {
		return Adopted{}, err
	}
	if !adopted {
		if err := a.take(ctx); err != nil {
			return Adopted{}, err
		}
	}
	row, err := checkpoint.LoadSettled(ctx, a.target, a.Adoption.Lane)
	if err != nil {
		return Adopted{}, err
	}
	if row.SourceDB != a.to.Source.DB {
		return Adopted{}, fmt.Errorf("the lane's source is database %s, expected %s: %w", row.SourceDB, a.to.Source.DB, adopt.ErrElsewhere)
	}
	done := Adopted{Base: row.Base, Before: row.State != checkpoint.Created}
	if done.Before {
		return done, nil
	}
	return done, a.finish(ctx)
}

// open connects to both and proves that they are two.
func (a *adoption) open(ctx context.Context) error {
	id := pg.Identity{Role: pg.Reader, Lane: a.Adoption.Lane, Invocation: "adopt"}
	source, err := pg.Connect(ctx, a.Reader, id)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	a.creation = creation{
		Creation: Creation{Lane: a.Adoption.Lane, Endpoints: Endpoints{Reader: a.Reader}, Limits: a.Adoption.Limits, At: a.Adoption.At},
		source:   source, generation: 1,
	}
	id.Role = pg.Operator
	if a.target, err = pg.Connect(ctx, a.Administrator, id); err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if err := a.servers(ctx); err != nil {
		return err
	}
	return adopt.Apart(ctx, a.source, a.target)
}

func (a *adoption) close() {
	for _, conn := range []*pgx.Conn{a.source, a.target} {
		if conn != nil {
			pg.Close(conn)
		}
	}
}

// look finds out what the copy is, and whether it was adopted.
func (a *adoption) look(ctx context.Context) (adopted bool, err error) {
	source, err := adopt.Identify(ctx, a.source, "source")
	if err != nil {
		return false, err
	}
	a.to = adopt.Adoption{Source: source, Side: a.Side, By: a.By}
	if source.Side == a.Side {
		return false, fmt.Errorf("the source is %s, expected the other side", source.Side)
	}
	found, err := adopt.Identify(ctx, a.target, "copy")
	if err != nil {
		return false, err
	}
	if adopted, err = found.Descends(source, a.Side); err != nil {
		return false, fmt.Errorf("copy: %w", err)
	}
	return adopted, nil
}

// take makes the copy the passive side, with the lane's row.
func (a *adoption) take(ctx context.Context) error {
	if err := a.check(ctx); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, a.target, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '60s'`); err != nil {
			return err
		}
		if err := a.to.Take(ctx, tx); err != nil {
			return err
		}
		return a.writeAdopted(ctx, tx)
	})
	if err != nil {
		return pg.Wrap(err, "make the copy the passive side")
	}
	return a.Adoption.At(AfterTake)
}

// finish drops the copied slots and lets the lane run.
func (a *adoption) finish(ctx context.Context) error {
	if err := a.to.DropSlots(ctx, a.target); err != nil {
		return err
	}
	if err := a.Adoption.At(AfterDropSlots); err != nil {
		return err
	}
	if _, err := a.target.Exec(ctx, `UPDATE bgsync.lane SET state = 'running' WHERE lane = $1 AND state = 'created'`, a.Adoption.Lane); err != nil {
		return pg.Wrap(err, "let the lane run")
	}
	return a.Adoption.At(AfterRunning)
}

// writeAdopted writes the lane's row, which nobody runs before it is finished, and
// the state of its tables.
func (a *adoption) writeAdopted(ctx context.Context, tx pgx.Tx) error {
	position, fingerprint := a.base.String(), relation.Combine(a.tables)
	_, err := tx.Exec(ctx, laneSQL, a.Adoption.Lane, string(checkpoint.Created), a.origin.db, a.origin.system, a.origin.timeline,
		checkpoint.Slot(a.Adoption.Lane, a.generation), position, fmt.Sprint(a.xid-1), &position,
		a.authority.Writable, a.authority.Epoch, a.authority.Attempt, fingerprint[:], a.generation)
	if err != nil {
		return pg.Wrap(err, "lane row")
	}
	return a.writeChunks(ctx, tx, nil)
}

// registered checks that the copy knows the tables that the source publishes, and no
// others.
func (a *adoption) registered(ctx context.Context) error {
	on, err := listed(ctx, a.source)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	at, err := listed(ctx, a.target)
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if !slices.Equal(on, at) {
		return fmt.Errorf("the source has %d tables registered and the copy %d, or others, expected the same: the plan was registered anew after the copy was made: %w",
			len(on), len(at), adopt.ErrBefore)
	}
	return nil
}
