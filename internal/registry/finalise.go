package registry

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/projects/migration/local"
	"github.com/cutover/cutover/projects/migration/move"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
)

// reverseWindow is how long the way back stays open at least.
var reverseWindow = finalise.Window

// quiet bounds the wait for a lane that still streams: it ends with its next commit,
// and has one every second.
const quiet = time.Minute

// MigrateFinalise ends the migration: between the local databases by this process; in
// AWS by a function, once each of two operators has given the command under an own
// session.
func MigrateFinalise(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:finalise", func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		order := finalise.Order{Operators: w.Settings.Operators, Reason: w.Settings.Reason}
		if w.Local {
			return finaliseHere(ctx, o, w, order)
		}
		cloud, err := deployed(ctx, w)
		if err != nil {
			return err
		}
		return o.FinaliseBy(ctx, cloud, order)
	})
}

// finaliseHere ends the migration by this process, and then the processes of lanes.
func finaliseHere(ctx context.Context, o *move.Operator, w *ops.Workplace, order finalise.Order) error {
	profile := local.Profile{Root: w.Root}
	folder, signer, err := profile.Proofs()
	if err != nil {
		return err
	}
	places, err := localDatabases(ctx, w)
	if err != nil {
		return err
	}
	sides, done, err := (&desk.Desk{Place: places, Store: o.Store, Limits: lane.Defaults()}).Sides(ctx)
	if err != nil {
		return err
	}
	defer done()
	f := &finalise.Finaliser{
		Store: o.Store, Signer: signer, Proofs: folder, Sides: sides, Window: reverseWindow, Quiet: quiet, Owner: uuid.NewString(),
	}
	err = o.Finalise(ctx, f, order, func(name string) string { return name + " in " + folder.Path })
	if err != nil || o.DryRun {
		return err
	}
	return stopLanes(ctx, w, profile)
}

// stopLanes ends the processes of lanes that are no more.
func stopLanes(ctx context.Context, w *ops.Workplace, profile local.Profile) error {
	for _, color := range naming.Colors() {
		stopped, err := profile.Stop(ctx, function.Lane(color))
		if err != nil {
			return err
		}
		if stopped {
			w.Say("the process of lane %s has ended", function.Lane(color))
		}
	}
	return nil
}
