package move

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/hint"
)

// Forcer opens a side by force where the databases can be reached.
type Forcer interface {
	// Force asks the function of the side that is to be opened.
	Force(ctx context.Context, e function.SwitchEvent) (function.SwitchAnswer, error)
	Known
	// Proof reads a record, has its signature checked, and says where it is.
	Proof(ctx context.Context, id string) (where string, err error)
}

// cost says what a forced decision costs, before it is taken.
const cost = "what was not applied there is lost, and the side that is left can be switched to again only when it was made anew, in a new database"

// Force opens a side since the other one is lost for good, by this process. Where that
// was done before it shuts the other side, which may be back. proofs says where the
// record is.
func (o *Operator) Force(ctx context.Context, m *switching.Machine, force switching.Force, proofs func(id string) string) error {
	if err := because("force", force.Reason); err != nil {
		return err
	}
	token, sw, err := o.stands(ctx)
	if err != nil {
		return unswitchable(err)
	}
	if carriedOut(token, sw, force.Open) {
		return o.shutLeft(ctx, m, sw.Untrusted)
	}
	if err := agreed(sw, force); err != nil {
		return err
	}
	evidence, err := m.PlanForce(ctx, force.Open)
	if err != nil {
		return unforced(err)
	}
	o.foretell(force.Open, evidence, m.Primary.Applied(ctx, force.Open))
	if o.DryRun {
		o.Say("would open %s: %s", force.Open, cost)
		return nil
	}
	outcome, err := m.Force(ctx, force)
	if err != nil {
		return unforced(err)
	}
	o.forced(force.Open, outcome.Switch.Epoch, proofs(outcome.Switch.ProofID))
	return o.shutLeft(ctx, m, force.Open.Other())
}

// foretell shows what a decision rests on, and what it would lose.
func (o *Operator) foretell(open naming.Color, evidence, applied string) {
	o.Say("%s", evidence)
	o.Say("%s has applied, by lane, position and time of the last commit: %s; what was written to %s since is not on %s", open, applied, open.Other(), open)
}

// agreed wants two people for a decision that is not stored yet.
func agreed(sw items.Switch, force switching.Force) error {
	names := force.Operators
	if sw.Forced == "" && (len(names) != 2 || strings.TrimSpace(names[0]) == "" || strings.TrimSpace(names[1]) == "" || names[0] == names[1]) {
		return fault.New(fault.Usage, "flag -operators is %q: expected the names of two different people", strings.Join(names, ",")).WithHint("%s", forcing(force.Open))
	}
	return nil
}

// carriedOut tells that a side was opened by force and nothing is left to do but to keep
// the other one shut.
func carriedOut(token items.Token, sw items.Switch, open naming.Color) bool {
	return sw.Forced == "" && sw.Untrusted == open.Other() && token.Admits(open)
}

// shutLeft keeps writers out of the side that was left, once it answers again.
func (o *Operator) shutLeft(ctx context.Context, m *switching.Machine, side naming.Color) error {
	if o.DryRun {
		o.Say("%s was left before; would shut it, if it can be reached", side)
		return nil
	}
	left, err := m.Shut(ctx)
	switch {
	case err != nil:
		return fault.New(fault.Gate, "%w", err).WithHint(hint.Again)
	case left.Unreachable != nil:
		o.Say("%s is left and cannot be reached: keep it shut off, it does not know that its term is over; once it is back, %s shuts it", side, forcing(side.Other()))
	case left.Shut:
		o.Say("%s was left, is back, and could be written to: it is shut now", side)
	default:
		o.Say("%s is left and takes no writes by its own row", side)
	}
	return nil
}

// forcing is the command that opens a side by force, goes on with that, or shuts the
// other one.
func forcing(opened naming.Color) string {
	return fmt.Sprintf("%sforce -color=%s -reason='…' -operators=ONE,OTHER", target, string(opened))
}

// Leave ends what led to the side that was left and from it: no lane is wanted any more,
// and the slots are dropped in which the open side keeps its log for it. It may be
// repeated.
func (o *Operator) Leave(ctx context.Context, open naming.Color) error {
	if anew, err := o.Rebuilding(ctx); err != nil || anew || o.DryRun {
		return err
	}
	for _, color := range naming.Colors() {
		lane := function.Lane(color)
		wanted, err := function.Wanted(ctx, o.Store, lane)
		if err == nil && wanted {
			err = function.Want(ctx, o.Store, lane, false)
		}
		if err != nil {
			return fmt.Errorf("%s is open; have nobody want lane %s any more: %w", open, lane, err)
		}
	}
	if _, err := o.ask(ctx, desk.Request{Act: desk.DropSlots, To: open}, "%s", hint.Again); err != nil {
		return fmt.Errorf("%s is open, and keeps its log for %s: %w", open, open.Other(), err)
	}
	return nil
}

// barred says why no switch to a side is begun or gone on with, nil where it may be.
func barred(sw items.Switch, to naming.Color) error {
	switch {
	case sw.State == items.Finalised:
		return ended()
	case sw.State == items.Steady && sw.Untrusted == to:
		return forsaken(to)
	}
	return nil
}

// forsaken is the error of a command that needs a side which a forced decision has left.
func forsaken(side naming.Color) error {
	return fault.New(fault.Gate, "%s was left by a forced decision: nothing switches to it, no lane leads from it, and the migration is not ended before it is made anew",
		side).WithHint("see \"A side is lost for good\" in docs/operations.md: a new, empty database of %s, then %s; %sstatus", side, starting(side), target)
}

// ForceBy opens a side in AWS, or confirms that it may be opened. Both operators give
// the same command, each under an own session: the first one's confirms, the second
// one's confirms and opens.
func (o *Operator) ForceBy(ctx context.Context, f Forcer, force switching.Force) error {
	if err := because("force", force.Reason); err != nil {
		return err
	}
	token, sw, err := o.stands(ctx)
	if err != nil {
		return unswitchable(err)
	}
	if carriedOut(token, sw, force.Open) {
		o.keptShut(sw.Untrusted)
		return o.Leave(ctx, force.Open)
	}
	if err := agreed(sw, force); err != nil {
		return err
	}
	event := function.SwitchEvent{Act: function.PlanForce, To: force.Open, Operators: force.Operators, Reason: force.Reason, Revision: sw.Rev}
	planned, err := f.Force(ctx, event)
	if err != nil {
		return err
	}
	if planned.Outcome != function.Done {
		return unopened(planned)
	}
	o.foretell(force.Open, planned.Evidence, planned.Applied)
	if o.DryRun {
		o.Say("would confirm that %s is opened, and open it once both operators have: %s", force.Open, cost)
		return nil
	}
	if planned.Decided {
		o.Say("the decision was stored before: going on with it")
	} else if err := o.confirm(ctx, f, "force -color="+string(force.Open), function.Forcing(force.Open, planned.Revision, force.Operators, force.Reason)); err != nil {
		return err
	}
	event.Act = function.Force
	opened, err := f.Force(ctx, event)
	if err != nil {
		return err
	}
	if opened.Outcome != function.Done {
		return unopened(opened)
	}
	where, err := f.Proof(ctx, opened.Proof)
	if err != nil {
		return fault.New(fault.Verification, "%s is open, epoch %d, and the record %s cannot be shown: %w", force.Open, opened.Epoch, opened.Proof, err).WithHint(hint.Again)
	}
	o.forced(force.Open, opened.Epoch, where)
	o.keptShut(force.Open.Other())
	return o.Leave(ctx, force.Open)
}

// forced tells what was done.
func (o *Operator) forced(open naming.Color, epoch int64, record string) {
	o.Say("%s has the authority by force, epoch %d; the record, which says up to where the lane had applied, is %s", open, epoch, record)
}

// keptShut tells who keeps writers out of a side that was left.
func (o *Operator) keptShut(side naming.Color) {
	o.Say("%s is left: keep it shut off, it does not know that its term is over; the functions of the switch shut it within a minute once it can be reached", side)
}

// unforced gives what was refused a code and the command to go on.
func unforced(err error) error {
	switch {
	case errors.Is(err, switching.ErrForce):
		return fault.New(fault.Gate, "%w", err).WithHint("%sstatus; what is accepted as proof: \"A side is lost for good\" in docs/operations.md", target)
	case errors.Is(err, switching.ErrMoved), errors.Is(err, switching.ErrTakenOver):
		return fault.New(fault.Locked, "%w", err).WithHint("%sstatus", target)
	case errors.Is(err, switching.ErrTooLate):
		return fault.New(fault.Timeout, "%w", err).WithHint("%s, with a longer -timeout", hint.Again)
	}
	return err
}

// unopened does so for the answer of a function.
func unopened(a function.SwitchAnswer) error {
	switch a.Outcome {
	case function.Awaited:
		return fault.New(fault.Gate, "nothing is opened until both have confirmed: %s", a.Reason).
			WithHint("the other operator gives the same command, with the same reason, under an own session, within 24 hours")
	case function.Refused:
		return fault.New(fault.Gate, "%s", strings.TrimSpace(a.Reason)).WithHint("%sstatus; what is accepted as proof: \"A side is lost for good\" in docs/operations.md", target)
	default:
		return fault.New(fault.Locked, "%s", a.Reason).WithHint(hint.Again)
	}
}
