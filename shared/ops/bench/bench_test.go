package bench

import (
	"os"
	"testing"
	"time"

	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/cutover/cutover/shared/ops/report"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCriticalPathIsTheLongestChainOfNeeds(t *testing.T) {
	g, err := dag.New([]dag.Node{{Name: "a"}, {Name: "b"}, {Name: "c", Needs: []string{"a", "b"}}, {Name: "d", Needs: []string{"a"}}})
	require.NoError(t, err)
	at := time.Unix(0, 0)
	layer := func(name string, seconds int) report.Layer {
		end := at.Add(time.Duration(seconds) * time.Second)
		return report.Layer{Name: name, Started: &at, Ended: &end}
	}

	critical, sum := paths(g, report.Report{Layers: []report.Layer{layer("a", 3), layer("b", 5), layer("c", 7), layer("d", 8)}})

	assert.Equal(t, 12*time.Second, critical)
	assert.Equal(t, 23*time.Second, sum)
}

func TestMemoryOfAFamilyIncludesItsDescendants(t *testing.T) {
	all := map[int]process{1: {0, 1}, 10: {1, 100}, 11: {10, 10}, 12: {11, 1000}, 20: {1, 7}}

	for id, want := range map[int]bool{10: true, 11: true, 12: true, 20: false, 1: false} {
		assert.Equal(t, want, descends(all, id, 10), id)
	}
	p, ok := parseStat("77 (a (b) c) S 10 1 1 0 -1 4 1 1 1 1 1 1 1 1 20 0 9 0 5 9999 25 18446744073709551615")
	require.True(t, ok)
	assert.Equal(t, process{10, 25 * int64(os.Getpagesize())}, p)
}
