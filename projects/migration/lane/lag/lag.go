// Package lag measures how long a commit of a source takes until a lane has applied
// it, by the lane's own canary: one that is written every second, from before it is
// written until a commit of its time or a later one is applied. The way there and back
// is taken by one clock, that of the process that runs the lane. It is pure.
package lag

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// Sample is one canary.
type Sample struct {
	// At is when it was written, by the source's clock.
	At time.Time
	// Took is how long it was on its way.
	Took time.Duration
}

// MarshalJSON is short, since an item holds minutes of them: two counts of milliseconds.
func (s Sample) MarshalJSON() ([]byte, error) {
	return json.Marshal([2]int64{s.At.UnixMilli(), s.Took.Milliseconds()})
}

// UnmarshalJSON reads what MarshalJSON has written.
func (s *Sample) UnmarshalJSON(text []byte) error {
	var pair []int64
	if err := json.Unmarshal(text, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return fmt.Errorf("sample of a lag: %d numbers, expected 2", len(pair))
	}
	s.At, s.Took = time.UnixMilli(pair[0]).UTC(), time.Duration(pair[1])*time.Millisecond
	return nil
}

// Meter turns canaries that were written and commits that were applied into samples.
// Nil measures nothing. It lives as long as its process: a canary that is on its way when the
// process ends is in no sample.
type Meter struct {
	mutex sync.Mutex
	away  []canary
	done  []Sample
	// reached is the source's time of the last commit that was applied, since is when
	// that was known.
	reached, since time.Time
}

type canary struct{ at, begun time.Time }

// most bounds what is kept of either kind: a lane that stands still for longer leaves
// a hole.
const most = 1000

// Wrote takes a canary in that the source has written at a time of its own clock; begun
// is when that was asked for. It may have been applied before its writer heard of it.
func (m *Meter) Wrote(at, begun time.Time) {
	if m == nil {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if !m.reached.Before(at) {
		m.add(Sample{At: at, Took: max(0, m.since.Sub(begun))})
		return
	}
	m.away = append(m.away[max(0, len(m.away)-most+1):], canary{at, begun})
}

// Applied notes that all commits up to a time of the source's clock are applied.
func (m *Meter) Applied(upTo, now time.Time) {
	if m == nil {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if upTo.After(m.reached) {
		m.reached, m.since = upTo, now
	}
	m.away = slices.DeleteFunc(m.away, func(c canary) bool {
		arrived := !upTo.Before(c.at)
		if arrived {
			m.add(Sample{At: c.at, Took: now.Sub(c.begun)})
		}
		return arrived
	})
}

func (m *Meter) add(s Sample) { m.done = append(m.done[max(0, len(m.done)-most+1):], s) }

// Take returns the samples since the last call.
func (m *Meter) Take() []Sample {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	done := m.done
	m.done = nil
	return done
}

// Limits are what a lane must keep to count as close to its source.
type Limits struct {
	// Most is what 99 of 100 samples of the Window must stay below.
	Window, Most time.Duration
	// Hole is the longest time between two samples, and between the window's beginning
	// and the first; Fresh is how old the last may be.
	Hole, Fresh time.Duration
	// Least is how many samples the window needs.
	Least int
}

// Defaults are the limits that the documentation names.
func Defaults() Limits {
	return Limits{Window: 5 * time.Minute, Most: time.Second, Hole: 5 * time.Second, Fresh: 30 * time.Second, Least: 240}
}

// Window is the samples of a while, the oldest first.
type Window []Sample

// Add puts samples in their place, and lets go of those that no window of that length
// needs any more.
func (w Window) Add(samples []Sample, length time.Duration) Window {
	next := slices.Concat(w, samples)
	slices.SortFunc(next, func(a, b Sample) int { return a.At.Compare(b.At) })
	if len(next) == 0 {
		return nil
	}
	from := next[len(next)-1].At.Add(-length)
	return slices.DeleteFunc(next, func(s Sample) bool { return s.At.Before(from) })
}

// Finding is what a window shows.
type Finding struct {
	// Known is false where too little was measured; Detail says what is missing.
	Known bool
	// P99 is what 99 of 100 samples did not exceed.
	P99    time.Duration
	Detail string
}

// Judge looks at the window that ends with the last sample.
func (w Window) Judge(now time.Time, l Limits) Finding {
	if len(w) == 0 {
		return Finding{Detail: fmt.Sprintf("no canary has told a lag, expected %d or more of %s", l.Least, l.Window)}
	}
	last := w[len(w)-1].At
	inside := w.Add(nil, l.Window)
	if age := now.Sub(last); age > l.Fresh {
		return Finding{Detail: fmt.Sprintf("the last canary that has told a lag is %s old, expected %s at most", age.Round(time.Second), l.Fresh)}
	}
	if len(inside) < l.Least {
		return Finding{Detail: fmt.Sprintf("%d canaries have told a lag in %s, expected %d or more", len(inside), l.Window, l.Least)}
	}
	before := last.Add(-l.Window)
	for _, s := range inside {
		if gap := s.At.Sub(before); gap > l.Hole {
			return Finding{Detail: fmt.Sprintf("no canary has told a lag for %s, expected one every %s in %s", gap.Round(time.Second), l.Hole, l.Window)}
		}
		before = s.At
	}
	slices.SortFunc(inside, func(a, b Sample) int { return int(a.Took - b.Took) })
	p99 := inside[int(math.Ceil(float64(len(inside))*0.99))-1].Took
	return Finding{Known: true, P99: p99, Detail: fmt.Sprintf("p99 %s, median %s of %d canaries in %s",
		p99.Round(time.Millisecond), inside[(len(inside)-1)/2].Took.Round(time.Millisecond), len(inside), l.Window)}
}

// Opens is when the window keeps the limits at the earliest: if every second from the last
// sample on, or from now on where that is old, brings one that is not late. Zero is that it
// would not even then, as where a clock is far off.
func (w Window) Opens(now time.Time, l Limits) time.Time {
	at, next := now, slices.Clone(w)
	if len(w) > 0 && now.Sub(w[len(w)-1].At) <= l.Fresh {
		at = w[len(w)-1].At
	}
	for until := at.Add(2 * l.Window); at.Before(until); {
		seen := now
		if at.After(now) {
			seen = at
		}
		if f := next.Judge(seen, l); f.Known && f.P99 < l.Most {
			return seen
		}
		at = at.Add(time.Second)
		next = next.Add([]Sample{{At: at}}, l.Window)
	}
	return time.Time{}
}
