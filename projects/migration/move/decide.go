package move

import (
	"context"
	"fmt"
	"slices"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Decider has a decision about a switch carried out.
type Decider interface {
	// Decide does what Act says, which is Cancel, Accept or Thaw, until it is done or
	// refused.
	Decide(ctx context.Context, e function.SwitchEvent) (function.SwitchAnswer, error)
}

// Machine is the Decider of this process.
type Machine struct{ *switching.Machine }

// Decide does one step, or more where the switch goes on from there.
func (m Machine) Decide(ctx context.Context, e function.SwitchEvent) (function.SwitchAnswer, error) {
	var outcome switching.Outcome
	var err error
	switch e.Act {
	case function.Cancel:
		outcome, err = m.Step(ctx, switching.Cancel)
	case function.Accept:
		outcome, err = m.Step(ctx, switching.Accept)
	case function.Thaw:
		outcome, err = m.Thaw(ctx, switching.Request{Reason: e.Reason, Operators: e.Operators})
	case function.Advance, function.Recover, function.Rehearse, function.PlanForce, function.Force, function.Rebuild, function.Readmit:
		return function.SwitchAnswer{}, fmt.Errorf("act %s is no decision", e.Act)
	}
	return function.Judge(outcome, err)
}

// decided are the states in which each decision may be taken.
var decided = map[function.SwitchAct][]control.State{
	function.Cancel: {control.Arming, control.Armed},
	function.Accept: {control.Switched},
	function.Thaw:   {control.Steady, control.Arming},
}

// Decide cancels a switch that is arming or armed, accepts one after which a check
// failed, or thaws a schema that was left frozen.
func (o *Operator) Decide(ctx context.Context, d Decider, act function.SwitchAct, reason string) error {
	if err := because(string(act), reason); err != nil {
		return err
	}
	token, sw, err := o.stands(ctx)
	if isAbsent(err) {
		return fault.New(fault.Usage, "no switch is under way: nothing to %s: %w", act, err).WithHint("%sstatus", target)
	}
	if err != nil {
		return fmt.Errorf("where the switch stands: %w", err)
	}
	if sw.State == control.Finalised {
		return ended()
	}
	if !slices.Contains(decided[act], sw.State) {
		return undecidable(act, sw)
	}
	to := sw.To
	if act == function.Thaw {
		to = token.Holder.Other()
	}
	if o.DryRun {
		o.Say("would %s", map[function.SwitchAct]string{
			function.Cancel: fmt.Sprintf("cancel the switch to %s, state %s: what arming did is undone, %s keeps the authority", to, sw.State, token.Holder),
			function.Accept: fmt.Sprintf("accept the switch to %s although a check after it failed; its record says so", to),
			function.Thaw:   "take the freeze of the schema off both sides, and set autovacuum back",
		}[act])
		return nil
	}
	answer, err := d.Decide(ctx, function.SwitchEvent{Act: act, To: to, Reason: reason, Operators: []string{o.By}, Revision: sw.Rev})
	if err != nil {
		return fmt.Errorf("%s: %w; what stands: %sstatus", act, err, target)
	}
	return o.tellDecided(act, to, answer)
}

// undecidable is the error of a decision that does not fit, with the command that does.
func undecidable(act function.SwitchAct, sw control.Switch) error {
	e := fault.New(fault.Gate, "the switch is in state %s, %s fits %v", sw.State, act, decided[act])
	if sw.State == control.Steady {
		return fault.New(fault.Usage, "no switch is under way: nothing to %s", act).WithHint("%sstatus", target)
	}
	return e.WithHint("%s", wayOn(sw))
}

// underway is the error of a command that wants another switch than the one that is
// under way.
func underway(sw control.Switch) error {
	return fault.New(fault.Locked, "a switch to %s is under way, state %s", sw.To, sw.State).WithHint("%s", wayOn(sw))
}

// wayOn is what to do about a switch that is not at rest.
func wayOn(sw control.Switch) string {
	switch sw.State {
	case control.Switched:
		return afterwards(sw.To)
	case control.Arming, control.Armed:
		return fmt.Sprintf("%scancel -reason='…' gives it up, %s goes on with it", target, goingOn(sw.To))
	default:
		return goingOn(sw.To) + ": it goes on, or recovers"
	}
}

// unconfirmed is the error of a switch after which a check failed: the authority is
// with to. It cannot be moved back before that switch has come to its end, which takes
// either checks that pass or the word of an operator.
func unconfirmed(err error, to naming.Color) error {
	return fault.New(fault.Verification, "%s has the authority, and the switch is not at its end: %w", to, err).WithHint("%s", afterwards(to))
}

// afterwards are the ways on from such a switch.
func afterwards(to naming.Color) string {
	return fmt.Sprintf("remove the cause, then %s, which asks the checks again; or, to go back, %saccept -reason='…', then %s",
		goingOn(to), target, goingOn(to.Other()))
}

// goingOn is the command that goes on with a switch to a side.
func goingOn(to naming.Color) string {
	if to == naming.Blue {
		return target + "rollback"
	}
	return target + "cutover"
}

// tellDecided gives what a decision came to a line or a code.
func (o *Operator) tellDecided(act function.SwitchAct, to naming.Color, a function.SwitchAnswer) error {
	o.tellClosed(a)
	switch {
	case a.Outcome == function.Again: // another process holds it
		return fault.New(fault.Locked, "another process is at work on the switch: %s", a.Reason).WithHint("end it with Ctrl-C, then the same command again")
	case act == function.Cancel && a.State == control.Steady:
		o.Say("the switch to %s is cancelled: nothing has moved, the schema is free again", to)
	case act == function.Accept && a.State == control.Steady:
		o.Say("the switch to %s is accepted; the proof %s says what was found and who decided", to, a.Proof)
	case act == function.Thaw && a.State == control.Steady && a.Outcome != function.Refused:
		o.Say("the schema is free again on both sides, and autovacuum as it was")
	case a.Outcome == function.Unconfirmed:
		return unconfirmed(fmt.Errorf("%w: %s", switching.ErrUnconfirmed, a.Reason), to)
	case a.Outcome == function.HeldUp:
		return fault.New(fault.Gate, "%w: %s", switching.ErrHeld, a.Reason).WithHint("%sstatus", target)
	default:
		return fault.New(fault.Locked, "%s", a.Reason).WithHint("%sstatus", target)
	}
	return nil
}
