package throttle

import (
	"context"
	"sync"
	"time"
)

// Gate holds up those who work until there is room, and the data that they move while
// none may flow. It obeys a State; until it was told one nothing passes.
type Gate struct {
	most      int
	period    time.Duration
	bandwidth float64

	mutex   sync.Mutex
	told    bool
	state   State
	clock   time.Duration // what is to be added to this process's to get the common one
	due     time.Time     // no more data before
	rest    time.Time     // nothing that cannot be held up begins before
	inside  int
	changed chan struct{}

	last               time.Time
	withheld, observed time.Duration
}

// NewGate makes a gate for at most that many at once in this process. Bytes per second
// bound all that flows on the lane; 0 is no bound.
func NewGate(most int, period time.Duration, bandwidth int64) *Gate {
	return &Gate{most: most, period: period, bandwidth: float64(bandwidth), changed: make(chan struct{})}
}

// Set tells the gate what is allowed from now on, and how far the common clock is ahead
// of this process's.
func (g *Gate) Set(state State, ahead time.Duration) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	now := time.Now()
	if g.told {
		passed := now.Sub(g.last)
		g.observed += passed
		g.withheld += time.Duration(g.state.Withheld() * float64(passed))
	}
	g.told, g.last, g.state, g.clock = true, now, state, ahead
	g.wake()
}

// wake lets all who wait look again. The mutex is held.
func (g *Gate) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// State is what is allowed now.
func (g *Gate) State() State {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.state
}

// Allowed is how many may be inside now.
func (g *Gate) Allowed() int {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.allowed()
}

func (g *Gate) allowed() int {
	if !g.told {
		return 0
	}
	return g.state.Workers(g.most)
}

// Withheld is the part of the full speed, from 0 to 1, that was withheld over the time
// so far.
func (g *Gate) Withheld() float64 {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.observed <= 0 {
		if !g.told {
			return 0
		}
		return g.state.Withheld()
	}
	return g.withheld.Seconds() / g.observed.Seconds()
}

// Enter waits until there is room, and data may flow, or ctx ends.
func (g *Gate) Enter(ctx context.Context) error {
	for {
		g.mutex.Lock()
		wait := time.Duration(-1)
		if g.inside < g.allowed() {
			if wait = max(g.shut(time.Now()), time.Until(g.rest)); wait <= 0 {
				g.inside++
				g.mutex.Unlock()
				return nil
			}
		}
		changed := g.changed
		g.mutex.Unlock()
		if err := pause(ctx, changed, wait); err != nil {
			return err
		}
	}
}

// Leave gives the room back.
func (g *Gate) Leave() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.inside--
	g.wake()
}

// Took tells that something which cannot be held up was at work for so long: nothing
// like it begins before that was the allowed part of the time.
func (g *Gate) Took(began time.Time) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.state.Duty <= 0 || g.state.Duty >= 1 {
		return
	}
	rest := began.Add(time.Duration(float64(time.Since(began)) / g.state.Duty))
	if rest.After(g.rest) {
		g.rest = rest
	}
}

// Flow lets that many bytes pass when data may flow. What is inside already is held up
// by the duty and the bandwidth only, so that it comes to its end.
func (g *Gate) Flow(ctx context.Context, bytes int) error {
	for {
		g.mutex.Lock()
		now := time.Now()
		wait := max(g.shut(now), g.due.Sub(now))
		if wait <= 0 {
			g.spend(now, bytes)
			g.mutex.Unlock()
			return ctx.Err()
		}
		changed := g.changed
		g.mutex.Unlock()
		if err := pause(ctx, changed, wait); err != nil {
			return err
		}
	}
}

// spend keeps the bandwidth: what is shared with the loaders of other processes is this
// one's part by those that may be at work.
func (g *Gate) spend(now time.Time, bytes int) {
	if g.bandwidth <= 0 {
		return
	}
	part := float64(max(1, g.inside)) / float64(max(1, g.state.Workers(g.most)))
	if g.due.Before(now) {
		g.due = now
	}
	g.due = g.due.Add(time.Duration(float64(bytes) / (g.bandwidth * min(1, part)) * float64(time.Second)))
}

// shut is how long it takes until data may flow, 0 when it may now. The mutex is held.
func (g *Gate) shut(now time.Time) time.Duration {
	if !g.told {
		return g.period
	}
	open := Open(g.period, g.state.Duty)
	if open >= g.period {
		return 0
	}
	if at := g.phase(now); at >= open {
		return g.period - at
	}
	return 0
}

// phase is how far the common clock is in its period. The mutex is held.
func (g *Gate) phase(now time.Time) time.Duration {
	return time.Duration(now.Add(g.clock).UnixNano() % int64(g.period))
}

// Phase is how far the common clock is in its period.
func (g *Gate) Phase() time.Duration {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.phase(time.Now())
}

// Window waits until data may flow for a fair part of the allowed time on end, and tells
// for how long it may; 0 is without end.
func (g *Gate) Window(ctx context.Context) (time.Duration, error) {
	for {
		g.mutex.Lock()
		open, at, wait := Open(g.period, g.state.Duty), g.phase(time.Now()), g.period
		switch {
		case !g.told:
		case open >= g.period:
			g.mutex.Unlock()
			return 0, ctx.Err()
		case open-at > open/fair:
			g.mutex.Unlock()
			return open - at, ctx.Err()
		default:
			wait = g.period - at
		}
		changed := g.changed
		g.mutex.Unlock()
		if err := pause(ctx, changed, wait); err != nil {
			return 0, err
		}
	}
}

// fair is the part of the allowed time, as its divisor, for which it is worth to begin.
const fair = 4

// Open is the part of a period in which data may flow.
func Open(period time.Duration, duty float64) time.Duration {
	return time.Duration(float64(period) * min(1, max(0, duty)))
}

// pause waits for a change, for the time unless it is negative, or for the end of ctx.
func pause(ctx context.Context, changed <-chan struct{}, wait time.Duration) error {
	var after <-chan time.Time
	if wait >= 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		after = timer.C
	}
	select {
	case <-changed:
	case <-after:
	case <-ctx.Done():
	}
	return ctx.Err()
}
