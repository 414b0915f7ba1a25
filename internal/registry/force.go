package registry

import (
	"context"
	"errors"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/local"
	"github.com/cutover/cutover/projects/migration/move"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/hint"
	"github.com/cutover/cutover/shared/ops/settings"
)

// MigrateForce opens the side that -color names since the other one is lost for good: on
// the local profile by this process; in AWS by a function, once each of two operators has
// given the command under an own session.
func MigrateForce(ctx context.Context, a *ops.App) error {
	return a.Work(ctx, "migrate:force", true, func(ctx context.Context, w *ops.Workplace) error {
		return move.Concluded(ctx, force(ctx, w))
	})
}

func force(ctx context.Context, w *ops.Workplace) error {
	if w.Settings.Color == settings.Both {
		return fault.New(fault.Usage, "flag -color is missing: expected the side to open, blue or green").WithHint("%s, with -color=blue or -color=green", hint.Again)
	}
	order := switching.Force{Open: destination(w), Operators: w.Settings.Operators, Reason: w.Settings.Reason}
	store, err := controls(ctx, w)
	if err != nil {
		return err
	}
	o := &move.Operator{Store: store, Say: w.Say, DryRun: w.Settings.DryRun, By: w.By, Reason: w.Settings.Reason, Now: w.Now}
	if w.Local { // not as other commands do, which need both databases
		return forceHere(ctx, o, w, order)
	}
	cloud, err := deployed(ctx, w)
	if err != nil {
		return err
	}
	o.Desk = cloud
	return o.ForceBy(ctx, cloud, order)
}

// forceHere opens a local database by this process, and ends the processes of lanes.
func forceHere(ctx context.Context, o *move.Operator, w *ops.Workplace, order switching.Force) error {
	places, err := localDatabasesBut(ctx, w, order.Open.Other())
	if err != nil {
		return err
	}
	machine, folder, done, err := machineOn(ctx, o, w, places)
	if err != nil {
		return err
	}
	defer done()
	profile := local.Profile{Root: w.Root}
	machine.Isolation = local.Isolation{Profile: profile}
	err = o.Force(ctx, machine, order, func(id string) string { return "record " + id + " in " + folder })
	if err != nil || o.DryRun {
		return err
	}
	if anew, err := o.Rebuilding(ctx); err != nil || anew {
		return err
	}
	if err := stopLanes(ctx, w, profile); err != nil {
		return err
	}
	o.Desk = &desk.Desk{Place: places, Store: o.Store, Limits: lane.Defaults()}
	return o.Leave(ctx, order.Open)
}

// LocalLose ends one of the local databases at once, for an exercise of its loss.
func LocalLose(ctx context.Context, a *ops.App) error {
	return a.Work(ctx, "local:lose", true, func(ctx context.Context, w *ops.Workplace) error {
		switch {
		case !w.Local:
			return fault.New(fault.Usage, "local:lose works on the local profile alone, not in %s", w.Environment).WithHint("go tool mage local:lose -color=blue")
		case w.Settings.Color == settings.Both:
			return fault.New(fault.Usage, "flag -color is missing: expected the side to lose, blue or green").WithHint("go tool mage local:lose -color=blue")
		case w.Settings.DryRun:
			w.Say("would end the local database of %s at once", destination(w))
			return nil
		}
		side := destination(w)
		err := local.Profile{Root: w.Root}.Lose(ctx, side)
		if errors.Is(err, local.ErrDown) {
			return fault.New(fault.NoStack, "%w", err).WithHint("go tool mage local:up")
		}
		if err != nil {
			return err
		}
		w.Say("the local database of %s is lost; go tool mage local:up brings it back as it was", side)
		return nil
	})
}

// LocalReplace puts a new, empty database in the place of a local one that a forced
// decision has left.
func LocalReplace(ctx context.Context, a *ops.App) error {
	return a.Work(ctx, "local:replace", true, func(ctx context.Context, w *ops.Workplace) error {
		switch {
		case !w.Local:
			return fault.New(fault.Usage, "local:replace works on the local profile alone, not in %s", w.Environment).WithHint("go tool mage local:replace -color=blue")
		case w.Settings.Color == settings.Both:
			return fault.New(fault.Usage, "flag -color is missing: expected the side that was left by force, blue or green").WithHint("go tool mage local:replace -color=blue")
		}
		side, profile := destination(w), local.Profile{Root: w.Root}
		_, sw, err := switching.Status(ctx, &control.File{Folder: profile.Controls()})
		if err != nil && !errors.Is(err, control.ErrAbsent) {
			return err
		}
		if sw.Untrusted != side || sw.Forced != "" {
			return fault.New(fault.Gate, "the local database of %s stays: expected a side that was left by force, which is %q", side, sw.Untrusted).WithHint("go tool mage migrate:status")
		}
		if w.Settings.DryRun {
			w.Say("would delete the local database of %s and make a new one, with the tables and no row", side)
			return nil
		}
		if err := stopLanes(ctx, w, profile); err != nil { // those that make it anew, if it is given twice
			return err
		}
		if err := profile.Replace(ctx, side); err != nil {
			return err
		}
		w.Say("%s has a new, empty database; go tool mage migrate:start -color=%s makes the side anew", side, string(side))
		return nil
	})
}
