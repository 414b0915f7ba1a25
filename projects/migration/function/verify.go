package function

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/govern"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

// VerifyAct is what the verify function is asked to do.
type VerifyAct string

// The acts of the verify function.
const (
	// PlanPass begins a pass, or goes on with one, and lists its units.
	PlanPass VerifyAct = "plan"
	// WorkUnits compares the units of Items.
	WorkUnits VerifyAct = "work"
	// FinishPass ends a pass whose units are all done.
	FinishPass VerifyAct = "finish"
	// WholePass works at a pass alone until it has ended or the deadline is near.
	WholePass VerifyAct = "pass"
)

// VerifyEvent is one call of the verify function. The empty one is a WholePass of
// the incremental kind.
type VerifyEvent struct {
	Act  VerifyAct   `json:"act"`
	Kind verify.Kind `json:"kind,omitempty"`
	// AgeSeconds is for the continuous kind.
	AgeSeconds int `json:"ageSeconds,omitempty"`
	// Round counts the rounds of plan, work and finish from 0.
	Round int `json:"round,omitempty"`
	// Items are for WorkUnits.
	Items []verify.Unit `json:"items,omitempty"`
}

// VerifyAnswer is what a call came to.
type VerifyAnswer struct {
	// Outcome of a plan is Work, None, Idle, Passive, NotReady or Halted; of units
	// Done, Some or Halted; of the end of a pass Clean, Unclean, Again, Stuck or
	// Halted; of a whole pass any of them but Work.
	Outcome    Outcome             `json:"outcome"`
	Lane       string              `json:"lane"`
	Halt       checkpoint.HaltCode `json:"halt,omitempty"`
	Reason     string              `json:"reason,omitempty"` // of the halt
	Kind       verify.Kind         `json:"kind"`
	AgeSeconds int                 `json:"ageSeconds"`
	// Round is not raised while the throttle holds comparisons up: that is no reason to
	// give a pass up.
	Round int `json:"round"`
	// WaitSeconds is how long to wait before the next plan.
	WaitSeconds int           `json:"waitSeconds"`
	Items       []verify.Unit `json:"items,omitempty"`
	Failures    []Failure     `json:"batchItemFailures,omitempty"`
	// Throttled says which inputs slow the comparisons down, with value and limit.
	Throttled []string `json:"throttled,omitempty"`
	// The figures are of the call, or of the pass that has ended.
	Pass       int64 `json:"pass"`
	Rows       int64 `json:"rows"`
	Buckets    int64 `json:"buckets"`
	Mismatched int64 `json:"mismatched"`
	Unstable   int64 `json:"unstable"`
	Requested  int64 `json:"requested"`
}

const (
	// mostRounds is how often a pass may be planned anew.
	mostRounds = 20
	// roundPause is the wait between two rounds: what was changing gets time to rest.
	roundPause = 5 * time.Second
)

// verifying is the verify function.
type verifying struct {
	*parts
	limits  verify.Limits
	servers govern.Limits
	// inputs of the throttle besides those that every lane has.
	inputs []throttle.Input
}

// NewVerify makes the function that verifies this colour's lane: alone, or with
// others that share the units of a pass. What is compared already is not compared
// again, so a call may come twice, at the same time, or late.
func NewVerify(ctx context.Context, lookup func(string) (string, bool), out io.Writer) (func(context.Context, VerifyEvent) (VerifyAnswer, error), error) {
	p, err := assemble(ctx, lookup, out)
	if err != nil {
		return nil, err
	}
	return (&verifying{parts: p, limits: p.shared.Verify(), servers: p.shared.Lane().Throttle()}).handle, nil
}

// check fills in what the empty event means and refuses what is none.
func (e *VerifyEvent) check() error {
	if e.Act == "" {
		e.Act = WholePass
	}
	if e.Kind == "" {
		e.Kind = verify.Incremental
	}
	var problems []error
	if e.Act != PlanPass && e.Act != WorkUnits && e.Act != FinishPass && e.Act != WholePass {
		problems = append(problems, fmt.Errorf("act %q: expected %s, %s, %s or %s", e.Act, PlanPass, WorkUnits, FinishPass, WholePass))
	}
	if e.Kind != verify.Full && e.Kind != verify.Incremental && e.Kind != verify.Continuous {
		problems = append(problems, fmt.Errorf("kind %q: expected %s, %s or %s", e.Kind, verify.Full, verify.Incremental, verify.Continuous))
	}
	if (e.Kind == verify.Continuous) != (e.AgeSeconds > 0) && e.Act != WorkUnits {
		problems = append(problems, fmt.Errorf("ageSeconds is %d: expected more than 0 for kind %s, and 0 else", e.AgeSeconds, verify.Continuous))
	}
	return errors.Join(problems...)
}

// handle is one invocation.
func (v *verifying) handle(ctx context.Context, e VerifyEvent) (VerifyAnswer, error) {
	if err := e.check(); err != nil {
		return VerifyAnswer{}, err
	}
	answer := VerifyAnswer{Lane: v.lane(), Kind: e.Kind, AgeSeconds: e.AgeSeconds, Round: e.Round}
	wanted, err := Wanted(ctx, v.store, answer.Lane)
	if err != nil {
		return answer, err
	}
	if !wanted {
		answer.Outcome = Idle
		return answer, nil
	}
	verifier, err := v.verifier(ctx)
	if err != nil {
		return answer, err
	}
	err = v.act(ctx, verifier, e, &answer)
	switch {
	case errors.Is(err, verify.ErrPassive):
		answer.Outcome = Passive
	case errors.Is(err, verify.ErrNotReady):
		answer.Outcome = NotReady
	case errors.Is(err, verify.ErrHalted):
		answer.Outcome = Halted
	case err != nil:
		return answer, err
	}
	return answer, nil
}

// act does what the event asks for.
func (v *verifying) act(ctx context.Context, verifier *verify.Verifier, e VerifyEvent, answer *VerifyAnswer) error {
	switch e.Act {
	case PlanPass:
		return v.plan(ctx, verifier, e, answer)
	case WorkUnits:
		return v.work(ctx, verifier, e.Items, answer)
	case FinishPass:
		report, err := verifier.Finish(ctx, e.Kind)
		if err != nil {
			return err
		}
		return v.ended(ctx, verifier, report, answer)
	case WholePass:
	}
	defer verifier.Obey(ctx, v.servers, v.inputs...)()
	verifier.Observe = v.observe(ctx, e.Kind)
	report, err := verifier.Pass(ctx, e.Kind, time.Duration(e.AgeSeconds)*time.Second)
	if err != nil {
		return err
	}
	return v.ended(ctx, verifier, report, answer)
}

// ended tells how a pass does after a round, and measures it.
func (v *verifying) ended(ctx context.Context, verifier *verify.Verifier, report verify.Report, answer *VerifyAnswer) error {
	slowed, err := verifier.Slowed(ctx)
	if err != nil {
		return err
	}
	for _, reading := range slowed {
		answer.Throttled = append(answer.Throttled, reading.String())
	}
	answer.ended(report)
	if report.Halt != nil {
		v.halted(report.Halt, checkpoint.Row{})
	}
	return v.measure(ctx, verifier)
}

// verifier reads the logins and makes a verification of this colour's lane.
func (v *verifying) verifier(ctx context.Context) (*verify.Verifier, error) {
	source, err := v.place.DSN(ctx, v.source(), bgsync.Verify)
	if err != nil {
		return nil, err
	}
	target, err := v.place.DSN(ctx, v.color, bgsync.Verify)
	if err != nil {
		return nil, err
	}
	return &verify.Verifier{Lane: v.lane(), Source: source, Target: target, Invocation: invocation(ctx), Limits: v.limits}, nil
}

// plan lists the units of a pass.
func (v *verifying) plan(ctx context.Context, verifier *verify.Verifier, e VerifyEvent, answer *VerifyAnswer) error {
	units, err := verifier.Units(ctx, e.Kind, time.Duration(e.AgeSeconds)*time.Second)
	if err != nil {
		return err
	}
	answer.Outcome, answer.Items = Work, units[:min(len(units), mostItems)]
	if len(units) == 0 {
		answer.Outcome = None
		return nil
	}
	answer.Pass = units[0].Pass
	return v.begun(ctx, e.Kind, answer.Pass, len(units), e.Round)
}

// work compares units one after the other. One that fails is told of and the others
// go on: the next plan lists it again.
func (v *verifying) work(ctx context.Context, verifier *verify.Verifier, units []verify.Unit, answer *VerifyAnswer) error {
	answer.Outcome = Done
	defer verifier.Obey(ctx, v.servers, v.inputs...)()
	done := 0
	for _, unit := range units {
		if answer.Pass = unit.Pass; ending(ctx, v.limits.Stop) {
			answer.fail(unit, NoTime)
			continue
		}
		report, err := verifier.Work(ctx, unit)
		switch {
		case errors.Is(err, verify.ErrPassive), errors.Is(err, verify.ErrNotReady), errors.Is(err, verify.ErrHalted):
			return err
		case err != nil:
			answer.fail(unit, brief(err))
			continue
		}
		answer.add(report)
		if report.Halt != nil {
			answer.halted(report.Halt)
			v.halted(report.Halt, checkpoint.Row{})
			return nil
		}
		if !report.Done {
			answer.fail(unit, NoTime)
			continue
		}
		done++
	}
	return v.advance(ctx, done, answer.Rows)
}

func (a *VerifyAnswer) fail(unit verify.Unit, reason string) {
	a.Outcome = Some
	a.Failures = append(a.Failures, Failure{Item: fmt.Sprintf("%d/%d/%d-%d", unit.Pass, unit.Table, unit.From, unit.To), Reason: reason})
}

func (a *VerifyAnswer) halted(halt *checkpoint.Halt) {
	a.Outcome, a.Halt, a.Reason = Halted, halt.Code, halt.Reason
}

func (a *VerifyAnswer) add(r verify.Report) {
	a.Pass, a.Rows, a.Buckets = r.Pass, a.Rows+r.Rows, a.Buckets+r.Buckets
	a.Mismatched, a.Unstable, a.Requested = a.Mismatched+r.Mismatched, a.Unstable+r.Unstable, a.Requested+r.Requested
}

// ended gives the end of a pass its outcome.
func (a *VerifyAnswer) ended(r verify.Report) {
	a.add(r)
	if len(a.Throttled) == 0 || a.Round == 0 {
		a.Round++
	}
	switch {
	case r.Halt != nil:
		a.halted(r.Halt)
	case r.Done && r.Clean:
		a.Outcome = Clean
	case r.Done:
		a.Outcome = Unclean
	case a.Round >= mostRounds:
		a.Outcome = Stuck
	default:
		a.Outcome, a.WaitSeconds = Again, int(roundPause.Seconds())
	}
}
