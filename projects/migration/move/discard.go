package move

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/hint"
)

// Discarding is what a lane is to pass over, and who says so.
type Discarding struct {
	// Position is that of a change, as the reason of the lane's halt and DryRun tell it.
	Position  string
	Operators []string
	Reason    string
}

// Discard has the lane that ends at to pass over one change that its target refuses, by
// the word of two operators. With known both give the same command, each under an own
// session: the first one's confirms, the second one's confirms and decides. Without it
// one command names both. DryRun lists what was refused. What is discarded stays so: the
// command may be given again.
func (o *Operator) Discard(ctx context.Context, known Known, to naming.Color, d Discarding) error {
	if err := errors.Join(because("discard", d.Reason), o.open(ctx, to)); err != nil {
		return err
	}
	list := desk.Request{Act: desk.Discard, To: to, Preview: true}
	there, err := o.ask(ctx, list, "%sstatus", target)
	if err != nil {
		return err
	}
	for _, each := range there.Quarantine {
		o.Say("%s", each)
	}
	if len(there.Quarantine) == 0 {
		o.Say("the target of lane %s has refused no change in generation %d", function.Lane(to), there.Generation)
	}
	at, err := checkpoint.ParsePosition(d.Position)
	switch {
	case o.DryRun && d.Position == "":
		return nil
	case err != nil:
		return fault.New(fault.Usage, "flag -position: %w", err).
			WithHint("%sdiscard%s -dry-run -reason='…', which lists them, then with -position=LSN:N -operators=ONE,OTHER", target, toward(to))
	case o.DryRun:
		o.Say("would have lane %s pass over the change at %s; nothing is switched before its row was repaired", function.Lane(to), at)
		return nil
	}
	if known != nil && there.State == checkpoint.Halted && !discarded(there.Quarantine, at) {
		c := desk.Discarding(function.Lane(to), at.String(), there.Generation, d.Operators, d.Reason)
		if err := o.confirm(ctx, known, fmt.Sprintf("discard%s -position=%s", toward(to), at), c); err != nil {
			return err
		}
	}
	request := desk.Request{Act: desk.Discard, To: to, Position: at.String(), Operators: d.Operators, Reason: d.Reason}
	done, err := o.ask(ctx, request, "%s, with -position=LSN:N -operators=ONE,OTHER; in AWS by the other operator too, under an own session, within 24 hours", hint.Again)
	if err != nil {
		return err
	}
	if done.State == checkpoint.Halted {
		o.Say("the lane goes on by: %sstart%s -halt=%s", target, toward(to), checkpoint.Poison)
	}
	return nil
}

// discarded tells whether the change at a position is passed over already.
func discarded(all []checkpoint.Quarantined, at checkpoint.Position) bool {
	return slices.ContainsFunc(all, func(q checkpoint.Quarantined) bool { return q.Position == at && q.Discarded() })
}
