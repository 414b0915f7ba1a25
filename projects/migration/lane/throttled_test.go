//go:build integration

package lane_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

// While an input is over its limit smaller chunks are loaded: what is planned is cut,
// and every row still crosses once.
func TestAThrottledLoadTakesSmallerChunks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows, `ANALYZE`)
	w.create()
	planned := value[int](w, w.green, `SELECT count(*) FROM bgsync.chunk`)
	r := w.runner("small")
	r.Limits.ThrottleInterval, r.Limits.LoadWorkers, r.Limits.ChunkBytes = 50*time.Millisecond, 1, 256<<10
	var reads atomic.Int64
	r.Throttle = []throttle.Input{{Name: "storage", Limit: 10, Most: 20, Read: func(context.Context) (float64, error) {
		if reads.Add(1) < 8 {
			return 21, nil // nothing is loaded until the size has come down
		}
		return 11, nil
	}}}
	stop := w.background(r)
	w.running()
	report, err := stop()
	require.NoError(t, err)
	require.Contains(t, report.Over, "storage")
	require.Greater(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.chunk`), planned+4)
	w.equal()
}

// The target's storage is watched where it is bounded: at its end nothing is loaded.
func TestALoadStopsAtTheEndOfTheStorage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	r := w.runner("full")
	r.Limits.ThrottleInterval, r.Limits.LoadWorkers, r.Limits.TargetSoft, r.Limits.TargetHard = 50*time.Millisecond, 1, 1, 2
	release := make(chan struct{})
	var reads atomic.Int64
	r.Throttle = []throttle.Input{{Name: "reads", Limit: 1, Read: func(context.Context) (float64, error) {
		if reads.Add(1) == 20 {
			close(release)
		}
		return 0, nil
	}}}
	stop := w.background(r)
	<-release
	require.Positive(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.chunk WHERE state = 'planned'`))
	report, err := stop()
	require.NoError(t, err)
	require.Contains(t, report.Over, "target.storage")
}
