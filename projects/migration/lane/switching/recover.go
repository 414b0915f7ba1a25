package switching

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// recover goes on where another process was lost: rows 14, 15 and 17. It never
// acts under the attempt of the other, but takes that off the databases and acts
// under an id of its own.
func (t *turn) recover(ctx context.Context) error {
	// What stands in the rows is read before the item is taken over: an attempt that
	// is made afterwards is never mistaken for one that was left behind.
	attempts := append([]string{t.sw.Attempt}, t.sw.Heirs...)
	for _, side := range []naming.Color{t.sw.From, t.sw.To} {
		limited, cancel := context.WithTimeout(ctx, t.Limits.Total)
		row, err := t.Primary.Truth(limited, side)
		cancel()
		if err == nil {
			attempts = append(attempts, row.Attempt)
		} else if t.sw.State == control.Held && (side == t.sw.From || t.sw.Promoting) {
			return fmt.Errorf("%w: %s: %w", ErrHeld, side, err) // nothing has changed, nothing is written
		}
	}
	if err := t.undecided(ctx); err != nil {
		return err
	}
	heir := uuid.NewString()
	cause := fmt.Errorf("taken over from %s in %s: %s", t.sw.Owner, t.sw.State, t.sw.LastError)
	if t.sw.State == control.Held || t.sw.State == control.BackingOut {
		cause = errors.New(t.sw.LastError)
	}
	if err := t.enter(ctx, 17, t.sw.State, t.lease(), func(s *control.Switch) {
		s.Heirs = append(slices.Clone(s.Heirs), heir)
	}); err != nil {
		return err
	}
	if t.sw.Promoting {
		promoted, err := t.settle(ctx, attempts...)
		if err != nil {
			return t.hold(ctx, errors.Join(cause, err))
		}
		if promoted && t.sw.Forced != "" {
			return t.hold(ctx, errForced(t.sw))
		}
		if promoted {
			return t.forward(ctx)
		}
	}
	if t.sw.State != control.BackingOut {
		if err := t.enter(ctx, 14, control.BackingOut, t.lease(), nil); err != nil {
			return err
		}
	}
	err := t.insist(ctx, func(ctx context.Context) error { return t.reopen(ctx, t.try(heir), heir, attempts...) })
	if err != nil {
		return t.hold(ctx, errors.Join(cause, err))
	}
	return errors.Join(fmt.Errorf("%w: %w", ErrBackedOut, cause), t.aftermath(ctx, cause, attempts...))
}

// undecided refuses to recover what a forced decision has opened: what is left of that
// only the same decision does, whose record says what it has cost. One that has opened
// nothing yet may be taken back, where both sides can be reached again.
func (t *turn) undecided(ctx context.Context) error {
	if t.sw.Forced == "" {
		return nil
	}
	row, err := t.Primary.Truth(ctx, t.sw.Forced)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrHeld, t.sw.Forced, err)
	}
	if t.opened(row) {
		return fmt.Errorf("%w: %w", ErrHeld, errForced(t.sw))
	}
	return nil
}

// errForced tells how a forced decision that was stored goes on.
func errForced(sw control.Switch) error {
	return fmt.Errorf("two operators have decided to open %s: the same decision goes on with it", sw.Forced)
}
