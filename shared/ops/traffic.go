package ops

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/traffic"
)

// TrafficShift takes the next step up, or moves to the one that -to names.
func (a *App) TrafficShift(ctx context.Context) error { return a.step(ctx, "traffic:shift") }

// TrafficPromote lifts a hold and takes the next step up.
func (a *App) TrafficPromote(ctx context.Context) error { return a.step(ctx, "traffic:promote") }

const (
	shiftTarget   = "traffic:shift"
	promoteTarget = "traffic:promote"
)

// step is a move with gates.
func (a *App) step(ctx context.Context, target string) error {
	st, err := a.steer(ctx, target)
	if err != nil {
		return err
	}
	if err := errors.Join(st.checkStep(), st.needReason()); err != nil {
		return fault.Wrap(fault.Usage, err)
	}
	stop := newStopper(st.con, st.set.Timeout)
	defer stop.release()
	if a.ports.Signals {
		stop.takeSignals(ctx)
	}
	return st.explain(stop.explain(st.stepUp(stop.before)))
}

// checkStep refuses a share that is no step of the ladder.
func (st *steer) checkStep() error {
	if st.set.To == "" {
		return nil
	}
	if _, err := traffic.Steps().Parse(st.set.To); err != nil {
		return fmt.Errorf("flag -to: %w", err)
	}
	return nil
}

func (st *steer) stepUp(ctx context.Context) error {
	s, err := st.look(ctx)
	if err != nil {
		return err
	}
	to, err := st.destination(s)
	if err != nil {
		return err
	}
	if s.Real.Is(to) && (s.Record == nil || s.Record.Explains(to) && s.Record.Phase == traffic.Settled) {
		st.con.Block(fmt.Sprintf("the traffic is there already: %s; nothing was changed", s.Real))
		return st.align(ctx, s)
	}
	if err := st.unheld(s, to); err != nil {
		return err
	}
	answers, err := st.pass(ctx, s, to)
	if err != nil {
		return err
	}
	st.con.Block(fmt.Sprintf("%s\nfrom %s\nto   %s\n%s", st.title(), s.Real, to, gateTable(answers)))
	if st.set.DryRun {
		return nil
	}
	asked := st.app.ports.Now()
	if err := st.agree(ctx, fmt.Sprintf("move the traffic of %s in %s to %s?", st.control.Site.PublicName, st.env.Name, to)); err != nil {
		return err
	}
	if st.app.ports.Now().Sub(asked) > freshness { // a gate that was open a while ago proves nothing
		if answers, err = st.pass(ctx, s, to); err != nil {
			return err
		}
	}
	return st.carry(ctx, s, steering.Decision{Action: strings.TrimPrefix(st.target, "traffic:"), To: to, Reason: st.set.Reason, Answers: answers})
}

// freshness is how long the answers of gates count.
const freshness = 5 * time.Second

// destination is the split that the command asks for.
func (st *steer) destination(s steering.Situation) (traffic.Split, error) {
	ladder, real := traffic.Steps(), s.Real.Split()
	if st.set.To == "" {
		if s.Record != nil && s.Record.Phase == traffic.Moving && s.Record.Action != traffic.ActionHold && st.target == shiftTarget {
			return s.Record.To, nil // goes on with what was begun
		}
		next, more := ladder.Next(real)
		if !more {
			return real, nil
		}
		return traffic.At(next), nil
	}
	percent, err := ladder.Parse(st.set.To)
	if err != nil {
		return traffic.Split{}, fault.Wrap(fault.Usage, err)
	}
	to := traffic.At(percent)
	if skipped := ladder.Skipped(real, percent); len(skipped) > 0 {
		return to, st.maySkip(skipped)
	}
	return to, nil
}

// maySkip refuses to skip steps in a guarded environment, and elsewhere without a
// reason.
func (st *steer) maySkip(skipped traffic.Ladder) error {
	if st.env.Guarded {
		return fault.New(fault.Policy, "-to=%s skips the steps %s: in %s each is taken", st.set.To, skipped, st.env.Name).
			WithHint("go tool mage %s", shiftTarget)
	}
	if st.set.Reason == "" {
		return fault.New(fault.Usage, "-to=%s skips the steps %s: this needs a reason", st.set.To, skipped).
			WithHint("%s -reason='…'", st.set.Command(st.target))
	}
	return nil
}

// unheld refuses a step up while a hold forbids it, before any gate is asked.
func (st *steer) unheld(s steering.Situation, to traffic.Split) error {
	held := s.Record != nil && s.Record.Hold != "" && len(s.Real.Split().Gains(to)) > 0 && to.Share(naming.Green) > s.Real.Split().Share(naming.Green)
	if held && st.target == shiftTarget {
		return fault.New(fault.Gate, "the traffic is held: %s (%s by %s)", s.Record.Hold, s.Record.Action, s.Record.Who).
			WithHint("go tool mage %s -reason='…', which lifts the hold and takes the next step", promoteTarget)
	}
	return nil
}

// pass asks the gates and refuses when one is not open.
func (st *steer) pass(ctx context.Context, s steering.Situation, to traffic.Split) ([]traffic.Answer, error) {
	if s.RecordErr != nil {
		return nil, fault.New(fault.Gate, "the control table does not answer, and without it no step is taken: %w", s.RecordErr)
	}
	answers := traffic.Ask(ctx, st.gates(s), traffic.Move{From: s.Real.Split(), To: to, At: st.app.ports.Now()})
	if traffic.Open(answers) {
		return answers, nil
	}
	st.show(ctx, s.Real.Split(), answers)
	if err := st.noteAudit("gate closed", fmt.Sprintf("to %s", to)); err != nil {
		return nil, err
	}
	return nil, fault.New(fault.Gate, "the traffic stays at %s; not every gate of the step to %s is open:\n%s", s.Real, to, gateTable(answers))
}

// carry moves the traffic and brings Pulumi's state in line. From the record on
// an interruption lets the move come to its end, which takes seconds, and ends the
// wait for Route 53's servers, which can take minutes.
func (st *steer) carry(ctx context.Context, s steering.Situation, d steering.Decision) error {
	if err := st.noteAudit("started", d.To.String()); err != nil {
		return err
	}
	out, err := st.control.Step(ctx, s, d)
	if auditErr := st.noteAudit(resultOf(err), d.To.String()); auditErr != nil && err == nil {
		err = auditErr
	}
	if err != nil {
		return st.unconfirmed(err)
	}
	st.show(ctx, d.To, d.Answers)
	st.con.Block(fmt.Sprintf("the traffic is at %s, after %s; Route 53 answers it everywhere", d.To, out.Took.Round(time.Millisecond)))
	return st.after(ctx, s)
}

// after looks again, restores what was decided where a deployment overran it, and
// brings Pulumi's state in line. An interruption leaves only the last to be done.
func (st *steer) after(ctx context.Context, before steering.Situation) error {
	whole := context.WithoutCancel(ctx)
	found, err := st.control.Look(whole)
	if err != nil {
		return err
	}
	found.Place = before.Place
	if found.Real, err = st.keepDecision(whole, found); err != nil {
		return err
	}
	if ctx.Err() != nil {
		err = fault.Wrap(fault.Cancelled, context.Cause(ctx))
	} else {
		err = st.align(ctx, found)
	}
	if err != nil {
		return fmt.Errorf("the traffic is where it should be; Pulumi's state of %s is not in line yet, repeat the command for it: %w", st.layer.Name, err)
	}
	return nil
}

// unconfirmed tells where to look again after a wait for Route 53's servers that
// was ended.
func (st *steer) unconfirmed(err error) error {
	if fault.CodeOf(err) != fault.Cancelled {
		return err
	}
	again := st.set
	again.To, again.Reason, again.Yes, again.DryRun, again.Timeout = "", "", false, false, 0
	return fault.New(fault.Cancelled, "%w\nthe same command goes on with it; Pulumi's state of %s is brought in line by the next one that moves the traffic", err, st.layer.Name).
		WithHint("%s, which shows whether it is everywhere", again.Command("traffic:status"))
}

func resultOf(err error) string {
	switch {
	case err == nil:
		return "succeeded"
	case fault.CodeOf(err) == fault.Cancelled:
		return "cancelled"
	default:
		return "failed"
	}
}

// TrafficHold keeps the traffic where it is: no step up until traffic:promote.
// What Route 53 answers becomes what was decided, also when somebody moved it
// behind us.
func (a *App) TrafficHold(ctx context.Context) error {
	st, err := a.steer(ctx, "traffic:hold")
	if err != nil {
		return err
	}
	return st.explain(st.hold(ctx))
}

func (st *steer) hold(ctx context.Context) error {
	if st.set.Reason == "" {
		return fault.New(fault.Usage, "traffic:hold needs a reason: the next one who wants to go on reads it").
			WithHint("%s -reason='…'", st.set.Command(st.target))
	}
	s, err := st.look(ctx)
	if err != nil {
		return err
	}
	real := s.Real.Split()
	if err := real.Valid(); err != nil {
		return fault.New(fault.NoStack, "nothing to hold: %w", err)
	}
	if st.set.DryRun {
		return st.app.print(fmt.Sprintf("%s\nwould hold %s\n", st.title(), s.Real))
	}
	if err := st.agree(ctx, fmt.Sprintf("hold the traffic of %s in %s at %s?", st.control.Site.PublicName, st.env.Name, real)); err != nil {
		return err
	}
	_, err = st.control.Step(ctx, s, steering.Decision{Action: traffic.ActionHold, To: real, Reason: st.set.Reason, Hold: st.set.Reason})
	if auditErr := st.noteAudit(resultOf(err), real.String()); auditErr != nil && err == nil {
		err = auditErr
	}
	if err != nil {
		return err
	}
	st.show(ctx, real, nil)
	st.con.Block(fmt.Sprintf("held at %s: %s", real, st.set.Reason))
	return st.after(ctx, s)
}
