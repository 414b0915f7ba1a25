package function

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

// Without the variable the limits are the engine's, and what the variable says is what
// load, comparison and throttle go by.
func TestLimitsComeFromTheVariable(t *testing.T) {
	none, err := readLimits("")
	require.NoError(t, err)
	assert.Equal(t, lane.Defaults(), none.Lane())
	assert.Equal(t, verify.Defaults(), none.Verify())
	same, err := readLimits(none.String())
	require.NoError(t, err)
	assert.Equal(t, none, same)

	l, err := readLimits(`{"loaders": 12, "comparers": 7, "sourceProcessors": 96, "costPercent": 5, "bandwidthMiB": 200}`)
	require.NoError(t, err)
	assert.Equal(t, 12, l.Lane().LoadWorkers)
	assert.Equal(t, 7, l.Verify().Workers)
	servers := l.Lane().Throttle()
	assert.Equal(t, 96, servers.SourceVCPUs)
	assert.InDelta(t, 0.05, servers.SourceCost, 1e-12)
	assert.EqualValues(t, 200<<20, servers.Bandwidth)
}

func TestWrongLimitsAreNamed(t *testing.T) {
	_, err := readLimits(`{"loaders": 41, "comparers": 0, "sourceProcessors": 0, "costPercent": 101, "bandwidthMiB": -1}`)
	for _, want := range []string{
		"load.workers: is 41, expected 1 to 40", "verify.workers: is 0, expected 1 to 40", "throttle.source.vcpus: is 0, expected more than 0",
		"throttle.source.cost: is 1.01, expected more than 0 and no more than 1", "load.bandwidth: is -1048576, expected 0 or more",
	} {
		require.ErrorContains(t, err, want)
	}
	for _, text := range []string{"4", `{"loader": 4}`, DefaultLimits().String() + "{}"} {
		_, err = readLimits(text)
		require.ErrorContains(t, err, `expected`, text)
		require.ErrorContains(t, err, `{"loaders":4,"comparers":4,"sourceProcessors":16,"costPercent":5,"bandwidthMiB":0}`, text)
	}
}
