//go:build integration

package registry

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

// written requires an application to be able to write to a side, or not to be.
func (d *station) written(side naming.Color, may bool) {
	d.t.Helper()
	statement := `INSERT INTO payments.account (owner, balance, currency) VALUES (gen_random_uuid()::text, 7, 'CHF')`
	if !may {
		statement = `DO $$ BEGIN ` + statement + `; RAISE 'it was written'; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$`
	}
	d.exec(side, `SET ROLE payments_app`, statement)
}

// A database is lost with a payment that was not sent. Two operators open the other one;
// the record says what is not known; the log that was kept for the lost side is let go.
// When it is back it can be written to, until the same command shuts it, and nothing leads
// to it any more.
func TestALostDatabaseIsLeftByForce(t *testing.T) {
	unhurried(t)
	d := newStation(t)
	d.passes(MigrateStart)
	d.passes(MigrateVerify)
	two := []settings.Flag{flag("color", "green"), flag("operators", "ann,bob"), flag("reason", "blue is lost")}
	code, said := d.run(MigrateForce, two...)
	assert.Equal(t, fault.Gate, code)
	assert.Contains(t, said, "blue can be written to: a switch without force is possible")
	d.kill("core.fwd")
	d.exec(naming.Blue, `SET ROLE payments_app`, `INSERT INTO payments.account (owner, balance, currency) VALUES ('never sent', 7, 'CHF')`)
	d.passes(LocalLose, flag("color", "blue"))

	said = d.passes(MigrateForce, append([]settings.Flag{flag("dry-run", "true")}, two...)...)
	assert.Contains(t, said, "the local server of blue has no process")
	assert.Regexp(t, `green has applied, .*: core\.fwd at [0-9A-F]+/[0-9A-F]+ of 20.*; what was written to blue since is not on green`, said)
	assert.Contains(t, said, "would open green")
	assert.Contains(t, d.passes(MigrateStatus), "authority: blue writes, epoch 1")
	code, said = d.run(MigrateForce, flag("color", "green"), flag("operators", "ann"), flag("reason", "blue is lost"))
	assert.Equal(t, fault.Usage, code)
	assert.Contains(t, said, "expected the names of two different people")

	said = d.passes(MigrateForce, two...)
	assert.Contains(t, said, "green has the authority by force, epoch 2")
	assert.Contains(t, said, "blue is left and cannot be reached: keep it shut off")
	assert.Contains(t, said, "green keeps its log for blue no more: slots [bgsync_core_rev_g1] are dropped")
	d.written(naming.Green, true)
	d.exec(naming.Green, `DO $$ BEGIN
		ASSERT (SELECT count(*) FROM payments.account WHERE owner = 'never sent') = 0;
		ASSERT NOT EXISTS (SELECT FROM pg_replication_slots WHERE database = current_database());
	END $$`)
	said = d.passes(MigrateStatus)
	assert.Contains(t, said, "left by force: blue, which does not know it")
	assert.Contains(t, said, "next: go tool mage migrate:force -color=green -reason='…' -operators=ONE,OTHER: it shuts blue")
	d.lossy()

	require.NoError(t, d.profile.Up(t.Context(), d.out))
	d.written(naming.Blue, true) // past the token: its row does not know
	assert.Contains(t, d.passes(MigrateForce, two...), "blue was left, is back, and could be written to: it is shut now")
	d.written(naming.Blue, false)
	assert.Contains(t, d.passes(MigrateForce, two...), "blue is left and takes no writes by its own row")
	assert.Contains(t, d.passes(MigrateStatus), "left by force: blue, which takes no writes by its own row since ")
	d.written(naming.Green, true)
	code, said = d.run(MigrateStart, flag("color", "blue"))
	assert.Equal(t, fault.Gate, code, said)
	assert.Contains(t, said, "the database of blue is the lost one")
	for name, refused := range map[string]func() (fault.Code, string){
		"back":     func() (fault.Code, string) { return d.run(MigrateRollback) },
		"a lane":   func() (fault.Code, string) { return d.run(MigrateStart) },
		"a pass":   func() (fault.Code, string) { return d.run(MigrateVerify, flag("color", "blue")) },
		"its loss": func() (fault.Code, string) { return d.run(MigrateForce, append(two[1:], flag("color", "blue"))...) },
		"the end":  func() (fault.Code, string) { return d.run(MigrateFinalise, decided...) },
	} {
		code, said := refused()
		assert.Equal(t, fault.Gate, code, name)
		assert.Regexp(t, `blue"? was left`, said, name)
	}
	d.anew(two)
}

// anew has the lost side made anew, in a new database: the page says each command, the
// authority can go there in the end, and the migration can be ended.
func (d *station) anew(two []settings.Flag) {
	d.t.Helper()
	blue := flag("color", "blue")
	code, said := d.run(LocalReplace, flag("color", "green"))
	assert.Equal(d.t, fault.Gate, code)
	assert.Contains(d.t, said, "the local database of green stays")
	assert.Contains(d.t, d.passes(LocalReplace, blue), "blue has a new, empty database")
	code, said = d.run(MigrateVerify, blue)
	assert.Equal(d.t, fault.Gate, code, said)

	said = d.passes(MigrateStart, blue)
	assert.Contains(d.t, said, "blue is made anew in database ")
	assert.Contains(d.t, said, "nobody may write to blue")
	d.written(naming.Blue, false)
	d.written(naming.Green, true)
	assert.Contains(d.t, d.passes(MigrateStatus), "next: go tool mage migrate:verify -color=blue: when it is clean")
	assert.Contains(d.t, d.passes(MigrateForce, two...), "blue is left and takes no writes by its own row")
	d.exec(naming.Green, `DO $$ BEGIN ASSERT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()) = 1; END $$`)
	code, said = d.run(MigrateRollback)
	assert.Equal(d.t, fault.Gate, code)
	assert.Contains(d.t, said, "blue was left by a forced decision")

	assert.Contains(d.t, d.passes(MigrateVerify, blue), "blue is made anew: it has all that green has, and can be switched to again")
	assert.NotContains(d.t, d.passes(MigrateStatus), "left by force")
	if _, said := d.run(MigrateFinalise, append([]settings.Flag{flag("dry-run", "true")}, decided...)...); assert.Contains(d.t, said, "reverse-window") {
		assert.Contains(d.t, said, "proof: pass", "of a forced decision whose side was made anew")
		assert.Contains(d.t, said, "untrusted: pass")
	}
	d.opens(MigrateRollback)
	d.written(naming.Blue, true)
	d.written(naming.Green, false)
	d.exec(naming.Blue, `DO $$ BEGIN ASSERT (SELECT count(*) FROM payments.account WHERE owner = 'never sent') = 0; END $$`)
	d.opens(MigrateCutover)
	d.written(naming.Green, true)
}

// lossy requires the record of the forced decision, with what it rests on.
func (d *station) lossy() {
	d.t.Helper()
	folder, signer, err := d.profile.Proofs()
	require.NoError(d.t, err)
	token, _, err := switching.Status(d.t.Context(), &control.File{Folder: d.profile.Controls()})
	require.NoError(d.t, err)
	body, err := folder.Get(d.t.Context(), token.ProofID)
	require.NoError(d.t, err)
	record, err := proof.Open(d.t.Context(), signer, body)
	require.NoError(d.t, err)
	assert.Equal(d.t, "lossy", record.Outcome)
	assert.Equal(d.t, []string{"ann", "bob"}, record.Operators)
	assert.Contains(d.t, record.LastApplied, "core.fwd at ")
}
