package move_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/move"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// mover answers what it is told to.
type mover struct {
	answer function.SwitchAnswer
	moved  func()
	looks  []func() // what happens before each look while it is followed
	proof  error
	asked  function.SwitchEvent
}

func (m *mover) Rehearse(context.Context, function.SwitchEvent) (function.SwitchAnswer, error) {
	return m.answer, nil
}

func (m *mover) Move(ctx context.Context, e function.SwitchEvent, seen func(context.Context) error) (function.SwitchAnswer, error) {
	m.asked = e
	for _, happens := range m.looks {
		happens()
		if err := seen(ctx); err != nil {
			return m.answer, err
		}
	}
	if m.moved != nil {
		m.moved()
	}
	return m.answer, nil
}

func (m *mover) Proof(context.Context, string) (string, error) { return "somewhere", m.proof }

// store holds a token and, with a state, a switch to green.
func store(t *testing.T, holder naming.Color, state items.State) *control.Memory {
	t.Helper()
	s := &control.Memory{}
	token := items.Token{Epoch: 1, Holder: holder, Phase: items.PhaseOpen}
	require.NoError(t, s.Put(t.Context(), items.AuthorityItem, control.Item{Rev: 1, Fields: token.Fields()}))
	if state != "" {
		sw := items.Switch{State: state, From: naming.Blue, To: naming.Green, Epoch: 1, Owner: "green-e1-r0#7", Attempt: "x", LastError: "lost"}
		require.NoError(t, s.Put(t.Context(), items.SwitchItem, control.Item{Rev: 1, Fields: sw.Fields()}))
	}
	return s
}

// Every end of a switch has its exit status, and only a switch that the token shows
// is called one.
func TestTheEndOfASwitchHasItsExitStatus(t *testing.T) {
	for name, c := range map[string]struct {
		holder  naming.Color
		state   items.State
		outcome function.Outcome
		flips   bool
		proof   error
		code    fault.Code
		says    string
	}{
		"it has moved":                 {naming.Blue, "", function.Done, true, nil, fault.OK, "green has the authority"},
		"done, and nothing has moved":  {naming.Blue, "", function.Done, false, nil, fault.Gate, "the authority is where it was, with blue"},
		"the proof is not to be had":   {naming.Blue, "", function.Done, true, errors.New("no such record"), fault.Verification, "the proof cannot be shown: no such record"},
		"gates":                        {naming.Blue, "", function.GatesClosed, false, nil, fault.Gate, "lag: fail, 9 s"},
		"backed out":                   {naming.Blue, "", function.BackedOut, false, nil, fault.Gate, "the authority is where it was: because"},
		"held":                         {naming.Blue, "", function.HeldUp, false, nil, fault.Gate, "nobody can write"},
		"unconfirmed":                  {naming.Blue, "", function.Unconfirmed, true, nil, fault.Verification, "a check after the switch failed"},
		"another's":                    {naming.Blue, "", function.Underway, false, nil, fault.Locked, "because"},
		"refused":                      {naming.Blue, "", function.Refused, false, nil, fault.Locked, "the switch was refused: because"},
		"it is there":                  {naming.Green, "", function.Done, false, nil, fault.Usage, "green has the authority already"},
		"one that was left is gone on": {naming.Blue, items.Fenced, function.Done, true, nil, fault.OK, "the switch green-e1-r0 is under way, state FENCED: it goes on"},
		"one that is left again":       {naming.Blue, items.Drained, function.Done, false, nil, fault.Gate, "a step was lost, and the switch is under way in state DRAINED"},
		"an outcome that is not known": {naming.Blue, "", "odd", false, nil, fault.Gate, "the authority is where it was"},
	} {
		t.Run(name, func(t *testing.T) {
			s := store(t, c.holder, c.state)
			m := &mover{proof: c.proof, answer: function.SwitchAnswer{
				Outcome: c.outcome, Epoch: 2, Proof: "p", Reason: "because", Gates: []function.Condition{{Name: "lag", Verdict: "fail", Detail: "9 s"}},
			}}
			if c.flips {
				m.moved = func() {
					token := items.Token{Epoch: 2, Holder: naming.Green, Phase: items.PhaseOpen}
					require.NoError(t, s.Put(t.Context(), items.AuthorityItem, control.Item{Rev: 2, Fields: token.Fields()}))
					if c.state != "" {
						sw := items.Switch{State: items.Steady, From: naming.Blue, To: naming.Green, Epoch: 1, Owner: "green-e1-r0#7", Attempt: "x"}
						require.NoError(t, s.Put(t.Context(), items.SwitchItem, control.Item{Rev: 2, Fields: sw.Fields()}))
					}
				}
			}
			said := &strings.Builder{}
			o := &move.Operator{Store: s, By: "ann", Now: time.Now, Say: func(format string, args ...any) { _, _ = fmt.Fprintf(said, format+"\n", args...) }}
			err := o.SwitchBy(t.Context(), m, naming.Green, "why")
			if err != nil {
				said.WriteString(err.Error())
				assert.Equal(t, c.code, fault.CodeOf(err), said)
			} else {
				assert.Equal(t, fault.OK, c.code)
			}
			assert.Contains(t, said.String(), c.says)
			if c.holder == naming.Blue {
				assert.Equal(t, "green-e1-r0", m.asked.Request, "the same request, whoever goes on with it")
			}
		})
	}
}

// Whoever waits for an arming sees what it waits for: at once when conditions begin or cease
// to hold, and each half minute while the words change. What does not change is told once.
func TestWhoWaitsForAnArmingSeesWhatItWaitsFor(t *testing.T) {
	s, rev := store(t, naming.Blue, ""), int64(0)
	now := time.Date(2026, 3, 6, 22, 0, 0, 0, time.Local)
	stands := func(state items.State, waits string, passed time.Duration) func() {
		return func() {
			rev++
			now = now.Add(passed)
			sw := items.Switch{State: state, From: naming.Blue, To: naming.Green, Epoch: 1, Owner: "green-e1-r0#7", LastError: waits,
				StepTimes: []items.StepTime{{State: items.Arming, At: now}}}
			require.NoError(t, s.Put(t.Context(), items.SwitchItem, control.Item{Rev: rev, Fields: sw.Fields()}))
		}
	}
	m := &mover{answer: function.SwitchAnswer{Outcome: function.GatesClosed, Reason: "because"}, looks: []func(){
		stands(items.Arming, "", 0), stands(items.Arming, "lag: 9 canaries", time.Second), stands(items.Arming, "lag: 19 canaries", 10*time.Second),
		stands(items.Arming, "lag: 39 canaries", 20*time.Second), stands(items.Arming, "lag: 39 canaries", time.Minute),
		stands(items.Arming, "", time.Second), stands(items.Arming, "lag: 5 s", time.Second), stands(items.Steady, "lag: 5 s", time.Minute),
	}}
	var said []string
	o := &move.Operator{Store: s, By: "ann", Now: func() time.Time { return now }, Say: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }}
	require.Error(t, o.SwitchBy(t.Context(), m, naming.Green, "why"))
	assert.Equal(t, []string{
		"asked for the switch to green as green-e1-r0", "22:00:00.000: ARMING", "22:00:01.000: waits: lag: 9 canaries",
		"22:00:31.000: waits: lag: 39 canaries", "22:01:32.000: all gates hold", "22:01:33.000: waits: lag: 5 s",
	}, said)
}

// foreseen are the answers of a function that is asked for a plan.
func foreseen(outcome function.Outcome, gates ...function.Condition) function.SwitchAnswer {
	return function.SwitchAnswer{Outcome: outcome, Epoch: 1, Gates: gates, Reason: "because", Steps: []switching.Step{
		{Act: "switch.5.fence", Where: "blue", Does: "lock", Limit: "500ms", Undo: "the switch backs out"},
		{Act: "switch.6.FENCED", Where: "control store", Does: "store", Undo: "the switch backs out"},
		{Act: "switch.12.promote", Where: "green", Does: "open", Undo: "nothing"},
	}}
}

// A dry run shows every gate with its verdict and every step with its limit and what
// takes it back, as text and as a value; only gates that arming makes hold may be
// closed. What keeps the command from beginning a switch keeps its dry run too.
func TestADryRunShowsGatesAndSteps(t *testing.T) {
	frozen := function.Condition{Name: "ddl-freeze-blue", Verdict: "fail", Detail: "not frozen"}
	held := function.Condition{Name: "lanes-blue", Verdict: "pass", Detail: "all"}
	for name, c := range map[string]struct {
		holder naming.Color
		state  items.State
		answer function.SwitchAnswer
		code   fault.Code
		says   []string
	}{
		"all hold": {naming.Blue, "", foreseen(function.Done, held, frozen), fault.OK, []string{
			"would move the authority from blue, epoch 1, to green", "pass     lanes-blue: all", "arming   ddl-freeze-blue: not frozen",
			"   1  blue           lock (500ms); taken back by: the switch backs out\n   2  control store  store\n   3  green          open; taken back by: nothing",
		}},
		"one is closed": {naming.Blue, "", foreseen(function.GatesClosed, held, function.Condition{Name: "lag", Verdict: "unknown", Detail: "?"}), fault.Gate,
			[]string{"unknown  lag: ?", "   3  green", "1 of 2 gates do not hold"}},
		"it has moved on":   {naming.Blue, "", foreseen(function.Underway, held), fault.Gate, []string{"0 of 1 gates do not hold because"}},
		"it is there":       {naming.Green, "", foreseen(function.Done), fault.Usage, []string{"green has the authority already"}},
		"one is under way":  {naming.Blue, items.Fenced, foreseen(function.Done), fault.Locked, []string{"a switch to green is under way, state FENCED"}},
		"one is left armed": {naming.Blue, items.Armed, foreseen(function.Done), fault.Locked, []string{"migrate:cancel -reason='…' gives it up"}},
	} {
		t.Run(name, func(t *testing.T) {
			said := &strings.Builder{}
			var value any
			o := &move.Operator{
				Store: store(t, c.holder, c.state), By: "ann", Now: time.Now, DryRun: true, Say: func(string, ...any) {},
				Print: func(text string, v any) error { value = v; _, err := said.WriteString(text + "\n"); return err },
			}
			m := &mover{answer: c.answer}
			err := o.SwitchBy(t.Context(), m, naming.Green, "why")
			if err != nil {
				said.WriteString(err.Error())
				assert.Equal(t, c.code, fault.CodeOf(err), said)
			} else {
				assert.Equal(t, fault.OK, c.code)
			}
			for _, part := range c.says {
				assert.Contains(t, said.String(), part)
			}
			assert.Empty(t, m.asked, "nothing is moved")
			if plan, is := value.(move.SwitchPlan); is {
				assert.Equal(t, c.answer.Steps, plan.Steps)
				assert.Len(t, plan.Gates, len(c.answer.Gates))
			} else {
				assert.NotContains(t, said.String(), "would move")
			}
		})
	}
}
