package move

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Ready asks all that must hold before the authority moves to a side, and shows it.
// It asks nothing of a switch that is under way already, nor where none can begin:
// whoever moves the authority says why. facts are asked for only when needed.
func (o *Operator) Ready(ctx context.Context, to naming.Color, facts func(context.Context) preflight.Facts) error {
	token, sw, err := o.stands(ctx)
	if errors.Is(err, control.ErrAbsent) || err == nil && (sw.State != items.Steady || token.Holder == to) {
		return nil
	}
	if err != nil {
		return err
	}
	plan, err := o.plan(to)
	if err != nil {
		return err
	}
	checked, err := o.Desk.Do(ctx, desk.Request{Act: desk.Check, To: to, Plan: plan, Switch: true, Facts: facts(ctx)})
	if err != nil {
		return fmt.Errorf("preflight of the switch: %w", err)
	}
	o.Say("%s", tellResults(checked.Results))
	if err := preflight.Refusal(checked.Results); err != nil {
		return fault.New(fault.Gate, "preflight refuses the switch:\n%w", err).WithHint("what the findings say, then %s", goingOn(to))
	}
	return nil
}
