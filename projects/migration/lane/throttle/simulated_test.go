package throttle_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

// source is a simulated one: its clients make rate transactions a second, and lose the
// part of them while data flows. Counts scatter as those of independent clients do.
type source struct {
	rate, loss float64
	// backlog is for how long the target works on what flows in a second, and felt what
	// that costs the clients.
	backlog, felt float64
	chance        *rand.Rand

	at      throttle.Sample
	written float64
}

// passes lets time pass and tells how many transactions were made in it.
func (s *source) passes(cost *throttle.Cost, seconds, rate float64, kind throttle.Kind) float64 {
	expected := rate * seconds
	count := math.Max(0, math.Round(expected+s.chance.NormFloat64()*math.Sqrt(expected)))
	from := s.at
	s.at.At, s.written = s.at.At.Add(time.Duration(seconds*float64(time.Second))), s.written+count
	s.at.Written, s.at.Active = uint64(s.written), int(math.Min(1, s.rate))
	cost.Window(from, s.at, kind, 0)
	return count
}

// period is one in which data may flow for a part of the time. It tells the part of
// the clients' transactions that was kept.
func (s *source) period(cost *throttle.Cost, duty float64) float64 {
	settle := math.Min(0.03, (1-duty)/3)
	made := s.passes(cost, duty, s.rate*(1-s.loss), throttle.Flowing)
	drains := math.Min(duty*s.backlog, 1-duty-settle)
	s.at.Draining = drains > 0
	made += s.passes(cost, settle, s.rate*(1-s.loss/2), throttle.Settling)
	if drains > 0 {
		made += s.passes(cost, drains, s.rate*(1-s.felt), throttle.Quiet)
		s.at.Draining = false
	}
	made += s.passes(cost, 1-duty-settle-drains, s.rate, throttle.Quiet)
	if s.rate == 0 {
		return 1
	}
	return made / s.rate
}

// run is that many periods: the mean of what was kept, and the last duty.
func (s *source) run(cost *throttle.Cost, duty float64, periods int) (kept, last float64) {
	for range periods {
		kept += s.period(cost, duty) / float64(periods)
		duty = cost.Next(false)
	}
	return kept, duty
}

func simulated(t *rapid.T, rate, loss float64) *source {
	return &source{rate: rate, loss: loss, chance: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "chance"), 1)), at: throttle.Sample{At: time.Unix(0, 0)}}
}

// Whatever a load costs the clients of a source, they keep what they are to keep, from
// the first period on; and the load gets what that leaves.
func TestClientsKeepTheirPartWhateverALoadCosts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const budget = 0.1
		s := simulated(t, rapid.Float64Range(200, 20_000).Draw(t, "rate"), rapid.Float64Range(0, 1).Draw(t, "loss"))
		cost := &throttle.Cost{Budget: budget}
		s.passes(cost, 0.05, s.rate, throttle.Quiet)
		duty := cost.Next(false)
		require.InDelta(t, budget, duty, 1e-9, "as if everything were lost")
		few := 1 / math.Sqrt(s.rate) // what counting few of them leaves unknown
		kept, duty := s.run(cost, duty, 25)
		assert.GreaterOrEqual(t, kept, 0.87-few)
		kept, duty = s.run(cost, duty, 50)
		assert.GreaterOrEqual(t, kept, 0.87-few)
		assert.GreaterOrEqual(t, duty, 0.6*math.Min(0.9, budget/s.loss), "and the load is not held up more than that takes")
	})
}

// What the target still does with what has flowed is no quiet time, and what that costs
// the clients counts: they keep their part, and the load what that leaves.
func TestTheTargetsWorkOnWhatItGotIsNotQuietTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const budget = 0.1
		s := simulated(t, rapid.Float64Range(500, 20_000).Draw(t, "rate"), rapid.Float64Range(0, 1).Draw(t, "loss"))
		s.backlog, s.felt = rapid.Float64Range(0, 4).Draw(t, "backlog"), rapid.Float64Range(0, 0.6).Draw(t, "felt")
		cost := &throttle.Cost{Budget: budget}
		s.passes(cost, 0.05, s.rate, throttle.Quiet)
		_, duty := s.run(cost, cost.Next(false), 40) // it is found out
		kept, duty := s.run(cost, duty, 60)
		assert.GreaterOrEqual(t, kept, 0.87-1/math.Sqrt(s.rate))
		felt := s.loss + s.backlog*s.felt
		assert.GreaterOrEqual(t, duty, 0.4*min(0.9, budget/felt, 0.9/(1+s.backlog)), "and the load is not held up more than that takes")
	})
}

// Where the target is never done the load gives way until it is, and as far as it may.
func TestWithoutQuietTimeTheLoadGivesWay(t *testing.T) {
	cost := &throttle.Cost{Budget: 0.1}
	s := &source{rate: 1000, chance: rand.New(rand.NewPCG(1, 1)), at: throttle.Sample{At: time.Unix(0, 0)}}
	_, duty := s.run(cost, 0.1, 30)
	require.Greater(t, duty, 0.8)
	s.at.Draining = true
	for range 40 {
		before := duty
		s.passes(cost, duty, s.rate, throttle.Flowing)
		s.passes(cost, 1-duty, s.rate, throttle.Quiet)
		duty = cost.Next(false)
		require.LessOrEqual(t, duty, before)
	}
	require.InDelta(t, 0.025, duty, 1e-9)
	s.at.Draining = false
	_, duty = s.run(cost, duty, 30)
	require.Greater(t, duty, 0.8)
}

// A load that begins to cost, or a source that awakes, is met at the next reading; one
// that costs nothing any more is let go step by step.
func TestTheDutyFollowsWhatChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := simulated(t, 0, rapid.Float64Range(0.3, 0.95).Draw(t, "loss"))
		cost := &throttle.Cost{Budget: 0.1}
		_, duty := s.run(cost, 1, 3)
		require.InDelta(t, 1, duty, 0, "nobody is there")
		s.rate = rapid.Float64Range(500, 10_000).Draw(t, "rate")
		_, duty = s.run(cost, duty, 1)
		require.InDelta(t, 0.1, duty, 1e-9, "and now somebody is")
		_, duty = s.run(cost, duty, 20)
		require.Less(t, duty, 0.5)
		s.loss = 0
		_, duty = s.run(cost, duty, 60)
		require.InDelta(t, 0.9, duty, 0.01, "but for the comparison")
		s.loss = 1
		_, duty = s.run(cost, duty, 4)
		require.Less(t, duty, 0.4)
		s.rate = 0
		_, duty = s.run(cost, duty, 1)
		require.InDelta(t, 1, duty, 0)
	})
}

// A source that cannot be asked is treated as if the load took everything, and what was
// known of it is forgotten.
func TestASourceThatCannotBeAskedGetsTheLeast(t *testing.T) {
	cost := &throttle.Cost{Budget: 0.1}
	s := &source{rate: 1000, chance: rand.New(rand.NewPCG(1, 1)), at: throttle.Sample{At: time.Unix(0, 0)}}
	_, duty := s.run(cost, 0.1, 30)
	require.Greater(t, duty, 0.8)
	require.InDelta(t, 0.1, cost.Next(true), 1e-9)
	reading := cost.Reading("no answer")
	assert.Equal(t, throttle.Over, reading.Verdict)
	assert.Equal(t, "source.cost cannot be read (no answer)", reading.String())
}

// Clients that only read are no reason to stop: there is nothing to compare. Those that
// are kept from writing altogether are.
func TestClientsThatAreKeptFromWritingAreSeen(t *testing.T) {
	cost := &throttle.Cost{Budget: 0.1}
	from := throttle.Sample{At: time.Unix(0, 0), Active: 4}
	to := throttle.Sample{At: time.Unix(1, 0), Active: 4}
	cost.Window(from, to, throttle.Flowing, 0)
	require.InDelta(t, 0.9, cost.Next(false), 1e-9, "a part is left quiet, to see")
	cost.Window(from, to, throttle.Flowing, 0)
	to.At, to.Written = time.Unix(0, 1e8), 100
	cost.Window(from, to, throttle.Quiet, 0)
	require.Less(t, cost.Next(false), 0.2)
	assert.Equal(t, throttle.Over, cost.Reading("").Verdict)
	cost = &throttle.Cost{Budget: 1}
	cost.Window(from, to, throttle.Flowing, 0)
	require.InDelta(t, 1, cost.Next(false), 0, "no limit")
}

// What the engine writes itself, to measure, is no client's; and time in which it is
// seen at work is not quiet, whatever it should be.
func TestTheEnginesOwnWorkIsNotTheClients(t *testing.T) {
	cost := &throttle.Cost{Budget: 0.1}
	from := throttle.Sample{At: time.Unix(0, 0)}
	cost.Window(from, throttle.Sample{At: time.Unix(0, 1e8), Written: 3}, throttle.Flowing, 3)
	require.InDelta(t, 1, cost.Next(false), 0)
	for range 5 { // busy while it should be quiet, at a third of the rate
		cost.Window(from, throttle.Sample{At: time.Unix(1, 0), Written: 1000, Busy: true}, throttle.Quiet, 0)
		cost.Window(from, throttle.Sample{At: time.Unix(1, 0), Written: 3000}, throttle.Quiet, 0)
		cost.Next(false)
	}
	assert.InDelta(t, 0.65, cost.Reading("").Value, 0.1)
}

// While what is measured follows the number of workers, no input is over its limit for
// longer than it takes to halve them all away, and all come back when the rest goes.
func TestNoInputStaysOverItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 40).Draw(t, "most")
		each := rapid.Float64Range(0, 5).Draw(t, "each")
		input := throttle.Input{Name: "load", Limit: each + 1}
		control := throttle.NewControl(most, throttle.Unthrottled())
		state, over := throttle.Unthrottled(), 0
		longest := int(math.Log2(float64(most))) + 1
		next := func(others float64) {
			value := others + each*float64(state.Workers(most))
			state = control.Next(time.Unix(1, 0), 1, []throttle.Reading{{Name: input.Name, Verdict: input.Judge(value, nil)}})
			if over++; value <= input.Limit {
				over = 0
			}
			require.LessOrEqual(t, over, longest)
		}
		others := rapid.Float64Range(0, 1).Draw(t, "others")
		for range 60 {
			next(others)
		}
		each, over = 0, 0
		for range most + 1 {
			next(0)
		}
		require.Equal(t, most, state.Workers(most))
	})
}

// Nothing is begun while nobody knows how the source does: one worker goes on, with the
// smallest pieces, in the part of the time that could be lost altogether.
func TestTheBlindGoOnWithTheLeast(t *testing.T) {
	state := throttle.Blind(0.1)
	assert.Equal(t, 1, state.Workers(40))
	assert.InDelta(t, 0.1, state.Duty, 0)
	assert.Len(t, state.Over(), 1)
}
