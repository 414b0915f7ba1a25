//go:build integration

package function_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/projects/migration/local"
	"github.com/cutover/cutover/shared/naming"
)

// leftBlue is a world whose blue side was lost, left by force, and replaced by an empty
// database.
func leftBlue(t *testing.T) *world {
	t.Helper()
	w := moving(t)
	for _, stop := range w.stop {
		stop()
	}
	function.Isolated = local.Isolation{Profile: w.profile}
	t.Cleanup(func() { function.Isolated = nil })
	require.NoError(t, w.profile.Lose(t.Context(), naming.Blue))
	_, sw, err := switching.Status(t.Context(), w.store)
	require.NoError(t, err)
	force := function.SwitchEvent{Act: function.Force, To: naming.Green, Operators: []string{"ann", "bob"}, Reason: "blue is lost"}
	w.awaits(w.mover(naming.Green, nil), force, function.Forcing(naming.Green, sw.Rev, force.Operators, force.Reason))
	opened := w.forced(w.mover(naming.Green, nil), force)
	require.Equal(t, function.Done, opened.Outcome, opened.Reason)
	require.NoError(t, w.profile.Replace(t.Context(), naming.Blue))
	w.sides, err = w.profile.Databases(t.Context())
	require.NoError(t, err)
	return w
}

// The functions of the colour that was lost make its side anew with the roles exchanged:
// install prepares it and makes its lane, chunk loads the base from green, verify compares,
// the other colour's install makes the lane back, and the mark goes. The schedules of both
// functions that switch find nothing wrong meanwhile; before the mark is gone the switch to
// blue is refused, and after it succeeds.
func TestTheFunctionsMakeALostSideAnew(t *testing.T) {
	w := leftBlue(t)
	w.exec(naming.Green, pays("since")...)
	blue := w.mover(naming.Blue, nil)
	prepared := w.ask(desk.Request{Act: desk.Prepare, To: naming.Blue, By: "test"})
	require.Empty(t, prepared.Refused+prepared.Unregistered)
	require.Equal(t, function.Done, w.forced(blue, function.SwitchEvent{Act: function.Rebuild, To: naming.Blue}).Outcome)
	checked := w.ask(desk.Request{Act: desk.Check, To: naming.Blue})
	for _, result := range checked.Results {
		assert.NotContains(t, []string{"refuse", "blocked"}, string(result.Status), "%s %s: %v", result.ID, result.Name, result.Findings)
	}
	told, _, err := function.ReadProgress(t.Context(), w.store, "core.rev")
	require.NoError(t, err)
	require.Empty(t, w.ask(desk.Request{Act: desk.Create, To: naming.Blue, By: "test", Former: told.Generation}).Refused)
	require.NoError(t, function.Want(t.Context(), w.store, "core.rev", true))
	chunk, err := function.NewChunk(t.Context(), w.variables(naming.Blue), w.emitted)
	require.NoError(t, err)
	all, err := chunk(t.Context(), function.ChunkEvent{})
	require.NoError(t, err)
	require.Equal(t, function.Done, all.Outcome)
	require.EqualValues(t, 269001, all.Rows)
	w.run(naming.Blue)
	w.runs(naming.Blue)
	w.exec(naming.Green, pays("beside it")...)
	for _, color := range naming.Colors() {
		assert.Equal(t, function.Done, w.forced(w.mover(color, nil), function.SwitchEvent{}).Outcome)
	}
	assert.Equal(t, function.Refused, w.forced(blue, w.asks(naming.Blue, "too early")).Outcome)

	check, err := function.NewVerify(t.Context(), w.variables(naming.Blue), w.emitted)
	require.NoError(t, err)
	full, err := check(t.Context(), function.VerifyEvent{Act: function.WholePass, Kind: verify.Full})
	require.NoError(t, err)
	require.Equal(t, function.Clean, full.Outcome)
	assert.Contains(t, w.forced(blue, function.SwitchEvent{Act: function.Readmit, To: naming.Blue}).Reason, "lane core.fwd is in state retired")
	require.Empty(t, w.ask(desk.Request{Act: desk.Return, To: naming.Green, By: "test"}).Refused)
	require.NoError(t, function.Want(t.Context(), w.store, "core.fwd", true))
	w.run(naming.Green)
	w.runs(naming.Green)
	readmitted := w.forced(blue, function.SwitchEvent{Act: function.Readmit, To: naming.Blue})
	require.Equal(t, function.Done, readmitted.Outcome, readmitted.Reason)
	assert.Contains(t, readmitted.Evidence, "blue is made anew")

	back := w.calls(blue, w.asks(naming.Blue, "back"))
	require.Equal(t, function.Done, back.Outcome, back.Reason)
	for _, owner := range []string{"since", "beside it"} {
		assert.Equal(t, 1, value[int](w, naming.Blue, `SELECT count(*) FROM payments.account WHERE owner = '`+owner+`'`), owner)
	}
	w.exec(naming.Blue, pays("at home")...)
	require.Eventually(t, func() bool {
		return value[int](w, naming.Green, `SELECT count(*) FROM payments.account WHERE owner = 'at home'`) == 1
	}, 5*time.Minute, 20*time.Millisecond, "the lane back carries what is written there")
	assert.NotContains(t, w.emitted.String(), `"AuthorityDisagreement":1`)
}
