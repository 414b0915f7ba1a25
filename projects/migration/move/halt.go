package move

import (
	"context"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Halt has the lane that ends at to stand still, whatever it does: it loads and applies
// nothing until it is started again. It is the way to take the load off a source at once.
func (o *Operator) Halt(ctx context.Context, to naming.Color, reason string) error {
	if err := because("halt", reason); err != nil {
		return err
	}
	if o.DryRun {
		there, err := o.ask(ctx, desk.Request{Act: desk.Look, To: to}, "%sstatus", target)
		switch {
		case err != nil:
			return err
		case there.State == "":
			return fault.New(fault.Gate, "there is no lane %s", function.Lane(to)).WithHint("%sstatus", target)
		}
		o.Say("lane %s is %s: would halt it with code %s", function.Lane(to), there.State, checkpoint.ByOperator)
		return nil
	}
	there, err := o.ask(ctx, desk.Request{Act: desk.Halt, To: to, Reason: reason}, "%sstatus", target)
	if err != nil {
		return err
	}
	if there.Halt != checkpoint.ByOperator { // it was halted before, and that has a way out of its own
		o.Say("to go on: what %sstatus says", target)
		return nil
	}
	o.Say("to go on: %sstart%s -halt=%s", target, toward(to), there.Halt)
	return nil
}
