package lane

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/adopt"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Reservation is a lane's place in the log of its source, taken before there is a
// target: a copy of the source is made after it, and becomes the target (Adopt).
type Reservation struct {
	Lane string
	// Reader is a member of bgsync_reader on the source, where the plan is published.
	Reader string
	Limits Limits
	// At is told each durable step; nil is no observer.
	At func(step string) error
}

// Reserved is what was reserved.
type Reserved struct {
	Slot string
	// From is where the slot begins. The source keeps its log from there on until the
	// lane has applied it.
	From pglogrepl.LSN
	// Before tells that it was there already.
	Before bool
}

// AfterAnchor is the last step of a reservation, for observers; AfterIntent is the
// first, and AfterSlot and AfterSettle lie between.
const (
	AfterIntent = "reserve.after_intent"
	AfterAnchor = "reserve.after_anchor"
)

// What stands in the way of a reservation.
var (
	// ErrTaken tells that the slot of the lane is there and is not, or not any more,
	// what was reserved.
	ErrTaken = errors.New("the slot is not a reserved one: a lane may use it. Only if none does, drop it")
	// ErrSlotLost tells that a reserved slot is of no use any more.
	ErrSlotLost = errors.New("the reserved slot is of no use any more: drop it, reserve again and make a new copy")
)

// Reserve makes the slot of a lane on a source whose copy is to become the target.
// It drops nothing: a slot that it has not made itself is refused. What was reserved
// stays reserved; a call after a crash ends what was begun.
func Reserve(ctx context.Context, with Reservation) (Reserved, error) {
	if with.At == nil {
		with.At = func(string) error { return nil }
	}
	if err := with.Limits.Validate(); err != nil {
		return Reserved{}, err
	}
	source, err := pg.Connect(ctx, with.Reader, pg.Identity{Role: pg.Reader, Lane: with.Lane, Invocation: "reserve"})
	if err != nil {
		return Reserved{}, fmt.Errorf("reserve lane %s: source: %w", with.Lane, err)
	}
	defer pg.Close(source)
	c := &creation{
		Creation: Creation{Lane: with.Lane, Endpoints: Endpoints{Reader: with.Reader}, Limits: with.Limits, At: with.At}, source: source, generation: 1,
	}
	reserved, err := c.reserve(ctx)
	if err != nil {
		return reserved, fmt.Errorf("reserve lane %s: %w", with.Lane, err)
	}
	return reserved, nil
}

func (c *creation) reserve(ctx context.Context) (Reserved, error) {
	reserved := Reserved{Slot: checkpoint.Slot(c.Lane, c.generation)}
	if err := c.servers(ctx); err != nil {
		return reserved, err
	}
	if _, err := listed(ctx, c.source); err != nil {
		return reserved, err
	}
	anchor, err := adopt.Read(ctx, c.source, c.Lane)
	if err != nil {
		return reserved, err
	}
	slot, err := readSlot(ctx, c.source, reserved.Slot)
	if err != nil {
		return reserved, err
	}
	switch {
	case slot.SlotExists && anchor.Made():
		reserved.From, reserved.Before = anchor.Slot, true
		return reserved, slot.usable(anchor.Slot)
	case slot.SlotExists && anchor == adopt.Anchor{}:
		return reserved, fmt.Errorf("slot %s: %w", reserved.Slot, ErrTaken)
	case !slot.SlotExists:
		if err := c.intend(ctx); err != nil {
			return reserved, err
		}
	}
	return c.anchor(ctx, reserved)
}

// intend notes that a slot is about to be made, and makes it.
func (c *creation) intend(ctx context.Context) error {
	if _, err := adopt.Write(ctx, c.source, c.Lane, 0); err != nil {
		return err
	}
	if err := c.At(AfterIntent); err != nil {
		return err
	}
	if err := c.identify(ctx); err != nil {
		return err
	}
	return c.slot(ctx)
}

// anchor waits until all that ran while the slot was made has ended, and notes that
// it has: a copy with this note lacks nothing that is not in the slot's stream, and
// no transaction that the slot shows in part only ends behind it.
func (c *creation) anchor(ctx context.Context, reserved Reserved) (Reserved, error) {
	slot, err := readSlot(ctx, c.source, reserved.Slot)
	if err != nil {
		return reserved, err
	}
	reserved.From = slot.SlotConfirmed
	if err := slot.usable(slot.SlotConfirmed); err != nil {
		return reserved, err
	}
	if err := settle(ctx, c.source, c.Limits.SettleCreation); err != nil {
		return reserved, err
	}
	if err := c.At(AfterSettle); err != nil {
		return reserved, err
	}
	if _, err := adopt.Write(ctx, c.source, c.Lane, slot.SlotConfirmed); err != nil {
		return reserved, err
	}
	return reserved, c.At(AfterAnchor)
}

// slotFacts are a slot as the source has it.
type slotFacts struct {
	Facts
	name string
}

// readSlot reads a slot.
func readSlot(ctx context.Context, source *pgx.Conn, name string) (slotFacts, error) {
	var f Facts
	err := f.slot(ctx, source, name)
	return slotFacts{Facts: f, name: name}, err
}

// usable checks that the slot still has all from the position where it began.
func (s slotFacts) usable(from pglogrepl.LSN) error {
	switch {
	case s.SlotPlugin != "pgoutput" || !s.SlotHere:
		return fmt.Errorf("slot %s: is of plugin %q or another database, expected pgoutput in this one: %w", s.name, s.SlotPlugin, ErrSlotLost)
	case s.SlotStatus == "lost":
		return fmt.Errorf("slot %s: has lost log that it needs (wal_status lost): %w", s.name, ErrSlotLost)
	case s.SlotConfirmed != from || s.SlotActive:
		return fmt.Errorf("slot %s: is at %s and active=%t, expected %s where it was reserved, and nobody who reads it: %w", s.name, s.SlotConfirmed, s.SlotActive, from, ErrTaken)
	default:
		return nil
	}
}
