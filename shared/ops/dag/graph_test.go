package dag_test

import (
	"slices"
	"testing"

	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNewReportsAllProblemsTogether(t *testing.T) {
	_, err := dag.New([]dag.Node{{Name: "a", Needs: []string{"x"}}, {Name: "a"}, {Name: "b", Needs: []string{"y"}}})

	require.Error(t, err)
	for _, part := range []string{"node a exists twice", "a needs x", "b needs y"} {
		assert.ErrorContains(t, err, part)
	}
}

func TestNewRefusesACycleAndNamesIt(t *testing.T) {
	_, err := dag.New([]dag.Node{{Name: "a", Needs: []string{"b"}}, {Name: "b", Needs: []string{"a"}}, {Name: "c"}})

	require.ErrorContains(t, err, "circle: a, b")
	assert.NotContains(t, err.Error(), "c,")
}

func TestSubsetKeepsTheOrderThroughNodesLeftOut(t *testing.T) {
	g, err := dag.New([]dag.Node{
		{Name: "foundation"},
		{Name: "data", Needs: []string{"foundation"}},
		{Name: "services", Needs: []string{"data"}},
	})
	require.NoError(t, err)

	sub, err := g.Subset([]string{"services", "foundation"})

	require.NoError(t, err)
	assert.Equal(t, []string{"foundation"}, sub.Needs("services"))
	_, err = g.Subset([]string{"dat"})
	assert.ErrorContains(t, err, "node dat does not exist: expected one of foundation, data, services")
}

func TestWavesHoldWhatCanRunSideBySide(t *testing.T) {
	g, err := dag.New([]dag.Node{
		{Name: "a"},
		{Name: "b"},
		{Name: "c", Needs: []string{"a", "b"}},
		{Name: "d", Needs: []string{"a"}},
		{Name: "e", Needs: []string{"c", "d"}},
	})
	require.NoError(t, err)

	assert.Equal(t, [][]string{{"a", "b"}, {"c", "d"}, {"e"}}, g.Waves())
}

func TestOrderAndItsReversePlaceEveryNodeBehindItsNeeds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		for _, one := range []*dag.Graph{g, g.Reverse()} {
			order := one.Order()
			if len(order) != len(g.Names()) {
				t.Fatalf("order %v has not every node of %v", order, g.Names())
			}
			for _, name := range order {
				for _, need := range one.Needs(name) {
					if slices.Index(order, need) > slices.Index(order, name) {
						t.Fatalf("%s stands before its need %s in %v", name, need, order)
					}
				}
			}
		}
		for _, name := range g.Names() {
			if up, down := g.Upstream(name), g.Reverse().Downstream(name); !sameSet(up, down) {
				t.Fatalf("upstream of %s is %v, downstream in the reverse graph %v", name, up, down)
			}
		}
	})
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// drawGraph draws up to eight nodes; edges only point to earlier ones, so there
// is no cycle, and the nodes are then shuffled.
func drawGraph(t *rapid.T) *dag.Graph {
	size := rapid.IntRange(1, 8).Draw(t, "size")
	nodes := make([]dag.Node, size)
	for i := range nodes {
		nodes[i].Name = string(rune('a' + i))
		for j := range i {
			if rapid.Bool().Draw(t, "edge") {
				nodes[i].Needs = append(nodes[i].Needs, nodes[j].Name)
			}
		}
	}
	g, err := dag.New(rapid.Permutation(nodes).Draw(t, "shuffled"))
	if err != nil {
		t.Fatalf("graph: %v", err)
	}
	return g
}
