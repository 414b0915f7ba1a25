package throttle_test

import (
	"context"
	"errors"
	"math"
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

// A reading says what was found and what it may be, and no more of an error than its
// kind.
func TestAReadingTellsValueAndLimit(t *testing.T) {
	read := func(value float64, err error) throttle.Reading {
		return throttle.Input{Name: "source.commit", Limit: 0.25, Read: func(context.Context) (float64, error) { return value, err }}.Measure(t.Context())
	}
	assert.Equal(t, "source.commit is 0.5, limit 0.25", read(0.5, nil).String())
	assert.Equal(t, "source.commit cannot be read (no answer)", read(0, errors.New("row 7 is secret")).String())
	assert.Equal(t, throttle.Over, read(0, errors.New("row 7 is secret")).Verdict)
	assert.Equal(t, "source.commit cannot be read (no number)", read(math.NaN(), nil).String())
}

// An input over its limit halves, one that is fine again raises by one worker, and what
// stops is told since when.
func TestTheControlHalvesAndRecoversStepByStep(t *testing.T) {
	control := throttle.NewControl(8, throttle.Unthrottled())
	load := throttle.Input{Name: "load", Limit: 10}
	began := time.Now()
	var workers []int
	var sizes []float64
	for n, value := range []float64{11, 11, 11, 11, 0, 0, 0, 101, 101, 0} {
		state := control.Next(began.Add(time.Duration(n)*time.Second), 0.5, []throttle.Reading{{Name: "fine"}, {Name: "load", Verdict: load.Judge(value, nil)}})
		workers, sizes = append(workers, state.Workers(8)), append(sizes, state.Size)
		if value > 100 {
			assert.Equal(t, began.Add(7*time.Second), state.Since)
			assert.InDelta(t, 1, state.Withheld(), 0)
		} else {
			assert.Zero(t, state.Since)
			assert.InDelta(t, 1-state.Share/2, state.Withheld(), 1e-9)
		}
	}
	assert.Equal(t, []int{4, 2, 1, 1, 2, 3, 4, 0, 0, 1}, workers)
	assert.InDeltaSlice(t, []float64{1. / 2, 1. / 4, 1. / 8, 1. / 16, 3. / 16, 5. / 16, 7. / 16, 7. / 32, 7. / 64, 15. / 64}, sizes, 1e-9)
}

// What the flow of data costs the source's clients lets fewer be at work, and cuts no
// pieces; when it cannot be read it counts like any other input. A gentle beginning is
// one worker.
func TestTheCostOfTheFlowCutsNoPieces(t *testing.T) {
	control := throttle.NewControl(4, throttle.Gentle())
	cost := throttle.Reading{Name: throttle.SourceCost}
	next := func() (int, float64) {
		state := control.Next(time.Unix(0, 0), 0.5, []throttle.Reading{cost})
		return state.Workers(4), state.Size
	}
	for n, want := range []int{1, 2, 3} {
		workers, size := next()
		assert.Equal(t, want, workers, n)
		assert.InDelta(t, 1, size, 0)
	}
	cost.Verdict = throttle.Over
	for range 3 {
		_, size := next()
		assert.InDelta(t, 1, size, 0)
	}
	workers, _ := next()
	assert.Equal(t, 1, workers)
	cost.Unread = "no answer"
	_, size := next()
	assert.InDelta(t, 0.5, size, 0)
}

// The gate keeps to what it is told: nothing before it is told anything, then no more
// than there is room for, and data only in its part of each period.
func TestTheGateKeepsToItsState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := throttle.NewGate(2, time.Second, 0)
		entered := make(chan time.Time, 3)
		enter := func() {
			if gate.Enter(t.Context()) == nil {
				entered <- time.Now()
			}
		}
		for range 3 {
			go enter()
		}
		synctest.Wait()
		assert.Empty(t, entered, "nothing is known yet")
		gate.Set(throttle.State{Share: 0, Size: 1, Duty: 1}, 0)
		synctest.Wait()
		assert.Empty(t, entered, "nothing may begin")
		gate.Set(throttle.Unthrottled(), 0)
		synctest.Wait()
		assert.Len(t, entered, 2)
		gate.Leave()
		synctest.Wait()
		assert.Len(t, entered, 3)
		for range 2 {
			gate.Leave()
		}

		gate.Set(throttle.State{Share: 1, Size: 1, Duty: 0.25}, 0)
		time.Sleep(time.Second - gate.Phase() + 100*time.Millisecond)
		require.Equal(t, 100*time.Millisecond, gate.Phase())
		before := time.Now()
		require.NoError(t, gate.Flow(t.Context(), 1))
		assert.Equal(t, before, time.Now())
		time.Sleep(150 * time.Millisecond)
		require.NoError(t, gate.Flow(t.Context(), 1))
		assert.Equal(t, before.Add(900*time.Millisecond), time.Now(), "until the next period")

		gate.Set(throttle.Unthrottled(), 300*time.Millisecond)
		assert.Equal(t, 300*time.Millisecond, gate.Phase(), "the clock is the common one")
	})
}

// A bandwidth bounds all loaders together, and each of those that are elsewhere has its
// part.
func TestTheGateKeepsToItsBandwidth(t *testing.T) {
	for _, inside := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			gate := throttle.NewGate(4, time.Second, 1000)
			gate.Set(throttle.Unthrottled(), 0)
			for range inside {
				require.NoError(t, gate.Enter(t.Context()))
			}
			began := time.Now()
			for range 11 { // the first passes at once
				require.NoError(t, gate.Flow(t.Context(), 100))
			}
			assert.Equal(t, time.Duration(4/inside)*time.Second, time.Since(began))
		})
	}
}

// What cannot be held up rests afterwards for as long as the duty demands.
func TestAPieceRestsForAsLongAsTheDutyDemands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := throttle.NewGate(1, time.Second, 0)
		gate.Set(throttle.State{Share: 1, Size: 1, Duty: 0.5}, 0)
		time.Sleep(time.Second - gate.Phase())
		require.NoError(t, gate.Enter(t.Context()))
		began := time.Now()
		time.Sleep(2 * time.Second)
		gate.Took(began)
		gate.Leave()
		require.NoError(t, gate.Enter(t.Context()))
		assert.Equal(t, 4*time.Second, time.Since(began))
	})
}

// Who waits ends with his context.
func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := throttle.NewGate(1, time.Second, 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, gate.Enter(ctx), context.DeadlineExceeded)
		require.ErrorIs(t, gate.Flow(ctx, 1), context.DeadlineExceeded)
	})
}

// A piece begins only where a fair part of the time is left for which data may flow.
func TestAWindowIsAFairPartOfTheTimeForWhichDataMayFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := throttle.NewGate(1, time.Second, 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := gate.Window(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded, "nothing was told yet")
		gate.Set(throttle.State{Share: 1, Size: 1, Duty: 0.4}, 0)
		at := func(phase time.Duration) time.Duration {
			t.Helper()
			time.Sleep((time.Second + phase - gate.Phase()) % time.Second)
			left, err := gate.Window(t.Context())
			require.NoError(t, err)
			return left
		}
		assert.Equal(t, 400*time.Millisecond, at(0))
		assert.Equal(t, 150*time.Millisecond, at(250*time.Millisecond))
		assert.Equal(t, 400*time.Millisecond, at(310*time.Millisecond), "the next one's")
		assert.Zero(t, gate.Phase())
		assert.Equal(t, 400*time.Millisecond, at(700*time.Millisecond))
		gate.Set(throttle.Unthrottled(), 0)
		assert.Zero(t, at(700*time.Millisecond), "without end")
		gate.Set(throttle.State{Share: 1, Size: 1}, 0)
		ctx, end := context.WithTimeout(t.Context(), time.Minute)
		defer end()
		_, err = gate.Window(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded, "no time is allowed")
	})
}
