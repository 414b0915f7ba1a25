package explore

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counter counts up to a bound; from an odd number it may fall into a hole.
type counter struct {
	bound  int
	broken int
	hole   bool
}

const hole = -1

func (c counter) Initial() []int { return []int{0} }

func (c counter) Next(s int, visit func(string, int)) {
	if s == hole {
		return
	}
	if s < c.bound {
		visit("count", s+1)
	}
	if c.hole && s%2 == 1 {
		visit("fall", hole)
	}
}

func (c counter) Broken(s int) string {
	if c.broken != 0 && s == c.broken {
		return "reached"
	}
	return ""
}

func (c counter) Good(s int) bool { return s == c.bound }

func TestAllStatesAreVisitedOnce(t *testing.T) {
	r, err := Run(t.Context(), counter{bound: 10}, 100)

	require.NoError(t, err)
	assert.Equal(t, Result{States: 11, Transitions: 10, Depth: 10, Actions: []string{"count"}}, r)
}

func TestTheShortestWayToABrokenInvariantIsShown(t *testing.T) {
	r, err := Run(t.Context(), counter{bound: 10, broken: 2}, 100)

	require.NoError(t, err)
	require.NotNil(t, r.Failure)
	assert.Equal(t, "reached", r.Failure.Reason)
	assert.Equal(t, []string{"count", "count"}, r.Failure.Steps)
	assert.Equal(t, "reached:\n  count\n  count\n2", r.Failure.String())
}

func TestAStateThatLeadsNowhereIsFound(t *testing.T) {
	r, err := Run(t.Context(), counter{bound: 10, hole: true}, 100)

	require.NoError(t, err)
	require.NotNil(t, r.Failure)
	assert.Equal(t, []string{"count", "fall"}, r.Failure.Steps)
}

func TestALargeModelIsRefused(t *testing.T) {
	_, err := Run(t.Context(), counter{bound: 10}, 5)

	var large *TooLargeError
	require.ErrorAs(t, err, &large)
	assert.Equal(t, 5, large.Limit)
}

func TestFunctionsAreFoundWithTheirReceivers(t *testing.T) {
	found, err := Functions(".")

	require.NoError(t, err)
	for _, name := range []string{"Run", "walk.add", "Failure.String"} {
		assert.True(t, found[name], name)
	}
	assert.False(t, found["TestAllStatesAreVisitedOnce"], "tests are no functions of the engine")
}
