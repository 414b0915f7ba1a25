package move

import (
	"context"
	"slices"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Renew starts a new generation of the lane that ends at to, which is halted with the
// code that the operator names, and has it run. What was missed between the former
// generation and this one verifications find and repairs bring. A lane that is not
// halted is left as it is: the command may be given again.
func (o *Operator) Renew(ctx context.Context, to naming.Color, halt, reason string) error {
	if err := because("renew", reason); err != nil {
		return err
	}
	code := checkpoint.HaltCode(halt)
	if !slices.Contains(lane.Renewable(), code) {
		return fault.New(fault.Usage, "flag -halt is %q: expected the code of the lane's halt, one of %v", halt, lane.Renewable()).WithHint("%sstatus", target)
	}
	if err := o.open(ctx, to); err != nil {
		return err
	}
	there, err := o.ask(ctx, desk.Request{Act: desk.Look, To: to}, "%sstatus", target)
	if err != nil {
		return err
	}
	name := function.Lane(to)
	switch {
	case there.State == "":
		return fault.New(fault.Gate, "there is no lane %s", name).WithHint("%sstart%s", target, toward(to))
	case there.State == checkpoint.Halted && there.Halt != code:
		return o.halted(to, there.Halt, there.Why)
	case o.DryRun && there.State == checkpoint.Halted:
		o.Say("would begin generation %d of lane %s with a new slot and a new position; results of comparisons are taken back", there.Generation+1, name)
		return nil
	}
	request := desk.Request{Act: desk.Renew, To: to, Halt: code, Reason: reason}
	if o.DryRun {
		o.Say("lane %s is %s in generation %d, and not halted: nothing would be renewed", name, there.State, there.Generation)
		return nil
	}
	if _, err := o.ask(ctx, request, "%sstatus", target); err != nil {
		return err
	}
	if err := function.Want(ctx, o.Store, name, true); err != nil {
		return err
	}
	what, err := o.Lanes.Start(ctx, to)
	switch {
	case err == nil:
		o.Say("%s", what)
	case fault.CodeOf(err) != fault.Locked: // who ran it before the halt still does
		return err
	}
	o.Say("%sstatus shows how far it is; then verify the lane whose source has the authority, until a pass is clean: %sverify", target, target)
	return nil
}
