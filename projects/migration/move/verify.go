package move

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/function"
	engine "github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/projects/migration/place"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Comparer compares all rows of a lane's two sides.
type Comparer interface {
	// Full compares until the pass has ended. The observer is told how far it is.
	Full(ctx context.Context, observe func(verify.Progress)) (verify.Report, error)
}

// Comparison is a Comparer that compares in this process, and obeys the throttle that it
// shares with all who load or compare for the lane.
type Comparison struct{ Verifier *verify.Verifier }

// Compare is the comparison of the lane that ends at to.
func Compare(ctx context.Context, p place.Place, to naming.Color, invocation string) (Comparison, error) {
	source, err := p.DSN(ctx, to.Other(), bgsync.Verify)
	if err != nil {
		return Comparison{}, err
	}
	target, err := p.DSN(ctx, to, bgsync.Verify)
	if err != nil {
		return Comparison{}, err
	}
	return Comparison{&verify.Verifier{
		Lane: function.Lane(to), Source: source, Target: target, Invocation: invocation, Limits: verify.Defaults(),
	}}, nil
}

// Full compares, in calls that each go on with the pass.
func (c Comparison) Full(ctx context.Context, observe func(verify.Progress)) (verify.Report, error) {
	defer c.Verifier.Obey(ctx, engine.Defaults().Throttle())()
	c.Verifier.Observe = observe
	report, err := c.Verifier.Full(ctx)
	for err == nil && !report.Done && report.Halt == nil {
		report, err = c.Verifier.Full(ctx)
	}
	return report, err
}

// tellEvery is how often the progress of a verification is told.
const tellEvery = 5 * time.Second

// Verify compares both sides of the lane that ends at to, all of it, and after the
// first clean pass makes and starts the lane back.
func (o *Operator) Verify(ctx context.Context, v Comparer, to naming.Color) error {
	if err := o.open(ctx, to); err != nil && ctx.Err() == nil {
		return err
	}
	sw, err := o.switched(ctx)
	if err != nil && ctx.Err() == nil {
		return err
	}
	if sw.Untrusted != "" && (sw.Untrusted != to || sw.Rebuild == "") { // no other lane has anything to compare
		return forsaken(sw.Untrusted)
	}
	lane := function.Lane(to)
	if o.DryRun {
		o.Say("would compare both sides of lane %s", lane)
		return nil
	}
	var told time.Time
	var last string
	report, err := v.Full(ctx, func(p verify.Progress) {
		if o.Now().Sub(told) < tellEvery && p.UnitsDone < p.Units {
			return
		}
		line := fmt.Sprintf("%s verifies: %d of %d units, %s rows, %s rows/s, %s left", lane, p.UnitsDone, p.Units, thousands(p.Rows),
			thousands(int64(p.Rate())), p.ETA().Round(time.Second))
		if line == last {
			return
		}
		told, last = o.Now(), line
		o.Say("%s", line)
	})
	switch {
	case errors.Is(err, verify.ErrPassive):
		return fault.New(fault.Usage, "%w", err).WithHint("%sverify%s", target, toward(to.Other()))
	case errors.Is(err, verify.ErrNotReady):
		return o.unready(ctx, to, err)
	case err != nil && ctx.Err() != nil:
		return fault.New(codeOf(ctx), "stopped watching: %w", err).WithHint("%sverify%s", target, toward(to))
	case err != nil:
		return fmt.Errorf("verify lane %s: %w", lane, err)
	case report.Halt != nil:
		return o.halted(to, report.Halt.Code, report.Halt.Reason)
	case !report.Clean:
		return fault.New(fault.Verification, "pass %d of lane %s: %d buckets differ, %d were changing all the time, %d rows are being repaired",
			report.Pass, lane, report.Mismatched, report.Unstable, report.Requested).WithHint("%sverify%s", target, toward(to))
	}
	o.Say("%s: pass %d is clean: %s buckets, %s rows equal, in %s", lane, report.Pass, thousands(report.Buckets), thousands(report.Rows),
		report.Took.Round(time.Millisecond))
	if to == returning(sw) {
		return nil
	}
	return o.back(ctx, sw)
}

// unready tells the way on from a lane that does not follow its source: one that is
// to run loads its base, or a table anew, and takes nothing but time; any other has
// to be started.
func (o *Operator) unready(ctx context.Context, to naming.Color, why error) error {
	wanted, err := function.Wanted(ctx, o.Store, function.Lane(to))
	if err != nil {
		return errors.Join(fault.New(fault.Gate, "%w", why), err)
	}
	if !wanted {
		return fault.New(fault.Gate, "%w", why).WithHint("%sstart%s", target, toward(to))
	}
	return fault.New(fault.Gate, "%w", why).WithHint("wait until all tables are loaded, which %sstatus shows; then %sverify%s", target, target, toward(to))
}

// back makes the lane back and has it run: from then on a switch can be undone
// without loss. A side that was made anew can be switched to from then on.
func (o *Operator) back(ctx context.Context, sw items.Switch) error {
	to := returning(sw)
	if _, err := o.make(ctx, to); err != nil {
		return err
	}
	if err := function.Want(ctx, o.Store, function.Lane(to), true); err != nil {
		return err
	}
	before, err := o.told(ctx, to)
	if err != nil {
		return err
	}
	what, err := o.Lanes.Start(ctx, to)
	switch {
	case err == nil:
		o.Say("%s", what)
		if err := o.follow(ctx, to, before); err != nil {
			return err
		}
	case fault.CodeOf(err) != fault.Locked: // else it runs
		return err
	}
	return o.readmit(ctx, sw)
}
