package move

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// returning is the side at which the lane back ends: the one that has the authority when
// the other gets its base.
func returning(sw items.Switch) naming.Color {
	if sw.Untrusted != "" {
		return sw.Untrusted.Other()
	}
	return desk.First
}

// generation is the one that a lane has told last, 0 for none.
func (o *Operator) generation(ctx context.Context, to naming.Color) (int64, error) {
	p, _, err := function.ReadProgress(ctx, o.Store, function.Lane(to))
	if errors.Is(err, control.ErrUnreadable) { // the lane writes over it
		return 0, nil
	}
	return p.Generation, err
}

// Rebuilding tells that a side which was left by force is being made anew: what leads to it
// is not to be ended.
func (o *Operator) Rebuilding(ctx context.Context) (bool, error) {
	sw, err := o.switched(ctx)
	return sw.Rebuild != "", err
}

// rebuild stores, of a side that was left by force and whose new database has been prepared,
// that it is made anew there.
func (o *Operator) rebuild(ctx context.Context, to naming.Color, prepared desk.Reply) error {
	sw, err := o.switched(ctx)
	if err != nil || sw.Untrusted != to || prepared.Unregistered != "" || o.DryRun {
		return err
	}
	_, err = o.ask(ctx, desk.Request{Act: desk.Rebuild, To: to}, "%s", starting(to))
	return err
}

// readmit takes the mark off a side that was left by force and has been made anew.
func (o *Operator) readmit(ctx context.Context, sw items.Switch) error {
	if sw.Untrusted == "" {
		return nil
	}
	_, err := o.ask(ctx, desk.Request{Act: desk.Readmit, To: sw.Untrusted}, "%s", verifying(sw.Untrusted))
	return err
}

// starting is the command that makes a side anew, in a new database.
func starting(side naming.Color) string {
	return fmt.Sprintf("%sstart -color=%s", target, string(side))
}

// verifying is the command that takes the mark off it.
func verifying(side naming.Color) string {
	return fmt.Sprintf("%sverify -color=%s", target, string(side))
}

// rebuild is the next command on the way of a side that was left by force, "" while nobody
// has to give one.
func (s Status) rebuild() string {
	side := s.Switch.Untrusted
	if s.Switch.Rebuild == "" {
		return fmt.Sprintf("%s, when a new, empty database is in the place of %s (\"A side is lost for good\" in docs/operations.md): it makes the side anew", starting(side), side)
	}
	var l LaneStatus
	for _, each := range s.Lanes {
		if each.to() == side {
			l = each
		}
	}
	switch {
	case l.Known && l.Halt != "": // its own command is on the page
		return ""
	case !l.Known || !l.Wanted || l.Stale:
		return starting(side) + ": it goes on with making the side anew"
	case l.State == checkpoint.Running:
		return verifying(side) + ": when it is clean, the lane back is made, and the side can be switched to again"
	default:
		return fmt.Sprintf("wait until lane %s runs, then %s", l.Lane, verifying(side))
	}
}
