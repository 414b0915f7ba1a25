package switching

import (
	"context"
	"errors"
	"fmt"
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

// Force opens a side. A switch that is under way must be held; without one the
// side that is not the holder can be opened. The other side must be proven to take
// no writes: by its own row, or by Isolation where it cannot be reached.
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

// force is row 18.
func (t *turn) force(ctx context.Context, force Force) error {
	switch {
	case !distinct(force.Operators) || strings.TrimSpace(force.Reason) == "":
		return fmt.Errorf("%w: expected a reason and two different operators", ErrForce)
	case t.sw.State != control.Held && t.sw.State != control.Steady:
		return fmt.Errorf("%w: state %s, expected %s or %s", ErrForce, t.sw.State, control.Held, control.Steady)
	case t.sw.State == control.Steady && force.Open != t.token.Holder.Other():
		return fmt.Errorf("%w: %s has the authority already", ErrForce, force.Open)
	}
	row, err := t.Primary.Truth(ctx, force.Open)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrForce, err)
	}
	left := force.Open.Other()
	evidence, attempt, err := t.shut(ctx, left)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrForce, err)
	}
	if t.sw.State == control.Steady {
		t.sw.From, t.sw.To, t.sw.Epoch, t.sw.Attempt, t.sw.Heirs = t.token.Holder, force.Open, t.token.Epoch, "", nil
		t.sw.Promoting, t.sw.FenceLSN, t.sw.ReverseLSN, t.sw.ProofID = false, "", "", ""
		t.sw.Pause, t.sw.PausedAt = 0, time.Time{} // nobody told writers to wait
	}
	id := uuid.NewString()
	from := t.sw.State
	err = t.enter(ctx, 18, control.Held, t.lease(), func(s *control.Switch) {
		s.Heirs, s.Operators, s.Reason = append(s.Heirs, id), force.Operators, force.Reason
		if from != control.Held {
			s.HeldFrom = from
		}
	})
	if err != nil {
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
		s.Untrusted = left
		s.Promoting = s.Promoting || force.Open == s.To // from now on only its row can say whether it is open
	})
	if err != nil {
		return err
	}
	return t.open(ctx, force, row, id, evidence)
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
func (t *turn) open(ctx context.Context, force Force, row authority.Row, id, evidence string) error {
	epoch := t.sw.Epoch
	if force.Open == t.sw.To {
		epoch++
	}
	try := t.try(id)
	try.Alone = true
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
	if err := t.do("switch.18.proof", func() error { return t.confess(ctx, force, id, evidence) }); err != nil {
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
	return t.enter(ctx, 18, control.Steady, 0, func(s *control.Switch) {
		s.ProofID, s.Epoch, s.LastError, s.HeldFrom = id, epoch, "", ""
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
func (t *turn) confess(ctx context.Context, force Force, id, evidence string) error {
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
	record.Checks = []proof.Gate{{Name: "isolation", Verdict: Pass.String(), Detail: evidence}}
	body, err := proof.Seal(ctx, t.Signer, record)
	if err != nil {
		return err
	}
	return t.Proofs.Put(ctx, id, body)
}
