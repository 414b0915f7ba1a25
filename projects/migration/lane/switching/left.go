package switching

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// Left is what became of a side that a forced decision has left behind.
type Left struct {
	// Side is that side, "" where there is none.
	Side naming.Color
	// Unreachable is why it cannot be asked, nil where it can.
	Unreachable error
	// Shut tells that it could be written to, and that this call has ended that.
	Shut bool
}

// Shut keeps writers out of a side that a forced decision has left behind, once it can
// be reached again: its own row may still say that it can be written to. It needs
// nobody's word, since the token has named the other side since. A side that cannot be
// reached is left to Isolation. The call may be repeated at any time.
func (m *Machine) Shut(ctx context.Context) (Left, error) {
	if err := m.validate(); err != nil {
		return Left{}, err
	}
	t, err := m.load(ctx)
	if err != nil || t.sw.Untrusted == "" || t.sw.Forced != "" || !t.token.Admits(t.sw.Untrusted.Other()) {
		return Left{}, err
	}
	left := Left{Side: t.sw.Untrusted}
	row, err := t.Primary.Truth(ctx, left.Side)
	if err != nil {
		left.Unreachable = err
		return left, nil //nolint:nilerr // told in the answer: a side that is lost is no failure
	}
	if !row.Writable {
		return left, t.noteShut(ctx)
	}
	if row.Epoch >= t.token.Epoch {
		return left, fmt.Errorf("%s can be written to in epoch %d, and %s has had the authority since epoch %d: expected an earlier one", left.Side,
			row.Epoch, t.token.Holder, t.token.Epoch)
	}
	err = t.insist(ctx, func(ctx context.Context) error {
		return t.do("switch.left.shut", func() error { return t.Primary.Supersede(ctx, left.Side, row, t.token.Epoch, t.Owner) })
	})
	left.Shut = err == nil
	if err != nil {
		return left, fmt.Errorf("%s can be written to, and %s has the authority: %w", left.Side, t.token.Holder, err)
	}
	return left, t.noteShut(ctx)
}

// noteShut stores when the side was first seen to keep writers out by its own row: who
// asks how it stands cannot ask it. A process that has written the item meanwhile has
// either noted it or leaves it to the next call.
func (t *turn) noteShut(ctx context.Context) error {
	if !t.sw.ShutAt.IsZero() || t.sw.State != control.Steady {
		return nil
	}
	err := t.enter(ctx, 18, control.Steady, 0, func(s *control.Switch) { s.ShutAt = time.UnixMilli(t.Now().UnixMilli()).UTC() })
	if errors.Is(err, ErrTakenOver) {
		return nil
	}
	return err
}
