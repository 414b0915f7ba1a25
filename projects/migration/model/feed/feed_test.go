package feed

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/model/explore"
)

const states = 6_000_000

func TestABaseAndItsStreamEndAsTheSource(t *testing.T) {
	for name, m := range map[string]Model{
		"changes after the base":  {Transactions: 2, Crashes: 1},
		"changes beside the base": {Transactions: 2, Crashes: 1, Interleaved: true},
		"a lost slot":             {Transactions: 2, LoseSlot: true},
		"a table loaded anew":     {Transactions: 2, Reload: true},
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
		Settle:         {Transactions: 1},
		OwnBound:       {Transactions: 1},
		Claim:          {Transactions: 2},
		ChunkClaim:     {Transactions: 1},
		Until:          {Transactions: 2},
		Tombstones:     {Transactions: 1, Interleaved: true},
		StreamWins:     {Transactions: 1, Interleaved: true},
		RepairSettle:   {Transactions: 2, LoseSlot: true},
		RepairClaim:    {Transactions: 2, LoseSlot: true},
		ConfirmedFirst: {Transactions: 1},
		NewBase:        {Transactions: 2, LoseSlot: true},
		ReloadSettle:   {Transactions: 1, Reload: true},
		LoadNumber:     {Transactions: 1, Reload: true},
		ReloadClaim:    {Transactions: 2, Reload: true},
	} {
		t.Run(string(rule), func(t *testing.T) {
			m.Without = rule
			r, err := explore.Run(t.Context(), m, states)
			require.NoError(t, err)
			require.NotNil(t, r.Failure, "%d states", r.States)
			assert.Contains(t, r.Failure.Reason, "I0")
			t.Log(r.Failure)
		})
	}
}

// Whoever renames a function of the engine comes by the model.
func TestActionsStandForFunctionsOfTheEngine(t *testing.T) {
	declared, err := explore.Functions("../../lane")
	require.NoError(t, err)
	taken := map[string]bool{}
	for _, m := range []Model{{Transactions: 1, Interleaved: true}, {Transactions: 1, LoseSlot: true}, {Transactions: 1, Reload: true}} {
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
	for _, outside := range []string{"begin", "commit", "become visible", "crash", "lose slot"} {
		delete(taken, outside)
	}
	for action := range taken {
		assert.Contains(t, Functions, action)
	}
}
