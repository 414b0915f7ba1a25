package policy_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/policy/checks"
	"github.com/cutover/cutover/shared/policy/exceptions"
	"github.com/cutover/cutover/shared/policy/graph"
)

// mutation is a deliberate fault in what production registers, and the rows
// that have to find it.
type mutation struct {
	// row is the control that the fault breaks.
	row  string
	name string
	// also are other rows that the same fault breaks.
	also    []string
	changes []graph.Change
}

// mutations are all faults, from the files of the layers.
func mutations() []mutation {
	return slices.Concat(everyMutations(), foundationMutations(), securityMutations(), dataMutations(),
		edgeMutations(), firewallMutations(), servicesMutations(), observabilityMutations(), migrationMutations())
}

// found lists the keys of all findings by row, those that an exception or a
// pending entry covers too: a fault has to be seen, whatever becomes of it.
func found(g *graph.Graph, register []exceptions.Exception, now time.Time) map[string][]string {
	rows := make(map[string][]string)
	for _, result := range checks.Evaluate(g, register, now).Results {
		for _, finding := range result.Violations {
			rows[result.Row.ID] = append(rows[result.Row.ID], finding.Key())
		}
	}
	return rows
}

// broken lists the rows that have a finding after the fault which they did not
// have before.
func broken(before, after map[string][]string) []string {
	rows := make(map[string]bool)
	for row, keys := range after {
		for _, key := range keys {
			if !slices.Contains(before[row], key) {
				rows[row] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(rows))
}

// Each fault is found by the right control, and by no other that is not named
// with it.
func TestEachFaultIsFoundByTheRightControl(t *testing.T) {
	g := record(t, "prod")
	now := time.Now()
	before := found(g, exceptions.Register(), now)
	for _, m := range mutations() {
		t.Run(m.row+" "+m.name, func(t *testing.T) {
			t.Parallel()
			changed, err := g.With(m.changes...)
			require.NoError(t, err)
			want := append(slices.Clone(m.also), m.row)
			slices.Sort(want)
			assert.Equal(t, want, broken(before, found(changed, exceptions.Register(), now)))
		})
	}
}
