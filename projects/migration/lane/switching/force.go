package switching

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// Force is a decision of two operators where no safe move is left: one side
// cannot be reached, and the other is opened although not all is known. What is
// opened may lack writes that were acknowledged; the side that is left behind
// must be rebuilt.
type Force struct {
	// Open is the side to open.
	Open naming.Color
	// Operators are two different people, and Reason is theirs.
	Operators []string
	Reason    string
}

// ErrForce tells that a forced decision is not allowed.
var ErrForce = errors.New("the forced decision is refused")

// Force opens a side. A switch that is under way must be held, or not have come to the
// fence; then, and without one, the side that is not the holder can be opened. The other side must be proven to take
// no writes: by its own row, or by Isolation where it cannot be reached. The decision
// is stored before anything is opened; a call that died is made again by anybody, and
// goes on in the names that are stored.
func (m *Machine) Force(ctx context.Context, force Force) (Outcome, error) {
	if err := errors.Join(m.validate(), m.enough(ctx)); err != nil {
		return Outcome{}, err
	}
	t, err := m.load(ctx)
	if err != nil {
		return Outcome{}, err
	}
	err = t.force(ctx, force)
	t.outcome.Switch = t.sw
	return t.outcome, err
}

// PlanForce tells what Force would rest on, and changes nothing: an error tells why it
// would be refused. Who decides is not asked.
func (m *Machine) PlanForce(ctx context.Context, open naming.Color) (evidence string, err error) {
	if err := m.validate(); err != nil {
		return "", err
	}
	t, err := m.load(ctx)
	if err != nil {
		return "", err
	}
	if err := t.forcible(open); err != nil {
		return "", err
	}
	_, evidence, _, err = t.grounds(ctx, open)
	return evidence, err
}

// forcible tells whether the switch is where a side can be opened by force.
func (t *turn) forcible(open naming.Color) error {
	switch {
	case !slices.Contains(naming.Colors(), open):
		return fmt.Errorf("%w: side %q, expected one of %v", ErrForce, open, naming.Colors())
	case t.sw.State != control.Held && !t.sw.State.Unfenced():
		return fmt.Errorf("%w: state %s, expected %s, or one before the fence: %s, %s, %s", ErrForce, t.sw.State, control.Held,
			control.Steady, control.Arming, control.Armed)
	case t.sw.State == control.Arming && t.leased():
		return fmt.Errorf("%w: another process is at work on the switch until %s", ErrForce, t.sw.LeaseUntil.Format(time.RFC3339))
	case t.sw.State.Unfenced() && open != t.token.Holder.Other():
		return fmt.Errorf("%w: %s has the authority already", ErrForce, open)
	case t.sw.State.Unfenced() && t.sw.Untrusted == open:
		return fmt.Errorf("%w: %s was left behind by a forced decision itself and must be rebuilt first", ErrForce, open)
	case t.sw.Forced != "" && t.sw.Forced != open:
		return fmt.Errorf("%w: to open %s is decided already", ErrForce, t.sw.Forced)
	}
	return nil
}

// grounds are what a forced decision rests on: the row of the side that is opened, what
// shows that the other takes no writes, and the attempt that stands in that one's row.
// Once the side is open the other one's state decides nothing any more.
func (t *turn) grounds(ctx context.Context, open naming.Color) (row authority.Row, evidence, attempt string, err error) {
	if row, err = t.Primary.Truth(ctx, open); err != nil {
		return row, "", "", fmt.Errorf("%w: %w", ErrForce, err)
	}
	if t.sw.Forced != "" && t.opened(row) {
		return row, t.sw.Isolation, "", nil
	}
	if evidence, attempt, err = t.shut(ctx, open.Other()); err != nil {
		return row, "", "", fmt.Errorf("%w: %w", ErrForce, err)
	}
	return row, evidence, attempt, nil
}

// opened tells by the row of the side that a forced decision opens whether it is open.
func (t *turn) opened(row authority.Row) bool {
	return row.Writable && row.Epoch == t.term(t.sw.Forced)
}

// term is the epoch that a side has once it is opened.
func (t *turn) term(open naming.Color) int64 {
	if open == t.sw.To {
		return t.sw.Epoch + 1
	}
	return t.sw.Epoch
}

// force is row 18.
func (t *turn) force(ctx context.Context, force Force) error {
	if t.sw.Forced != "" { // decided: what is left asks nobody
		force.Operators, force.Reason = t.sw.Operators, t.sw.Reason
	}
	if !distinct(force.Operators) || strings.TrimSpace(force.Reason) == "" {
		return fmt.Errorf("%w: expected a reason and two different operators", ErrForce)
	}
	if err := t.forcible(force.Open); err != nil {
		return err
	}
	row, evidence, attempt, err := t.grounds(ctx, force.Open)
	if err != nil {
		return err
	}
	id, left := uuid.NewString(), force.Open.Other()
	if err := t.decide(ctx, force, id, evidence); err != nil {
		return err
	}
	if attempt != "" {
		err := t.do("switch.18.cancel_"+string(left), func() error {
			return t.Primary.Cancel(ctx, t.try(attempt), left, attempt, "", false)
		})
		if err != nil {
			return fmt.Errorf("%w: %w", ErrForce, err)
		}
	}
	err = t.enter(ctx, 18, control.Held, t.lease(), func(s *control.Switch) {
		s.Untrusted, s.ShutAt, s.Rebuild = left, time.Time{}, ""
		s.Promoting = s.Promoting || force.Open == s.To // from now on only its row can say whether it is open
	})
	if err != nil {
		return err
	}
	return t.open(ctx, force, row, id)
}

// decide stores the decision: who has taken it, why, and what shows that the other side
// takes no writes.
func (t *turn) decide(ctx context.Context, force Force, id, evidence string) error {
	if t.sw.State.Unfenced() {
		t.sw.From, t.sw.To, t.sw.Epoch, t.sw.Attempt, t.sw.Heirs = t.token.Holder, force.Open, t.token.Epoch, "", nil
		t.sw.Promoting, t.sw.FenceLSN, t.sw.ReverseLSN, t.sw.ProofID = false, "", "", ""
		t.sw.Pause, t.sw.PausedAt = 0, time.Time{} // nobody told writers to wait
	}
	from := t.sw.State
	return t.enter(ctx, 18, control.Held, t.lease(), func(s *control.Switch) {
		s.Heirs, s.Operators, s.Reason, s.Forced, s.Isolation = append(s.Heirs, id), force.Operators, force.Reason, force.Open, evidence
		if from != control.Held {
			s.HeldFrom = from
		}
	})
}

// shut proves that a side takes no writes, and changes nothing: what is refused leaves
// nothing behind. An attempt that stands in its row has to be taken off before the other
// side is opened, so that it never will.
func (t *turn) shut(ctx context.Context, side naming.Color) (evidence, attempt string, err error) {
	row, err := t.Primary.Truth(ctx, side)
	if err != nil {
		if t.Isolation == nil {
			return "", "", fmt.Errorf("%s cannot be reached, and nothing proves that no application can: %w", side, err)
		}
		evidence, err = t.Isolation.Prove(ctx, side)
		return evidence, "", err
	}
	if row.Writable {
		return "", "", fmt.Errorf("%s can be written to: a switch without force is possible", side)
	}
	return fmt.Sprintf("%s is not writable by its own row, epoch %d", side, row.Epoch), row.Attempt, nil
}

// open opens the side under an id of this process, and says so in the token and in a
// record. The lanes that end there end with the same act: what the side that is left
// behind has not sent must not come over what is written from now on.
func (t *turn) open(ctx context.Context, force Force, row authority.Row, id string) error {
	epoch := t.term(force.Open)
	try := t.try(id)
	try.Alone = force.Open
	if !row.Writable {
		if err := t.claim(ctx, try, force.Open, row); err != nil {
			return err
		}
		act := t.Primary.Release
		if force.Open == t.sw.To {
			act = t.Primary.Promote
		}
		if err := t.do("switch.18.open", func() error { return act(ctx, try) }); err != nil {
			return fmt.Errorf("open %s: %w", force.Open, err)
		}
	}
	if err := t.do("switch.18.proof", func() error { return t.confess(ctx, force, id) }); err != nil {
		return err
	}
	ended := t.token.Phase == control.PhaseOpen
	err := t.flip(ctx, 18, func(token *control.Token) {
		token.Holder, token.Epoch, token.Phase, token.ProofID = force.Open, epoch, control.PhaseOpen, id
	})
	if err != nil {
		return err
	}
	t.paused(ended)
	if err := t.undo(ctx, 18, try); err != nil { // a switch may have been armed
		return err
	}
	return t.enter(ctx, 18, control.Steady, 0, func(s *control.Switch) {
		s.ProofID, s.Epoch, s.LastError, s.HeldFrom, s.Forced, s.Isolation = id, epoch, "", "", "", ""
		t.keepPause(s)
	})
}

// claim puts this process's id into the row of the side that it opens.
func (t *turn) claim(ctx context.Context, try Try, side naming.Color, row authority.Row) error {
	return t.do("switch.18.claim", func() error {
		return t.Primary.Cancel(ctx, try, side, row.Attempt, try.ID, false)
	})
}

// confess stores the record of a forced decision: what was not shown is not in
// it.
func (t *turn) confess(ctx context.Context, force Force, id string) error {
	position, err := t.Primary.Position(ctx, force.Open)
	if err != nil {
		return err
	}
	record := t.record(Evidence{Reverse: position})
	record.ID, record.Attempt, record.Outcome = id, id, outcomeLossy
	for _, step := range t.sw.StepTimes {
		if step.State == control.Drained && force.Open == t.sw.To && t.sw.Attempt != "" {
			record.Outcome = outcomeUnverified
		}
	}
	record.LastApplied = t.Primary.Applied(ctx, force.Open)
	record.Checks = []proof.Gate{{Name: "isolation", Verdict: Pass.String(), Detail: t.sw.Isolation}}
	body, err := proof.Seal(ctx, t.Signer, record)
	if err != nil {
		return err
	}
	return t.Proofs.Put(ctx, id, body)
}
