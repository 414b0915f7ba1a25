//go:build integration

package registry

import (
	"context"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/hint"
	"github.com/cutover/cutover/shared/ops/settings"
)

// pasted are the targets of the commands that a hint names, with their flags, in the
// order in which it names them.
func (d *station) pasted(said string) (calls []func() (fault.Code, string)) {
	d.t.Helper()
	_, advice, found := strings.Cut(said, "mend it with: ")
	require.True(d.t, found, said)
	targets := map[string]func(context.Context, *ops.App) error{
		"migrate:cutover": MigrateCutover, "migrate:rollback": MigrateRollback, "migrate:accept": MigrateAccept,
	}
	for _, line := range hint.Commands(advice) {
		rest, flags := settings.Split(strings.Fields(line)[2:]) // behind "go tool"
		require.Len(d.t, rest, 2, line)
		target := targets[rest[1]]
		require.NotNil(d.t, target, line)
		calls = append(calls, func() (fault.Code, string) { return d.run(target, flags...) })
	}
	return calls
}

// goesBackUnconfirmed moves the authority to green, where the applications cannot log
// in, which a check afterwards finds, and does what the commands say: what asks the
// checks again; since the cause stays, what leads back; and, once it is removed, what
// ends that. The way back straight away is refused, and names the same commands. What
// was written to green in between is kept.
func (d *station) goesBackUnconfirmed() {
	d.t.Helper()
	hurried := switchLimits()
	hurried.Confirm = time.Second // a check is asked once at least
	limits := switchLimits
	switchLimits = func() switching.Limits { return hurried }
	d.t.Cleanup(func() { switchLimits = limits })
	d.exec(naming.Green, `ALTER ROLE payments_app_a NOLOGIN`)

	code, said := d.insists(func() (fault.Code, string) { return d.run(MigrateCutover) })
	require.Equal(d.t, fault.Verification, code, said)
	assert.Contains(d.t, said, "green has the authority, and the switch is not at its end: a check after the switch failed")
	assert.Contains(d.t, said, "probe-green: unknown")
	first := d.pasted(said)
	require.Len(d.t, first, 3, said)

	code, said = d.run(MigrateRollback)
	require.Equal(d.t, fault.Locked, code, said)
	assert.Contains(d.t, said, "a switch to green is under way, state SWITCHED")
	second := d.pasted(said)
	require.Len(d.t, second, 3, said)

	code, said = first[0]()
	require.Equal(d.t, fault.Verification, code, said)
	code, said = second[1]()
	require.Equal(d.t, fault.OK, code, said)
	assert.Contains(d.t, said, "the switch to green is accepted")
	d.exec(naming.Green, `SET ROLE payments_app`, `INSERT INTO payments.account (owner, balance, currency) VALUES ('unconfirmed', 3, 'CHF')`)
	code, said = d.insists(second[2])
	require.Equal(d.t, fault.Verification, code, said) // of green it cannot be shown either that nobody writes
	assert.Contains(d.t, said, "blue has the authority, and the switch is not at its end")
	last := d.pasted(said)

	switchLimits = limits
	d.exec(naming.Green, `ALTER ROLE payments_app_a LOGIN`)
	code, said = last[0]()
	require.Equal(d.t, fault.OK, code, said)
	assert.Contains(d.t, said, "blue has the authority, epoch 3")
	d.exec(naming.Blue, `DO $$ BEGIN ASSERT (SELECT count(*) FROM payments.account WHERE owner = 'unconfirmed') = 1; END $$`,
		`SET ROLE payments_app`, `DELETE FROM payments.account WHERE owner = 'unconfirmed'`)
}

// insists gives a command again as long as a gate is closed.
func (d *station) insists(call func() (fault.Code, string)) (code fault.Code, said string) {
	d.t.Helper()
	for attempt := 1; ; attempt++ {
		if code, said = call(); code != fault.Gate || attempt == 20 {
			return code, said
		}
		d.t.Log(said)
	}
}
