package move

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Ender ends a migration where the databases can be reached.
type Ender interface {
	// End asks the function of the side that has the authority.
	End(ctx context.Context, holder naming.Color, e function.FinaliseEvent) (function.FinaliseAnswer, error)
	Known
	// Proof reads a record, has its signature checked, and says where it is.
	Proof(ctx context.Context, id string) (where string, err error)
}

// Known says who calls.
type Known interface {
	// Caller is the id under which AWS knows who calls, such as AROA…:ann.
	Caller(ctx context.Context) (string, error)
}

// FinaliseBy ends the migration in AWS, or confirms that it may end. Both operators
// give the same command, each under an own session: the first one's confirms, the
// second one's confirms and ends. A confirmation is an item that AWS lets nobody write
// but the principal whose id is its key; the function counts those and no names.
func (o *Operator) FinaliseBy(ctx context.Context, e Ender, order finalise.Order) error {
	token, sw, err := o.stands(ctx)
	if err != nil {
		return unfinished(err)
	}
	if sw.Untrusted != "" { // its database answers nobody
		return forsaken(sw.Untrusted)
	}
	event := function.FinaliseEvent{Act: function.PlanEnd, Operators: order.Operators, Reason: order.Reason}
	planned, err := e.End(ctx, token.Holder, event)
	if err != nil {
		return err
	}
	o.tellEnd(planned)
	if planned.Outcome != function.Done {
		return undone(planned)
	}
	if o.DryRun {
		o.Say("would confirm the end of the migration, and end it once both operators have; there is no way back afterwards, and no other migration of this environment")
		return nil
	}
	if !planned.Decided {
		if err := o.confirm(ctx, e, "finalise", items.Confirmation{
			Switch: planned.Switch, Revision: planned.Revision, Operators: order.Operators, Reason: order.Reason,
		}); err != nil {
			return err
		}
	}
	event.Act = function.End
	ended, err := e.End(ctx, token.Holder, event)
	if err != nil {
		return err
	}
	if ended.Outcome != function.Done {
		return undone(ended)
	}
	where, err := e.Proof(ctx, ended.Proof)
	if err != nil {
		return fault.New(fault.Verification, "the migration has ended; its closing record %s cannot be shown: %w", ended.Proof, err).WithHint("the same command again")
	}
	o.gone(where)
	return nil
}

// confirm writes what whoever calls confirms, who has given the command: deed is its
// name, with the flags that say of what. The name is read from the id that AWS gives;
// under another's id the table would refuse the item.
func (o *Operator) confirm(ctx context.Context, e Known, deed string, c items.Confirmation) error {
	caller, err := e.Caller(ctx)
	if err != nil {
		return err
	}
	_, name, isSession := strings.Cut(caller, ":")
	if !isSession {
		return fault.New(fault.Credentials, "the credentials are those of a user (%s), and not of a session of the operators' role", caller).
			WithHint("take the operator's role (output operatorRoleArn of security), then the same command again")
	}
	if !slices.Contains(c.Operators, name) {
		return fault.New(fault.Usage, "flag -operators is %q: expected your own name among them, which is %q to AWS", strings.Join(c.Operators, ","), name).
			WithHint("%s%s -reason='…' -operators=%s,OTHER", target, deed, name)
	}
	key := items.ClosingItem(caller)
	item, err := o.Store.Get(ctx, key)
	if err != nil && !errors.Is(err, control.ErrAbsent) {
		return fmt.Errorf("read the confirmation of %s: %w", name, err)
	}
	c.At = o.Now()
	if err := o.Store.Put(ctx, key, control.Item{Rev: item.Rev + 1, Fields: c.Fields()}); err != nil {
		return fmt.Errorf("confirm as %s: %w", name, err)
	}
	o.Say("%s has confirmed", name)
	return nil
}

// tellEnd shows conditions, and what goes.
func (o *Operator) tellEnd(a function.FinaliseAnswer) {
	if a.Decided {
		o.Say("the decision was stored before: going on with it")
	}
	for _, c := range a.Conditions {
		line := "  " + c.Name + ": " + c.Verdict
		if c.Verdict != switching.Pass.String() {
			line += ", " + c.Detail
		}
		o.Say("%s", line)
	}
	for _, going := range a.Going {
		o.Say("%s", going)
	}
}

// undone gives what a call came to a code and the command to go on.
func undone(a function.FinaliseAnswer) error {
	switch a.Outcome {
	case function.Awaited:
		return fault.New(fault.Gate, "the migration goes on until both have confirmed: %s", a.Reason).
			WithHint("the other operator gives the same command, with the same reason, under an own session, within 24 hours")
	case function.GatesClosed:
		return fault.New(fault.Gate, "%s", a.Reason).WithHint("%sstatus, then the same command again", target)
	case function.Refused:
		return fault.New(fault.Usage, "%s", a.Reason).WithHint("%sfinalise -reason='…' -operators=ONE,OTHER", target)
	default:
		return fault.New(fault.Locked, "%s", a.Reason).WithHint("the same command again")
	}
}
