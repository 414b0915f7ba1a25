package function

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// FinaliseAct is what the function that ends a migration is asked to do.
type FinaliseAct string

const (
	// PlanEnd asks for all conditions and for what goes, and changes nothing.
	PlanEnd FinaliseAct = "plan"
	// End ends the migration, once both operators have confirmed it.
	End FinaliseAct = "finalise"
)

// FinaliseEvent is one call of the function that ends a migration.
type FinaliseEvent struct {
	Act FinaliseAct `json:"act"`
	// Operators are the names of two people as their sessions bear them. A name alone
	// is worth nothing: its session has to have confirmed (control.Confirmation).
	Operators []string `json:"operators,omitempty"`
	Reason    string   `json:"reason,omitempty"`
}

// Awaited tells that a confirmation is missing; nothing has changed.
const Awaited Outcome = "awaited"

// FinaliseAnswer is what a call came to: Done, Again, GatesClosed, Awaited, or
// Refused.
type FinaliseAnswer struct {
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"`
	// Decided tells that the decision was stored before: nobody is asked any more.
	Decided    bool        `json:"decided,omitempty"`
	Conditions []Condition `json:"conditions,omitempty"`
	// Going is what goes, or would, in words.
	Going []string `json:"going,omitempty"`
	// Switch and Revision are what a confirmation has to name.
	Switch   string `json:"switch,omitempty"`
	Revision int64  `json:"revision,omitempty"`
	// Proof is the name of the closing record.
	Proof string `json:"proof,omitempty"`
}

const (
	// stillStreamed bounds the wait for a lane that still streams: it ends with its next
	// commit, and has one every second.
	stillStreamed = time.Minute
	// leastToEnd is what has to be left of an invocation to begin.
	leastToEnd = 3 * time.Minute
)

// closer is the function that ends a migration.
type closer struct {
	*parts
	proofs proofs
	// role is the unique id of the operators' role.
	role string
	// open is how long the way back must have been open.
	open time.Duration
	// at is told each durable step; nil is no observer.
	at func(step string) error
}

// NewFinalise makes the function that ends a migration to its colour. It has the
// administrators' logins of both sides and the key of the records, and nothing starts
// it but operators. It takes nobody's word for who has decided: each of the two has
// written an item that AWS lets that principal write and no other.
func NewFinalise(ctx context.Context, lookup func(string) (string, bool), out io.Writer) (func(context.Context, FinaliseEvent) (FinaliseAnswer, error), error) {
	c, err := newCloser(ctx, lookup, out)
	if err != nil {
		return nil, err
	}
	return c.handle, nil
}

func newCloser(ctx context.Context, lookup func(string) (string, bool), out io.Writer) (*closer, error) {
	p, err := assemble(ctx, lookup, out)
	settings, proofErr := readProofs(lookup, false)
	role, roleErr := operatorRole(lookup)
	c := &closer{parts: p, role: role, open: finalise.Window}
	if err := errors.Join(err, proofErr, roleErr); err != nil {
		return nil, err
	}
	if c.proofs, err = settings.open(ctx, p); err != nil {
		return nil, err
	}
	return c, nil
}

// handle is one invocation.
func (c *closer) handle(ctx context.Context, e FinaliseEvent) (FinaliseAnswer, error) {
	if e.Act != PlanEnd && e.Act != End {
		return FinaliseAnswer{}, fmt.Errorf("act %q: expected %s or %s", e.Act, PlanEnd, End)
	}
	token, sw, err := switching.Status(ctx, c.store)
	switch {
	case errors.Is(err, control.ErrAbsent):
		return FinaliseAnswer{Outcome: Refused, Reason: "there was no switch"}, nil
	case err != nil:
		return FinaliseAnswer{}, err
	case token.Holder != c.color:
		return FinaliseAnswer{Outcome: Refused, Reason: fmt.Sprintf("%s has the authority: this function ends a migration to %s", token.Holder, c.color)}, nil
	case ending(ctx, leastToEnd):
		return FinaliseAnswer{Outcome: Again, Reason: fmt.Sprintf("less than %s was left until the deadline; nothing was done", leastToEnd)}, nil
	}
	answer := FinaliseAnswer{Decided: sw.State == items.Finalised, Switch: token.ProofID, Revision: sw.Rev}
	order := finalise.Order{Operators: e.Operators, Reason: e.Reason}
	if answer.Decided { // by those whose names are stored; what is left needs no second decision
		order = finalise.Order{Operators: sw.Operators, Reason: sw.Reason}
	}
	limited, cancel := within(ctx, lane.Defaults().Cancel)
	defer cancel()
	sides, done, err := (&desk.Desk{Place: c.place}).Sides(limited)
	if err != nil {
		return answer, err
	}
	defer done()
	f := &finalise.Finaliser{
		Store: c.store, Signer: c.proofs.signer, Proofs: c.proofs.store, Sides: sides, Window: c.open, Quiet: stillStreamed,
		Owner: invocation(ctx) + "." + uuid.NewString()[:8], Revision: &sw.Rev, At: c.observed(limited),
	}
	return c.end(limited, f, e, order, answer)
}

// end shows what would be done, and does it once it is confirmed.
func (c *closer) end(ctx context.Context, f *finalise.Finaliser, e FinaliseEvent, order finalise.Order, answer FinaliseAnswer) (FinaliseAnswer, error) {
	preview, err := f.Preview(ctx, order)
	answer.Conditions = conditions(preview.Conditions)
	for _, going := range preview.Going {
		answer.Going = append(answer.Going, going.String())
	}
	if err != nil || e.Act == PlanEnd {
		return answer.closed(err)
	}
	if !answer.Decided {
		missing, err := c.confirmations(c.role).missing(ctx, items.Confirmation{Switch: answer.Switch, Revision: answer.Revision, Operators: order.Operators, Reason: order.Reason})
		if err != nil {
			return answer, err
		}
		if len(missing) > 0 {
			answer.Outcome, answer.Reason = Awaited, strings.Join(missing, "; ")
			return answer, nil
		}
	}
	report, err := f.Finalise(ctx, order)
	answer.Proof = report.Proof
	return answer.closed(err)
}

// closed gives what a call ended with an outcome, and keeps what nobody foresaw.
func (a FinaliseAnswer) closed(err error) (FinaliseAnswer, error) {
	switch {
	case err == nil:
		a.Outcome = Done
		return a, nil
	case errors.Is(err, finalise.ErrNotYet):
		a.Outcome = GatesClosed
	case errors.Is(err, finalise.ErrStreaming):
		a.Outcome = Again
	case errors.Is(err, finalise.ErrOrder):
		a.Outcome = Refused
	default:
		return a, err
	}
	a.Reason = err.Error()
	return a, nil
}

// observed is what the steps are told to.
func (c *closer) observed(ctx context.Context) func(step string) error {
	unwanted := Unwanted(ctx, c.store)
	return func(step string) error {
		if c.at != nil {
			if err := c.at(step); err != nil {
				return err
			}
		}
		return unwanted(step)
	}
}

// Unwanted is told the steps of a migration's end, and has no lane wanted from the
// step on at which it retires.
func Unwanted(ctx context.Context, store control.Store) func(step string) error {
	return func(step string) error {
		for _, color := range naming.Colors() {
			if step == finalise.Retiring(color) {
				return Want(ctx, store, Lane(color), false)
			}
		}
		return nil
	}
}
