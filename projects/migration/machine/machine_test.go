package machine_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/machine"
	"github.com/cutover/cutover/shared/asl"
)

func settings() machine.Settings {
	return machine.Settings{Function: "arn:aws:lambda:us-east-1:123456789012:function:f", Workers: 4, Bucket: "runs"}
}

func definitions() map[string]func(machine.Settings) asl.Machine {
	return map[string]func(machine.Settings) asl.Machine{
		machine.BackfillName: machine.Backfill, machine.SwitchName: machine.Switch, machine.VerificationName: machine.Verification,
	}
}

func TestDefinitionsHoldAndStayTheSame(t *testing.T) {
	require.Len(t, definitions(), len(machine.Names()))
	for name, define := range definitions() {
		first, err := define(settings()).JSON()
		require.NoError(t, err, name)
		for range 20 {
			again, err := define(settings()).JSON()
			require.NoError(t, err)
			require.Equal(t, first, again, "a definition that changes by itself is deployed again and again")
		}
	}
}

// Only Lambda's own errors are repeated; everything else leads to a state that says
// so, and a step of a switch that is lost to its recovery.
func TestEveryTaskRepeatsLambdasErrorsAndLeadsSomewhereAfterOthers(t *testing.T) {
	for name, define := range definitions() {
		for state, each := range define(settings()).States {
			task, is := each.(asl.Task)
			if !is {
				continue
			}
			require.Len(t, task.Retry, 1, name+" "+state)
			for _, repeated := range task.Retry[0].ErrorEquals {
				assert.True(t, strings.HasPrefix(repeated, "Lambda."), "%s %s repeats %s", name, state, repeated)
			}
			require.Len(t, task.Catch, 1)
			assert.Greater(t, task.TimeoutSeconds, 900, "a function ends by itself before")
		}
	}
	step := machine.Switch(settings()).States["Step"].(asl.Task)
	assert.Equal(t, "Lost", step.Catch[0].Next)
}

func TestMapsRunAsManyAsAreAskedForAndTolerateNoFailure(t *testing.T) {
	with := settings()
	with.Workers = 40
	for define, state := range map[string]string{machine.BackfillName: "Load", machine.VerificationName: "Compare"} {
		each := definitions()[define](with).States[state].(asl.Map)
		assert.Equal(t, 40, each.MaxConcurrency)
		assert.Zero(t, each.ToleratedFailurePercentage)
		assert.Equal(t, "runs", each.ResultWriter.Parameters["Bucket"])
	}
	with.Workers = 41
	_, err := machine.Backfill(with).JSON()
	require.ErrorContains(t, err, "state Load: runs 41 at once, expected 1 to 40")
}
