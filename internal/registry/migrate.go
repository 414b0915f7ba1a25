package registry

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/uuid"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/local"
	"github.com/cutover/cutover/projects/migration/move"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/projects/migration/remote"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/ops/suite"
	"github.com/cutover/cutover/shared/pgtest"
)

// Companions are what the local profile has besides the emulator: both databases.
func Companions(root string) []ops.Companion { return []ops.Companion{local.Profile{Root: root}} }

// Tools are what tests run besides the tools of deployments: the databases' programs.
func Tools() []suite.Tool {
	return []suite.Tool{{
		Name: "PostgreSQL " + pgtest.Version + " and " + pgtest.Newer, Kinds: []suite.Kind{suite.Integration, suite.Soak}, Make: pgtest.Install,
	}}
}

// Sections are the parts of the status page that the migration knows.
func Sections() []ops.Section {
	return []ops.Section{{Name: "migration", Read: func(ctx context.Context, w *ops.Workplace) (any, string) {
		store, err := controls(ctx, w)
		if err != nil {
			return map[string]string{"error": err.Error()}, "migration: " + err.Error()
		}
		status := moveStatus(ctx, w, store)
		return status, status.String()
	}}}
}

// moveStatus reads the status of a migration, and what its alarms do not hear.
func moveStatus(ctx context.Context, w *ops.Workplace, store control.Store) move.Status {
	status := move.ReadStatus(ctx, store, w.Now())
	if lanes := status.Wanted(); !w.Local && len(lanes) > 0 {
		if cloud, err := w.AWS(ctx); err == nil { // the store was reached with it
			status.Alarms = unheard(ctx, w.Environment, lanes, steering.NewCloud(cloud))
		}
	}
	return status
}

// MigratePreflight prepares the databases for the lane to a colour and checks them.
func MigratePreflight(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:preflight", func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		return o.Preflight(ctx, destination(w))
	})
}

// MigrateStart makes and starts the lane to a colour.
func MigrateStart(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:start", func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		o.FromClone = w.Settings.Base == settings.BaseClone
		return o.Start(ctx, destination(w), w.Settings.Halt)
	})
}

// MigrateStatus shows lanes, authority and switch.
func MigrateStatus(ctx context.Context, a *ops.App) error {
	return a.Work(ctx, "migrate:status", false, func(ctx context.Context, w *ops.Workplace) error {
		store, err := controls(ctx, w)
		if err != nil {
			return err
		}
		status := moveStatus(ctx, w, store)
		if err := w.Print(status.String(), status); err != nil {
			return err
		}
		return unreadable(status)
	})
}

// unreadable ends a command whose page is not whole: a script must not take it for
// all there is.
func unreadable(status move.Status) error {
	if err := status.Err(); err != nil {
		return fault.New(fault.Failed, "the status is not whole: %w", err).WithHint("reach the control table or mend the item, then go tool mage migrate:status")
	}
	return nil
}

// MigrateVerify compares both sides of the lane to a colour.
func MigrateVerify(ctx context.Context, a *ops.App) error {
	return migrate(ctx, a, "migrate:verify", func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		comparer, err := comparison(ctx, w)
		if err != nil {
			return err
		}
		return o.Verify(ctx, comparer, destination(w))
	})
}

// comparison compares where the databases can be reached.
func comparison(ctx context.Context, w *ops.Workplace) (move.Comparer, error) {
	if !w.Local {
		cloud, err := deployed(ctx, w)
		return remote.Comparison{Cloud: cloud, To: destination(w)}, err
	}
	databases, err := localDatabases(ctx, w)
	if err != nil {
		return nil, err
	}
	return move.Compare(ctx, databases, destination(w), uuid.NewString())
}

// MigrateCutover moves the authority to green, MigrateRollback back to blue: the
// same steps with the sides exchanged.
func MigrateCutover(ctx context.Context, a *ops.App) error {
	return migrateSwitch(ctx, a, "migrate:cutover", naming.Green)
}

// MigrateRollback moves the authority back to blue.
func MigrateRollback(ctx context.Context, a *ops.App) error {
	return migrateSwitch(ctx, a, "migrate:rollback", naming.Blue)
}

// switchLimits bound a switch, switchDatabases are those whose authority it moves, with
// bounds of their own, and switchGates what is asked besides those.
var (
	switchLimits    = switching.Defaults
	switchDatabases = function.SwitchDatabases
	switchGates     = function.SwitchGates
)

func migrateSwitch(ctx context.Context, a *ops.App, target string, to naming.Color) error {
	return migrate(ctx, a, target, func(ctx context.Context, o *move.Operator, w *ops.Workplace) error {
		reason := w.Settings.Reason
		if reason == "" {
			reason = target
		}
		if to == naming.Green { // nothing but the gates may keep anybody from the way back
			if err := o.Ready(ctx, to, switchFacts(w)); err != nil {
				return err
			}
		}
		if w.Local {
			return switchHere(ctx, o, w, to, reason)
		}
		cloud, err := deployed(ctx, w)
		if err != nil {
			return err
		}
		return o.SwitchBy(ctx, cloud, to, reason)
	})
}

// switchHere moves the authority between the local databases, by this process.
func switchHere(ctx context.Context, o *move.Operator, w *ops.Workplace, to naming.Color, reason string) error {
	machine, folder, done, err := machineHere(ctx, o, w)
	if err != nil {
		return err
	}
	defer done()
	return o.Switch(ctx, machine, to, reason, func(id string) string { return "record " + id + " in " + folder })
}

// machineHere moves the authority between the local databases; folder keeps its
// proofs, done ends its sessions.
func machineHere(ctx context.Context, o *move.Operator, w *ops.Workplace) (machine *switching.Machine, folder string, done func(), err error) {
	places, err := localDatabases(ctx, w)
	if err != nil {
		return nil, "", nil, err
	}
	return machineOn(ctx, o, w, places)
}

// machineOn does so between databases that were found.
func machineOn(ctx context.Context, o *move.Operator, w *ops.Workplace, places *place.Databases) (machine *switching.Machine, folder string, done func(), err error) {
	profile := local.Profile{Root: w.Root}
	proofs, signer, err := profile.Proofs()
	if err != nil {
		return nil, "", nil, err
	}
	key, err := profile.HashKey()
	if err != nil {
		return nil, "", nil, err
	}
	owner := uuid.NewString()
	databases, err := switchDatabases(ctx, places, owner, key, place.Writers)
	if err != nil {
		return nil, "", nil, err
	}
	return &switching.Machine{
		Store: o.Store, Primary: databases, Gates: switchGates(o.Store, w.Now), Signer: signer, Proofs: proofs, Limits: switchLimits(), Owner: owner, Now: w.Now,
	}, proofs.Path, databases.Disconnect, nil
}

// destination is the side to which data moves: green, unless -color says blue.
func destination(w *ops.Workplace) naming.Color {
	if w.Settings.Color == settings.Blue {
		return naming.Blue
	}
	return naming.Green
}

// migrate runs a command that changes something.
func migrate(ctx context.Context, a *ops.App, target string, do func(context.Context, *move.Operator, *ops.Workplace) error) error {
	return a.Work(ctx, target, true, func(ctx context.Context, w *ops.Workplace) error {
		o, err := operator(ctx, w)
		if err != nil {
			return move.Concluded(ctx, err)
		}
		return move.Concluded(ctx, do(ctx, o, w))
	})
}

// operator works on the databases of the environment.
func operator(ctx context.Context, w *ops.Workplace) (*move.Operator, error) {
	store, err := controls(ctx, w)
	if err != nil {
		return nil, err
	}
	o := &move.Operator{
		Store: store, Say: w.Say, DryRun: w.Settings.DryRun, By: w.By, Reason: w.Settings.Reason, Now: w.Now, Print: w.Print,
		Plan: func(lane string) (*bgsync.Plan, error) {
			return move.ReadTables(filepath.Join(w.Root, filepath.FromSlash(move.TablesFile)), lane)
		},
	}
	if !w.Local {
		cloud, err := deployed(ctx, w)
		o.Desk, o.Lanes = cloud, cloud
		return o, err
	}
	databases, err := localDatabases(ctx, w)
	if err != nil {
		return nil, err
	}
	profile := local.Profile{Root: w.Root}
	o.Desk = &desk.Desk{Place: databases, Store: store, Limits: lane.Defaults(), Survey: local.Survey{Profile: profile}, Pace: preflight.Paced()}
	o.Lanes = local.Lanes{Profile: profile}
	return o, nil
}

// localDatabases are those of the local profile.
func localDatabases(ctx context.Context, w *ops.Workplace) (*place.Databases, error) {
	return localDatabasesBut(ctx, w, "")
}

// localDatabasesBut are the same while one side may be lost.
func localDatabasesBut(ctx context.Context, w *ops.Workplace, lost naming.Color) (*place.Databases, error) {
	sides, err := local.Profile{Root: w.Root}.DatabasesBut(ctx, lost)
	if errors.Is(err, local.ErrDown) {
		return nil, fault.New(fault.NoStack, "%w", err).WithHint("go tool mage local:up")
	}
	if err != nil {
		return nil, err
	}
	return &place.Databases{Sides: sides, Secrets: place.Files{}}, nil
}

// deployed is what the migration layer of the environment has in AWS.
func deployed(ctx context.Context, w *ops.Workplace) (*remote.Cloud, error) {
	cloud, err := w.AWS(ctx)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(w.Root, ".cutover", w.Environment, "proofs")
	return remote.New(cloud, remote.Named(w.Environment, w.AccountID), table(cloud, w), folder, w.Now), nil
}

// table is the control table of the environment.
func table(cloud aws.Config, w *ops.Workplace) control.Store {
	return &control.Dynamo{Client: dynamodb.NewFromConfig(cloud), Table: naming.New(w.Environment).Name(naming.Table, "control")}
}

// controls is where the control items of the environment are.
func controls(ctx context.Context, w *ops.Workplace) (control.Store, error) {
	if w.Local {
		return &control.File{Folder: local.Profile{Root: w.Root}.Controls()}, nil
	}
	cloud, err := w.AWS(ctx)
	if err != nil {
		return nil, err
	}
	return table(cloud, w), nil
}
