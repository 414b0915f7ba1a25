//go:build integration

package function_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// operators is the id of the operators' role.
const operators = "AROAEXAMPLE"

// closes is the function that ends a migration to a colour, after a way back of that
// length.
func (w *world) closes(to naming.Color, open time.Duration, at func(string) error) func(function.FinaliseEvent) function.FinaliseAnswer {
	w.t.Helper()
	variables := w.variables(to)
	handle, err := function.FinaliseWith(w.t.Context(), func(name string) (string, bool) {
		if name == function.VariableHashKey {
			return "", false // it makes no hashes
		}
		return variables(name)
	}, open, at)
	require.NoError(w.t, err)
	return func(e function.FinaliseEvent) function.FinaliseAnswer {
		w.t.Helper()
		answer, err := handle(w.t.Context(), e)
		if at == nil || !errors.Is(err, errKilled) {
			require.NoError(w.t, err)
		}
		return answer
	}
}

// confirms writes a confirmation into the item of a principal.
func (w *world) confirms(user string, c items.Confirmation) {
	w.t.Helper()
	key := items.ClosingItem(user)
	item, err := w.store.Get(w.t.Context(), key)
	if !errors.Is(err, control.ErrAbsent) {
		require.NoError(w.t, err)
	}
	require.NoError(w.t, w.store.Put(w.t.Context(), key, control.Item{Rev: item.Rev + 1, Fields: c.Fields()}))
}

// A migration ends in AWS when the items of two principals say so, for this switch,
// these two and this reason; until then nothing has changed. A call that dies is made
// again by either, and leaves the rows and the closing record.
func TestAMigrationEndsWhenTwoPrincipalsHaveConfirmed(t *testing.T) {
	w := moving(t)
	end := function.FinaliseEvent{Act: function.End, Operators: []string{"ann", "bob"}, Reason: "green is settled"}
	assert.Equal(t, function.Refused, w.closes(naming.Green, 0, nil)(end).Outcome, "blue has the authority")
	moved := w.calls(w.mover(naming.Green, nil), w.asks(naming.Green, "to green"))
	require.Equal(t, function.Done, moved.Outcome, moved.Reason)
	w.runs(naming.Blue)

	early := w.closes(naming.Green, finalise.Window, nil)(end)
	assert.Equal(t, function.GatesClosed, early.Outcome)
	assert.Contains(t, early.Reason, "reverse-window")
	closes := w.closes(naming.Green, 0, nil)
	alone := end
	alone.Operators = []string{"ann", "ann"}
	assert.Equal(t, function.Refused, closes(alone).Outcome)
	plan := end
	plan.Act = function.PlanEnd
	var planned function.FinaliseAnswer
	require.Eventually(t, func() bool { planned = closes(plan); return planned.Outcome == function.Done }, 2*time.Minute, 100*time.Millisecond, "lanes that run")
	require.NotEmpty(t, planned.Conditions)
	require.Len(t, planned.Going, 2)

	_, sw, err := switching.Status(t.Context(), w.store)
	require.NoError(t, err)
	require.Equal(t, sw.Rev, planned.Revision)
	good := items.Confirmation{Switch: planned.Switch, Revision: planned.Revision, Operators: end.Operators, Reason: end.Reason, At: time.Now()}
	w.unconfirmed(closes, end, good)
	twice := good
	twice.Operators = alone.Operators
	w.confirms(items.SessionOf(operators, "ann"), twice)
	assert.Equal(t, function.Refused, closes(alone).Outcome, "one principal who has confirmed for two")
	w.confirms(items.SessionOf(operators, "ann"), good)
	w.confirms(items.SessionOf(operators, "bob"), good)

	dies := w.closes(naming.Green, 0, func(step string) error {
		if step == "finalise.slots_green.before" {
			return errKilled
		}
		return nil
	})
	dies(end)
	_, sw, err = switching.Status(t.Context(), w.store)
	require.NoError(t, err)
	require.Equal(t, items.Finalised, sw.State)
	done := closes(function.FinaliseEvent{Act: function.End}) // whoever calls: it is decided
	require.Equal(t, function.Done, done.Outcome, done.Reason)
	assert.True(t, done.Decided)
	w.ended(done.Proof)
}

// unconfirmed requires that nothing but the items of both counts.
func (w *world) unconfirmed(closes func(function.FinaliseEvent) function.FinaliseAnswer, end function.FinaliseEvent, good items.Confirmation) {
	t := w.t
	ann, bob := items.SessionOf(operators, "ann"), items.SessionOf(operators, "bob")
	refused := func(why string) {
		t.Helper()
		answer := closes(end)
		assert.Equal(t, function.Awaited, answer.Outcome, why)
		assert.Contains(t, answer.Reason, why)
	}
	refused("ann: has not confirmed; bob: has not confirmed")
	w.confirms(ann, good)
	refused("bob: has not confirmed")
	w.confirms("AROAOTHER:bob", good) // the session of another role
	w.confirms("bob", good)
	refused("bob: has not confirmed")
	for why, change := range map[string]func(*items.Confirmation){
		"another switch":     func(c *items.Confirmation) { c.Switch = "another" },
		"other operators":    func(c *items.Confirmation) { c.Operators = []string{"bob", "eve"} },
		"another reason":     func(c *items.Confirmation) { c.Reason = "an exercise" },
		"more than 24h":      func(c *items.Confirmation) { c.At = c.At.Add(-25 * time.Hour) },
		"a clock that is":    func(c *items.Confirmation) { c.At = c.At.Add(time.Hour) },
		"another switch, ot": func(c *items.Confirmation) { c.Revision-- },
	} {
		other := good
		change(&other)
		w.confirms(bob, other)
		refused(why)
	}
	_, sw, err := switching.Status(t.Context(), w.store)
	require.NoError(t, err)
	assert.Equal(t, items.Steady, sw.State)
	assert.Equal(t, good.Revision, sw.Rev)
	assert.True(t, value[bool](w, naming.Blue, `SELECT to_regclass('bgsync.lane') IS NOT NULL`))
}

// ended requires that the rows are left, the closing record, and no lane that is wanted.
func (w *world) ended(record string) {
	t := w.t
	for _, color := range naming.Colors() {
		assert.Zero(t, value[int](w, color, `SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database())
			+ (SELECT count(*) FROM pg_event_trigger) + (SELECT count(*) FROM pg_namespace WHERE nspname = 'bgsync')`), color)
		assert.Positive(t, value[int](w, color, `SELECT count(*) FROM payments.account`), color)
		wanted, err := function.Wanted(t.Context(), w.store, function.Lane(color))
		require.NoError(t, err)
		assert.False(t, wanted, color)
	}
	folder, signer, err := w.profile.Proofs()
	require.NoError(t, err)
	body, err := folder.Get(context.Background(), record)
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(record, ".closing"), filepath.Base(record))
	closing, err := proof.Open(t.Context(), signer, body)
	require.NoError(t, err)
	assert.Equal(t, []string{"ann", "bob"}, closing.Operators)
	assert.Equal(t, "green is settled", closing.Reason)
	assert.Len(t, closing.Lanes, 2)
}
