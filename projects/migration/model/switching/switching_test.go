package switching

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/model/explore"
)

const states = 8_000_000

func TestTheAuthorityMovesAndNothingIsLost(t *testing.T) {
	for name, m := range map[string]Model{
		"there and back": {Writers: 2, Starts: 2, Takes: 2},
		"crashes":        {Writers: 1, Starts: 2, Takes: 2, Crashes: 2},
		"more crashes":   {Writers: 1, Starts: 1, Takes: 3, Crashes: 4},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := explore.Run(t.Context(), m, states)
			require.NoError(t, err)
			t.Logf("%d states, %d transitions, %d deep", r.States, r.Transitions, r.Depth)
			if r.Failure != nil {
				t.Fatal(r.Failure)
			}
		})
	}
}

func TestEachRuleIsNeeded(t *testing.T) {
	for rule, m := range map[Rule]Model{
		Revoke:        {Writers: 1, Starts: 1},
		Lock:          {Writers: 1, Starts: 1},
		Drain:         {Writers: 1, Starts: 1},
		AttemptOfTo:   {Writers: 1, Starts: 1, Takes: 1},
		AttemptOfFrom: {Writers: 1, Starts: 2, Takes: 1},
		StoreFirst:    {Writers: 1, Starts: 1, Takes: 1},
		CancelFirst:   {Writers: 1, Starts: 1, Takes: 1},
		OneMaker:      {Writers: 1, Starts: 1, Takes: 1},
		Echo:          {Writers: 1, Starts: 1},
		AllHeirs:      {Writers: 1, Starts: 1, Takes: 1, Crashes: 2},
		ReverseFirst:  {Writers: 1, Starts: 1},
	} {
		t.Run(string(rule), func(t *testing.T) {
			m.Without = rule
			r, err := explore.Run(t.Context(), m, states)
			require.NoError(t, err)
			require.NotNil(t, r.Failure, "%d states", r.States)
			t.Log(r.Failure)
		})
	}
}

// Whoever renames a function of the engine comes by the model.
func TestActionsStandForFunctionsOfTheEngine(t *testing.T) {
	declared, err := explore.Functions("../../lane")
	require.NoError(t, err)
	taken := map[string]bool{}
	r, err := explore.Run(t.Context(), Model{Writers: 1, Starts: 1, Takes: 1, Crashes: 1}, states)
	require.NoError(t, err)
	for _, action := range r.Actions {
		taken[action] = true
	}
	for _, outside := range []string{"write", "commit", "commit, reply lost", "crash"} {
		delete(taken, outside)
	}
	taken["check"] = true // of what is unequal, which is never so after a drain
	for action := range taken {
		assert.Contains(t, Functions, action)
	}
	for action, function := range Functions {
		assert.True(t, taken[action], "no action %s is taken", action)
		assert.True(t, declared[function], "%s stands for %s, which is not in the engine", action, function)
	}
}
