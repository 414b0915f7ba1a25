package registry

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

const switches = "Invoke cutover-staging-green-switch"

var openGreen = settings.Flag{Name: "color", Value: "green"}

// forces has blue hold the authority and be lost, and the function of green count what
// stands in the items of the two, and no name in an event.
func (a *amazon) forces(caller string) {
	a.settled(caller)
	a.answers[installs] = func(body string) (int, string) {
		var r desk.Request
		assert.NoError(a.t, json.Unmarshal([]byte(body), &r))
		assert.Equal(a.t, desk.Request{Act: desk.DropSlots, To: naming.Green, By: r.By}, r)
		return http.StatusOK, a.json(desk.Reply{Done: []string{"green keeps its log for blue no more: slots [bgsync_core_rev_g1] are dropped"}})
	}
	a.items[control.LaneItem("core.rev")] = map[string]string{"wanted": "run"}
	a.answers["PutItem"] = func(body string) (int, string) {
		if key, fields := a.decode(body); key == control.LaneItem("core.rev") {
			a.items[key] = fields
			return http.StatusOK, `{}`
		}
		return a.put(caller, body)
	}
	a.items[control.AuthorityItem] = control.Token{Rev: 3, Holder: naming.Blue, Epoch: 1, Phase: control.PhaseOpen}.Fields()
	a.answers[switches] = func(body string) (int, string) {
		var e function.SwitchEvent
		assert.NoError(a.t, json.Unmarshal([]byte(body), &e))
		assert.Equal(a.t, naming.Green, e.To)
		answer := function.SwitchAnswer{Outcome: function.Done, Revision: 41, Evidence: "cluster x is gone", Applied: "core.fwd at 0/1A of noon"}
		if e.Act == function.PlanForce {
			return http.StatusOK, a.json(answer)
		}
		assert.Equal(a.t, function.Force, e.Act)
		for _, name := range e.Operators {
			c, err := control.DecodeConfirmation(a.items[control.ClosingItem(control.SessionOf("AROAEXAMPLE", name))])
			if err != nil || !c.Same(function.Forcing(naming.Green, 41, []string{"ann", "bob"}, "test")) {
				return http.StatusOK, a.json(function.SwitchAnswer{Outcome: function.Awaited, Reason: name + ": has not confirmed"})
			}
		}
		answer.Proof, answer.Epoch = closing, 2
		return http.StatusOK, a.json(answer)
	}
}

// Both operators give the same command under sessions of their own: the first one's
// confirms and opens nothing, the second one's opens and shows the record.
func TestTwoOperatorsOpenASideByForceInAWS(t *testing.T) {
	a := newAmazon(t)
	for range 2 {
		a.forces("AROAEXAMPLE:ann")
		a.asked = nil
		code, said := a.run(t.Context(), MigrateForce, openGreen, bothOperators)
		assert.Equal(t, fault.Gate, code, said)
		for _, part := range []string{"cluster x is gone", "core.fwd at 0/1A of noon; what was written to blue since is not on green", "ann has confirmed", "bob: has not confirmed", "the other operator gives the same command"} {
			assert.Contains(t, said, part)
		}
		assert.Equal(t, []string{switches, "GetCallerIdentity", "PutItem", switches}, a.calls())
		assert.Equal(t, "run", a.items[control.LaneItem("core.rev")]["wanted"])
	}
	a.forces("AROAEXAMPLE:bob")
	a.asked = nil
	code, said := a.run(t.Context(), MigrateForce, openGreen, bothOperators)
	assert.Equal(t, fault.OK, code, said)
	for _, part := range []string{"bob has confirmed", "green has the authority by force, epoch 2", closing + ".json", "blue is left: keep it shut off", "slots [bgsync_core_rev_g1] are dropped"} {
		assert.Contains(t, said, part)
	}
	assert.Equal(t, []string{switches, "GetCallerIdentity", "PutItem", switches, "GetObject switch/" + closing + ".json", "GetPublicKey", "PutItem", installs}, a.calls())
	assert.Equal(t, "pause", a.items[control.LaneItem("core.rev")]["wanted"])
}

// A decision that was carried out is not taken again: the command ends what the lost side
// has left on the open one, and says who shuts it.
func TestASideThatWasOpenedByForceIsNotOpenedAgain(t *testing.T) {
	a := newAmazon(t)
	a.forces("AROAEXAMPLE:eve")
	a.items[control.AuthorityItem] = control.Token{Rev: 4, Holder: naming.Green, Epoch: 2, Phase: control.PhaseOpen, ProofID: "s-1"}.Fields()
	a.items[control.SwitchItem] = control.Switch{State: control.Steady, From: naming.Blue, To: naming.Green, Epoch: 2, ProofID: "s-1", Untrusted: naming.Blue}.Fields()
	code, said := a.run(t.Context(), MigrateForce, openGreen, bothOperators)
	assert.Equal(t, fault.OK, code, said)
	assert.Contains(t, said, "the functions of the switch shut it within a minute once it can be reached")
	assert.Equal(t, []string{"PutItem", installs}, a.calls())

	for name, c := range map[string]struct {
		target func(context.Context, *ops.App) error
		flags  []settings.Flag
	}{
		"rollback": {MigrateRollback, nil}, "finalise": {MigrateFinalise, []settings.Flag{bothOperators}}, "start": {MigrateStart, nil},
		"verify": {MigrateVerify, []settings.Flag{{Name: "color", Value: "blue"}}}, "a dry run": {MigrateRollback, []settings.Flag{{Name: "dry-run", Value: "true"}}},
	} {
		a.asked = nil
		code, said = a.run(t.Context(), c.target, c.flags...)
		assert.Equal(t, fault.Gate, code, "%s: %s", name, said)
		assert.Contains(t, said, "blue was left by a forced decision: nothing switches to it", name)
		assert.Empty(t, a.calls(), name)
	}
}

// A side that was left is made anew by the commands of the beginning, with the roles
// exchanged: what changes its mark is asked of the function that switches, last of all.
func TestASideIsMadeAnewInAWS(t *testing.T) {
	blue := settings.Flag{Name: "color", Value: "blue"}
	const install, mark = "Invoke cutover-staging-blue-install", "Invoke cutover-staging-blue-switch"
	for name, c := range map[string]struct {
		target func(context.Context, *ops.App) error
		says   string
		calls  []string
	}{
		"start":  {MigrateStart, "rebuild of blue", []string{install, mark, install, "PutItem", "ListExecutions", "StartExecution", "Invoke cutover-staging-blue-lane"}},
		"verify": {MigrateVerify, "readmit of blue", []string{"ListExecutions", "StartExecution", "DescribeExecution", "GetExecutionHistory", installs, "PutItem", "ListExecutions", "StartExecution", "Invoke cutover-staging-green-lane", mark}},
	} {
		a := newAmazon(t)
		a.rebuilds()
		code, said := a.run(t.Context(), c.target, blue)
		assert.Equal(t, fault.OK, code, "%s: %s", name, said)
		assert.Contains(t, said, c.says)
		assert.Equal(t, c.calls, a.calls(), name)
	}
}

// What keeps a side from being opened is told, and nothing is confirmed.
func TestWhatKeepsASideFromBeingOpenedByForce(t *testing.T) {
	dry := settings.Flag{Name: "dry-run", Value: "true"}
	for name, c := range map[string]struct {
		caller string
		answer string
		flags  []settings.Flag
		code   fault.Code
		says   string
		calls  []string
	}{
		"no side":       {"AROAEXAMPLE:ann", "", nil, fault.Usage, "expected the side to open, blue or green", nil},
		"one operator":  {"AROAEXAMPLE:ann", "", []settings.Flag{openGreen, {Name: "operators", Value: "ann"}}, fault.Usage, "expected the names of two different people", nil},
		"a dry run":     {"AROAEXAMPLE:ann", "", []settings.Flag{openGreen, dry}, fault.OK, "would confirm that green is opened", []string{switches}},
		"somebody else": {"AROAEXAMPLE:eve", "", []settings.Flag{openGreen}, fault.Usage, `which is "eve" to AWS`, []string{switches, "GetCallerIdentity"}},
		"no proof": {
			"AROAEXAMPLE:ann", `{"outcome": "refused", "reason": "the cluster is available, expected stopped"}`, []settings.Flag{openGreen}, fault.Gate,
			"the cluster is available, expected stopped", []string{switches},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAmazon(t)
			a.forces(c.caller)
			if c.answer != "" {
				a.answers[switches] = says(c.answer)
			}
			flags := c.flags
			if name != "one operator" {
				flags = append(flags, bothOperators)
			}
			code, said := a.run(t.Context(), MigrateForce, flags...)
			assert.Equal(t, c.code, code, said)
			assert.Contains(t, said, c.says)
			assert.Equal(t, c.calls, a.calls())
		})
	}
}

// An exercise of a loss is one of the local profile.
func TestNoDatabaseInAWSIsLostByCommand(t *testing.T) {
	a := newAmazon(t)
	code, said := a.run(t.Context(), LocalLose, openGreen)
	assert.Equal(t, fault.Usage, code)
	assert.Contains(t, said, "works on the local profile alone, not in staging")
	assert.Empty(t, a.calls())
}
