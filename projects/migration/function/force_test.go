//go:build integration

package function_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/local"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// forced calls the switch function of a colour.
func (w *world) forced(m mover, e function.SwitchEvent) function.SwitchAnswer {
	w.t.Helper()
	answer, err := m(w.t.Context(), e)
	require.NoError(w.t, err)
	return answer
}

// pays writes a payment to a side as the applications do.
func pays(owner string) []string {
	return []string{`SET ROLE payments_app`, `INSERT INTO payments.account (owner, balance, currency) VALUES ('` + owner + `', 7, 'CHF')`}
}

// A side that is lost is left when the items of two principals say so and its server has
// no process any more; nothing else opens the other one. The schedules of both colours'
// functions find nothing wrong while it is gone, shut it when it is back, though its own
// row says that it can be written to, and find nothing wrong with what is made in its
// place.
func TestASideIsOpenedByForceWhenTwoPrincipalsHaveConfirmed(t *testing.T) {
	w := moving(t)
	for _, stop := range w.stop {
		stop()
	}
	function.Isolated = local.Isolation{Profile: w.profile}
	t.Cleanup(func() { function.Isolated = nil })
	green, blue := w.mover(naming.Green, nil), w.mover(naming.Blue, nil)
	force := function.SwitchEvent{Act: function.Force, To: naming.Green, Operators: []string{"ann", "bob"}, Reason: "blue is lost"}
	plan := force
	plan.Act = function.PlanForce

	w.exec(naming.Blue, pays("never sent")...)
	assert.Contains(t, w.forced(green, plan).Reason, "blue can be written to: a switch without force is possible")
	require.NoError(t, w.profile.Lose(t.Context(), naming.Blue))
	planned := w.forced(green, plan)
	require.Equal(t, function.Done, planned.Outcome, planned.Reason)
	assert.Equal(t, "the local server of blue has no process", planned.Evidence)
	assert.Regexp(t, `^core\.fwd at [0-9A-F]+/[0-9A-F]+ of 20`, planned.Applied)
	w.awaits(green, force, function.Forcing(naming.Green, planned.Revision, force.Operators, force.Reason))

	opened := w.forced(green, force)
	require.Equal(t, function.Done, opened.Outcome, opened.Reason)
	assert.EqualValues(t, 2, opened.Epoch)
	w.lossy(opened.Proof)
	w.exec(naming.Green, pays("since")...)
	assert.Zero(t, value[int](w, naming.Green, `SELECT count(*) FROM payments.account WHERE owner = 'never sent'`))

	for _, m := range []mover{blue, green} {
		assert.Equal(t, function.Done, w.forced(m, function.SwitchEvent{}).Outcome)
	}
	assert.Contains(t, w.emitted.String(), "it cannot be reached: ")
	w.comesBack(blue, green)
	again := w.asks(naming.Blue, "back")
	assert.Equal(t, function.Refused, w.forced(blue, again).Outcome)
	assert.Contains(t, w.forced(blue, again).Reason, "blue was left by a forced decision")
	w.exec(naming.Blue, `DROP EVENT TRIGGER bgsync_ddl_end, bgsync_ddl_drop, bgsync_freeze_start, bgsync_freeze_end, bgsync_freeze_drop`, `DROP SCHEMA bgsync CASCADE`)
	assert.Equal(t, function.Done, w.forced(green, function.SwitchEvent{}).Outcome, "an empty database in the place of the lost one")
}

// awaits requires that a side is opened for nobody until both have confirmed just this,
// and leaves both confirmations behind.
func (w *world) awaits(m mover, force function.SwitchEvent, good items.Confirmation) {
	w.t.Helper()
	ann, bob := items.SessionOf(operators, "ann"), items.SessionOf(operators, "bob")
	refused := func(why string) {
		w.t.Helper()
		answer := w.forced(m, force)
		assert.Equal(w.t, function.Awaited, answer.Outcome, answer.Reason)
		assert.Contains(w.t, answer.Reason, why)
		assert.False(w.t, value[bool](w, naming.Green, `SELECT writable FROM bgsync.authority`))
	}
	refused("ann: has not confirmed; bob: has not confirmed")
	good.At = time.Now()
	w.confirms(ann, good)
	refused("bob: has not confirmed")
	for _, change := range []func(*items.Confirmation){
		func(c *items.Confirmation) { c.Switch = function.Forcing(naming.Blue, 0, nil, "").Switch },
		func(c *items.Confirmation) { c.Revision++ },
		func(c *items.Confirmation) { c.Reason = "an exercise" },
	} {
		other := good
		change(&other)
		w.confirms(bob, other)
		refused("bob: has confirmed another switch, other operators, or another reason")
	}
	w.confirms(bob, good)
	_, sw, err := switching.Status(w.t.Context(), w.store)
	require.NoError(w.t, err)
	assert.Equal(w.t, good.Revision, sw.Rev, "nothing was stored yet")
	alone := force
	alone.Operators = []string{"ann", "ann"}
	twice := good
	twice.Operators = alone.Operators
	w.confirms(ann, twice)
	assert.Contains(w.t, w.forced(m, alone).Reason, "two different operators")
	w.confirms(ann, good)
}

// lossy requires the record of a forced decision, signed, with what it rests on.
func (w *world) lossy(id string) {
	w.t.Helper()
	folder, signer, err := w.profile.Proofs()
	require.NoError(w.t, err)
	body, err := folder.Get(w.t.Context(), id)
	require.NoError(w.t, err)
	record, err := proof.Open(w.t.Context(), signer, body)
	require.NoError(w.t, err)
	assert.Equal(w.t, "lossy", record.Outcome)
	assert.Equal(w.t, []string{"ann", "bob"}, record.Operators)
	assert.Contains(w.t, record.LastApplied, "core.fwd at ")
	assert.Equal(w.t, []proof.Gate{{Name: "isolation", Verdict: "pass", Detail: "the local server of blue has no process"}}, record.Checks)
}

// comesBack starts the lost server as it was, and requires the schedule of one function to
// shut it and that of the other to find it shut.
func (w *world) comesBack(first, second mover) {
	w.t.Helper()
	require.NoError(w.t, w.profile.Up(w.t.Context(), w.emitted))
	w.exec(naming.Blue, pays("past the token")...)
	_, sw, err := switching.Status(w.t.Context(), w.store)
	require.NoError(w.t, err)
	require.Zero(w.t, sw.ShutAt)
	assert.Equal(w.t, function.Done, w.forced(first, function.SwitchEvent{}).Outcome)
	assert.Contains(w.t, w.emitted.String(), "it could be written to, and is shut now")
	assert.False(w.t, value[bool](w, naming.Blue, `SELECT writable FROM bgsync.authority`))
	assert.False(w.t, value[bool](w, naming.Blue, `SELECT pg_catalog.has_table_privilege('payments_app', 'payments.account', 'INSERT')`))
	_, sw, err = switching.Status(w.t.Context(), w.store)
	require.NoError(w.t, err)
	require.NotZero(w.t, sw.ShutAt)
	assert.Equal(w.t, function.Done, w.forced(second, function.SwitchEvent{}).Outcome)
	assert.Contains(w.t, w.emitted.String(), "its own row keeps writers out")
	assert.NotContains(w.t, w.emitted.String(), `"AuthorityDisagreement":1`)
}
