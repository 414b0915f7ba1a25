package move

import (
	"context"
	"fmt"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// clone makes the lane that ends at to from a clone of its source, unless it is there.
// The first call prepares the source and keeps its log; then the clone is deployed,
// and a further call adopts it. on tells that the lane is there and can be started.
func (o *Operator) clone(ctx context.Context, to naming.Color) (on bool, err error) {
	if err := o.open(ctx, to); err != nil {
		return false, err
	}
	sw, err := o.switched(ctx)
	if err != nil {
		return false, err
	}
	if sw.Untrusted != "" {
		return false, fault.New(fault.Usage, "%s was left by a forced decision: it is made anew in a new, empty database, and from no clone", sw.Untrusted).
			WithHint("%s, without -base", starting(sw.Untrusted))
	}
	plan, err := o.plan(to)
	if err != nil {
		return false, err
	}
	there, err := o.Desk.Do(ctx, desk.Request{Act: desk.Look, To: to})
	if err != nil {
		return false, fmt.Errorf("look for the lane: %w", err)
	}
	name, unfinished := function.Lane(to), there.State == checkpoint.Created
	switch {
	case there.State != "" && !unfinished:
		return true, nil
	case o.DryRun:
		if !unfinished {
			o.Say("would publish %d tables on %s and make it keep its log for lane %s, unless it does", len(plan.Tables), to.Other(), name)
		}
		o.Say("would adopt the database of %s as the lane's target, if it is a clone of %s that was made after that: identity, authority, rights, records and slots that came with it go",
			to, to.Other())
		return false, nil
	case !unfinished:
		reserved, err := o.Desk.Do(ctx, desk.Request{Act: desk.Reserve, To: to, Plan: plan, By: o.By})
		if err != nil {
			return false, fmt.Errorf("reserve the lane: %w", err)
		}
		o.done(reserved)
	}
	adopted, err := o.Desk.Do(ctx, desk.Request{Act: desk.Adopt, To: to, By: o.By})
	if err != nil {
		return false, fmt.Errorf("adopt the clone: %w", err)
	}
	if adopted.NoCopy != "" {
		return false, fault.New(fault.Gate, "lane %s has its place in the log of %s and waits for a clone: %s", name, to.Other(), adopted.NoCopy).
			WithHint("data:clones.%s one higher in the stack file of the layer data, then go tool mage deploy:all -from=data, then %sstart%s -base=clone", to, target, toward(to))
	}
	o.done(adopted)
	return true, nil
}

// done shows what an act has done.
func (o *Operator) done(reply desk.Reply) {
	for _, line := range reply.Done {
		o.Say("%s", line)
	}
}
