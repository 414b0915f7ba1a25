package move

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/hint"
)

// Switch moves the authority to a side, from arming to the proof, or goes on with a
// switch to that side that was interrupted. proofs says where its record is.
func (o *Operator) Switch(ctx context.Context, m *switching.Machine, to naming.Color, reason string, proofs func(id string) string) error {
	token, sw, err := o.stands(ctx)
	if err != nil {
		return unswitchable(err)
	}
	if err := barred(sw, to); err != nil {
		return err
	}
	if o.DryRun {
		return o.foresee(token, sw, to, func() (function.SwitchAnswer, error) { return function.Foresee(ctx, m, to) })
	}
	last, waiting := control.State(""), &waiting{}
	m.Observe = func(s control.Switch) {
		if s.State != last {
			o.Say("%s: %s", o.clock(), s.State)
			last = s.State
		}
		waiting.tell(o, s)
	}
	if sw.State == control.Steady {
		if token.Holder == to {
			return already(token)
		}
		o.Say("arming the switch to %s: all gates must hold for %s", to, o.hold(m, to))
		armed, err := m.Start(ctx, switching.Request{To: to, Reason: reason, Operators: []string{o.By}})
		if err != nil {
			return o.unswitched(armed, err)
		}
	} else if sw.To != to {
		return underway(sw)
	}
	return o.carryOn(ctx, m, waiting, proofs)
}

func (o *Operator) hold(m *switching.Machine, to naming.Color) time.Duration {
	if to == desk.First {
		return m.Limits.HoldBack
	}
	return m.Limits.Hold
}

// carryOn takes a switch that stands in the control store to its end.
func (o *Operator) carryOn(ctx context.Context, m *switching.Machine, waiting *waiting, proofs func(id string) string) error {
	for busy := false; ; {
		_, sw, err := o.stands(ctx)
		if err != nil {
			return err
		}
		if sw.State == control.Steady {
			return o.concluded(ctx, sw, proofs)
		}
		command := switching.Continue
		if sw.State == control.Armed {
			command = switching.Go
		}
		outcome, err := m.Step(ctx, command)
		if outcome.Pause > 0 && outcome.Tries > 0 { // the parts are known to whoever kept them out
			o.Say("writers waited %s: lock %s, drain %s, check %s, promote %s", ms(outcome.Pause), ms(outcome.Lock), ms(outcome.Drain), ms(outcome.Check), ms(outcome.Promote))
		}
		if err != nil {
			return o.unswitched(outcome, err)
		}
		if outcome.Busy {
			if !busy {
				busy = true
				o.Say("another process is at work on the switch; waiting for it")
			}
			waiting.tell(o, outcome.Switch)
			select {
			case <-ctx.Done():
				return fault.New(codeOf(ctx), "stopped waiting; the switch is in state %s", outcome.Switch.State).WithHint("%sstatus", target)
			case <-time.After(time.Second):
			}
		}
	}
}

// clockFormat is the time of day, with which lines about a switch begin.
const clockFormat = "15:04:05.000"

func (o *Operator) clock() string { return o.Now().Local().Format(clockFormat) }

// waiting keeps what was told of a switch that is arming.
type waiting struct {
	told string
	at   time.Time
}

// waitingEvery is how often what an arming waits for is told anew while the words change,
// which have counts and times in them.
const waitingEvery = 30 * time.Second

// tell shows what an arming waits for: at once when gates begin or cease to hold, else now
// and then.
func (w *waiting) tell(o *Operator, s control.Switch) {
	turned := (s.LastError == "") != (w.told == "")
	if s.State != control.Arming || s.LastError == w.told || !turned && o.Now().Sub(w.at) < waitingEvery {
		return
	}
	w.told, w.at = s.LastError, o.Now()
	if s.LastError == "" {
		o.Say("%s: all gates hold", o.clock())
		return
	}
	o.Say("%s: waits: %s", o.clock(), s.LastError)
}

func ms(d time.Duration) string { return d.Round(time.Millisecond).String() }

// concluded tells how a switch ended that nobody works on any more.
func (o *Operator) concluded(ctx context.Context, sw control.Switch, proofs func(id string) string) error {
	token, _, err := o.stands(ctx)
	if err != nil {
		return err
	}
	if token.Holder != sw.To {
		return fault.New(fault.Gate, "the authority is where it was, with %s: %s", token.Holder, sw.LastError).WithHint("%sstatus", target)
	}
	o.Say("%s has the authority, epoch %d; %s; the proof is %s", token.Holder, token.Epoch, waited(sw.Pause), proofs(sw.ProofID))
	return nil
}

// waited says how long writers did, of a switch that has moved the authority.
func waited(pause time.Duration) string {
	if pause == 0 {
		return "how long writers waited is not known, since the process that let them go on was lost"
	}
	return "writers waited " + ms(pause)
}

// unswitched gives what a switch ended with a code and the command to go on.
func (o *Operator) unswitched(outcome switching.Outcome, err error) error {
	var closed []string
	for _, gate := range append(outcome.Gates, outcome.Checks...) {
		if gate.Verdict != switching.Pass {
			closed = append(closed, fmt.Sprintf("  %s: %s, %s", gate.Name, gate.Verdict, gate.Detail))
		}
	}
	for _, b := range outcome.Blockers {
		closed = append(closed, fmt.Sprintf("  in the way: %+v", b))
	}
	if len(closed) > 0 {
		o.Say("%s", strings.Join(closed, "\n"))
	}
	switch {
	case errors.Is(err, switching.ErrUnconfirmed):
		return unconfirmed(err, outcome.Switch.To)
	case errors.Is(err, switching.ErrTooLate):
		return fault.New(fault.Timeout, "%w", err).WithHint("%s, with a longer -timeout", hint.Again)
	case errors.Is(err, switching.ErrUnderway), errors.Is(err, switching.ErrTakenOver):
		return fault.New(fault.Locked, "%w", err).WithHint("%sstatus", target)
	case errors.Is(err, switching.ErrGates), errors.Is(err, switching.ErrBackedOut), errors.Is(err, switching.ErrHeld):
		return fault.New(fault.Gate, "%w", err).WithHint("%sstatus, then the same command again", target)
	default:
		return err
	}
}
