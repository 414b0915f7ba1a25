//go:build integration

package registry

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/projects/migration/lane/lag"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/projects/migration/local"
	"github.com/cutover/cutover/projects/migration/local/localtest"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

// station is a checkout with local databases of its own.
type station struct {
	t       *testing.T
	profile local.Profile
	out     *bytes.Buffer
}

// newStation starts databases that go with the test. The folder of the projects is
// this checkout's.
func newStation(t *testing.T) *station {
	t.Helper()
	checkout, err := filepath.Abs("../..")
	require.NoError(t, err)
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for _, name := range []string{"projects", "shared"} {
		require.NoError(t, os.Symlink(filepath.Join(checkout, name), filepath.Join(root, name)))
	}
	d := &station{t: t, out: &bytes.Buffer{}}
	d.profile = localtest.Up(t, root, d.out)
	return d
}

// run runs a target and returns its exit status and all that it said.
func (d *station) run(target func(context.Context, *ops.App) error, flags ...settings.Flag) (fault.Code, string) {
	d.t.Helper()
	d.out.Reset()
	ports := ops.DefaultPorts()
	ports.Out, ports.Err, ports.Terminal, ports.Signals = d.out, d.out, false, false
	ports.Environ = func() []string { return nil }
	app, err := ops.NewWith(ops.Config{
		Root: d.profile.Root, Layers: Layers(d.profile.Root), Environments: config.Names(), Load: LoadEnvironment, Flags: flags,
	}, ports)
	require.NoError(d.t, err)
	ctx, cancel := context.WithTimeout(d.t.Context(), 10*time.Minute)
	defer cancel()
	err = target(ctx, app)
	if err == nil {
		return fault.OK, d.out.String()
	}
	return fault.CodeOf(err), d.out.String() + err.Error()
}

// passes requires a target to end well.
func (d *station) passes(target func(context.Context, *ops.App) error, flags ...settings.Flag) string {
	d.t.Helper()
	code, said := d.run(target, flags...)
	require.Equal(d.t, fault.OK, code, said)
	return said
}

// opens requires a target that asks the gates of a switch to end well; again as long as
// one is closed, as that on the way of a heartbeat is while the machine is busy.
func (d *station) opens(target func(context.Context, *ops.App) error, flags ...settings.Flag) string {
	d.t.Helper()
	for attempt := 1; ; attempt++ {
		code, said := d.run(target, flags...)
		if code == fault.OK {
			return said
		}
		require.Equal(d.t, fault.Gate, code, said)
		require.Less(d.t, attempt, 20, said)
		d.t.Log(said)
	}
}

// exec runs statements as the administrator of a side.
func (d *station) exec(side naming.Color, statements ...string) {
	d.t.Helper()
	sides, err := d.profile.DatabasesBut(d.t.Context(), side.Other())
	require.NoError(d.t, err)
	dsn, err := (&place.Databases{Sides: sides, Secrets: place.Files{}}).DSN(d.t.Context(), side, place.Administrator)
	require.NoError(d.t, err)
	conn, err := pgx.Connect(d.t.Context(), dsn)
	require.NoError(d.t, err)
	defer func() { require.NoError(d.t, conn.Close(d.t.Context())) }()
	for _, statement := range statements {
		_, err := conn.Exec(d.t.Context(), statement)
		require.NoError(d.t, err, statement)
	}
}

// restart stops both servers and starts them again, with what ALTER SYSTEM said.
func (d *station) restart() {
	d.t.Helper()
	require.NoError(d.t, d.profile.Down(d.t.Context(), d.out))
	require.NoError(d.t, d.profile.Up(d.t.Context(), d.out))
}

func flag(name, value string) settings.Flag { return settings.Flag{Name: name, Value: value} }

// Every refusal names what was found, what was expected and the command to go on,
// and ends with its own exit status; none leaves anything behind that is in the way
// of the start at the end.
func TestMigrationRefusesBadInputWithAReasonAndAWayOn(t *testing.T) {
	d := newStation(t)
	for _, c := range []struct {
		name        string
		cause, undo func()
		target      func(context.Context, *ops.App) error
		flags       []settings.Flag
		code        fault.Code
		says        []string
	}{
		{
			name: "a table without a primary key", target: MigratePreflight, code: fault.Gate,
			cause: func() { d.both(`ALTER TABLE payments.receipt DROP CONSTRAINT receipt_pkey`) },
			undo:  func() { d.both(`ALTER TABLE payments.receipt ADD PRIMARY KEY (number)`) },
			says:  []string{"PF14", "table payments.receipt: its rows cannot be told apart, expected a primary key", "go tool mage migrate:preflight"},
		},
		{
			name: "a right that is missing", target: MigratePreflight, code: fault.Gate,
			cause: func() { d.exec(naming.Blue, `ALTER ROLE bgsync_reader_a NOLOGIN`) },
			undo:  func() { d.exec(naming.Blue, `ALTER ROLE bgsync_reader_a LOGIN`) },
			says:  []string{"PF05", "cannot open a replication connection"},
		},
		{
			name: "a server without a logical log", target: MigratePreflight, code: fault.Gate,
			cause: func() { d.exec(naming.Blue, `ALTER SYSTEM SET wal_level = replica`); d.restart() },
			undo:  func() { d.exec(naming.Blue, `ALTER SYSTEM RESET wal_level`); d.restart() },
			says:  []string{"PF04", "setting wal_level: replica, expected wal_level=logical"},
		},
		{
			name: "the schema of another engine", target: MigratePreflight, code: fault.Failed,
			cause: func() {
				d.exec(naming.Green, fmt.Sprintf(`UPDATE bgsync.identity SET schema_version = %d`, bgsync.SchemaVersion+1))
			},
			undo: func() {
				d.exec(naming.Green, fmt.Sprintf(`UPDATE bgsync.identity SET schema_version = %d`, bgsync.SchemaVersion))
			},
			says: []string{fmt.Sprintf("schema bgsync has version %d, expected %d", bgsync.SchemaVersion+1, bgsync.SchemaVersion)},
		},
		{
			name: "a target that has rows", target: MigrateStart, code: fault.Gate,
			cause: func() {
				d.exec(naming.Green, `INSERT INTO payments.account (owner, balance, currency) VALUES ('early', 1, 'EUR')`)
			},
			undo: func() { d.exec(naming.Green, `TRUNCATE payments.account`) },
			says: []string{"PF19", "target table payments.account: has rows, expected an empty table"},
		},
		{
			name: "a halt that does not exist", target: MigrateStart, flags: []settings.Flag{flag("halt", "weather")}, code: fault.Usage,
			says: []string{`flag -halt is "weather": expected the code of the lane's halt, one of [source_identity`},
		},
		{
			name: "a switch before there is a lane", target: MigrateCutover, code: fault.Gate,
			says: []string{"nothing to switch", "go tool mage migrate:start"},
		},
		{
			name: "an end before there is a lane", target: MigrateFinalise, flags: decided, code: fault.Gate,
			says: []string{"nothing to end", "go tool mage migrate:status"},
		},
		{
			name: "an end that one decides", target: MigrateFinalise, flags: []settings.Flag{flag("reason", "settled"), flag("operators", "ann")}, code: fault.Usage,
			says: []string{"the decision is not complete: expected two different operators", "-operators=ONE,OTHER"},
		},
		{
			name: "an end without a reason", target: MigrateFinalise, flags: []settings.Flag{flag("operators", "ann,bob")}, code: fault.Usage,
			says: []string{"the decision is not complete: expected who decides, and why"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.cause != nil {
				c.cause()
				defer c.undo()
			}
			code, said := d.run(c.target, c.flags...)
			assert.Equal(t, c.code, code, said)
			for _, part := range c.says {
				assert.Contains(t, said, part)
			}
		})
	}
	require.NoError(t, d.profile.Down(t.Context(), d.out))
	code, said := d.run(MigratePreflight)
	assert.Equal(t, fault.NoStack, code)
	assert.Contains(t, said, "the local databases do not run\n  mend it with: go tool mage local:up")
}

// decided are the flags of two operators who end a migration.
var decided = []settings.Flag{flag("reason", "blue is settled"), flag("operators", "ann,bob")}

func (d *station) both(statement string) {
	d.exec(naming.Blue, statement)
	d.exec(naming.Green, statement)
}

// unhurried has a switch hold its gates for a moment, and not back out because the
// machine has much else to do: that is no matter of this package.
func unhurried(t *testing.T) {
	t.Helper()
	limits := switching.Defaults()
	limits.Hold, limits.HoldBack, limits.Confirm = time.Second, time.Second, 3*time.Minute
	limits.Drain, limits.Check, limits.Decide, limits.Total = time.Minute, time.Minute, 150*time.Second, 3*time.Minute
	switchLimits = func() switching.Limits { return limits }
	switchDatabases = func(ctx context.Context, p place.Place, owner string, key []byte, writers bgsync.Group) (*postgres.Databases, error) {
		d, err := function.SwitchDatabases(ctx, p, owner, key, writers)
		if err == nil {
			d.Limits.Forward, d.Limits.Back, d.Limits.Tail = time.Minute, time.Minute, time.Minute
			d.Compare.(*postgres.Verified).Round = time.Minute
		}
		return d, err
	}
	switchGates = func(store control.Store, now func() time.Time) []switching.Gates {
		return []switching.Gates{function.LagGate{Store: store, Now: now, Limits: lag.Limits{
			Window: time.Hour, Most: time.Hour, Hole: 2 * time.Hour, Fresh: time.Hour, Least: 1,
		}}}
	}
	t.Cleanup(func() {
		switchLimits, switchDatabases, switchGates = switching.Defaults, function.SwitchDatabases, function.SwitchGates
	})
}

// A whole move: load, follow, verify, move the authority, and back; with a killed
// process on the way, and a command given twice.
func TestAWholeMoveBetweenTheLocalDatabases(t *testing.T) {
	unhurried(t)
	d := newStation(t)
	said := d.passes(MigrateStart)
	assert.Contains(t, said, "lane core.fwd made")
	assert.Regexp(t, `core\.fwd runs: .*269,000 rows loaded`, said)

	code, said := d.run(MigrateStart)
	assert.Equal(t, fault.Locked, code)
	assert.Contains(t, said, "runs lane core.fwd already")

	d.kill("core.fwd")
	d.exec(naming.Blue, `UPDATE payments.account SET balance = balance + 1 WHERE id <= 100`)
	d.passes(MigrateStart)

	d.exec(naming.Green, `UPDATE bgsync.lane SET state = 'halted', halt_code = 'operator', halted_at = now()`)
	code, said = d.run(MigrateStart)
	assert.Equal(t, fault.Gate, code)
	assert.Contains(t, said, "lane core.fwd is halted: operator. First see with whoever halted it that it may go on\n  mend it with: go tool mage migrate:start -halt=operator")
	code, said = d.run(MigrateStart, flag("halt", "poison"))
	assert.Equal(t, fault.Usage, code)
	assert.Contains(t, said, `lane core.fwd is not halted with code "poison"`)
	assert.Contains(t, d.passes(MigrateStart, flag("halt", "operator")), "lane core.fwd resumed after halt operator")

	said = d.passes(MigrateVerify)
	assert.Contains(t, said, "269,000 rows equal")
	assert.Contains(t, said, "lane core.rev made")
	said = d.passes(MigrateStatus)
	assert.Regexp(t, `core\.fwd +running`, said)
	assert.Contains(t, said, "authority: blue writes, epoch 1, phase open")
	said = d.opens(MigrateCutover, flag("dry-run", "true"))
	assert.Contains(t, said, "would move the authority from blue, epoch 1, to green")
	assert.Regexp(t, `\d+  blue +lock all replicated tables, .* \(500ms for the locks, 10 tries`, said)
	said = d.opens(MigrateCutover, flag("dry-run", "true"), flag("output", "json"))
	assert.Regexp(t, `"steps": \[\s*\{\s*"act": "switch\.1\.ARMING"`, said)
	d.goesBackUnconfirmed()

	said = d.opens(MigrateCutover)
	assert.Contains(t, said, "green has the authority, epoch 4")
	records, err := filepath.Glob(filepath.Join(d.profile.Dir(), "proofs", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, records)
	code, said = d.run(MigrateCutover)
	assert.Equal(t, fault.Usage, code)
	assert.Contains(t, said, "green has the authority already, in epoch 4")

	d.exec(naming.Green, `SET ROLE payments_app`, `INSERT INTO payments.account (owner, balance, currency) VALUES ('since the switch', 7, 'CHF')`)
	assert.Contains(t, d.opens(MigrateRollback), "blue has the authority, epoch 5")
	d.exec(naming.Blue, `DO $$ BEGIN ASSERT (SELECT count(*) FROM payments.account WHERE owner = 'since the switch') = 1; END $$`)
	d.exec(naming.Blue, `DO $$ BEGIN ASSERT (SELECT sum(balance) FROM payments.account) = 5000107; END $$`)
	d.ends()
}

// ends ends the migration: not before the way back was open long enough, and once
// for good. Rows stay.
func (d *station) ends() {
	d.t.Helper()
	code, said := d.run(MigrateFinalise, decided...)
	assert.Equal(d.t, fault.Gate, code)
	assert.Regexp(d.t, `reverse-window: \d+s since the authority moved; expected 72h0m0s`, said)
	d.t.Cleanup(func() { reverseWindow = finalise.Window })
	reverseWindow = 0
	said = d.passes(MigrateFinalise, append([]settings.Flag{flag("dry-run", "true")}, decided...)...)
	assert.Regexp(d.t, `green: retires lanes \[core\.fwd\], drops slots \[bgsync_core_rev_g1\], event triggers \[bgsync_.*\], publications \[bgsync_pub\] and schema bgsync with its \d+ tables`, said)
	assert.Contains(d.t, said, "  reverse-window: pass\n")
	assert.Contains(d.t, said, "would end the migration")
	d.both(`DO $$ BEGIN ASSERT (SELECT count(*) FROM bgsync.lane WHERE state = 'running') = 1; END $$`)

	said = d.passes(MigrateFinalise, decided...)
	assert.Contains(d.t, said, "the migration has ended: nothing of the engine is left in either database; the closing record is ")
	assert.Contains(d.t, said, "the process of lane core.fwd has ended")
	d.both(`DO $$ BEGIN
		ASSERT to_regnamespace('bgsync') IS NULL;
		ASSERT NOT EXISTS (SELECT FROM pg_replication_slots WHERE database = current_database());
		ASSERT NOT EXISTS (SELECT FROM pg_event_trigger) AND NOT EXISTS (SELECT FROM pg_publication);
		ASSERT (SELECT count(*) FROM payments.account WHERE owner = 'since the switch') = 1;
	END $$`)
	records, err := filepath.Glob(filepath.Join(d.profile.Dir(), "proofs", "*.closing*"))
	require.NoError(d.t, err)
	assert.NotEmpty(d.t, records)
	for _, lane := range []string{"core.fwd", "core.rev"} {
		pid, err := d.profile.Running(lane)
		require.NoError(d.t, err)
		assert.Zero(d.t, pid, lane)
	}
	for _, target := range []func(context.Context, *ops.App) error{MigrateStart, MigrateCutover, MigrateRollback} {
		code, said = d.run(target)
		assert.Equal(d.t, fault.Gate, code)
		assert.Contains(d.t, said, "the migration has ended: its lanes are gone, and nobody can go back; an environment is migrated once (docs/adr/053)")
	}
	assert.Contains(d.t, d.passes(MigrateFinalise, decided...), "green: nothing is left of the engine", "once more does no harm")
}

// kill ends the process of a lane as a crash would.
func (d *station) kill(lane string) {
	d.t.Helper()
	pid, err := d.profile.Running(lane)
	require.NoError(d.t, err)
	require.NotZero(d.t, pid)
	require.NoError(d.t, syscall.Kill(pid, syscall.SIGKILL))
	require.Eventually(d.t, func() bool {
		pid, err := d.profile.Running(lane)
		return err == nil && pid == 0
	}, 5*time.Minute, 10*time.Millisecond)
}
