package throttle_test

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

func TestWhatCannotBeReadIsOverTheLimit(t *testing.T) {
	input := throttle.Input{Name: "commit", Limit: 10}
	assert.Equal(t, throttle.Free, input.Judge(10, nil))
	assert.Equal(t, throttle.Over, input.Judge(10.1, nil))
	assert.Equal(t, throttle.Stop, input.Judge(101, nil))
	assert.Equal(t, throttle.Over, input.Judge(0, errors.New("no answer")))
	assert.Equal(t, throttle.Over, input.Judge(math.NaN(), nil))
	storage := throttle.Input{Name: "storage", Limit: 80, Most: 100}
	assert.Equal(t, throttle.Over, storage.Judge(81, nil))
	assert.Equal(t, throttle.Stop, storage.Judge(101, nil))
}

// An input over its limit halves, one that is fine again raises by one, and the
// gate keeps to it.
func TestTheGateHalvesAndRecoversStepByStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var value atomic.Int64
		gate := throttle.NewGate(8, []throttle.Input{
			{Name: "fine", Limit: 1, Read: func(context.Context) (float64, error) { return 0, nil }},
			{Name: "load", Limit: 10, Read: func(context.Context) (float64, error) { return float64(value.Load()), nil }},
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- gate.Watch(ctx, time.Second) }()
		next := func(v int64) int {
			value.Store(v)
			time.Sleep(time.Second)
			synctest.Wait()
			return gate.Allowed()
		}
		synctest.Wait()
		require.Equal(t, 8, gate.Allowed())
		var seen []int
		var sizes []float64
		for _, v := range []int64{11, 11, 11, 11, 0, 0, 0, 101, 0} {
			seen = append(seen, next(v))
			sizes = append(sizes, gate.Size())
		}
		assert.Equal(t, []int{4, 2, 1, 1, 2, 3, 4, 0, 1}, seen)
		assert.InDeltaSlice(t, []float64{1. / 2, 1. / 4, 1. / 8, 1. / 16, 3. / 16, 5. / 16, 7. / 16, 7. / 32, 11. / 32}, sizes, 1e-9)
		require.NoError(t, gate.Enter(ctx))
		entered := make(chan error, 1)
		go func() { entered <- gate.Enter(ctx) }()
		synctest.Wait()
		assert.Empty(t, entered, "there is no room for a second")
		next(0)
		assert.NoError(t, <-entered)
		gate.Leave()
		gate.Leave()
		share, over := gate.Share()
		assert.InDelta(t, 0.9, share, 0.1)
		assert.Empty(t, over)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
}

// An input that does not answer slows the load and does not hold the gate up.
func TestAnInputThatHangsIsOverTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := throttle.NewGate(4, []throttle.Input{{Name: "hangs", Limit: 1, Read: func(ctx context.Context) (float64, error) {
			<-ctx.Done()
			return 0, nil
		}}})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = gate.Watch(ctx, time.Second) }()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		assert.Equal(t, 1, gate.Allowed())
		_, over := gate.Share()
		assert.Equal(t, []string{"hangs"}, over)
	})
}
