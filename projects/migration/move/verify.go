package move

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Verifier is the verification of the lane that ends at to.
func Verifier(ctx context.Context, p place.Place, to naming.Color, invocation string) (*verify.Verifier, error) {
	source, err := p.DSN(ctx, to.Other(), bgsync.Verify)
	if err != nil {
		return nil, err
	}
	target, err := p.DSN(ctx, to, bgsync.Verify)
	if err != nil {
		return nil, err
	}
	return &verify.Verifier{
		Lane: function.Lane(to), Source: source, Target: target, Invocation: invocation, Limits: verify.Defaults(),
	}, nil
}

// tellEvery is how often the progress of a verification is told.
const tellEvery = 5 * time.Second

// Verify compares both sides of the lane that ends at to, all of it, and after the
// first clean pass makes and starts the lane back.
func (o *Operator) Verify(ctx context.Context, v *verify.Verifier, to naming.Color) error {
	if o.DryRun {
		o.Say("would compare both sides of lane %s", v.Lane)
		return nil
	}
	var told time.Time
	v.Observe = func(p verify.Progress) {
		if o.Now().Sub(told) < tellEvery && p.UnitsDone < p.Units {
			return
		}
		told = o.Now()
		o.Say("%s verifies: %d of %d units, %s rows, %s rows/s, %s left", v.Lane, p.UnitsDone, p.Units, thousands(p.Rows),
			thousands(int64(p.Rate())), p.ETA().Round(time.Second))
	}
	report, err := v.Full(ctx)
	for err == nil && !report.Done && report.Halt == nil {
		report, err = v.Full(ctx)
	}
	switch {
	case errors.Is(err, verify.ErrPassive):
		return fault.New(fault.Usage, "%w", err).WithHint("%sstatus", target)
	case err != nil:
		return fmt.Errorf("verify lane %s: %w", v.Lane, err)
	case report.Halt != nil:
		return o.halted(to, report.Halt.Code)
	case !report.Clean:
		return fault.New(fault.Verification, "pass %d of lane %s: %d buckets differ, %d were changing all the time, %d rows are being repaired",
			report.Pass, v.Lane, report.Mismatched, report.Unstable, report.Requested).WithHint("%sverify", target)
	}
	o.Say("%s: pass %d is clean: %s buckets, %s rows equal, in %s", v.Lane, report.Pass, thousands(report.Buckets), thousands(report.Rows),
		report.Took.Round(time.Millisecond))
	if to == desk.First {
		return nil
	}
	return o.back(ctx)
}

// back makes the lane back and has it run: from then on a switch can be undone
// without loss.
func (o *Operator) back(ctx context.Context) error {
	plan, err := o.plan(desk.First)
	if err != nil {
		return err
	}
	made, err := o.Desk.Do(ctx, desk.Request{Act: desk.Return, To: desk.First, Plan: plan, By: o.By})
	if err != nil {
		return fmt.Errorf("make the lane back: %w", err)
	}
	for _, done := range made.Done {
		o.Say("%s", done)
	}
	if err := function.Want(ctx, o.Store, function.Lane(desk.First), true); err != nil {
		return err
	}
	began := o.Now()
	what, err := o.Lanes.Start(ctx, desk.First)
	if fault.CodeOf(err) == fault.Locked {
		return nil // it runs
	}
	if err != nil {
		return err
	}
	o.Say("%s", what)
	return o.follow(ctx, desk.First, began)
}
