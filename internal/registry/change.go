package registry

import (
	"context"
	"errors"
	"strings"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/schema"
	"github.com/cutover/cutover/projects/migration/local"
	"github.com/cutover/cutover/projects/migration/move"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/fault"
)

// MigrateChanges shows the changes of replicated tables.
func MigrateChanges(ctx context.Context, a *ops.App) error {
	return a.Work(ctx, "migrate:changes", false, func(ctx context.Context, w *ops.Workplace) error {
		o, err := operator(ctx, w)
		if err != nil {
			return err
		}
		changes, err := o.Changes(ctx)
		if err != nil {
			return move.Concluded(ctx, err)
		}
		return w.Print(move.TellChanges(changes), changes)
	})
}

// MigratePlanChange plans a change of a replicated table.
func MigratePlanChange(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:planChange", func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		request, err := changeRequest(w)
		if err != nil {
			return fault.New(fault.Usage, "%w", err).WithHint("go tool mage migrate:planChange -table=SCHEMA.NAME -columns='note text' -reason='…'")
		}
		return o.PlanChange(ctx, request)
	})
}

// changeRequest reads what is to be planned from the settings.
func changeRequest(w *ops.Workplace) (schema.Request, error) {
	r := schema.Request{Reason: w.Settings.Reason}
	var named bool
	if r.Schema, r.Table, named = strings.Cut(w.Settings.Table, "."); !named {
		return r, errors.New("flag -table is missing or no schema.name")
	}
	var problems []error
	if w.Settings.Columns != "" {
		columns, err := schema.ParseColumns(w.Settings.Columns)
		r.Columns, problems = columns, append(problems, err)
	}
	if w.Settings.Index != "" {
		index, err := schema.ParseIndex(w.Settings.Index)
		r.Index, problems = index, append(problems, err)
	}
	return r, errors.Join(problems...)
}

// MigrateMakeChange makes a planned change on both sides.
func MigrateMakeChange(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:makeChange", func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		return o.MakeChange(ctx, w.Settings.Change)
	})
}

// MigrateWithdrawChange ends a change that no side has.
func MigrateWithdrawChange(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:withdrawChange", func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		return o.WithdrawChange(ctx, w.Settings.Change, w.Settings.Reason)
	})
}

// MigrateReload loads one table anew.
func MigrateReload(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:reload", func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		return o.Reload(ctx, destination(w), w.Settings.Table, w.Settings.Reason)
	})
}

// MigrateHalt has a lane stand still.
func MigrateHalt(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:halt", func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		return o.Halt(ctx, destination(w), w.Settings.Reason)
	})
}

// MigrateRenew starts a new generation of a halted lane.
func MigrateRenew(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:renew", func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		return o.Renew(ctx, destination(w), w.Settings.Halt, w.Settings.Reason)
	})
}

// MigrateDiscard has a lane pass over a change that its target refuses.
func MigrateDiscard(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:discard", func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		d := move.Discarding{Position: w.Settings.Position, Operators: w.Settings.Operators, Reason: w.Settings.Reason}
		if w.Local {
			return o.Discard(ctx, nil, destination(w), d)
		}
		cloud, err := deployed(ctx, w)
		if err != nil {
			return err
		}
		return o.Discard(ctx, cloud, destination(w), d)
	})
}

// MigrateWriters writes down again who may write.
func MigrateWriters(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:writers", func(ctx context.Context, o *move.Operator, _ *ops.Workplace) error {
		return o.Writers(ctx)
	})
}

// MigrateAbandon takes the lanes of a migration away that has never switched.
func MigrateAbandon(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:abandon", func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		if err := o.Abandon(ctx, w.Settings.Reason); err != nil || o.DryRun || !w.Local {
			return err
		}
		return stopLanes(ctx, w, local.Profile{Root: w.Root})
	})
}

// MigrateCancel gives up a switch that is arming or armed, MigrateAccept ends one
// after which a check failed, MigrateThaw undoes what a lost one has left.
func MigrateCancel(ctx context.Context, a *ops.App) error {
	return decide(ctx, a, function.Cancel)
}

// MigrateAccept ends a switch although a check after it failed.
func MigrateAccept(ctx context.Context, a *ops.App) error {
	return decide(ctx, a, function.Accept)
}

// MigrateThaw frees a schema that was left frozen.
func MigrateThaw(ctx context.Context, a *ops.App) error {
	return decide(ctx, a, function.Thaw)
}

// decide has a decision about a switch carried out where the databases are reached.
func decide(ctx context.Context, a *ops.App, act function.SwitchAct) error {
	return migrate(ctx, a, "migrate:"+string(act), func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		if !w.Local {
			cloud, err := deployed(ctx, w)
			if err != nil {
				return err
			}
			return o.Decide(ctx, cloud, act, w.Settings.Reason)
		}
		machine, _, done, err := machineHere(ctx, o, w)
		if err != nil {
			return err
		}
		defer done()
		return o.Decide(ctx, move.Machine{Machine: machine}, act, w.Settings.Reason)
	})
}
