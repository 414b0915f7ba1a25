package throttle

import (
	"math"
	"time"
)

// SourceCost is the name of the reading of what the flow of data costs the source's
// clients.
const SourceCost = "source.cost"

// Sample is what the source said at one moment.
type Sample struct {
	// At is the source's clock.
	At time.Time
	// Written counts the source's transactions that write.
	Written uint64
	// Active is how many sessions of clients are at work.
	Active int
	// Busy tells that a statement of a comparison runs, on either side: what cannot be
	// held up is at work outside of its time too, and rests for it afterwards.
	Busy bool
	// Draining tells that a loader's session is at work on either side, and does not just
	// wait for somebody to take its rows or to give it some: what has flowed is still felt
	// wherever both sides share anything.
	Draining bool
}

// Kind is what the engine did between two samples.
type Kind uint8

// The kinds of time.
const (
	// Flowing is time in which data could flow.
	Flowing Kind = iota
	// Settling is time after it, in which what was under way may still be felt.
	Settling
	// Quiet is time in which none flowed.
	Quiet
)

// Cost finds out what the flow of data costs the source's clients, by comparing the
// rate of their transactions while data flows with that while none does, again and
// again and side by side: neither this machine nor the hour of the day is known
// beforehand. From it follows the part of the time in which data may flow.
//
// With a rate r of the clients' transactions in quiet time, and a loss of the part s of
// it for the time in which data flows, a duty of d leaves them 1 - d*s. They are to keep
// 1 - Budget, so d = Budget / s. What they lose afterwards, while the target is still at
// work on what it got, is a part of s, which may come to more than all. Quiet is only time
// in which neither side is at work on anything that flowed; when a period has none, less
// flows in the next. Clients that wait for their answer before they ask again lose
// transactions by being slowed down; clients that do not lose none until the source is
// at its end, and are not what this measures: their time to commit is an input of its
// own.
type Cost struct {
	// Budget is the part of their transactions that the source's clients may lose, from
	// 0 to 1; 1 is all of them, and nothing is measured.
	Budget float64

	sum, now counts
	active   bool
	slope    float64
	duty     float64
}

// counts are seconds, and transactions in them.
type counts struct {
	quiet, all, flowing      float64
	quietWritten, allWritten float64
}

const (
	// memory is what is left of a count after one more period: about ten of them count.
	memory = 0.9
	// closed is the part of each period that stays quiet while clients are at work, for
	// comparison.
	closed = 0.1
	// stirring is how many transactions a second are more than a server's and the
	// engine's own.
	stirring = 10
	// steepest is how much more than all is believed to be lost: what flowed may be felt
	// after it.
	steepest = 4
	// shrink is what is left of the duty after a period in which it was never quiet.
	shrink = 0.75
	// doubt is by how many standard deviations less is believed of many periods, and
	// surely of a single one.
	doubt, surely = 0.5, 3
)

// Window counts the time between two samples.
func (c *Cost) Window(from, to Sample, kind Kind, own uint64) {
	seconds := to.At.Sub(from.At).Seconds()
	if seconds <= 0 || to.Written < from.Written {
		return // another server, or its clock was set
	}
	written := math.Max(0, float64(to.Written-from.Written)-float64(own))
	c.now.all += seconds
	c.now.allWritten += written
	c.active = c.active || to.Active > 0
	switch {
	case kind == Flowing, from.Busy || to.Busy:
		c.now.flowing += seconds
	case kind == Quiet && !from.Draining && !to.Draining:
		c.now.quiet += seconds
		c.now.quietWritten += written
	}
}

// Next ends a period and tells which part of the next one data may flow in. unread
// tells that the source could not be asked: then it is assumed that the flow of data
// takes everything from its clients.
func (c *Cost) Next(unread bool) float64 {
	now, active := c.now, c.active
	c.now, c.active = counts{}, false
	if c.Budget >= 1 {
		return 1
	}
	writes := now.allWritten >= max(2, stirring*now.all)
	c.sum.decay()
	c.sum.add(now)
	switch {
	case unread:
		c.sum, c.slope, c.duty = counts{}, 1, c.Budget
	case !writes && !active:
		c.sum, c.slope, c.duty = counts{}, 0, 1
	case c.sum.quiet > 0:
		c.slope = max(c.sum.slope(doubt), now.slope(surely))
		c.follow(now.flowing > 0, now.quiet > 0)
	case writes: // and what they would do without the load is not known
		c.slope, c.duty = 1, c.Budget
	default: // those at work write nothing, or are kept from it: the next quiet time tells
		c.slope, c.duty = 0, 1-closed
	}
	return c.duty
}

// follow gives way at once and comes back by steps, when what was allowed was tried. It
// begins as if everything were lost, and gives way too where there was no quiet time to
// compare with.
func (c *Cost) follow(tried, quiet bool) {
	target := 1 - closed
	if c.slope > 0 {
		target = min(target, c.Budget/c.slope)
	}
	next := c.duty
	switch {
	case c.duty == 0:
		next = c.Budget
	case tried && !quiet:
		next = max(c.Budget/steepest, next*shrink)
	case tried:
		next += growth
	}
	c.duty = min(target, next)
}

// Adopt goes on with a duty that somebody else has found.
func (c *Cost) Adopt(duty float64) { c.duty = duty }

// Reading is what the cost came to when it was last reckoned: the part of their
// transactions that clients lose while data flows.
func (c *Cost) Reading(unread string) Reading {
	r := Reading{Name: SourceCost, Value: c.slope, Limit: c.Budget, Unread: unread}
	if unread != "" || c.slope > c.Budget {
		r.Verdict = Over
	}
	return r
}

func (s *counts) decay() {
	s.quiet, s.all, s.flowing = s.quiet*memory, s.all*memory, s.flowing*memory
	s.quietWritten, s.allWritten = s.quietWritten*memory, s.allWritten*memory
}

func (s *counts) add(o counts) {
	s.quiet, s.all, s.flowing = s.quiet+o.quiet, s.all+o.all, s.flowing+o.flowing
	s.quietWritten, s.allWritten = s.quietWritten+o.quietWritten, s.allWritten+o.allWritten
}

// slope is the part of the clients' transactions that is lost while data flows, as far
// as it is more than so many standard deviations of the counts.
func (s *counts) slope(deviations float64) float64 {
	if s.quietWritten <= 0 || s.quiet <= 0 || s.flowing <= 0 {
		return 0
	}
	rate, ratio := s.quietWritten/s.quiet, s.all/s.quiet
	chance := math.Sqrt(s.allWritten + ratio*ratio*s.quietWritten)
	lost := rate*s.all - s.allWritten - deviations*chance
	return min(steepest, max(0, lost/(rate*s.flowing)))
}
