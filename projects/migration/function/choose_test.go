package function

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// What a call does is decided by what stands in the control store alone; the event
// says only whose switch it is.
func TestACallDoesTheStepOfItsOwnSwitchAndOfNoOther(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	blue := items.Token{Holder: naming.Blue, Epoch: 3}
	green := items.Token{Holder: naming.Green, Epoch: 4}
	advance := SwitchEvent{Act: Advance, To: naming.Green, Request: "mine", Revision: 17}
	at := func(rev int64, state items.State, owner string) items.Switch {
		return items.Switch{Rev: rev, State: state, Owner: owner, To: naming.Green, LastError: "why",
			StepTimes: []items.StepTime{{State: state, At: now.Add(-3 * forgotten / 2)}}}
	}
	leased := at(20, items.Fencing, "mine#1")
	leased.LeaseUntil = now.Add(time.Second)
	young := at(20, items.Armed, "mine#1")
	young.StepTimes[0].At = now
	for name, c := range map[string]struct {
		event SwitchEvent
		token items.Token
		sw    items.Switch
		want  choice
	}{
		"nothing has begun":                     {advance, blue, at(17, items.Steady, "other#1"), choice{do: start}},
		"a thaw":                                {SwitchEvent{Act: Thaw, Revision: 17}, blue, at(17, items.Steady, "other#1"), choice{do: thaw}},
		"a thaw that was done":                  {SwitchEvent{Act: Thaw, Revision: 17}, blue, at(19, items.Steady, "mine#1"), ends(Done, "nothing is left to thaw since revision 19")},
		"a thaw of what is under way":           {SwitchEvent{Act: Thaw, Revision: 20}, blue, at(20, items.Armed, "mine#1"), ends(Refused, "the switch is in state ARMED, expected STEADY, or ARMING since revision 20")},
		"a thaw that was left behind":           {SwitchEvent{Act: Thaw, Revision: 20}, blue, at(20, items.Arming, "mine#1"), choice{do: thaw}},
		"a thaw when another has armed":         {SwitchEvent{Act: Thaw, Revision: 17}, blue, at(18, items.Arming, "other#1"), ends(Refused, "the switch is in state ARMING, expected STEADY, or ARMING since revision 17")},
		"the first switch of all":               {SwitchEvent{Act: Advance, To: naming.Green, Request: "mine"}, blue, at(0, items.Steady, ""), choice{do: start}},
		"the side has the authority":            {advance, green, at(17, items.Steady, "other#1"), ends(Refused, "green has the authority already, in epoch 4")},
		"a late call after another's switch":    {advance, blue, at(30, items.Steady, "other#1"), ends(Refused, "another switch came first: revision 30, expected 17")},
		"a late call of a switch that is over":  {advance, green, at(30, items.Steady, "mine#2"), ends(Done, "green has the authority, epoch 4")},
		"a late call after it backed out":       {advance, blue, at(30, items.Steady, "mine#2"), ends(BackedOut, "why")},
		"another's is armed":                    {advance, blue, at(18, items.Armed, "other#1"), ends(Underway, "a switch to green is under way, state ARMED, for other")},
		"its own is armed":                      {advance, blue, at(18, items.Armed, "mine#1"), steps(switching.Go)},
		"its arming was left behind":            {advance, blue, at(18, items.Arming, "mine#1"), steps(switching.Continue)},
		"its fence was left behind":             {advance, blue, at(18, items.Fenced, "mine#1"), steps(switching.Continue)},
		"it has switched":                       {advance, green, at(18, items.Switched, "mine#1"), steps(switching.Continue)},
		"somebody is at work":                   {advance, blue, leased, choice{outcome: Again, reason: "another process is at work", wait: 2}},
		"finalised":                             {advance, green, at(18, items.Finalised, "mine#1"), ends(Refused, "the migration is finalised")},
		"the watchdog sees somebody at work":    {SwitchEvent{Act: Recover}, blue, leased, ends(Done, "another process is at work")},
		"who has asked recovers and waits":      {SwitchEvent{Act: Recover, Request: "mine"}, blue, leased, choice{outcome: Again, reason: "another process is at work", wait: 2}},
		"who has asked for another one":         {SwitchEvent{Act: Recover, Request: "other"}, blue, leased, ends(Done, "another process is at work")},
		"the watchdog sees nothing":             {SwitchEvent{Act: Recover}, blue, at(18, items.Steady, "x#1"), ends(Done, "nothing is left behind: state STEADY")},
		"the watchdog sees an armed switch":     {SwitchEvent{Act: Recover}, blue, young, ends(Done, "nothing is left behind: state ARMED")},
		"the watchdog sees a forgotten one":     {SwitchEvent{Act: Recover}, blue, at(18, items.Armed, "x#1"), steps(switching.Cancel)},
		"the watchdog sees a dead process":      {SwitchEvent{Act: Recover}, blue, at(18, items.Promoting, "x#1"), steps(switching.Continue)},
		"the watchdog sees an unfinished one":   {SwitchEvent{Act: Recover}, green, at(18, items.Switched, "x#1"), steps(switching.Continue)},
		"the watchdog sees a held one":          {SwitchEvent{Act: Recover}, blue, at(18, items.Held, "x#1"), steps(switching.Continue)},
		"an armed switch is cancelled":          {SwitchEvent{Act: Cancel}, blue, at(18, items.Armed, "x#1"), steps(switching.Cancel)},
		"nothing is cancelled":                  {SwitchEvent{Act: Cancel}, blue, at(18, items.Steady, "x#1"), ends(Cancelled, "no switch is under way")},
		"a fenced switch cannot be cancelled":   {SwitchEvent{Act: Cancel}, blue, at(18, items.Fenced, "x#1"), ends(Refused, "the switch is in state FENCED, which cannot be cancelled")},
		"an unconfirmed switch is accepted":     {SwitchEvent{Act: Accept}, green, at(18, items.Switched, "x#1"), steps(switching.Accept)},
		"what has not switched is not accepted": {SwitchEvent{Act: Accept}, blue, at(18, items.Armed, "x#1"), ends(Refused, "the switch is in state ARMED, expected SWITCHED")},
		"gates are asked whoever is at work":    {SwitchEvent{Act: Rehearse}, blue, leased, choice{do: rehearse}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, choose(c.event, c.token, c.sw, now)) })
	}
}

func TestEventsThatAreNoneAreRefusedWithAllThatIsWrong(t *testing.T) {
	s := &switcher{parts: &parts{color: naming.Green}}
	err := s.check(SwitchEvent{Act: Advance, To: naming.Blue})
	require.ErrorContains(t, err, `act advance: expected reason, operators and a request without "#"`)
	require.ErrorContains(t, err, `to "blue": this function moves the authority to green`)
	require.ErrorContains(t, s.check(SwitchEvent{Act: "jump", To: naming.Green}), `act "jump": expected one of [advance recover cancel accept thaw plan force plan-force rebuild readmit]`)
	require.NoError(t, s.check(SwitchEvent{Act: Recover}))

	e := VerifyEvent{Act: "look", Kind: "some", AgeSeconds: 3}
	err = e.check()
	require.ErrorContains(t, err, `act "look": expected plan, work, finish or pass`)
	require.ErrorContains(t, err, `kind "some": expected full, incremental or continuous`)
	require.ErrorContains(t, err, "ageSeconds is 3")
	empty := VerifyEvent{}
	require.NoError(t, empty.check())
	assert.Equal(t, VerifyEvent{Act: WholePass, Kind: verify.Incremental}, empty)

	_, err = (&loading{}).handle(t.Context(), ChunkEvent{Act: "copy"})
	require.ErrorContains(t, err, `act "copy": expected plan, load or none`)
}

func TestWrongVariablesOfTheProofsAreToldTogether(t *testing.T) {
	_, err := NewSwitch(t.Context(), lookupIn(nil), nil)
	for _, name := range []string{VariablePlatform, VariableProofStore, VariableSigningKey, VariableHashKey} {
		require.ErrorContains(t, err, "variable "+name+": is missing")
	}
	_, err = readProofs(lookupIn(map[string]string{VariableProofStore: "bucket:b", VariableSigningKey: "key", VariableHashKey: "file:x"}), true)
	require.ErrorContains(t, err, `variable PROOF_KEY is "": expected the ARN of a KMS key with a bucket, and none else`)
	require.ErrorContains(t, err, `variable PROOF_SIGNING_KEY is "key": expected the ARN of a KMS key or file:<path>`)
	_, err = readProofs(lookupIn(map[string]string{VariableProofStore: "here", VariableSigningKey: "file:a", VariableHashKey: "arn:b"}), true)
	require.EqualError(t, err, `variable PROOF_STORE is "here": expected bucket:<name> or folder:<path>`)
}
