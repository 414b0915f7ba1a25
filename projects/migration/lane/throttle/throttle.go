// Package throttle decides how many chunks of a base may be loaded at once. It
// halves the number, and the size of each, while any of its inputs is over its limit,
// and raises both step by step while none is. An input that cannot be read counts as over its limit: what is not
// known is no reason to go on. The package measures nothing itself and holds no
// lock on data: it slows work down and never decides whether it is right.
package throttle

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"
)

// Input is one measure and how high it may be.
type Input struct {
	// Name is what it is called in reports.
	Name string
	// Limit is the largest value under which the load goes on at full speed, in the
	// input's own unit.
	Limit float64
	// Most is the value over which nothing is loaded at all; 0 is ten times the limit.
	Most float64
	// Read measures. It is called once per interval, by one goroutine.
	Read func(ctx context.Context) (float64, error)
}

// Verdict is what an input says.
type Verdict uint8

// The verdicts, from good to bad.
const (
	Free Verdict = iota
	Over
	Stop
)

// stop is how many times its limit makes an input stop the load.
const stop = 10

func (i Input) most() float64 {
	if i.Most > 0 {
		return i.Most
	}
	return stop * i.Limit
}

// Judge weighs a measured value. Not a number and errors count as over the limit.
func (i Input) Judge(value float64, err error) Verdict {
	switch {
	case err != nil, math.IsNaN(value):
		return Over
	case value > i.most():
		return Stop
	case value > i.Limit:
		return Over
	default:
		return Free
	}
}

// Gate lets as many in as is allowed at the moment.
type Gate struct {
	most   int
	inputs []Input

	mutex     sync.Mutex
	allowed   int
	size      float64
	inside    int
	changed   chan struct{}
	throttled time.Duration
	watched   time.Duration
	over      []string
}

// NewGate makes a gate for at most that many at once.
func NewGate(most int, inputs []Input) *Gate {
	return &Gate{most: most, inputs: inputs, allowed: most, size: 1, changed: make(chan struct{})}
}

// Enter waits until there is room, or ctx ends.
func (g *Gate) Enter(ctx context.Context) error {
	for {
		g.mutex.Lock()
		if g.inside < g.allowed {
			g.inside++
			g.mutex.Unlock()
			return nil
		}
		changed := g.changed
		g.mutex.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
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

// wake lets all who wait look again. The mutex is held.
func (g *Gate) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// Allowed is how many may be inside now.
func (g *Gate) Allowed() int {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.allowed
}

// Size is how large a piece of work may be now, as a part of what it is meant to be:
// it is halved with the number, and comes back by steps of an eighth.
func (g *Gate) Size() float64 {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.size
}

// The steps of Size.
const (
	smallest = 1.0 / 64
	growth   = 1.0 / 8
)

// Share is the part of the time so far, from 0 to 1, in which fewer were allowed
// than could be, and which inputs were over their limit when last read.
func (g *Gate) Share() (float64, []string) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.watched == 0 {
		return 0, g.over
	}
	return g.throttled.Seconds() / g.watched.Seconds(), g.over
}

// Watch reads the inputs in every interval until ctx ends. One reading has no
// longer than the interval.
func (g *Gate) Watch(ctx context.Context, interval time.Duration) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		worst, over := g.read(ctx, interval)
		if err := ctx.Err(); err != nil {
			return err
		}
		g.set(worst, over, interval)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// read is the worst verdict of all inputs.
func (g *Gate) read(ctx context.Context, limit time.Duration) (Verdict, []string) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	worst, over := Free, []string(nil)
	for _, input := range g.inputs {
		value, err := input.Read(ctx)
		verdict := input.Judge(value, errors.Join(err, ctx.Err()))
		if verdict != Free {
			over = append(over, input.Name)
		}
		worst = max(worst, verdict)
	}
	return worst, over
}

// set follows a verdict.
func (g *Gate) set(worst Verdict, over []string, interval time.Duration) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	switch worst {
	case Free:
		g.allowed, g.size = min(g.most, g.allowed+1), min(1, g.size+growth)
	case Over:
		g.allowed, g.size = max(1, g.allowed/2), max(smallest, g.size/2)
	case Stop:
		g.allowed, g.size = 0, max(smallest, g.size/2)
	}
	g.watched += interval
	if g.allowed < g.most {
		g.throttled += interval
	}
	g.over = over
	g.wake()
}
