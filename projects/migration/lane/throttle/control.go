package throttle

import "time"

// State is what is allowed until the next reading.
type State struct {
	// Share is the part, from 0 to 1, of those that could be at work at once: halved
	// while an input is over its limit, and 0 while one is so far over it that nothing
	// may begin.
	Share float64 `json:"share"`
	// Size is how large a piece of work may be, as a part of what it is meant to be: it
	// is halved with the number, and comes back by steps of an eighth.
	Size float64 `json:"size"`
	// Duty is the part of each period in which data may flow.
	Duty float64 `json:"duty"`
	// Readings are all inputs as they were read last.
	Readings []Reading `json:"readings"`
	// Since is when nothing could begin any more; zero while something can.
	Since time.Time `json:"since,omitzero"`
}

// Unthrottled is the state of a load that nothing slows down.
func Unthrottled() State { return State{Share: 1, Size: 1, Duty: 1} }

// Blind is the state while nothing can be known: the least that goes on.
func Blind(budget float64) State {
	return State{Share: least, Size: smallest, Duty: min(1, budget), Readings: []Reading{{Name: Unmeasured, Verdict: Over, Unread: "nobody measures"}}}
}

// Unmeasured is the name of the reading that stands for all while there is none.
const Unmeasured = "throttle"

// Withheld is the part of the load's full speed, from 0 to 1, that it is kept from: 1
// when nothing may begin.
func (s State) Withheld() float64 { return 1 - s.Share*s.Duty }

// Over are the readings that slow the load down.
func (s State) Over() []Reading {
	var over []Reading
	for _, reading := range s.Readings {
		if reading.Verdict != Free {
			over = append(over, reading)
		}
	}
	return over
}

// Workers is how many of most may be at work: at least one, but none while the share
// is 0.
func (s State) Workers(most int) int {
	if s.Share <= 0 {
		return 0
	}
	return max(1, min(most, int(s.Share*float64(most)+0.5)))
}

// The steps of Share and Size.
const (
	least    = 1.0 / 64
	smallest = 1.0 / 64
	growth   = 1.0 / 8
)

// Gentle is a state to begin with while clients are at work: the next reading lets one
// worker begin, and each that finds nothing over its limit one more.
func Gentle() State { return State{Share: 0, Size: 1, Duty: 1} }

// Control is the rule by which a state follows from readings. It is not safe for
// concurrent use.
type Control struct {
	// Step is what the share grows by: that of one worker.
	Step  float64
	state State
}

// NewControl begins with a state: Unthrottled, or what somebody else has found.
func NewControl(most int, from State) *Control {
	return &Control{Step: 1 / float64(max(1, most)), state: from}
}

// Next follows readings, and what the flow of data may take of the time. What that flow
// costs the source's clients is met by the duty and by fewer at once, and not by the size:
// a piece is made to fit into the time for which data may flow anyway.
func (c *Control) Next(now time.Time, duty float64, readings []Reading) State {
	worst, others := Free, Free
	for _, reading := range readings {
		worst = max(worst, reading.Verdict)
		if reading.Name != SourceCost || reading.Unread != "" {
			others = max(others, reading.Verdict)
		}
	}
	s := c.state
	switch worst {
	case Free:
		s.Share = min(1, s.Share+c.Step)
	case Over:
		s.Share = max(c.Step, s.Share/2)
	case Stop:
		s.Share = 0
	}
	if others == Free {
		s.Size = min(1, s.Size+growth)
	} else {
		s.Size = max(smallest, s.Size/2)
	}
	switch {
	case s.Share > 0:
		s.Since = time.Time{}
	case s.Since.IsZero():
		s.Since = now
	}
	s.Duty, s.Readings = duty, readings
	c.state = s
	return s
}
