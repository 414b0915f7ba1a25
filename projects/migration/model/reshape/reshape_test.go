package reshape

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/model/explore"
)

const states = 4_000_000

func TestChangesOfTheTablesAreFollowed(t *testing.T) {
	for name, m := range map[string]Model{
		"two changes":            {Changes: 2, Writes: 2, Operators: 1},
		"the other side first":   {Changes: 2, Writes: 1, Operators: 1, First: passive},
		"two invocations":        {Changes: 1, Writes: 2, Operators: 1, Twice: true},
		"two operators":          {Changes: 1, Writes: 1, Operators: 2, Withdraws: true},
		"withdrawn and replaced": {Changes: 2, Operators: 1, Withdraws: true},
		"the authority first":    {Changes: 1, Writes: 2, Operators: 1, By: Hasty},
		"withdrawn, and made":    {Changes: 2, Writes: 1, Operators: 2, Withdraws: true, Anew: true, By: Hasty},
		"what no plan has":       {Changes: 1, Writes: 2, Operators: 1, By: Other},
		"rows with the change":   {Changes: 1, Writes: 2, Operators: 1, By: Mixed},
		"no entry in the log":    {Changes: 1, Writes: 2, Operators: 1, By: Silent},
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
		PassiveFirst: {Changes: 1, Writes: 1, Operators: 1},
		NoteLast:     {Changes: 1, Writes: 1, Operators: 1},
		Hold:         {Changes: 1, Writes: 1, Operators: 2, Withdraws: true},
		Leave:        {Changes: 1, Writes: 1, Operators: 2, Withdraws: true},
		Decided:      {Changes: 2, Writes: 1, Operators: 1, Withdraws: true, Anew: true, By: Hasty},
		Unheard:      {Changes: 2, Writes: 1, Operators: 2, Withdraws: true, Anew: true},
		OneOpen:      {Changes: 2, Writes: 1, Operators: 1},
		OneSnapshot:  {Changes: 1, Writes: 1, Operators: 1},
		SourceFirst:  {Changes: 1, Writes: 1, Operators: 1},
		Compare:      {Changes: 1, Writes: 1, Operators: 1, By: Other},
		Present:      {Changes: 1, Writes: 1, Operators: 1, By: Hasty},
		Describe:     {Changes: 1, Writes: 1, Operators: 1, By: Silent},
		AsOf:         {Changes: 1, Writes: 1, Operators: 1},
		Explain:      {Changes: 1, Writes: 1, Operators: 1},
		StartOver:    {Changes: 1, Writes: 1, Operators: 1},
		Together:     {Changes: 1, Writes: 1, Operators: 1},
		Claim:        {Changes: 1, Writes: 2, Operators: 1, Twice: true},
		NoRows:       {Changes: 1, Writes: 1, Operators: 1, By: Mixed},
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
	for _, m := range []Model{{Changes: 1, Writes: 1, Operators: 1, Withdraws: true}, {Changes: 1, Writes: 1, Operators: 1, By: Mixed}, {Writes: 1, By: Silent}} {
		r, err := explore.Run(t.Context(), m, states)
		require.NoError(t, err)
		for _, action := range r.Actions {
			taken[action] = true
		}
	}
	for action, function := range Functions {
		assert.True(t, taken[action], "no action %s is taken", action)
		assert.True(t, declared[function], "%s stands for %s, which is not in the engine", action, function)
	}
	for _, outside := range []string{"write", "change by hand", "end"} {
		delete(taken, outside)
	}
	for action := range taken {
		assert.Contains(t, Functions, action)
	}
}
