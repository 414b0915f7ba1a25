//go:build integration || soak

package customers

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/steering/steeringtest"
)

// thousandth is the part of all counts, in thousandths, that an interval leaves out.
const thousandth = 10

func TestNoPaymentFailsWhileTheTrafficClimbsAndComesBack(t *testing.T) {
	s := newStage(t)
	s.give(t, 1, naming.Blue)
	crowd := s.customers(t, 3)
	s.measure(t, 0)
	for _, percent := range []int{1, 5, 10, 25} {
		s.climb(t, percent)
	}
	s.comeBack(t, 25)

	require.NoError(t, s.app(t, "-reason=mended").TrafficPromote(t.Context()), s.out.String())
	s.settled(t, 1)
	for _, percent := range []int{5, 10, 25} {
		s.climb(t, percent)
	}
	require.Error(t, s.app(t).TrafficShift(t.Context()), "the data has not moved")
	s.measure(t, 25)
	s.give(t, 2, naming.Green)
	s.climb(t, 50)
	s.greenFallsIll(t)
	s.climb(t, 100)
	s.comeBack(t, 100)
	s.blueFallsIll(t)

	paid, failed := crowd()
	t.Logf("beside it, all the time: %d payments of customers who keep an answer for %s, %d failed", paid, steeringtest.AliasTTL, failed)
	assert.Positive(t, paid)
	assert.Zero(t, failed)
}

// climb takes the next step and measures it.
func (s *stage) climb(t *testing.T, percent int) {
	t.Helper()
	s.wait(steeringtest.AliasTTL)
	require.NoError(t, s.app(t, "-reason=plan").TrafficShift(t.Context()), s.out.String())
	s.settled(t, percent)
}

// settled measures a split once every resolver knows it.
func (s *stage) settled(t *testing.T, percent int) {
	t.Helper()
	s.propagate(t)
	s.wait(steeringtest.AliasTTL)
	s.measure(t, percent)
}

// measure sends payments of customers who never asked before, and compares green's
// share with the exact binomial interval.
func (s *stage) measure(t *testing.T, percent int) {
	t.Helper()
	green, failed := 0, 0
	for range requests {
		switch color, err := s.backends.Pay(t.Context(), s.resolver(s.random.IntN)); {
		case err != nil:
			failed++
			t.Log(err)
		case color == naming.Green:
			green++
		}
	}
	low, high := steeringtest.Binomial(requests, percent, thousandth)
	t.Logf("green %3d %%: %d payments, %d at green (%.2f %%; the interval of 99 %% is %d to %d), %d failed",
		percent, requests, green, float64(green)*100/requests, low, high, failed)
	assert.Zero(t, failed)
	assert.GreaterOrEqual(t, green, low)
	assert.LessOrEqual(t, green, high)
}

// comeBack takes all traffic from green in the middle of it: of customers whose
// resolvers asked at different times, some pay at green until they ask again, and
// are served; after the life of an answer nobody does.
func (s *stage) comeBack(t *testing.T, percent int) {
	t.Helper()
	const every = 5 * time.Second
	var fleet []*steeringtest.Resolver
	for range steeringtest.AliasTTL / every {
		for range requests / 20 {
			resolver := s.resolver(s.random.IntN)
			_, _, _, found := resolver.Resolve()
			require.True(t, found)
			fleet = append(fleet, resolver)
		}
		s.wait(every)
	}
	s.wait(-every) // the last have just asked
	atGreen := s.pay(t, fleet)
	assert.Positive(t, atGreen)
	require.NoError(t, s.app(t, "-reason=5xx").RollbackEdge(t.Context()), s.out.String())
	s.propagate(t)
	t.Logf("rollback from %d %%: %d of %d customers at green before", percent, atGreen, len(fleet))
	for after := time.Duration(0); after <= steeringtest.AliasTTL; after += every {
		now := s.pay(t, fleet)
		t.Logf("  %3.0f s after: %d of %d at green", after.Seconds(), now, len(fleet))
		assert.LessOrEqual(t, now, atGreen, "nobody goes to green any more")
		atGreen = now
		s.wait(every)
	}
	assert.Zero(t, atGreen, "every resolver has asked again")
	s.measure(t, 0)
}

// pay has every customer pay once and counts those whom green serves.
func (s *stage) pay(t *testing.T, fleet []*steeringtest.Resolver) (atGreen int) {
	t.Helper()
	for _, resolver := range fleet {
		color, err := s.backends.Pay(t.Context(), resolver)
		require.NoError(t, err)
		if color == naming.Green {
			atGreen++
		}
	}
	return atGreen
}

// greenFallsIll shows that a colour whose payment paths fail gets nobody new.
func (s *stage) greenFallsIll(t *testing.T) {
	t.Helper()
	s.backends.Of(naming.Green).Sick.Store(true)
	s.settled(t, 0)
	s.backends.Of(naming.Green).Sick.Store(false)
	s.settled(t, 50)
}

// blueFallsIll shows that a colour without traffic gets none when the other's paths
// fail: weight 0 alone would send all of it there.
func (s *stage) blueFallsIll(t *testing.T) {
	t.Helper()
	s.backends.Of(naming.Blue).Sick.Store(true)
	s.settled(t, 0)
	s.backends.Of(naming.Blue).Sick.Store(false)
}

// customers pay all the time until they are asked how it went. They keep their
// answers, so that some of them pay at a colour that has just been left.
func (s *stage) customers(t *testing.T, count int) (ask func() (paid, failed int64)) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var paid, failed atomic.Int64
	var group sync.WaitGroup
	for number := range count {
		random := rand.New(rand.NewPCG(uint64(number), 3))
		resolver := s.resolver(random.IntN)
		group.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.backends.Pay(context.WithoutCancel(ctx), resolver); err != nil {
					failed.Add(1)
				}
				paid.Add(1)
				select {
				case <-ctx.Done():
				case <-time.After(time.Millisecond):
				}
			}
		})
	}
	end := sync.OnceFunc(func() {
		stop()
		group.Wait()
	})
	t.Cleanup(end)
	return func() (int64, int64) {
		end()
		return paid.Load(), failed.Load()
	}
}
