package control_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// aSwitch has every field set.
func aSwitch() control.Switch {
	at := time.UnixMilli(1_700_000_000_123).UTC()
	return control.Switch{
		Rev: 7, State: control.Held, From: naming.Blue, To: naming.Green, Epoch: 3, Attempt: "x", Heirs: []string{"y", "z"}, Owner: "p", LeaseUntil: at,
		StepTimes: []control.StepTime{{State: control.Arming, At: at}}, Reason: "r", Operators: []string{"a", "b"}, LastError: "e",
		Promoting: true, FenceLSN: "0/1", ReverseLSN: "0/2", ProofID: "id", HeldFrom: control.Promoting, Untrusted: naming.Blue, Forced: naming.Green, Isolation: "gone", Pause: time.Second, PausedAt: at, ShutAt: at, Rebuild: "new", Rebuilt: "forced",
	}
}

func TestItemsAreReadAsTheyWereWritten(t *testing.T) {
	whole := aSwitch()
	read, err := control.DecodeSwitch(7, whole.Fields())
	require.NoError(t, err)
	require.Equal(t, whole, read)
	former := whole.Fields()
	delete(former, control.FieldPausedAt)
	delete(former, control.FieldShutAt)
	read, err = control.DecodeSwitch(7, former)
	require.NoError(t, err, "an item of a version that did not know the field")
	require.Zero(t, read.PausedAt)
	require.Zero(t, read.ShutAt)
	steady := control.Switch{Rev: 1, State: control.Steady, Epoch: 1}
	read, err = control.DecodeSwitch(1, steady.Fields())
	require.NoError(t, err)
	require.Equal(t, steady, read)
	token := control.Token{Rev: 2, Epoch: 4, Holder: naming.Green, Phase: control.PhaseFencing, Attempt: "x", ProofID: "id"}
	found, err := control.DecodeToken(2, token.Fields())
	require.NoError(t, err)
	require.Equal(t, token, found)
}

func TestAForeignItemIsNoItem(t *testing.T) {
	for field, value := range map[string]string{
		control.FieldState: "ARMD", control.FieldFrom: "red", control.FieldTo: "blue", control.FieldEpoch: "0", control.FieldAttempt: "",
		control.FieldLeaseUntil: "soon", control.FieldStepTimes: "{", control.FieldOperators: "", control.FieldHeirs: "y", control.FieldPromoting: "yes",
		control.FieldHeldFrom: "?", control.FieldUntrusted: "red", control.FieldForced: "red", control.FieldPause: "-1", control.FieldPausedAt: "then", control.FieldShutAt: "then", "later": "1",
	} {
		fields := aSwitch().Fields()
		fields[field] = value
		_, err := control.DecodeSwitch(7, fields)
		require.ErrorIs(t, err, control.ErrForeign, field)
		require.ErrorContains(t, err, field)
	}
	good := control.Token{Epoch: 1, Holder: naming.Blue, Phase: control.PhaseOpen}
	for field, value := range map[string]string{
		control.FieldEpoch: "-1", control.FieldHolder: "none", control.FieldPhase: "shut", "later": "1",
	} {
		fields := good.Fields()
		fields[field] = value
		_, err := control.DecodeToken(1, fields)
		require.ErrorIs(t, err, control.ErrForeign, field)
		require.ErrorContains(t, err, field)
	}
}

// No writer is admitted on two sides, nor on any in a phase that is not open.
func TestATokenAdmitsOneSideAtMost(t *testing.T) {
	for _, phase := range control.Phases() {
		for _, holder := range append(naming.Colors(), control.Nobody) {
			token := control.Token{Epoch: 1, Holder: holder, Phase: phase}
			for _, side := range naming.Colors() {
				assert.Equal(t, phase == control.PhaseOpen && holder == side, token.Admits(side), "%s %s %s", phase, holder, side)
			}
		}
	}
}

func TestStatesFollowTheRules(t *testing.T) {
	for _, state := range control.States() {
		assert.Contains(t, metrics.SwitchStates(), string(state), "dashboards and alarms know the state")
		assert.True(t, state.May(state), "a process that takes over writes the state again")
	}
	_, err := aSwitch().Enter(control.Armed, time.Now())
	require.ErrorContains(t, err, "no rule leads from HELD to ARMED")
	next, err := aSwitch().Enter(control.BackingOut, time.Now())
	require.NoError(t, err)
	require.Len(t, next.StepTimes, 2)
	// Whatever keeps writers out leads back to a side that can be written to.
	for _, from := range control.States() {
		if !from.Paused() {
			continue
		}
		reached, queue := map[control.State]bool{from: true}, []control.State{from}
		for len(queue) > 0 {
			at := queue[0]
			queue = queue[1:]
			for _, to := range control.States() {
				if at.May(to) && !reached[to] {
					reached[to], queue = true, append(queue, to)
				}
			}
		}
		assert.True(t, reached[control.Steady], "%s leads to STEADY", from)
	}
	assert.False(t, control.Checked.May(control.Switched), "nothing is switched without a stored PROMOTING")
	assert.False(t, control.Fenced.May(control.Steady), "a fenced side is opened by backing out")
}

func TestPhasesFollowTheRules(t *testing.T) {
	assert.True(t, control.PhaseOpen.May(control.PhaseFencing))
	assert.False(t, control.PhaseOpen.May(control.PhasePromoting))
	assert.False(t, control.PhasePromoting.May(control.PhaseFencing))
}
