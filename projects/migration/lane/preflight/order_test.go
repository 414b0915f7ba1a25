package preflight

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoCheckStandsBeforeOneThatItNeeds(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range checks {
		require.False(t, seen[c.id], "%s stands twice", c.id)
		for _, needed := range c.needs {
			require.True(t, seen[needed], "%s needs %s", c.id, needed)
		}
		require.NotZero(t, c.phases, c.id)
		seen[c.id] = true
	}
}

func TestAWarningForbidsNothing(t *testing.T) {
	warned := Result{ID: "PF24", Name: "n", Status: Warn, Findings: []Finding{{Warn, "source", "a", "b"}}}
	require.NoError(t, Refusal([]Result{warned}))
	refused := Result{ID: "PF02", Name: "n", Status: Refuse, Findings: []Finding{refuse("target", "14", "is %d", 15)}}
	require.EqualError(t, Refusal([]Result{warned, refused}), "PF02 n: target: is 15, expected 14")
}
