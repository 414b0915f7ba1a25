package switching

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cutover/cutover/shared/control"
)

// Thaw undoes what a process has left behind that lost a switch while it armed: a
// frozen schema, autovacuum turned off, the list of changed keys. It does so as a
// switch that arms and is given up at once: from the first write of the item on
// nobody else can arm, and whoever finds it without its process disarms. So does
// another call of Thaw, once the lease of the lost process is over. The item tells of
// the last switch afterwards, as before, where one process did it all.
func (m *Machine) Thaw(ctx context.Context, request Request) (Outcome, error) {
	if err := errors.Join(m.validate(), m.enough(ctx)); err != nil {
		return Outcome{}, err
	}
	t, err := m.load(ctx)
	if err != nil {
		return Outcome{}, err
	}
	if t.leased() {
		return Outcome{Switch: t.sw, Busy: true}, nil
	}
	err = t.thaw(ctx, request)
	t.outcome.Switch = t.sw
	return t.outcome, err
}

func (t *turn) thaw(ctx context.Context, request Request) error {
	former := t.sw
	left := t.sw.State == control.Arming // by a process that thawed, or armed, and is gone
	switch {
	case t.sw.State != control.Steady && !left:
		return fmt.Errorf("%w: state %s since %s", ErrUnderway, t.sw.State, t.sw.Owner)
	case t.token.Phase != control.PhaseOpen || t.token.Holder == control.Nobody:
		return fmt.Errorf("%w: the token's phase is %s, expected %s", ErrUnderway, t.token.Phase, control.PhaseOpen)
	case strings.TrimSpace(request.Reason) == "" || len(request.Operators) == 0:
		return errors.New("thaw: expected a reason and who answers for it")
	}
	t.sw.From, t.sw.To, t.sw.Epoch = t.token.Holder, t.token.Holder.Other(), t.token.Epoch
	if err := t.enter(ctx, 1, control.Arming, t.Limits.Lease, nil); err != nil {
		t.sw = former
		return err
	}
	if err := t.undo(ctx, 3, t.try("")); err != nil {
		return err
	}
	return t.enter(ctx, 3, control.Steady, 0, func(s *control.Switch) {
		if !left {
			s.From, s.To, s.Epoch, s.StepTimes = former.From, former.To, former.Epoch, former.StepTimes
		}
		s.LastError = "thawed: " + request.Reason
	})
}
