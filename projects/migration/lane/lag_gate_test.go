//go:build integration

package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/lag"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Every canary of a lane becomes one sample, over the invocations that follow each
// other; while the target cannot apply, those on their way become as late as it is.
func TestEachCanaryTellsHowFarTheLaneIsBehind(t *testing.T) {
	t.Parallel()
	w := steady(t)
	r := w.runner("measured")
	meter := &lag.Meter{}
	r.Lag = meter
	w.background(r)
	var all lag.Window
	seen := func(n int) {
		t.Helper()
		require.Eventually(t, func() bool { all = all.Add(meter.Take(), time.Hour); return len(all) >= n }, waiting, 10*time.Millisecond)
	}
	seen(5)
	written := value[int64](w, w.blue, `SELECT seq FROM bgsync.canary WHERE name = 'core.fwd'`)
	assert.LessOrEqual(t, int64(len(all)), written, "no canary is counted twice")
	for i := 1; i < len(all); i++ {
		assert.Positive(t, all[i].At.Sub(all[i-1].At))
		assert.Positive(t, all[i].Took)
	}
	held, err := w.green.connectAs(w.ctx())
	require.NoError(t, err)
	defer pg.Close(held)
	_, err = held.Exec(w.ctx(), `BEGIN; SELECT FROM bgsync.lane WHERE lane = 'core.fwd' FOR UPDATE`)
	require.NoError(t, err)
	began := time.Now()
	require.Eventually(t, func() bool {
		return value[int64](w, w.blue, `SELECT seq FROM bgsync.canary WHERE name = 'core.fwd'`) > written+3 && time.Since(began) > 2*time.Second
	}, waiting, 10*time.Millisecond)
	all = all.Add(meter.Take(), time.Hour)
	before := len(all)
	_, err = held.Exec(w.ctx(), `COMMIT`)
	require.NoError(t, err)
	stood := time.Since(began)
	seen(before + 3)
	latest := time.Duration(0)
	for _, s := range all {
		latest = max(latest, s.Took)
	}
	t.Logf("%d canaries, the latest %s after the target stood for %s", len(all), latest, stood)
	assert.Greater(t, latest, stood/2)
}
