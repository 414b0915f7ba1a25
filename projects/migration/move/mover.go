package move

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Mover moves the authority elsewhere, by calls of a function.
type Mover interface {
	// Rehearse asks all gates, lists the steps, and changes nothing.
	Rehearse(ctx context.Context, e function.SwitchEvent) (function.SwitchAnswer, error)
	// Move has the switch of an event made, or goes on with it, and follows it to its
	// end; seen is called between two looks.
	Move(ctx context.Context, e function.SwitchEvent, seen func(context.Context) error) (function.SwitchAnswer, error)
	// Proof fetches a record with a signature that holds, and says where it is.
	Proof(ctx context.Context, id string) (where string, err error)
}

// SwitchBy moves the authority to a side as Switch does, by calls of a function.
func (o *Operator) SwitchBy(ctx context.Context, m Mover, to naming.Color, reason string) error {
	token, sw, err := o.stands(ctx)
	if err != nil {
		return unswitchable(err)
	}
	if err := barred(sw, to); err != nil {
		return err
	}
	e := function.SwitchEvent{Act: function.Advance, To: to, Reason: reason, Operators: []string{o.By}, Revision: sw.Rev}
	if o.DryRun {
		return o.foresee(token, sw, to, func() (function.SwitchAnswer, error) { return m.Rehearse(ctx, e) })
	}
	switch {
	case sw.State == control.Steady && token.Holder == to:
		return already(token)
	case sw.State == control.Steady:
		e.Request = fmt.Sprintf("%s-e%d-r%d", to, token.Epoch, sw.Rev)
		o.Say("asked for the switch to %s as %s", to, e.Request)
	case sw.To != to:
		return underway(sw)
	default:
		e.Request = function.RequestOf(sw.Owner)
		o.Say("the switch %s is under way, state %s: it goes on", e.Request, sw.State)
	}
	answer, err := m.Move(ctx, e, o.watch(sw.State))
	switch {
	case err != nil && ctx.Err() != nil:
		return fault.New(codeOf(ctx), "stopped watching; the switch goes on by itself: %w", err).WithHint("%sstatus", target)
	case err != nil:
		return fmt.Errorf("switch to %s: %w; what stands: %sstatus", to, err, target)
	}
	return o.moved(ctx, m, to, answer)
}

// watch shows every state that the switch item comes to, and what an arming waits for.
func (o *Operator) watch(last control.State) func(context.Context) error {
	waiting := &waiting{}
	return func(ctx context.Context) error {
		_, sw, err := o.stands(ctx)
		if err != nil {
			return err
		}
		if sw.State != last {
			for _, step := range sw.StepTimes[min(shown(sw.StepTimes, last), len(sw.StepTimes)):] {
				o.Say("%s: %s", step.At.Local().Format(clockFormat), step.State)
			}
			last = sw.State
		}
		waiting.tell(o, sw)
		return nil
	}
}

// shown is how many of the steps were told when the last was.
func shown(steps []control.StepTime, last control.State) int {
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i].State == last {
			return i + 1
		}
	}
	return 0
}

// moved gives the last answer of a switch a line or a code, and fetches the proof.
func (o *Operator) moved(ctx context.Context, m Mover, to naming.Color, a function.SwitchAnswer) error {
	o.tellClosed(a)
	status := fmt.Sprintf("%sstatus", target)
	switch a.Outcome {
	case function.Done:
		token, sw, err := o.stands(ctx)
		if err != nil {
			return err
		}
		if !sw.State.Idle() {
			return fault.New(fault.Gate, "a step was lost, and the switch is under way in state %s: it is recovered within a minute, and until then perhaps nobody can write",
				sw.State).WithHint("%s, then the same command again", status)
		}
		if token.Holder != to { // a step was lost, and whoever recovered had nothing more to do
			return fault.New(fault.Gate, "the authority is where it was, with %s: %s", token.Holder, sw.LastError).WithHint("%s", status)
		}
		where, err := m.Proof(ctx, a.Proof)
		if err != nil {
			return fault.New(fault.Verification, "%s has the authority, epoch %d, and the proof cannot be shown: %w", to, a.Epoch, err).WithHint("%s", status)
		}
		o.Say("%s has the authority, epoch %d; %s; the proof is %s", to, a.Epoch, waited(time.Duration(a.PauseMilliseconds)*time.Millisecond), where)
		return nil
	case function.Unconfirmed:
		return unconfirmed(fmt.Errorf("%w: %s", switching.ErrUnconfirmed, a.Reason), to)
	case function.Underway:
		return fault.New(fault.Locked, "%s", a.Reason).WithHint("%s", status)
	case function.Refused:
		return fault.New(fault.Locked, "the switch was refused: %s", a.Reason).WithHint("%s", status)
	case function.HeldUp:
		return fault.New(fault.Gate, "%w: %s", switching.ErrHeld, a.Reason).WithHint("%s", status)
	case function.Cancelled:
		return fault.New(fault.Gate, "the switch was cancelled").WithHint("%s", status)
	default:
		return fault.New(fault.Gate, "the authority is where it was: %s", a.Reason).WithHint("%s, then the same command again", status)
	}
}

// tellClosed shows what does not hold and what was in the way.
func (o *Operator) tellClosed(a function.SwitchAnswer) {
	var closed []string
	for _, gate := range append(a.Gates, a.Checks...) {
		if gate.Verdict != switching.Pass.String() {
			closed = append(closed, fmt.Sprintf("  %s: %s, %s", gate.Name, gate.Verdict, gate.Detail))
		}
	}
	for _, blocker := range a.Blockers {
		closed = append(closed, "  in the way: "+blocker)
	}
	if len(closed) > 0 {
		o.Say("%s", strings.Join(closed, "\n"))
	}
}
