package switching

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// retreat is what the process that made the attempt does when it cannot go on:
// forward, if the promotion was done after all; else rows 11 and 14.
func (t *turn) retreat(ctx context.Context, cause error) error {
	ctx = context.WithoutCancel(ctx)
	if t.sent {
		done, err := t.settle(ctx, t.sw.Attempt)
		if err != nil {
			return t.hold(ctx, errors.Join(cause, err))
		}
		if done {
			return t.forward(ctx)
		}
	}
	// The item is written once, and again when writers are back: they do not wait for
	// a control store that does not answer.
	limited, cancel := context.WithTimeout(ctx, lookTime)
	err := t.adopt(limited, 11, control.BackingOut, cause)
	cancel()
	if over(err) {
		return errors.Join(cause, err)
	}
	// A control store that does not answer does not keep writers out: this process
	// has sent no promotion, or has taken it back, and nobody else may send one.
	try := t.try(t.sw.Attempt)
	if err := t.insist(ctx, func(ctx context.Context) error { return t.reopen(ctx, try, "") }); err != nil {
		return t.hold(ctx, errors.Join(cause, err))
	}
	backedOut := fmt.Errorf("%w: %w", ErrBackedOut, cause)
	if t.sw.State != control.BackingOut {
		err := t.insist(ctx, func(ctx context.Context) error { return t.adopt(ctx, 11, control.BackingOut, cause) })
		if err != nil {
			return errors.Join(backedOut, err)
		}
	}
	return errors.Join(backedOut, t.aftermath(ctx, cause))
}

// adopt writes the switch in a state, also over a write of this very process of
// which the reply was lost.
func (t *turn) adopt(ctx context.Context, row int, state control.State, cause error) error {
	note := func(s *control.Switch) { s.LastError = reason(cause) }
	err := t.enter(ctx, row, state, t.lease(), note)
	if !errors.Is(err, ErrTakenOver) {
		return err
	}
	item, lookErr := t.Store.Get(ctx, control.SwitchItem)
	if lookErr != nil {
		return fmt.Errorf("write item %s: %w", control.SwitchItem, lookErr)
	}
	found, lookErr := control.DecodeSwitch(item.Rev, item.Fields)
	if lookErr != nil || found.Owner != t.Owner || found.Attempt != t.sw.Attempt {
		return err
	}
	t.sw = found // a write of our own came through after all
	return t.enter(ctx, row, state, t.lease(), note)
}

// settle finds out on the new side what became of the attempts, and where they
// came to nothing makes sure that they never will: row 15.
func (t *turn) settle(ctx context.Context, attempts ...string) (promoted bool, err error) {
	err = t.insist(ctx, func(ctx context.Context) error {
		row, err := t.Primary.Truth(ctx, t.sw.To)
		if err != nil {
			return err
		}
		promoted = row.Epoch == t.sw.Epoch+1 && row.Writable
		if promoted || row.Attempt == "" {
			return nil
		}
		if !slices.Contains(attempts, row.Attempt) {
			return fmt.Errorf("%s has attempt %s, which this process does not know: %w", t.sw.To, row.Attempt, ErrStale)
		}
		return t.takeOff(ctx, 15, t.try(t.sw.Attempt), t.sw.To, row.Attempt, "", false)
	})
	return promoted, err
}

// reopen lets writers back to the old side: row 14. With an heir, the heir's id
// first takes the place of the attempts, so that their maker can do nothing any
// more.
func (t *turn) reopen(ctx context.Context, try Try, heir string, attempts ...string) error {
	row, err := t.Primary.Truth(ctx, t.sw.From)
	if err != nil {
		return err
	}
	attempts = append(attempts, try.ID)
	if row.Epoch != t.sw.Epoch {
		return fmt.Errorf("%s has epoch %d, expected %d: %w", t.sw.From, row.Epoch, t.sw.Epoch, ErrStale)
	}
	if row.Attempt != "" && !slices.Contains(attempts, row.Attempt) {
		return fmt.Errorf("%s has attempt %s, which this process does not know: %w", t.sw.From, row.Attempt, ErrStale)
	}
	if row.Writable && row.Attempt == "" {
		return nil
	}
	if row.Writable || heir != "" && row.Attempt != heir {
		next := heir
		if row.Writable {
			next = ""
		}
		err := t.takeOff(ctx, 14, try, t.sw.From, row.Attempt, next, row.Writable)
		if err != nil || row.Writable {
			return err
		}
	}
	for _, p := range t.participants() {
		if err := t.do("switch.14.release_"+p.Name(), func() error { return p.Release(ctx, try) }); err != nil {
			return fmt.Errorf("release %s: %w", p.Name(), err)
		}
	}
	return nil
}

// aftermath is the rest of row 14, when the old side is open again: token, new
// side, arming, switch. While the new side is out of reach the switch stays in
// BACKING_OUT, and writers go on.
func (t *turn) aftermath(ctx context.Context, cause error, attempts ...string) error {
	open := t.token.Phase == control.PhaseOpen
	err := t.insist(ctx, func(ctx context.Context) error {
		return t.flip(ctx, 14, func(token *control.Token) {
			token.Holder, token.Epoch, token.Phase = t.sw.From, t.sw.Epoch, control.PhaseOpen
		})
	})
	if err != nil {
		return err
	}
	t.paused(open)
	try := t.try(t.sw.Attempt)
	err = t.insist(ctx, func(ctx context.Context) error { return t.clear(ctx, try, t.sw.To, append(attempts, t.sw.Attempt)) })
	if err != nil {
		return err
	}
	return t.disarm(ctx, 14, reason(cause))
}

// clear takes a known attempt off the new side.
func (t *turn) clear(ctx context.Context, try Try, side naming.Color, attempts []string) error {
	row, err := t.Primary.Truth(ctx, side)
	if err != nil || row.Attempt == "" || !slices.Contains(attempts, row.Attempt) {
		return err
	}
	return t.takeOff(ctx, 14, try, side, row.Attempt, "", false)
}

// takeOff puts next in the place of the attempt that a side's row was read with.
// Whoever made that attempt may have woken since, and have changed the row under it:
// then nothing was taken off, and the row is to be read again. That is not the sight of
// an attempt that nobody knows, after which this process must do nothing more.
func (t *turn) takeOff(ctx context.Context, number int, try Try, side naming.Color, attempt, next string, writable bool) error {
	err := t.do(fmt.Sprintf("switch.%d.cancel_%s", number, side), func() error {
		return t.Primary.Cancel(ctx, try, side, attempt, next, writable)
	})
	if errors.Is(err, ErrStale) {
		return fmt.Errorf("the row of %s was changed after it was read: %v", side, err) //nolint:errorlint // it is ErrStale no longer, see above
	}
	return err
}

// hold is row 16: no move is safe, nobody can write, a person is called.
func (t *turn) hold(ctx context.Context, cause error) error {
	if over(cause) {
		return cause
	}
	from := t.sw.State
	if from == control.Held {
		from = t.sw.HeldFrom
	}
	err := t.enter(ctx, 16, control.Held, 0, func(s *control.Switch) { s.HeldFrom, s.LastError = from, reason(cause) })
	if err == nil {
		err = t.flip(ctx, 16, func(token *control.Token) { token.Phase = control.PhaseHeld })
	}
	return errors.Join(fmt.Errorf("%w: %w", ErrHeld, cause), err)
}
