package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/checks"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/recording"
)

// fixture is a pair of small graphs for a row that production has no resources
// for: one that the row's check finds nothing in, and one with a fault.
type fixture struct {
	row   string
	name  string
	layer contract.Layer
	// sound is the graph without fault; fault what is changed in it.
	sound []recording.Resource
	fault []graph.Change
}

// fixtures are all pairs, from the file of its layer.
func fixtures() []fixture { return observabilityFixtures() }

func TestEachFixtureTellsSoundFromFaulty(t *testing.T) {
	environment := graph.Environment{Name: "prod", AccountID: "345678901234", Region: "us-east-1"}
	violations := func(g *graph.Graph, row string) []checks.Finding {
		result := checks.Evaluate(g, nil, time.Now()).Result(row)
		for _, delay := range result.Waiting {
			result.Violations = append(result.Violations, delay.Finding)
		}
		return result.Violations
	}
	for _, f := range fixtures() {
		t.Run(f.row+" "+f.name, func(t *testing.T) {
			var made []graph.Change
			for _, each := range f.sound {
				made = append(made, graph.Add(f.layer, each))
			}
			g, err := graph.New(environment, f.layer).With(made...)
			require.NoError(t, err)
			assert.Empty(t, violations(g, f.row))
			assert.NotEmpty(t, checks.Evaluate(g, nil, time.Now()).Result(f.row).Checked)
			faulty, err := g.With(f.fault...)
			require.NoError(t, err)
			assert.NotEmpty(t, violations(faulty, f.row))
		})
	}
}
