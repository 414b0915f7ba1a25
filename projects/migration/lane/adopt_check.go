package lane

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/lane/adopt"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// check finds out, before anything is changed, whether the lane can go on from the
// copy, and all that its row will say.
func (a *adoption) check(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"identify the source", a.identify}, {"compare the systems", a.sameSystem}, {"compare the authorities", a.sameAuthority},
		{"look for who writes to the copy", a.quiet}, {"compare the plans", a.registered}, {"read the tables", a.read},
		{"place the copy in the source's log", a.place}, {"settle", a.settled},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// sameSystem wants a physical copy, which has the identifier of its source.
func (a *adoption) sameSystem(ctx context.Context) error {
	var found string
	if err := a.target.QueryRow(ctx, `SELECT system_identifier::text FROM pg_catalog.pg_control_system()`).Scan(&found); err != nil {
		return pg.Wrap(err, "copy: read the system identifier")
	}
	if found != a.origin.system {
		return fmt.Errorf("the copy is system %s, expected %s: %w", found, a.origin.system, ErrOtherSystem)
	}
	return nil
}

// sameAuthority wants a copy of a writable source in which no switch was under way.
// What the lane knows of its source is what the copy shows, not what holds by now.
func (a *adoption) sameAuthority(ctx context.Context) error {
	var copied authority
	err := a.target.QueryRow(ctx, `SELECT epoch, writable, coalesce(attempt::text, '') FROM bgsync.authority`).Scan(&copied.Epoch, &copied.Writable, &copied.Attempt)
	if err != nil {
		return pg.Wrap(err, "copy: read authority")
	}
	var arming int
	if err := a.target.QueryRow(ctx, `SELECT (SELECT count(*) FROM bgsync.arming) + (SELECT count(*) FROM bgsync.ddl_freeze)`).Scan(&arming); err != nil {
		return pg.Wrap(err, "copy: look for a switch")
	}
	if !copied.Writable || copied.Attempt != "" || arming > 0 {
		return fmt.Errorf("the copy was made with writable=%t, attempt %q and %d traces of a switch, expected a writable source and none: make it when no switch is under way",
			copied.Writable, copied.Attempt, arming)
	}
	if copied.Epoch != a.authority.Epoch {
		return fmt.Errorf("the copy is of epoch %d, the source of %d: the authority has moved since: %w", copied.Epoch, a.authority.Epoch, adopt.ErrBefore)
	}
	a.authority, a.to.Epoch = copied, copied.Epoch
	return nil
}

// quiet wants nobody who writes to the copy on its own account: a subscription came
// with it and applies what its source applies too.
func (a *adoption) quiet(ctx context.Context) error {
	var names []string
	err := a.target.QueryRow(ctx, `SELECT coalesce(pg_catalog.array_agg(subname::text ORDER BY subname), '{}') FROM pg_catalog.pg_subscription
		WHERE subenabled AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`).Scan(&names)
	if err != nil {
		return pg.Wrap(err, "copy: look for subscriptions")
	}
	if len(names) > 0 {
		return fmt.Errorf("the copy has enabled subscriptions %v, expected none: disable them on the source, reserve and make a new copy", names)
	}
	return nil
}

// place finds the copy's position, which must be one that the slot still has, that
// the source has written, and before which the slot was ready.
func (a *adoption) place(ctx context.Context) error {
	anchor, err := adopt.Read(ctx, a.source, a.Adoption.Lane)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if !anchor.Made() {
		return fmt.Errorf("source: has no anchor of lane %s, expected one: reserve the lane, then make a copy: %w", a.Adoption.Lane, adopt.ErrBefore)
	}
	copied, err := adopt.Read(ctx, a.target, a.Adoption.Lane)
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if err := anchor.Holds(copied); err != nil {
		return err
	}
	slot, err := readSlot(ctx, a.source, checkpoint.Slot(a.Adoption.Lane, a.generation))
	if err != nil {
		return err
	}
	if !slot.SlotExists {
		return fmt.Errorf("slot %s: does not exist on the source, expected the reserved one: %w", slot.name, ErrSlotLost)
	}
	if err := slot.usable(anchor.Slot); err != nil {
		return err
	}
	if a.base, err = a.Start.Start(ctx, a.target); err != nil {
		return err
	}
	var facts Facts
	if err := a.source.QueryRow(ctx, insertSQL).Scan(&facts.Insert); err != nil {
		return pg.Wrap(err, "ask the source for its position")
	}
	if a.base < anchor.Slot || a.base > facts.Insert {
		return fmt.Errorf("the copy ends at %s, expected a position from %s, where slot %s begins, to %s, where the source writes: %w",
			a.base, anchor.Slot, slot.name, facts.Insert, ErrPosition)
	}
	return nil
}

// settled waits until all that the copy shows is visible on the source as well, so
// that what compares the two sees on the source at least what the copy has.
func (a *adoption) settled(ctx context.Context) (err error) {
	if err := settle(ctx, a.source, a.Adoption.Limits.SettleCreation); err != nil {
		return err
	}
	if a.xid, err = nextXid(ctx, a.source); err != nil {
		return err
	}
	now, err := a.readAuthority(ctx)
	if err == nil && now != a.authority {
		err = errors.New("the authority of the source changed meanwhile: try again when no switch is under way")
	}
	return err
}
