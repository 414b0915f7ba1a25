//go:build integration

package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// mover is a switch function.
type mover func(context.Context, function.SwitchEvent) (function.SwitchAnswer, error)

func (w *world) mover(to naming.Color, at func(string) error) mover {
	w.t.Helper()
	handle, err := function.SwitchWith(w.t.Context(), w.variables(to), w.emitted, unhurried(), at)
	require.NoError(w.t, err)
	return handle
}

// moving is a world in which both lanes run and the forward one is verified.
func moving(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.wanted(naming.Green)
	chunk, err := function.NewChunk(t.Context(), w.variables(naming.Green), w.emitted)
	require.NoError(t, err)
	all, err := chunk(t.Context(), function.ChunkEvent{}) // plans and loads until nothing is left
	require.NoError(t, err)
	require.Equal(t, function.Done, all.Outcome)
	require.EqualValues(t, 269000, all.Rows)
	w.run(naming.Green)
	w.runs(naming.Green)
	check, err := function.NewVerify(t.Context(), w.variables(naming.Green), w.emitted)
	require.NoError(t, err)
	full, err := check(t.Context(), function.VerifyEvent{Act: function.WholePass, Kind: verify.Full})
	require.NoError(t, err)
	require.Equal(t, function.Clean, full.Outcome)

	early, err := w.mover(naming.Green, nil)(t.Context(), w.asks(naming.Green, "too early"))
	require.NoError(t, err)
	require.Equal(t, function.Refused, early.Outcome, "there is no token")
	w.ask(desk.Request{Act: desk.Return, To: naming.Blue, By: "test"})
	require.NoError(t, function.Want(t.Context(), w.store, "core.rev", true))
	w.run(naming.Blue)
	w.runs(naming.Blue)
	w.tellsLags(naming.Green)
	return w
}

// tellsLags waits until a lane has told how far it is behind.
func (w *world) tellsLags(to naming.Color) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		told, _, err := function.ReadProgress(w.t.Context(), w.store, function.Lane(to))
		return err == nil && len(told.Lags) > 0
	}, 5*time.Minute, 20*time.Millisecond)
}

// asks is the event of a request that is made now.
func (w *world) asks(to naming.Color, request string) function.SwitchEvent {
	w.t.Helper()
	e := function.SwitchEvent{Act: function.Advance, To: to, Reason: "test", Operators: []string{"ann"}, Request: request}
	if _, sw, err := switching.Status(w.t.Context(), w.store); err == nil {
		e.Revision = sw.Rev
	}
	return e
}

// calls calls until there is nothing more to do, each time with the next event as
// it comes back over the wire.
func (w *world) calls(m mover, e function.SwitchEvent) function.SwitchAnswer {
	w.t.Helper()
	for until := time.Now().Add(5 * time.Minute); time.Now().Before(until); {
		answer, err := m(w.t.Context(), e)
		require.NoError(w.t, err)
		if answer.Outcome != function.Again {
			return answer
		}
		text, err := json.Marshal(answer.Event)
		require.NoError(w.t, err)
		e = function.SwitchEvent{}
		require.NoError(w.t, json.Unmarshal(text, &e))
		time.Sleep(time.Duration(min(answer.WaitSeconds, 1)) * 100 * time.Millisecond)
	}
	require.Fail(w.t, "the switch does not end")
	return function.SwitchAnswer{}
}

// rehearses asks all gates, and again as long as one is closed because the machine is
// busy.
func (w *world) rehearses(m mover, e function.SwitchEvent) {
	w.t.Helper()
	e.Act = function.Rehearse
	for attempt := 1; ; attempt++ {
		answer, err := m(w.t.Context(), e)
		require.NoError(w.t, err)
		require.NotEmpty(w.t, answer.Gates)
		require.Equal(w.t, "switch.19.STEADY", answer.Steps[len(answer.Steps)-1].Act)
		if answer.Outcome == function.Done {
			return
		}
		require.Equal(w.t, function.GatesClosed, answer.Outcome, answer.Reason)
		require.Less(w.t, attempt, 20, "the gates stay closed: %+v", answer.Gates)
	}
}

// dies has a function arm a switch and die after the go, at a point. It returns the
// event that began the switch: the given one, or one with another request where a gate
// closed before the point was reached.
func (w *world) dies(e function.SwitchEvent, point string) function.SwitchEvent {
	w.t.Helper()
	killed := false
	m := w.mover(e.To, func(at string) error {
		if at != point {
			return nil
		}
		killed = true
		return errKilled
	})
	for request, attempt := e.Request, 1; ; attempt++ {
		answer, err := m(w.t.Context(), e)
		if err == nil && answer.State == control.Armed {
			answer, err = m(w.t.Context(), answer.Event)
		}
		if killed {
			require.ErrorIs(w.t, err, errKilled)
			return e
		}
		require.NoError(w.t, err)
		w.closed(attempt, naming.Blue, 1, answer)
		e = w.asks(e.To, fmt.Sprintf("%s, attempt %d", request, attempt+1))
	}
}

// moves has so many callers move the authority by one request. A gate that closes
// between the arming and the go ends the request with nothing changed: then it is
// asked by another one. It returns the event that moved it.
func (w *world) moves(m mover, to naming.Color, request string, callers int) function.SwitchEvent {
	w.t.Helper()
	before, _, err := switching.Status(w.t.Context(), w.store)
	require.NoError(w.t, err)
	for attempt := 1; ; attempt++ {
		e := w.asks(to, fmt.Sprintf("%s, attempt %d", request, attempt))
		answers := make(chan function.SwitchAnswer, callers)
		for range callers {
			go func() {
				var answer function.SwitchAnswer
				defer func() { answers <- answer }()
				answer = w.calls(m, e)
			}()
		}
		var closed []function.SwitchAnswer
		for range callers {
			if answer := <-answers; answer.Outcome != function.Done {
				closed = append(closed, answer)
			}
		}
		if len(closed) == 0 {
			return e
		}
		require.Len(w.t, closed, callers, "all calls of a request tell the same of it")
		w.closed(attempt, before.Holder, before.Epoch, closed...)
	}
}

// closed requires answers to tell of closed gates, as one on the age of heartbeats is
// on a busy machine, and the authority to be where it was.
func (w *world) closed(attempt int, holder naming.Color, epoch int64, answers ...function.SwitchAnswer) {
	w.t.Helper()
	for _, answer := range answers {
		w.t.Logf("attempt %d: %s: %s", attempt, answer.Outcome, answer.Reason)
		require.Contains(w.t, []function.Outcome{function.GatesClosed, function.BackedOut}, answer.Outcome, "%s %+v", answer.Reason, answer.Gates)
	}
	w.holds(holder, epoch)
	require.Less(w.t, attempt, 20, "the gates stay closed:\n%s", w.said())
}

// holds requires that exactly one side can be written to, in that epoch.
func (w *world) holds(side naming.Color, epoch int64) {
	w.t.Helper()
	token, sw, err := switching.Status(w.t.Context(), w.store)
	require.NoError(w.t, err)
	assert.Equal(w.t, control.Steady, sw.State, sw.LastError)
	assert.Equal(w.t, side, token.Holder)
	assert.Equal(w.t, epoch, token.Epoch)
	for _, color := range naming.Colors() {
		assert.Equal(w.t, color == side, value[bool](w, color, `SELECT writable FROM bgsync.authority`), color)
		assert.Equal(w.t, epoch, value[int64](w, color, `SELECT epoch FROM bgsync.authority`), color)
	}
}

var errKilled = errors.New("killed")

// nearlyOver is the context of a call whose deadline is near, and never comes.
type nearlyOver struct {
	context.Context
	deadline time.Time
}

func (n nearlyOver) Deadline() (time.Time, bool) { return n.deadline, true }

// A switch is moved by calls of which each may die, come twice, at the same time, or
// late; whatever happens one side has the authority afterwards, and a request begins
// one switch at most.
func TestASwitchIsMovedByCallsThatMayDieComeTwiceOrLate(t *testing.T) {
	w := moving(t)
	w.keepsAnOpenGate()
	green := w.mover(naming.Green, nil)
	forth := w.asks(naming.Green, "forth")
	w.rehearses(green, forth)

	_, former, err := switching.Status(t.Context(), w.store)
	require.NoError(t, err)
	none, err := green(nearlyOver{t.Context(), time.Now().Add(900 * time.Millisecond)}, forth)
	require.NoError(t, err)
	assert.Equal(t, function.Again, none.Outcome)
	assert.Contains(t, none.Reason, "less than 1s was left")
	_, untouched, err := switching.Status(t.Context(), w.store)
	require.NoError(t, err)
	assert.Equal(t, former.Rev, untouched.Rev, "no step is begun too late")

	forth = w.dies(forth, "switch.9.DRAINED.after") // writers are kept out
	assert.False(t, value[bool](w, naming.Blue, `SELECT writable FROM bgsync.authority`))
	w.outlive()
	back := w.calls(green, forth) // the retry is the recovery
	assert.Equal(t, function.BackedOut, back.Outcome)
	w.holds(naming.Blue, 1)
	assert.Equal(t, function.BackedOut, w.calls(green, forth).Outcome, "the request is over")

	second := w.moves(green, naming.Green, "second", 2)
	w.holds(naming.Green, 2)
	done := w.calls(green, second)
	assert.Equal(t, function.Done, done.Outcome, "called again")
	w.proven(done.Proof)

	w.exec(naming.Green, `SET ROLE payments_app`, `INSERT INTO payments.account (owner, balance, currency) VALUES ('since', 7, 'CHF')`)
	w.moves(w.mover(naming.Blue, nil), naming.Blue, "home", 1)
	w.holds(naming.Blue, 3)
	assert.Equal(t, 1, value[int](w, naming.Blue, `SELECT count(*) FROM payments.account WHERE owner = 'since'`))
	late := w.calls(green, second)
	assert.Equal(t, function.Refused, late.Outcome, "a call of a former request begins nothing: "+late.Reason)
	w.holds(naming.Blue, 3)
	for _, name := range []string{"WritePauseMilliseconds", "SwitchState", "AuthorityHolder", "BackOuts", "ProofStored"} {
		assert.Contains(t, w.emitted.String(), `"`+name+`"`)
	}
	assert.NotContains(t, w.emitted.String(), "since", "no value of a row")
}

// outlive ends the lease of a call that died.
func (w *world) outlive() {
	w.t.Helper()
	item, err := w.store.Get(w.t.Context(), control.SwitchItem)
	require.NoError(w.t, err)
	item.Rev++
	item.Fields[control.FieldLeaseUntil] = "1"
	require.NoError(w.t, w.store.Put(w.t.Context(), control.SwitchItem, item))
}

// proven requires a record that the key has signed.
func (w *world) proven(id string) {
	w.t.Helper()
	folder, signer, err := w.profile.Proofs()
	require.NoError(w.t, err)
	body, err := folder.Get(w.t.Context(), id)
	require.NoError(w.t, err)
	record, err := proof.Open(w.t.Context(), signer, body)
	require.NoError(w.t, err)
	assert.Equal(w.t, naming.Green, record.To)
	assert.Equal(w.t, "switched", record.Outcome)
	assert.False(w.t, strings.Contains(string(body), "owner"))
}
