//go:build mage

package main

import (
	"context"

	"github.com/cutover/cutover/internal/registry"
	"github.com/cutover/cutover/shared/ops"
	"github.com/magefile/mage/mg"
)

// The namespaces of the targets that move traffic and data.
type (
	Traffic  mg.Namespace
	Rollback mg.Namespace
	Migrate  mg.Namespace
)

// Status shows where the traffic is, the gates of the next step, and the history.
func (Traffic) Status(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.TrafficStatus(ctx) })
}

// Shift moves traffic to the next step (1, 5, 10, 25, 50, 100 % to green), or to -to=PERCENT.
func (Traffic) Shift(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.TrafficShift(ctx) })
}

// Promote lifts a hold and takes the next step.
func (Traffic) Promote(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.TrafficPromote(ctx) })
}

// Hold keeps the traffic where it is until traffic:promote; needs -reason='…'.
func (Traffic) Hold(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.TrafficHold(ctx) })
}

// Edge moves all traffic back to blue within about a second, or to -to=RELEASE; touches nothing else.
func (Rollback) Edge(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.RollbackEdge(ctx) })
}

// List shows the releases that rollback:edge takes with -to.
func (Rollback) List(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.RollbackList(ctx) })
}

// BenchRollback measures rollback:edge on the local profile: 20 runs each, compiled and not, while stacks are locked and broken.
func BenchRollback(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.BenchRollback(ctx) })
}

// Preflight prepares both databases for the move to -color (green) and checks whether it may begin.
func (Migrate) Preflight(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigratePreflight(ctx, a) })
}

// Start makes the lane to -color (green), loads it and follows; -halt=CODE goes on after a halt.
func (Migrate) Start(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateStart(ctx, a) })
}

// Status shows both lanes, who may write, and the switch.
func (Migrate) Status(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateStatus(ctx, a) })
}

// Verify compares both sides, all rows, while both are written to; then starts the lane back.
func (Migrate) Verify(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateVerify(ctx, a) })
}

// Cutover moves the authority to write from blue to green; -dry-run asks the gates and lists the steps.
func (Migrate) Cutover(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateCutover(ctx, a) })
}

// Rollback moves the authority back from green to blue, without loss.
func (Migrate) Rollback(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateRollback(ctx, a) })
}

// Finalise ends the migration for good and takes the engine out of both databases; needs -reason='…' -operators=ONE,OTHER.
func (Migrate) Finalise(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateFinalise(ctx, a) })
}

// Force opens -color since the other side is lost for good, whatever was not applied; needs -reason='…' -operators=ONE,OTHER.
func (Migrate) Force(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateForce(ctx, a) })
}

// Changes lists the changes of replicated tables that were planned, and how far each is.
func (Migrate) Changes(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateChanges(ctx, a) })
}

// PlanChange plans columns (-columns='…') or an index (-index='…') of a replicated table; needs -table=SCHEMA.NAME -reason='…'.
func (Migrate) PlanChange(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigratePlanChange(ctx, a) })
}

// MakeChange makes the planned change, or -change=N, on the passive side and then on the authority.
func (Migrate) MakeChange(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateMakeChange(ctx, a) })
}

// WithdrawChange ends a planned change that no side has; needs -reason='…'.
func (Migrate) WithdrawChange(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateWithdrawChange(ctx, a) })
}

// Reload empties one table of -color (green) and loads it anew beside the changes; needs -table=SCHEMA.NAME -reason='…'.
func (Migrate) Reload(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateReload(ctx, a) })
}

// Halt has the lane to -color (green) stand still, loads included, until migrate:start -halt=operator; needs -reason='…'.
func (Migrate) Halt(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateHalt(ctx, a) })
}

// Renew begins a new generation of the halted lane to -color (green); needs -halt=CODE -reason='…'.
func (Migrate) Renew(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateRenew(ctx, a) })
}

// Discard has the lane to -color (green) pass over a change that its target refuses; needs -position=LSN:N -reason='…' -operators=ONE,OTHER; -dry-run lists them.
func (Migrate) Discard(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateDiscard(ctx, a) })
}

// Writers writes down again, on both sides, who may write and which sequences there are; -dry-run tells what differs.
func (Migrate) Writers(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateWriters(ctx, a) })
}

// Abandon takes the engine out of both databases before any switch; needs -reason='…'.
func (Migrate) Abandon(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateAbandon(ctx, a) })
}

// Cancel gives up a switch that is arming or armed; needs -reason='…'.
func (Migrate) Cancel(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateCancel(ctx, a) })
}

// Accept ends a switch although a check after it failed, which its proof tells; needs -reason='…'.
func (Migrate) Accept(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateAccept(ctx, a) })
}

// Thaw frees the schema that a lost process has left frozen while no switch is under way; needs -reason='…'.
func (Migrate) Thaw(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.MigrateThaw(ctx, a) })
}
