package switching

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/control"
)

// Start begins a switch and arms it: preparations are made in the stores, and all
// gates must hold without a break for Limits.Hold. It returns when the switch is
// armed; when gates do not hold in time all is undone. Starting what is armed or
// under way is refused.
func (m *Machine) Start(ctx context.Context, request Request) (Outcome, error) {
	if err := errors.Join(m.validate(), m.enough(ctx)); err != nil {
		return Outcome{}, err
	}
	t, err := m.load(ctx)
	if err != nil {
		return Outcome{}, err
	}
	err = t.start(ctx, request)
	t.outcome.Switch = t.sw
	return t.outcome, err
}

// start is row 1, arming, and row 2.
func (t *turn) start(ctx context.Context, request Request) error {
	if err := t.admit(request); err != nil {
		return err
	}
	next := control.Switch{
		Rev: t.sw.Rev, State: control.Steady, From: t.token.Holder, To: request.To, Epoch: t.token.Epoch,
		Reason: request.Reason, Operators: request.Operators, Untrusted: t.sw.Untrusted, ShutAt: t.sw.ShutAt, Rebuild: t.sw.Rebuild, Rebuilt: t.sw.Rebuilt,
	}
	former := t.sw
	t.sw = next
	if err := t.enter(ctx, 1, control.Arming, t.Limits.Lease, nil); err != nil {
		t.sw = former
		return err
	}
	err := t.arm(ctx)
	if err == nil {
		err = t.enter(ctx, 2, control.Armed, 0, func(s *control.Switch) { s.LastError = "" })
	}
	if err == nil || over(err) {
		return err
	}
	return errors.Join(err, t.disarm(context.WithoutCancel(ctx), 3, reason(err)))
}

// admit refuses what cannot be a switch.
func (t *turn) admit(request Request) error {
	switch {
	case t.sw.State != control.Steady:
		return fmt.Errorf("%w: state %s since %s", ErrUnderway, t.sw.State, t.sw.Owner)
	case t.token.Phase != control.PhaseOpen:
		return fmt.Errorf("%w: the token's phase is %s, expected %s", ErrUnderway, t.token.Phase, control.PhaseOpen)
	case request.To != t.token.Holder.Other() || t.token.Holder == control.Nobody:
		return fmt.Errorf("switch to %q: expected %s, since %s has the authority", request.To, t.token.Holder.Other(), t.token.Holder)
	case t.sw.Untrusted == request.To:
		return fmt.Errorf("switch to %s: it was left behind by a forced decision and must be rebuilt first", request.To)
	case strings.TrimSpace(request.Reason) == "" || len(request.Operators) == 0:
		return errors.New("switch: expected a reason and who answers for it")
	}
	return nil
}

// arm makes the preparations and waits until the gates have held for long enough.
func (t *turn) arm(ctx context.Context) error {
	try := t.try("")
	for _, p := range t.participants() {
		if err := t.do("switch.1.arm_"+p.Name(), func() error { return p.Arm(ctx, try) }); err != nil {
			return fmt.Errorf("arm %s: %w", p.Name(), err)
		}
	}
	hold := t.Limits.hold(try.Rollback())
	until := time.Now().Add(t.Limits.ArmMax)
	if deadline, limited := ctx.Deadline(); limited && deadline.Add(-t.Limits.Least).Before(until) {
		until = deadline.Add(-t.Limits.Least)
	}
	for since := time.Now(); ; {
		t.outcome.Gates = t.evaluate(ctx, try)
		closed := open(t.outcome.Gates)
		if closed != nil {
			since = time.Now()
		} else if time.Since(since) >= hold {
			return nil
		}
		if !time.Now().Before(until) {
			return errors.Join(closed, fmt.Errorf("arming did not end within its time: the conditions must hold for %s", hold))
		}
		if err := t.renew(ctx, closed); err != nil {
			return err
		}
		select {
		case <-time.After(min(t.Limits.Poll, max(hold-time.Since(since), time.Millisecond))):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// renew writes the item again before a third of the lease is gone, so that others see
// that this process is at work, and at once when the gates begin or cease to hold: the
// item says what arming waits for.
func (t *turn) renew(ctx context.Context, closed error) error {
	waits := ""
	if closed != nil {
		waits = reason(closed)
	}
	turned := (waits == "") != (t.sw.LastError == "")
	if !turned && t.sw.LeaseUntil.Sub(t.Now()) > t.Limits.Lease*2/3 {
		return nil
	}
	return t.enter(ctx, 1, t.sw.State, t.Limits.Lease, func(s *control.Switch) { s.LastError = waits })
}

// watch looks whether an armed switch may stay armed.
func (t *turn) watch(ctx context.Context) error {
	try := t.try("")
	age, err := t.Primary.Armed(ctx, try)
	if err != nil {
		return err
	}
	t.outcome.Gates = t.evaluate(ctx, try)
	if age == 0 || age > t.Limits.ArmMax {
		return t.giveUp(ctx, fmt.Errorf("%w: armed for %s, expected at most %s", ErrGates, age.Round(time.Second), t.Limits.ArmMax))
	}
	if closed := open(t.outcome.Gates); closed != nil {
		return t.giveUp(ctx, closed)
	}
	return nil
}

// giveUp undoes the arming for a reason, which is the error. A switch that another
// process has gone on with meanwhile is that one's, and what closed here is no matter.
func (t *turn) giveUp(ctx context.Context, closed error) error {
	err := t.disarm(ctx, 3, reason(closed))
	if over(err) {
		return err
	}
	return errors.Join(closed, err)
}

// disarm undoes what arming did and ends the switch where it began. The item is taken
// first: another process may go on with the switch at the same time, and rests on what
// would be undone.
func (t *turn) disarm(ctx context.Context, row int, why string) error {
	if t.sw.State == control.Arming || t.sw.State == control.Armed { // else it is this process's
		if err := t.enter(ctx, row, t.sw.State, t.Limits.Lease, nil); err != nil {
			return err
		}
	}
	if err := t.undo(ctx, row, t.try("")); err != nil {
		return err
	}
	return t.enter(ctx, row, control.Steady, 0, func(s *control.Switch) {
		if s.LastError = why; s.Forced != "" { // a forced decision was taken back before it had opened anything
			s.Forced, s.Isolation, s.Untrusted, s.ShutAt = "", "", "", time.Time{}
		}
		t.keepPause(s)
	})
}

// undo undoes in all stores what arming did, or a part of it.
func (t *turn) undo(ctx context.Context, row int, try Try) error {
	for _, p := range t.participants() {
		err := t.do(fmt.Sprintf("switch.%d.disarm_%s", row, p.Name()), func() error {
			return t.insist(ctx, func(ctx context.Context) error { return p.Disarm(ctx, try) })
		})
		if err != nil {
			return fmt.Errorf("undo the arming of %s: %w", p.Name(), err)
		}
	}
	return nil
}

// longestReason bounds what is kept of an error.
const longestReason = 1000

// reason is an error as it is kept in the item.
func reason(err error) string {
	text := err.Error()
	return text[:min(len(text), longestReason)]
}
