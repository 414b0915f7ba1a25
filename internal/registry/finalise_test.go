package registry

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/proof/prooftest"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
)

const (
	closes  = "Invoke cutover-staging-green-finalise"
	closing = "s-1.closing"
)

// settled has green hold the authority, and answers a caller as IAM, the control
// table, the function that ends the migration and the keeper of records do. The
// function counts items alone: a name in an event is nothing to it.
func (a *amazon) settled(caller string) {
	a.caller = caller
	a.items[control.AuthorityItem] = control.Token{Rev: 3, Holder: naming.Green, Epoch: 2, Phase: control.PhaseOpen, ProofID: "s-1"}.Fields()
	a.answers["GetCallerIdentity"] = says(`<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>` + caller +
		`</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	a.answers["PutItem"] = func(body string) (int, string) { return a.put(caller, body) }
	a.answers[closes] = a.close
	key := prooftest.NewKey(a.t, "arn:signing")
	signed, err := proof.Seal(a.t.Context(), key, proof.Record{ID: closing})
	require.NoError(a.t, err)
	a.answers["GetObject switch/"+closing+".json"] = says(string(signed))
	a.answers["GetPublicKey"] = says(key.Public(a.t))
}

// put stores an item as IAM lets the caller: that of its own id alone.
func (a *amazon) put(caller, body string) (int, string) {
	key, fields := a.decode(body)
	if key != control.ClosingItem(caller) {
		return refusal("AccessDeniedException")
	}
	a.items[key] = fields
	return http.StatusOK, `{}`
}

// decode reads the item that a call writes.
func (a *amazon) decode(body string) (key string, fields map[string]string) {
	var in struct{ Item map[string]struct{ S string } }
	assert.NoError(a.t, json.Unmarshal([]byte(body), &in))
	fields = map[string]string{}
	for name, value := range in.Item {
		if name != control.HashKey && name != control.Revision {
			fields[name] = value.S
		}
	}
	return in.Item[control.HashKey].S, fields
}

// close answers a call of the function.
func (a *amazon) close(body string) (int, string) {
	var e function.FinaliseEvent
	assert.NoError(a.t, json.Unmarshal([]byte(body), &e))
	assert.Equal(a.t, []string{"ann", "bob"}, e.Operators)
	assert.Equal(a.t, "test", e.Reason)
	answer := function.FinaliseAnswer{Outcome: function.Done, Switch: "s-1", Revision: 41, Going: []string{"blue: retires lanes [core.rev]"}}
	if e.Act == function.End {
		answer.Proof = closing
		for _, name := range e.Operators {
			c, err := control.DecodeConfirmation(a.items[control.ClosingItem(control.SessionOf("AROAEXAMPLE", name))])
			want := control.Confirmation{Switch: "s-1", Revision: 41, Operators: e.Operators, Reason: e.Reason}
			if err != nil || !c.Same(want) {
				answer.Outcome, answer.Reason = function.Awaited, name+": has not confirmed"
			}
		}
	}
	text, err := json.Marshal(answer)
	assert.NoError(a.t, err)
	return http.StatusOK, string(text)
}

var bothOperators = settings.Flag{Name: "operators", Value: "ann,bob"}

// Both operators give the same command under sessions of their own. The first one's
// confirms and changes nothing else, however often it is given; the second one's ends
// the migration and shows the record.
func TestTwoOperatorsEndAMigrationInAWS(t *testing.T) {
	a := newAmazon(t)
	for range 2 {
		a.settled("AROAEXAMPLE:ann")
		a.asked = nil
		code, said := a.run(t.Context(), MigrateFinalise, bothOperators)
		assert.Equal(t, fault.Gate, code, said)
		for _, part := range []string{"blue: retires lanes [core.rev]", "ann has confirmed", "bob: has not confirmed", "the other operator gives the same command"} {
			assert.Contains(t, said, part)
		}
		assert.NotContains(t, said, "has ended")
		assert.Equal(t, []string{closes, "GetCallerIdentity", "PutItem", closes}, a.calls())
	}
	a.settled("AROAEXAMPLE:bob")
	a.asked = nil
	code, said := a.run(t.Context(), MigrateFinalise, bothOperators)
	assert.Equal(t, fault.OK, code, said)
	for _, part := range []string{"bob has confirmed", "the migration has ended", "s3://cutover-staging-proofs-" + stagingAccount + "/switch/" + closing + ".json", "foundation:syncWindow"} {
		assert.Contains(t, said, part)
	}
	assert.Equal(t, []string{closes, "GetCallerIdentity", "PutItem", closes, "GetObject switch/" + closing + ".json", "GetPublicKey"}, a.calls())
}

// A call that died after the decision is made again by anybody: it asks nobody any
// more.
func TestAnEndThatWasDecidedAsksNobody(t *testing.T) {
	a := newAmazon(t)
	a.settled("AROAEXAMPLE:eve")
	a.answers[closes] = says(fmt.Sprintf(`{"outcome": "done", "decided": true, "proof": %q}`, closing))
	code, said := a.run(t.Context(), MigrateFinalise, bothOperators)
	assert.Equal(t, fault.OK, code, said)
	assert.Contains(t, said, "the decision was stored before")
	assert.NotContains(t, a.calls(), "PutItem")
}

// What keeps the command from ending a migration is told, and nothing is confirmed.
func TestWhatKeepsAMigrationFromItsEndInAWS(t *testing.T) {
	for name, c := range map[string]struct {
		caller  string
		prepare func(*amazon)
		flags   []settings.Flag
		code    fault.Code
		says    string
		calls   []string
	}{
		"a dry run": {"AROAEXAMPLE:ann", nil, []settings.Flag{{Name: "dry-run", Value: "true"}}, fault.OK, "would confirm the end", []string{closes}},
		"somebody else": {
			"AROAEXAMPLE:eve", nil, nil, fault.Usage, `expected your own name among them, which is "eve" to AWS`, []string{closes, "GetCallerIdentity"},
		},
		"no session": {"AIDAEXAMPLE", nil, nil, fault.Credentials, "those of a user (AIDAEXAMPLE)", []string{closes, "GetCallerIdentity"}},
		"a condition": {
			"AROAEXAMPLE:ann", func(a *amazon) {
				a.answers[closes] = says(`{"outcome": "gates", "reason": "reverse-window is open", "conditions": [{"name": "reverse-window", "verdict": "fail", "detail": "3h left"}]}`)
			}, nil, fault.Gate, "reverse-window: fail, 3h left", []string{closes},
		},
		"an order that is refused": {
			"AROAEXAMPLE:ann", func(a *amazon) {
				a.answers[closes] = says(`{"outcome": "refused", "reason": "expected two different operators"}`)
			}, nil, fault.Usage, "expected two different operators", []string{closes},
		},
		"too little time": {
			"AROAEXAMPLE:ann", func(a *amazon) { a.answers[closes] = says(`{"outcome": "again", "reason": "nothing was done"}`) },
			nil, fault.Locked, "nothing was done", []string{closes},
		},
		"a table that refuses": {
			"AROAEXAMPLE:ann", func(a *amazon) { a.answers["PutItem"] = refuses("AccessDeniedException") },
			nil, fault.Failed, "confirm as ann", []string{closes, "GetCallerIdentity", "PutItem"},
		},
		"a caller whom AWS does not know": {
			"AROAEXAMPLE:ann", func(a *amazon) {
				a.answers["GetCallerIdentity"] = func(string) (int, string) {
					return http.StatusForbidden, `<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>`
				}
			}, nil, fault.Credentials, "ask AWS who calls", []string{closes, "GetCallerIdentity"},
		},
		"a record without a good signature": {
			"AROAEXAMPLE:ann", func(a *amazon) {
				a.answers[closes] = says(fmt.Sprintf(`{"outcome": "done", "decided": true, "proof": %q}`, closing))
				a.answers["GetPublicKey"] = says(prooftest.NewKey(a.t, "arn:signing").Public(a.t))
			}, nil, fault.Verification, "its closing record " + closing + " cannot be shown", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAmazon(t)
			a.settled(c.caller)
			if c.prepare != nil {
				c.prepare(a)
			}
			code, said := a.run(t.Context(), MigrateFinalise, append(c.flags, bothOperators)...)
			assert.Equal(t, c.code, code, said)
			assert.Contains(t, said, c.says)
			if c.calls != nil {
				assert.Equal(t, c.calls, a.calls())
			}
			for key := range a.items {
				assert.NotContains(t, key, control.ClosingPrefix)
			}
		})
	}
}
