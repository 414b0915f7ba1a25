package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/proof/prooftest"
	"github.com/cutover/cutover/projects/migration/lane/schema"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

// Command is one command as operators give it in AWS, to its end.
type Command struct {
	Name   string
	Target func(context.Context, *ops.App) error
	flags  []settings.Flag
	// prepare makes the world in which it comes to that end.
	prepare func(*amazon)
	code    fault.Code
}

// Commands are all that work on the migration, each in every way in which it calls AWS,
// and those about traffic.
func Commands() []Command {
	flag := func(name, value string) settings.Flag { return settings.Flag{Name: name, Value: value} }
	blue, dry := flag("color", "blue"), flag("dry-run", "true")
	return []Command{
		{"preflight", MigratePreflight, nil, (*amazon).works, fault.OK},
		{"start", MigrateStart, nil, (*amazon).works, fault.OK},
		{"start of the lane back", MigrateStart, []settings.Flag{blue}, (*amazon).works, fault.OK},
		{"start after a halt", MigrateStart, []settings.Flag{flag("halt", string(checkpoint.ByOperator))}, (*amazon).works, fault.OK},
		{"start of a side that is made anew", MigrateStart, []settings.Flag{blue}, (*amazon).rebuilds, fault.OK},
		{"start from a clone", MigrateStart, []settings.Flag{flag("base", "clone")}, (*amazon).works, fault.OK},
		{"status", MigrateStatus, nil, (*amazon).works, fault.OK},
		{"verify", MigrateVerify, nil, (*amazon).compares, fault.OK},
		{"verify of the lane back", MigrateVerify, []settings.Flag{blue}, (*amazon).compares, fault.OK},
		{"verify of a side that is made anew", MigrateVerify, []settings.Flag{blue}, (*amazon).rebuilds, fault.OK},
		{"cutover, only asked", MigrateCutover, []settings.Flag{dry}, (*amazon).moves, fault.OK},
		{"cutover", MigrateCutover, nil, (*amazon).moves, fault.OK},
		{"rollback", MigrateRollback, nil, (*amazon).movesBack, fault.OK},
		{"cancel", MigrateCancel, nil, func(a *amazon) { a.decides(control.Arming) }, fault.OK},
		{"accept", MigrateAccept, nil, func(a *amazon) { a.decides(control.Switched) }, fault.OK},
		{"thaw", MigrateThaw, nil, func(a *amazon) { a.decides(control.Steady) }, fault.OK},
		{"halt, only asked", MigrateHalt, []settings.Flag{dry}, (*amazon).works, fault.OK},
		{"halt", MigrateHalt, []settings.Flag{blue}, (*amazon).works, fault.OK},
		{"renew", MigrateRenew, []settings.Flag{flag("halt", string(checkpoint.Gap))}, (*amazon).works, fault.OK},
		{"discard, only asked", MigrateDiscard, []settings.Flag{dry}, (*amazon).refused, fault.OK},
		{"discard", MigrateDiscard, []settings.Flag{bothOperators, flag("position", "0/1A2B3C:0")}, (*amazon).refused, fault.Gate},
		{"changes", MigrateChanges, nil, (*amazon).works, fault.OK},
		{"planChange", MigratePlanChange, []settings.Flag{flag("table", "payments.note"), flag("columns", "note text")}, (*amazon).works, fault.OK},
		{"makeChange", MigrateMakeChange, nil, (*amazon).works, fault.OK},
		{"withdrawChange", MigrateWithdrawChange, nil, (*amazon).works, fault.OK},
		{"reload", MigrateReload, []settings.Flag{flag("table", "payments.note")}, (*amazon).works, fault.OK},
		{"writers", MigrateWriters, nil, (*amazon).works, fault.OK},
		{"abandon", MigrateAbandon, nil, (*amazon).works, fault.OK},
		{"finalise, confirmed", MigrateFinalise, []settings.Flag{bothOperators}, func(a *amazon) { a.settled("AROAEXAMPLE:ann") }, fault.Gate},
		{"finalise", MigrateFinalise, []settings.Flag{bothOperators}, func(a *amazon) {
			a.settled("AROAEXAMPLE:ann")
			a.answers[closes] = says(fmt.Sprintf(`{"outcome": "done", "decided": true, "proof": %q}`, closing))
		}, fault.OK},
		{"force, only asked", MigrateForce, []settings.Flag{flag("color", "green"), bothOperators, dry}, func(a *amazon) { a.forces("AROAEXAMPLE:ann") }, fault.OK},
		{"force, confirmed", MigrateForce, []settings.Flag{flag("color", "green"), bothOperators}, func(a *amazon) { a.forces("AROAEXAMPLE:ann") }, fault.Gate},
		{"traffic:status", of((*ops.App).TrafficStatus), nil, func(a *amazon) { a.leads(0) }, fault.OK},
		{"traffic:shift", of((*ops.App).TrafficShift), nil, func(a *amazon) { a.leads(0) }, fault.OK},
		{"traffic:shift, done already", of((*ops.App).TrafficShift), []settings.Flag{flag("to", "1")}, func(a *amazon) { a.leads(1) }, fault.OK},
		{"traffic:hold", of((*ops.App).TrafficHold), nil, func(a *amazon) { a.leads(50) }, fault.OK},
		{"rollback:edge", of((*ops.App).RollbackEdge), nil, func(a *amazon) { a.leads(100) }, fault.OK},
		{"rollback:list", of((*ops.App).RollbackList), nil, func(a *amazon) { a.leads(50) }, fault.OK},
	}
}

// of is a command of the runner's own.
func of(command func(*ops.App, context.Context) error) func(context.Context, *ops.App) error {
	return func(ctx context.Context, a *ops.App) error { return command(a, ctx) }
}

// Run gives the command, and returns what it has asked AWS.
func (c Command) Run(t *testing.T) []Asked {
	a := newAmazon(t)
	c.prepare(a)
	code, said := a.run(t.Context(), c.Target, c.flags...)
	require.Equal(t, c.code, code, said)
	return a.all
}

// works has lanes that run, and a desk that does what it is asked.
func (a *amazon) works() {
	a.answers["PutItem"] = a.store
	a.answers["DescribeAlarms"] = says(`<DescribeAlarmsResponse><DescribeAlarmsResult/></DescribeAlarmsResponse>`)
	reply := desk.Reply{
		State: checkpoint.Running, Done: []string{"done"}, Results: []preflight.Result{{ID: "PF36", Status: preflight.OK}},
		Changes: []desk.Change{{ID: 1, State: schema.Planned}},
	}
	for _, color := range naming.Colors() {
		a.answers["Invoke cutover-staging-"+string(color)+"-install"] = says(a.json(reply))
		a.answers["Invoke cutover-staging-"+string(color)+"-lane"] = func(string) (int, string) {
			snapshot := gauge.Snapshot{Lane: place.Lane(color), At: time.Now(), State: checkpoint.Running}
			a.items[control.LoadItem(place.Lane(color))] = map[string]string{"snapshot": a.json(function.Progress{Snapshot: snapshot})}
			return http.StatusAccepted, ""
		}
	}
	a.ends("SUCCEEDED", "")
}

// store takes an item.
func (a *amazon) store(body string) (int, string) {
	var in struct{ Item map[string]struct{ S string } }
	assert.NoError(a.t, json.Unmarshal([]byte(body), &in))
	fields := map[string]string{}
	for name, value := range in.Item {
		if name != control.HashKey && name != control.Revision {
			fields[name] = value.S
		}
	}
	a.items[in.Item[control.HashKey].S] = fields
	return http.StatusOK, `{}`
}

func (a *amazon) json(value any) string {
	text, err := json.Marshal(value)
	assert.NoError(a.t, err)
	return string(text)
}

// compares has a pass that finds both sides equal.
func (a *amazon) compares() {
	a.works()
	a.ends("SUCCEEDED", a.json(function.VerifyAnswer{Outcome: function.Clean, Lane: "core.fwd", Pass: 1}))
}

// rebuilds has blue be made anew, after green was opened by force.
func (a *amazon) rebuilds() {
	a.compares()
	a.items[control.AuthorityItem] = control.Token{Rev: 4, Holder: naming.Green, Epoch: 2, Phase: control.PhaseOpen, ProofID: "s-1"}.Fields()
	a.items[control.SwitchItem] = control.Switch{
		State: control.Steady, From: naming.Blue, To: naming.Green, Epoch: 2, ProofID: "s-1", Untrusted: naming.Blue, Rebuild: "a database",
	}.Fields()
	a.answers["Invoke cutover-staging-blue-switch"] = func(body string) (int, string) {
		var e function.SwitchEvent
		assert.NoError(a.t, json.Unmarshal([]byte(body), &e))
		assert.Contains(a.t, []function.SwitchAct{function.Rebuild, function.Readmit}, e.Act)
		return http.StatusOK, a.json(function.SwitchAnswer{Outcome: function.Done, Evidence: string(e.Act) + " of " + string(e.To)})
	}
}

// moves has a switch to green that succeeds, with a record that is signed.
func (a *amazon) moves() { a.movesFrom(naming.Blue) }

func (a *amazon) movesBack() { a.movesFrom(naming.Green) }

func (a *amazon) movesFrom(from naming.Color) {
	a.works()
	token := control.Token{Rev: 1, Holder: from, Epoch: 1, Phase: control.PhaseOpen}
	a.items[control.AuthorityItem] = token.Fields()
	done := a.json(function.SwitchAnswer{Outcome: function.Done, State: control.Steady, Proof: "s-1"})
	a.answers["Invoke cutover-staging-"+string(from.Other())+"-switch"] = says(done)
	a.ends("SUCCEEDED", done)
	start := a.answers["StartExecution"]
	a.answers["StartExecution"] = func(body string) (int, string) {
		a.items[control.AuthorityItem] = control.Token{Rev: 2, Holder: from.Other(), Epoch: 2, Phase: control.PhaseOpen, ProofID: "s-1"}.Fields()
		return start(body)
	}
	key := prooftest.NewKey(a.t, "arn:signing")
	signed, err := proof.Seal(a.t.Context(), key, proof.Record{ID: "s-1"})
	require.NoError(a.t, err)
	a.answers["GetObject switch/s-1.json"] = says(string(signed))
	a.answers["GetPublicKey"] = says(key.Public(a.t))
}

// decides has a switch to green in a state in which an operator decides, while an
// execution is at work on it.
func (a *amazon) decides(state control.State) {
	a.works()
	a.items[control.AuthorityItem] = control.Token{Rev: 1, Holder: naming.Blue, Epoch: 1, Phase: control.PhaseOpen}.Fields()
	a.items[control.SwitchItem] = control.Switch{Rev: 1, State: state, From: naming.Blue, To: naming.Green, Epoch: 1, Attempt: "a"}.Fields()
	a.answers["ListExecutions"] = says(`{"executions": [{"executionArn": "arn:aws:states:us-east-1:` + stagingAccount +
		`:execution:cutover-staging-green-switch:green-e1-r0", "stateMachineArn": "m", "name": "n", "status": "RUNNING", "startDate": 1}]}`)
	a.answers["StopExecution"] = says(`{"stopDate": 1}`)
	a.answers["Invoke cutover-staging-green-switch"] = says(a.json(function.SwitchAnswer{Outcome: function.Done, State: control.Steady, Proof: "s-1"}))
}
