package move

import (
	"context"
	"errors"
	"strings"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Finalise ends the migration: it shows the conditions and what goes, and, unless
// DryRun, takes it away. From the decision on no lane is wanted any more. record says
// where the closing record is.
func (o *Operator) Finalise(ctx context.Context, f *finalise.Finaliser, order finalise.Order, record func(name string) string) error {
	preview, err := f.Preview(ctx, order)
	o.tellConditions(preview)
	if err != nil {
		return o.unreadable(unfinished(err))
	}
	for _, going := range preview.Going {
		o.Say("%s", going)
	}
	if o.DryRun {
		o.Say("would end the migration; there is no way back afterwards, and no other migration of this environment")
		return nil
	}
	f.At = function.Unwanted(ctx, o.Store)
	report, err := f.Finalise(ctx, order)
	if err != nil {
		return unfinished(err)
	}
	o.gone(record(report.Proof))
	return nil
}

// gone tells that the migration has ended, and what is left to do.
func (o *Operator) gone(record string) {
	o.Say("the migration has ended: nothing of the engine is left in either database; the closing record is %s", record)
	o.Say("%s", closeWindow)
}

// closeWindow says what is left to do: the networks are open to each other until a
// deployment closes them.
const closeWindow = "the networks are still open to each other: set migration:syncWindow and data:syncWindow to false and " +
	"foundation:syncWindow.open to false, in the stack files of these layers, then go tool mage deploy:all and verify:all"

// tellConditions shows each condition, and of one that does not hold what was found.
func (o *Operator) tellConditions(preview finalise.Preview) {
	if preview.Decided {
		o.Say("the decision was stored before: going on with it")
		return
	}
	lines := make([]string, len(preview.Conditions))
	for i, c := range preview.Conditions {
		lines[i] = "  " + c.Name + ": " + c.Verdict.String()
		if c.Verdict != switching.Pass {
			lines[i] += ", " + c.Detail
		}
	}
	if len(lines) > 0 {
		o.Say("%s", strings.Join(lines, "\n"))
	}
}

// unfinished gives what Finalise ended with a code and the command to go on.
func unfinished(err error) error {
	switch {
	case errors.Is(err, finalise.ErrOrder):
		return fault.New(fault.Usage, "%w", err).WithHint("%sfinalise -reason='…' -operators=ONE,OTHER", target)
	case errors.Is(err, control.ErrAbsent):
		return fault.New(fault.Gate, "nothing to end: %w", err).WithHint("%sstatus", target)
	case errors.Is(err, finalise.ErrNotYet):
		return fault.New(fault.Gate, "%w", err).WithHint("%sstatus, then the same command again", target)
	case errors.Is(err, finalise.ErrStreaming):
		return fault.New(fault.Locked, "%w", err).WithHint("the same command again")
	default:
		return err
	}
}

// open tells whether the lane that ends at to may be worked on, "" for both: one of a
// migration that has ended is gone. Of one of which a side was left by force it is that
// which makes the side anew, until it does.
func (o *Operator) open(ctx context.Context, to naming.Color) error {
	sw, err := o.switched(ctx)
	switch {
	case err != nil:
		return err
	case sw.State == items.Finalised:
		return ended()
	case sw.Forced != "" || sw.Untrusted != "" && sw.Untrusted != to && sw.Rebuild == "":
		return forsaken(sw.Untrusted)
	}
	return nil
}

// switched is where the switch stands; the zero value before anybody was given the
// authority.
func (o *Operator) switched(ctx context.Context) (items.Switch, error) {
	_, sw, err := o.stands(ctx)
	if errors.Is(err, control.ErrAbsent) {
		return items.Switch{}, nil
	}
	return sw, err
}

// ended is the error of a command that comes after the end.
func ended() error {
	return fault.New(fault.Gate, "the migration has ended: its lanes are gone, and nobody can go back; an environment is migrated once (docs/adr/053)").WithHint("%sstatus", target)
}
