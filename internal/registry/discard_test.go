package registry

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

const installs = "Invoke cutover-staging-green-install"

// refused has the target of the forward lane refuse a change. The function counts what
// stands in the items of the two, and no name of a request.
func (a *amazon) refused() {
	a.settled("AROAEXAMPLE:ann")
	change := checkpoint.Quarantined{
		Position: checkpoint.Position{Commit: 0x1A2B3C}, Table: "payments.account", Op: "INSERT", SQLState: "23514", Constraint: "low", State: "open",
	}
	a.answers[installs] = func(body string) (int, string) {
		var r desk.Request
		assert.NoError(a.t, json.Unmarshal([]byte(body), &r))
		assert.Equal(a.t, desk.Discard, r.Act)
		reply := desk.Reply{State: checkpoint.Halted, Halt: checkpoint.Poison, Generation: 3}
		if r.Preview {
			reply.Quarantine = []checkpoint.Quarantined{change}
			return http.StatusOK, a.json(reply)
		}
		want := desk.Discarding("core.fwd", "0/1A2B3C:0", 3, []string{"ann", "bob"}, "test")
		for _, name := range r.Operators {
			c, err := control.DecodeConfirmation(a.items[control.ClosingItem(control.SessionOf("AROAEXAMPLE", name))])
			if err != nil || !c.Same(want) {
				reply.Refused, reply.RefusedAs = name+": has not confirmed", desk.NotNow
				return http.StatusOK, a.json(reply)
			}
		}
		change.State, change.DecidedBy = "discarded", r.Operators
		reply.Done = []string{"as the function says"}
		return http.StatusOK, a.json(reply)
	}
}

// Both operators give the same command under sessions of their own: the first one's
// confirms, the second one's decides, and whoever gives it once more confirms nothing.
func TestTwoOperatorsDiscardAChangeInAWS(t *testing.T) {
	a := newAmazon(t)
	a.refused()
	position := settings.Flag{Name: "position", Value: "0/1A2B3C:0"}
	for range 2 {
		a.asked = nil
		code, said := a.run(t.Context(), MigrateDiscard, position, bothOperators)
		assert.Equal(t, fault.Gate, code, said)
		for _, part := range []string{"0/1A2B3C:0: INSERT of table payments.account, SQLSTATE 23514, constraint low, open", "ann has confirmed", "bob: has not confirmed", "under an own session"} {
			assert.Contains(t, said, part)
		}
		assert.Equal(t, []string{installs, "GetCallerIdentity", "PutItem", installs}, a.calls())
	}
	function := a.answers[installs]
	a.settled("AROAEXAMPLE:eve")
	a.answers[installs] = function
	code, said := a.run(t.Context(), MigrateDiscard, position, bothOperators)
	assert.Equal(t, fault.Usage, code, said)
	assert.Contains(t, said, `expected your own name among them, which is "eve" to AWS`)
	assert.Contains(t, said, "migrate:discard -env=staging -position=0/1A2B3C:0")

	a.settled("AROAEXAMPLE:bob")
	a.answers[installs] = function
	code, said = a.run(t.Context(), MigrateDiscard, position, bothOperators)
	assert.Equal(t, fault.OK, code, said)
	for _, part := range []string{"bob has confirmed", "as the function says", "migrate:start"} {
		assert.Contains(t, said, part)
	}
	a.settled("AROAEXAMPLE:eve")
	a.answers[installs] = function
	a.asked = nil
	code, said = a.run(t.Context(), MigrateDiscard, position, bothOperators)
	assert.Equal(t, fault.OK, code, said)
	assert.Equal(t, []string{installs}, a.calls(), "nobody is asked any more")
}
