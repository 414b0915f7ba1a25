//go:build integration

package registry

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

// What an operator may do besides moving: change a table, load one anew, free a schema
// that was left frozen, end a switch that cannot go on, and give the migration up. Each
// refuses with a reason and one command to go on, tells with -dry-run what it would do,
// and leaves a line of history.
func TestWhatAnOperatorDoesBesidesMoving(t *testing.T) {
	d := newStation(t)
	why := flag("reason", "drill")
	d.refuses(MigrateChanges, nil, fault.Failed, "bgsync.schema_change")                                // nothing is installed yet
	d.refuses(MigrateHalt, []settings.Flag{why}, fault.Gate, "core.fwd", "go tool mage migrate:status") // nor is there a lane
	said := d.passes(MigrateStart)
	assert.Contains(t, said, "PF29  n/a ")
	assert.Contains(t, said, "not applicable here: the local profile has two databases")
	assert.Regexp(t, `load: about 269,?\d* rows`, said)

	column := []settings.Flag{flag("table", "payments.account"), flag("columns", "note text; tier text default 'basic' not null"), why}
	d.refuses(MigratePlanChange, column[:2], fault.Usage, "flag -reason is missing", "go tool mage migrate:planChange -table=payments.account -columns='note text; tier text default '\\''basic'\\'' not null' -reason='…'")
	d.refuses(MigratePlanChange, column[1:], fault.Usage, "flag -table is missing")
	d.refuses(MigratePlanChange, []settings.Flag{column[0], flag("columns", "a text, DROP COLUMN owner"), why}, fault.Usage, "expected a type's name")
	d.refuses(MigratePlanChange, []settings.Flag{flag("table", "payments.rate_cache"), column[1], why}, fault.Usage, "it is not replicated", "go tool mage migrate:changes")
	d.refuses(MigrateMakeChange, nil, fault.Usage, "no change is planned", "go tool mage migrate:planChange")
	assert.Contains(t, d.passes(MigratePlanChange, append(column, flag("dry-run", "true"))...), `would plan: ALTER TABLE "payments"."account" ADD COLUMN "note" text`)
	assert.Contains(t, d.passes(MigrateChanges), "no change was planned")
	assert.Contains(t, d.passes(MigratePlanChange, column...), "make it with: go tool mage migrate:makeChange -change=1")
	d.refuses(MigratePlanChange, []settings.Flag{column[0], flag("columns", "other text"), why}, fault.Gate, "another change is under way")
	assert.Contains(t, d.passes(MigrateMakeChange, flag("dry-run", "true")), "would make change 1 on the passive side")
	assert.Contains(t, d.passes(MigrateMakeChange), "change 1 is done on both sides")
	d.both(`DO $$ BEGIN ASSERT (SELECT count(*) FROM information_schema.columns WHERE table_name = 'account' AND column_name IN ('note', 'tier')) = 2; END $$`)
	assert.Contains(t, d.passes(MigrateMakeChange, flag("change", "1")), "is done already")
	d.refuses(MigrateWithdrawChange, []settings.Flag{flag("change", "1"), why}, fault.Usage, "change 1 is done")
	d.refuses(MigrateMakeChange, []settings.Flag{flag("change", "9")}, fault.Usage, "change 9 was not planned")
	d.passes(MigratePlanChange, column[0], flag("index", "by_note(note)"), why)
	assert.Contains(t, d.passes(MigrateWithdrawChange, why), "change 2 is withdrawn")
	assert.Regexp(t, `(?s)1 +done +ALTER TABLE .*2 +withdrawn +CREATE INDEX .* because: drill`, d.passes(MigrateChanges))
	d.reloads(why)
	d.halts(why)
	d.renews(why)
	d.discards(why)
	d.thaws(why)
	d.abandons(why)
}

// refuses requires an exit status and what is said.
func (d *station) refuses(target func(context.Context, *ops.App) error, flags []settings.Flag, code fault.Code, says ...string) {
	d.t.Helper()
	got, said := d.run(target, flags...)
	require.Equal(d.t, code, got, said)
	for _, part := range says {
		assert.Contains(d.t, said, part)
	}
}

// reloads loads a table anew that has lost rows on the target.
func (d *station) reloads(why settings.Flag) {
	d.t.Helper()
	table := flag("table", "payments.receipt")
	d.refuses(MigrateReload, []settings.Flag{table}, fault.Usage, "flag -reason is missing")
	d.refuses(MigrateReload, []settings.Flag{why}, fault.Usage, "flag -table is missing")
	d.refuses(MigrateReload, []settings.Flag{why, flag("table", "payments.nowhere")}, fault.Gate, "payments.nowhere is no table with rows of lane core.fwd", "go tool mage migrate:status")
	assert.Contains(d.t, d.passes(MigrateReload, table, why, flag("dry-run", "true")), "would empty table payments.receipt of green and load it anew from blue")
	d.exec(naming.Green, `SET session_replication_role = replica`, `DELETE FROM payments.receipt`)
	assert.Contains(d.t, d.passes(MigrateReload, table, why), "table payments.receipt of green is empty and loads anew")
	require.Eventually(d.t, func() bool { // the lane has to load the table first
		code, said := d.run(MigrateVerify)
		if code != fault.OK {
			_, status := d.run(MigrateStatus)
			d.t.Log(said, status)
		}
		return code == fault.OK
	}, 10*time.Minute, time.Second)
}

// halts has the lane stand still by an operator's word, and go on.
func (d *station) halts(why settings.Flag) {
	d.t.Helper()
	d.refuses(MigrateHalt, nil, fault.Usage, "flag -reason is missing", "go tool mage migrate:halt -reason='…'")
	assert.Contains(d.t, d.passes(MigrateHalt, why, flag("dry-run", "true")), "lane core.fwd is running: would halt it with code operator")
	d.stands("core.fwd", "running")
	said := d.passes(MigrateHalt, why)
	assert.Contains(d.t, said, "lane core.fwd is halted; what is under way ends with its batch or chunk, and blue keeps its log for it meanwhile")
	assert.Contains(d.t, said, "to go on: go tool mage migrate:start -halt=operator")
	said = d.stands("core.fwd", "halt operator: ")
	assert.Contains(d.t, said, ": drill")
	assert.Contains(d.t, d.passes(MigrateHalt, flag("reason", "another")), "lane core.fwd was halted before, operator: ")
	d.exec(naming.Blue, `UPDATE payments.account SET currency = 'CHF' WHERE id = 1`)
	d.refuses(MigrateStart, nil, fault.Gate, "lane core.fwd is halted: operator: ", "go tool mage migrate:start -halt=operator")
	d.exec(naming.Green, `DO $$ BEGIN ASSERT (SELECT currency FROM payments.account WHERE id = 1) <> 'CHF'; END $$`)
	d.passes(MigrateStart, flag("halt", "operator"))
	d.stands("core.fwd", "running")
	d.passes(MigrateVerify)
	d.exec(naming.Green, `DO $$ BEGIN ASSERT (SELECT currency FROM payments.account WHERE id = 1) = 'CHF'; END $$`)
}

// renews begins new generations of lanes that have lost their slots: of the lane back,
// which is never compared, and of the one from the authority, which has missed rows.
func (d *station) renews(why settings.Flag) {
	d.t.Helper()
	gap := flag("halt", "gap")
	d.refuses(MigrateRenew, []settings.Flag{gap}, fault.Usage, "flag -reason is missing", "go tool mage migrate:renew -halt='gap' -reason='…'")
	d.refuses(MigrateRenew, []settings.Flag{why, flag("halt", "poison")}, fault.Usage, `flag -halt is "poison"`, "[gap source_rewound torn_mismatch]")
	assert.Contains(d.t, d.passes(MigrateRenew, why, gap), "lane core.fwd is running in generation 1, and not halted: nothing was renewed")

	blue := flag("color", "blue")
	d.loses(naming.Green, "core.rev")
	d.refuses(MigrateRenew, []settings.Flag{why, blue, flag("halt", "torn_mismatch")}, fault.Gate,
		"lane core.rev is halted: gap: slot bgsync_core_rev_g1 does not exist", "go tool mage migrate:renew -color=blue -halt=gap -reason='…'")
	assert.Contains(d.t, d.passes(MigrateRenew, why, blue, gap, flag("dry-run", "true")), "would begin generation 2 of lane core.rev")
	said := d.passes(MigrateRenew, why, blue, gap)
	assert.Contains(d.t, said, "lane core.rev begins generation 2 with a new slot and a new position, after halt gap")
	assert.Contains(d.t, said, "what comparisons of lane core.fwd had found is taken back")
	assert.Contains(d.t, d.passes(MigrateRenew, why, blue, gap), "nothing was renewed", "once more does no harm")
	d.stands("core.rev", "running")

	d.loses(naming.Blue, "core.fwd")
	d.exec(naming.Blue, `UPDATE payments.account SET balance = balance + 1 WHERE id <= 10`, `DELETE FROM payments.receipt WHERE number IN (SELECT number FROM payments.receipt LIMIT 3)`)
	assert.Contains(d.t, d.passes(MigrateRenew, why, gap), "lane core.fwd begins generation 2")
	require.Eventually(d.t, func() bool { // the first pass asks for repairs
		code, said := d.run(MigrateVerify)
		d.t.Log(code, said)
		return code == fault.OK
	}, 10*time.Minute, 100*time.Millisecond)
	d.stands("core.fwd", "running")
	d.exec(naming.Green, `DO $$ BEGIN ASSERT (SELECT count(*) FROM payments.account WHERE id <= 10 AND balance > 0) = 10; END $$`)
}

// discards has a lane pass over a change that its target refuses, by the word of two.
func (d *station) discards(why settings.Flag) {
	d.t.Helper()
	d.refuses(MigrateDiscard, nil, fault.Usage, "flag -reason is missing")
	assert.Contains(d.t, d.passes(MigrateDiscard, why, flag("dry-run", "true")), "the target of lane core.fwd has refused no change in generation 2")
	d.exec(naming.Green, `ALTER TABLE payments.account ADD CONSTRAINT low CHECK (balance < 100000000) NOT VALID`)
	d.exec(naming.Blue, `INSERT INTO payments.account (owner, balance, currency) VALUES ('4111111111111111', 200000000, 'EUR')`)
	said := d.stands("core.fwd", "halt poison: change 0 of the transaction at ")
	assert.Contains(d.t, said, "SQLSTATE 23514, relation payments.account, constraint low")
	assert.NotContains(d.t, said, "4111111111111111")
	said = d.passes(MigrateDiscard, why, flag("dry-run", "true"))
	at := regexp.MustCompile(`([0-9A-F]+/[0-9A-F]+:0): INSERT of table payments.account, SQLSTATE 23514, constraint low, open`).FindStringSubmatch(said)
	require.Len(d.t, at, 2, said)
	position, both := flag("position", at[1]), flag("operators", "ann,bob")
	d.refuses(MigrateDiscard, []settings.Flag{why, both}, fault.Usage, "flag -position", "go tool mage migrate:discard -dry-run")
	d.refuses(MigrateDiscard, []settings.Flag{why, both, flag("position", "0/1:0")}, fault.Usage, "has refused no change at 0/1:0")
	d.refuses(MigrateDiscard, []settings.Flag{why, position, flag("operators", "ann")}, fault.Usage, "expected the names of two people")
	assert.Contains(d.t, d.passes(MigrateDiscard, why, position, both, flag("dry-run", "true")), "would have lane core.fwd pass over the change at "+at[1])
	said = d.passes(MigrateDiscard, why, position, both)
	assert.Contains(d.t, said, "lane core.fwd passes over "+at[1]+", by ann and bob")
	assert.Contains(d.t, said, "go tool mage migrate:start -halt=poison")
	assert.Contains(d.t, d.passes(MigrateDiscard, why, position, both), "discarded by ann, bob already", "once more does no harm")
	d.exec(naming.Green, `ALTER TABLE payments.account DROP CONSTRAINT low`)
	d.passes(MigrateStart, flag("halt", "poison"))
	d.exec(naming.Green, `DO $$ BEGIN ASSERT (SELECT count(*) FROM payments.account WHERE balance = 200000000) = 1; END $$`)
}

// loses drops a lane's slot under whoever streams it, and waits until the lane is
// halted for it.
func (d *station) loses(source naming.Color, lane string) {
	d.t.Helper()
	d.exec(source, `DO $$ DECLARE slot name; BEGIN
		SELECT slot_name INTO STRICT slot FROM pg_replication_slots WHERE slot_name LIKE '`+strings.ReplaceAll("bgsync_"+lane+"_g%", ".", "_")+`';
		LOOP
			BEGIN
				PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = slot AND active;
				PERFORM pg_drop_replication_slot(slot);
				EXIT;
			EXCEPTION WHEN object_in_use THEN PERFORM pg_sleep(0.001);
			END;
		END LOOP;
	END $$`)
	d.stands(lane, "halt gap: slot "+strings.ReplaceAll("bgsync_"+lane, ".", "_"))
}

// stands waits until the status says something of a lane, and returns it.
func (d *station) stands(lane, what string) (said string) {
	d.t.Helper()
	if !assert.Eventually(d.t, func() bool {
		_, said = d.run(MigrateStatus)
		for line := range strings.Lines(said) {
			if strings.HasPrefix(line, lane) && strings.Contains(line, what) {
				return true
			}
		}
		return false
	}, 5*time.Minute, 100*time.Millisecond) {
		require.FailNow(d.t, lane+" is not "+what, said)
	}
	return said
}

// thaws frees a schema that an arming has left frozen, and cancels nothing that is not
// there.
func (d *station) thaws(why settings.Flag) {
	d.t.Helper()
	d.refuses(MigrateCancel, []settings.Flag{why}, fault.Usage, "no switch is under way: nothing to cancel", "go tool mage migrate:status")
	d.refuses(MigrateAccept, []settings.Flag{why}, fault.Usage, "no switch is under way: nothing to accept")
	d.refuses(MigrateThaw, nil, fault.Usage, "flag -reason is missing")
	d.both(`INSERT INTO bgsync.ddl_freeze DEFAULT VALUES`)
	d.exec(naming.Blue, `INSERT INTO bgsync.arming VALUES ('payments.receipt', NULL)`, `DELETE FROM bgsync.ddl_freeze`,
		`ALTER TABLE payments.receipt SET (autovacuum_enabled = off)`, `INSERT INTO bgsync.ddl_freeze DEFAULT VALUES`)
	assert.Contains(d.t, d.passes(MigrateThaw, why, flag("dry-run", "true")), "would take the freeze of the schema off both sides")
	d.both(`DO $$ BEGIN ASSERT EXISTS (SELECT FROM bgsync.ddl_freeze); END $$`)
	assert.Contains(d.t, d.passes(MigrateThaw, why), "the schema is free again on both sides")
	d.both(`DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM bgsync.ddl_freeze) AND NOT EXISTS (SELECT FROM bgsync.arming);
		ASSERT (SELECT reloptions FROM pg_class WHERE oid = 'payments.receipt'::regclass) IS NULL; END $$`)
}

// abandons gives a migration up that has never switched; a new one may begin.
func (d *station) abandons(why settings.Flag) {
	d.t.Helper()
	d.refuses(MigrateAbandon, nil, fault.Usage, "flag -reason is missing", "go tool mage migrate:abandon -reason='…'")
	said := d.passes(MigrateAbandon, why, flag("dry-run", "true"))
	assert.Contains(d.t, said, "drops slots [bgsync_core_fwd_g2]")
	assert.Contains(d.t, said, "would abandon the migration; both databases keep their rows")
	d.both(`DO $$ BEGIN ASSERT to_regclass('bgsync.lane') IS NOT NULL; END $$`)
	assert.Contains(d.t, d.passes(MigrateAbandon, why), "nothing of the engine is left in either database")
	d.both(`DO $$ BEGIN
		ASSERT to_regnamespace('bgsync') IS NULL AND NOT EXISTS (SELECT FROM pg_replication_slots WHERE database = current_database());
		ASSERT (SELECT count(*) FROM payments.account) > 0;
	END $$`)
	for _, lane := range []string{"core.fwd", "core.rev"} {
		pid, err := d.profile.Running(lane)
		require.NoError(d.t, err)
		assert.Zero(d.t, pid, lane)
	}
	assert.Regexp(d.t, `(?m)core\.fwd +none *$`, d.passes(MigrateStatus))
	assert.Contains(d.t, d.passes(MigrateAbandon, why), "0 slots were dropped", "once more does no harm")
}
