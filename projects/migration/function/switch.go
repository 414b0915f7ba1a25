package function

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/place"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// SwitchAct is what the switch function is asked to do.
type SwitchAct string

// The acts of the switch function. The empty one is Recover.
const (
	// Advance does the next step of the switch that the event asks for.
	Advance SwitchAct = "advance"
	// Recover goes on where a process was lost, and does nothing else.
	Recover SwitchAct = "recover"
	// Cancel gives up a switch that is arming or armed.
	Cancel SwitchAct = "cancel"
	// Accept ends a switch although a check after it failed.
	Accept SwitchAct = "accept"
	// Thaw undoes what a lost process has left of an arming while no switch is under way.
	Thaw SwitchAct = "thaw"
	// Rehearse asks all gates, lists the steps, and changes nothing.
	Rehearse SwitchAct = "plan"
	// Force opens this colour since the other is lost for good, once both operators have
	// confirmed it; PlanForce tells what that would rest on, and changes nothing.
	Force     SwitchAct = "force"
	PlanForce SwitchAct = "plan-force"
	// Rebuild stores that this colour, which was left by a forced decision, is made anew in
	// the database in its place; Readmit takes the mark off when it has been.
	Rebuild SwitchAct = "rebuild"
	Readmit SwitchAct = "readmit"
)

// SwitchEvent is one call of the switch function.
type SwitchEvent struct {
	Act       SwitchAct    `json:"act"`
	To        naming.Color `json:"to"`
	Reason    string       `json:"reason,omitempty"`
	Operators []string     `json:"operators,omitempty"`
	// Request names what the operator asked for once: the name of an execution. Every
	// step of the switch is done in its name.
	Request string `json:"request,omitempty"`
	// Revision is that of the switch item when the operator asked, 0 where there was
	// none. Only on it is a switch begun: a call that comes late begins no second.
	Revision int64 `json:"revision"`
}

// The outcomes of a switch besides Again and Done.
const (
	// GatesClosed tells that conditions do not hold; nothing has changed.
	GatesClosed Outcome = "gates"
	// BackedOut tells that the authority stayed where it was.
	BackedOut Outcome = "backedOut"
	// HeldUp tells that nobody can write until a store is reached or operators decide.
	HeldUp Outcome = "held"
	// Unconfirmed tells that the authority has moved and a check afterwards failed.
	Unconfirmed Outcome = "unconfirmed"
	// Underway tells that another request's switch is under way.
	Underway Outcome = "underway"
	// Cancelled tells that no switch is under way any more.
	Cancelled Outcome = "cancelled"
	// Refused tells that the act does not fit; Reason says why.
	Refused Outcome = "refused"
)

// Condition is a gate or a check of a switch.
type Condition struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"`
	Detail  string `json:"detail"`
}

// SwitchAnswer is what a call came to.
type SwitchAnswer struct {
	Outcome Outcome     `json:"outcome"`
	State   items.State `json:"state,omitempty"`
	Epoch   int64       `json:"epoch,omitempty"`
	// WaitSeconds is how long to wait before the next call.
	WaitSeconds int `json:"waitSeconds"`
	// Proof names the record of the switch.
	Proof string `json:"proof,omitempty"`
	// PauseMilliseconds is how long writers were kept out, 0 while they were not, and
	// where it is not known.
	PauseMilliseconds int64       `json:"pauseMilliseconds"`
	Gates             []Condition `json:"gates,omitempty"`
	Checks            []Condition `json:"checks,omitempty"`
	Blockers          []string    `json:"blockers,omitempty"`
	// Steps are those that a switch would do, in answer to Rehearse.
	Steps  []switching.Step `json:"steps,omitempty"`
	Reason string           `json:"reason,omitempty"`
	// Evidence is what a forced decision rests on, Applied up to where the side that it
	// opens has the other one's log, Revision what its confirmations have to name; Decided
	// tells that it was stored before.
	Evidence string `json:"evidence,omitempty"`
	Applied  string `json:"applied,omitempty"`
	Revision int64  `json:"revision,omitempty"`
	Decided  bool   `json:"decided,omitempty"`
	// Event is the next call, whole.
	Event SwitchEvent `json:"event"`
}

// busyPause is the wait for another process that is at work.
const busyPause = 2 * time.Second

// switcher is the switch function.
type switcher struct {
	*parts
	proofs proofs
	limits switching.Limits
	// primary opens the databases for one invocation.
	primary func(ctx context.Context, owner string) (switching.Primary, func(), error)
	// gates are asked besides those of the databases.
	gates []switching.Gates
	// isolation proves that a lost side is shut off; nil where nothing does.
	isolation switching.Isolation
	// role is the unique id of the operators' role.
	role string
	// at is told each durable act; nil is no observer.
	at func(point string) error
	// lookPause is the wait between two looks at who has the authority.
	lookPause time.Duration
}

// NewSwitch makes the function that moves the authority to its colour, one step for
// each call. Which step is next stands in the control store alone; the event says
// only whose switch it is. So a call may come twice, at the same time, or late, and
// a process that died is followed by any other.
func NewSwitch(ctx context.Context, lookup func(string) (string, bool), out io.Writer) (func(context.Context, SwitchEvent) (SwitchAnswer, error), error) {
	p, err := assemble(ctx, lookup, out)
	settings, proofErr := readProofs(lookup, true)
	role, roleErr := operatorRole(lookup)
	if err := errors.Join(err, proofErr, roleErr); err != nil {
		return nil, err
	}
	s := &switcher{parts: p, limits: switching.Defaults(), gates: SwitchGates(p.store, p.now), role: role, lookPause: lookPause}
	if s.isolation, err = p.readIsolation(lookup); err != nil {
		return nil, err
	}
	if s.proofs, err = settings.open(ctx, p); err != nil {
		return nil, err
	}
	s.primary = s.databases
	return s.handle, nil
}

// databases reads the logins and the secret of the hashes, before anybody waits.
func (s *switcher) databases(ctx context.Context, owner string) (switching.Primary, func(), error) {
	key, err := s.proofs.key(ctx)
	if err != nil {
		return nil, nil, err
	}
	databases, err := SwitchDatabases(ctx, s.place, owner, key, place.Writers)
	if err != nil {
		return nil, nil, err
	}
	return databases, databases.Disconnect, nil
}

// check refuses an event that is none.
func (s *switcher) check(e SwitchEvent) error {
	var problems []error
	switch e.Act {
	case Advance:
		if strings.TrimSpace(e.Reason) == "" || len(e.Operators) == 0 || e.Request == "" || strings.Contains(e.Request, ownerMark) {
			problems = append(problems, fmt.Errorf("act %s: expected reason, operators and a request without %q", e.Act, ownerMark))
		}
	case Thaw:
		if strings.TrimSpace(e.Reason) == "" || len(e.Operators) == 0 {
			problems = append(problems, fmt.Errorf("act %s: expected reason and operators", e.Act))
		}
	case Cancel, Accept, Recover, Rehearse, Force, PlanForce, Rebuild, Readmit:
	default:
		problems = append(problems, fmt.Errorf("act %q: expected one of %v", e.Act,
			[]SwitchAct{Advance, Recover, Cancel, Accept, Thaw, Rehearse, Force, PlanForce, Rebuild, Readmit}))
	}
	if e.To != s.color && e.Act != Recover {
		problems = append(problems, fmt.Errorf("to %q: this function moves the authority to %s", e.To, s.color))
	}
	return errors.Join(problems...)
}

// handle is one invocation: one step, or none. The watchdog, which acts in the name of
// no request, measures in addition who has the authority.
func (s *switcher) handle(ctx context.Context, e SwitchEvent) (SwitchAnswer, error) {
	if e.Act == "" {
		e.Act = Recover
	}
	if err := s.check(e); err != nil {
		return SwitchAnswer{}, err
	}
	if e.Act == Force || e.Act == PlanForce {
		return s.force(ctx, e)
	}
	if act, admits := Admissions[e.Act]; admits {
		return s.admit(ctx, e, act)
	}
	answer, err := s.turn(ctx, e)
	if e.Act == Recover && e.Request == "" && !ending(ctx, s.limits.Least) {
		err = errors.Join(err, s.shutLeft(ctx), s.watchAuthority(ctx))
	}
	return answer, err
}

// turn does what the event asks for, as far as it is its turn.
func (s *switcher) turn(ctx context.Context, e SwitchEvent) (SwitchAnswer, error) {
	answer := SwitchAnswer{Event: e}
	token, sw, err := switching.Status(ctx, s.store)
	if errors.Is(err, control.ErrAbsent) {
		answer.Outcome, answer.Reason = Refused, "nobody has the authority yet: the lane back is not made"
		if e.Act == Recover {
			answer.Outcome = Done
		}
		return answer, nil
	}
	if err != nil {
		return answer, err
	}
	next := choose(e, token, sw, s.now())
	answer.show(token, sw)
	if next.do == nothing {
		answer.Outcome, answer.Reason, answer.WaitSeconds = next.outcome, next.reason, next.wait
		return answer, nil
	}
	if ending(ctx, s.limits.Least) {
		answer.Outcome, answer.WaitSeconds = Again, 1
		answer.Reason = fmt.Sprintf("less than %s was left until the deadline; nothing was done", s.limits.Least)
		return answer, nil
	}
	return s.step(ctx, e, next, sw, answer)
}

// show adds where the switch stands.
func (a *SwitchAnswer) show(token items.Token, sw items.Switch) {
	a.State, a.Epoch, a.Proof, a.PauseMilliseconds = sw.State, token.Epoch, sw.ProofID, sw.Pause.Milliseconds()
}

// step does the step over sessions of its own, and tells where the switch stands
// then.
func (s *switcher) step(ctx context.Context, e SwitchEvent, next choice, sw items.Switch, answer SwitchAnswer) (SwitchAnswer, error) {
	request := e.Request
	if request == "" || e.Act == Recover {
		request = RequestOf(sw.Owner)
	}
	m, done, err := s.machine(ctx, request, sw)
	if err != nil {
		return answer, err
	}
	defer done()
	if next.do == rehearse {
		return Foresee(ctx, m, e.To)
	}
	var outcome switching.Outcome
	asked := switching.Request{To: e.To, Reason: e.Reason, Operators: e.Operators}
	switch next.do {
	case start:
		outcome, err = m.Start(ctx, asked)
	case thaw:
		outcome, err = m.Thaw(ctx, asked)
	default:
		outcome, err = m.Step(ctx, next.command)
	}
	answer.tell(outcome)
	measured := s.measure(ctx, outcome, err)
	err = answer.judge(outcome, err)
	token, sw, statusErr := switching.Status(context.WithoutCancel(ctx), s.store)
	if statusErr == nil {
		answer.show(token, sw)
		err = answer.settle(e, token, sw, s.now(), err)
	}
	return answer, errors.Join(err, measured, statusErr)
}

// tell adds what a step has found.
func (a *SwitchAnswer) tell(o switching.Outcome) {
	a.Gates, a.Checks = conditions(o.Gates), conditions(o.Checks)
	for _, b := range o.Blockers {
		a.Blockers = append(a.Blockers, fmt.Sprintf("pid %d, %s for %s, on %s", b.PID, b.State, b.Age, b.Relation))
	}
}

// Judge makes the answer of a step that was done in the caller's own process.
func Judge(o switching.Outcome, err error) (SwitchAnswer, error) {
	a := SwitchAnswer{State: o.Switch.State, Epoch: o.Switch.Epoch, Proof: o.Switch.ProofID}
	a.tell(o)
	err = a.judge(o, err)
	if err == nil && !o.Busy && a.State == items.Steady {
		a.Outcome = Done
	}
	return a, err
}

// judge gives a step's error an outcome, and keeps what nobody foresaw.
func (a *SwitchAnswer) judge(o switching.Outcome, err error) error {
	a.Outcome = Again
	if o.Busy {
		a.WaitSeconds = int(busyPause.Seconds())
	}
	if err == nil {
		return nil
	}
	a.Reason = brief(err)
	switch {
	case errors.Is(err, switching.ErrHeld):
		a.Outcome = HeldUp
	case errors.Is(err, switching.ErrUnconfirmed):
		a.Outcome = Unconfirmed
	case errors.Is(err, switching.ErrBackedOut):
		a.Outcome = BackedOut
	case errors.Is(err, switching.ErrGates):
		a.Outcome = GatesClosed
	case errors.Is(err, switching.ErrMoved), errors.Is(err, switching.ErrTakenOver), errors.Is(err, switching.ErrTooLate), errors.Is(err, switching.ErrCommand):
		a.WaitSeconds = 1 // the next call looks again
	case errors.Is(err, switching.ErrUnderway):
		a.Outcome = Underway
	default:
		return err
	}
	return nil
}

// settle ends the loop where nothing is left to do after a step. What a step failed
// with is no error of the function once the switch is at rest where it began: that
// is what the operator has to know.
func (a *SwitchAnswer) settle(e SwitchEvent, token items.Token, sw items.Switch, now time.Time, err error) error {
	if a.Outcome != Again {
		return err
	}
	next := choose(e, token, sw, now)
	switch {
	case next.do != nothing:
		return err
	case err != nil && next.outcome == BackedOut:
		a.Outcome = BackedOut // with its own reason
		return nil
	case err == nil:
		a.Outcome, a.Reason, a.WaitSeconds = next.outcome, next.reason, next.wait
	}
	return err
}

// Foresee asks all gates as they stand, and lists the steps of a switch to a side. It
// changes nothing. Gates that arming makes hold do not close it.
func Foresee(ctx context.Context, m *switching.Machine, to naming.Color) (SwitchAnswer, error) {
	plan, err := m.Plan(ctx, switching.Request{To: to, Reason: string(Rehearse), Operators: []string{m.Owner}})
	answer := SwitchAnswer{Outcome: Done, State: items.Steady, Epoch: plan.Epoch, Gates: conditions(plan.Gates), Steps: plan.Steps,
		Event: SwitchEvent{Act: Rehearse, To: to}}
	switch {
	case errors.Is(err, switching.ErrUnderway), errors.Is(err, switching.ErrMoved):
		answer.Outcome, answer.Reason, answer.Steps = Underway, brief(err), nil
	case err != nil:
		return answer, err
	}
	for _, gate := range plan.Gates {
		if gate.Verdict != switching.Pass && !switching.MadeByArming(gate.Name) && answer.Outcome == Done {
			answer.Outcome = GatesClosed
		}
	}
	return answer, nil
}

func conditions(gates []switching.Gate) []Condition {
	var all []Condition
	for _, g := range gates {
		all = append(all, Condition{Name: g.Name, Verdict: g.Verdict.String(), Detail: g.Detail})
	}
	return all
}
