// Package switching models how the authority goes from one side to the other and
// back: two databases, both lanes, writers, the control store, and processes that
// switch or recover. A process may crash, or stand still between any two of its
// acts while another one takes over, and then go on with what it remembers.
//
// The token is left out: writers try either side at any time, which is worse than
// what any token could make them do. Equality of rows stands for the checks before
// a promotion, preparation and gates for nothing.
package switching

import (
	"github.com/cutover/cutover/projects/migration/model/explore"
	"github.com/cutover/cutover/shared/control"
	"slices"
)

// Functions names, for each action, the function of the engine that it stands for.
// Actions of writers, and crashes, stand for none.
var Functions = map[string]string{
	"start":                      "Machine.Start",
	"take over":                  "turn.recover",
	"register":                   "Register",
	"fence":                      "Fence",
	"check":                      "Databases.Check",
	"promote":                    "Promote",
	"close":                      "Close",
	"cancel":                     "Cancel",
	"release":                    "Release",
	"give up":                    "turn.retreat",
	"give up, store unreachable": "turn.retreat",
	"read the new side":          "Settled",
	"store":                      "turn.enter",
	"lose the item":              "turn.enter",
	"apply":                      "Applier.Apply",
}

const (
	sides     = 2
	processes = 2
	writers   = 2
	events    = 10        // of one log
	ids       = 12        // of attempts
	nobody    = processes // owns the item
)

// Events of a log: a writer's number from 1, an authority that opens, and one that
// closes under an attempt.
const (
	opens  = 16
	closes = 32
)

// Authority is the row of one database, with the writers' grants.
type Authority struct {
	Epoch             uint8
	Writable, Granted bool
	Attempt           uint8
}

// Lane reads the log of one side and writes the other side.
type Lane struct {
	Position uint8
	Writable bool // the source, as of the position
	Attempt  uint8
}

// Stage of a writer, who has one transaction to write.
const (
	waiting = iota
	open    // written, not committed; holds its lock
	unknown // the reply to COMMIT was lost: it asks by its key, or writes again
	acknowledged
)

// Writer is a client.
type Writer struct{ Stage, Side uint8 }

// Item is the switch item. Who wrote it last owns it: a conditional write of
// anybody else fails.
type Item struct {
	State     uint8
	From      uint8
	Epoch     uint8
	Attempt   uint8
	Heirs     uint16 // all that took over in this switch, a bit each
	Promoting bool
	Reverse   bool
	Owner     uint8
}

// Process remembers what it works on.
type Process struct {
	At      uint8 // step; 0 is no process
	From    uint8
	Epoch   uint8
	Attempt uint8  // its own
	Old     uint8  // of whom it takes over, 0 for a creator
	Heirs   uint16 // who took over before
}

// State of everything.
type State struct {
	A         [sides]Authority
	Log       [sides][events]uint8
	Len       [sides]uint8
	Lanes     [sides]Lane // by source
	Data      [sides]uint8
	Writers   [writers]Writer
	Item      Item
	Processes [processes]Process
	Starts    uint8
	Takes     uint8
	Crashes   uint8
	Ids       uint8
	Wrong     uint8
}

// What can go wrong in a step.
const (
	rogue = iota + 1
	twice
	unequal
	unruly
)

var wrongs = [...]string{
	rogue:   "I08: a write crossed from a side that was closed",
	twice:   "I08: a write crossed twice",
	unequal: "I11: a side was opened that does not have all writes, or without a place for the way back",
	unruly:  "the item went to a state to which no rule leads",
}

// Model is the machine. Its bounds are numbers of events; beyond Takes a process
// takes over only where nobody is left.
type Model struct {
	Writers, Starts, Takes, Crashes int
	// Without leaves out one rule.
	Without Rule
}

// Rule of the switch that a model can leave out.
type Rule string

// The rules.
const (
	Revoke        Rule = "revoke"           // the fence takes the writers' grants
	Lock          Rule = "lock"             // the fence waits for writers that have written
	Drain         Rule = "drain"            // the new side has all writes before it opens
	AttemptOfTo   Rule = "attempt, promote" // promote only under an attempt that stands
	AttemptOfFrom Rule = "attempt, release" // release only under an attempt that stands
	StoreFirst    Rule = "store, promote"   // promote only when PROMOTING is stored
	CancelFirst   Rule = "cancel, release"  // once PROMOTING was stored, release only after cancelling
	OneMaker      Rule = "one maker"        // nobody goes on with an attempt of somebody else
	Echo          Rule = "echo"             // what a lane wrote is not carried back
	AllHeirs      Rule = "all heirs"        // whoever takes over knows all who did before
	ReverseFirst  Rule = "reverse, promote" // the way back has a position before
)

var _ explore.Model[State] = Model{}

// Initial has the authority on one side and both lanes running.
func (m Model) Initial() []State {
	var s State
	s.A[0] = Authority{Epoch: 1, Writable: true, Granted: true}
	s.A[1] = Authority{Epoch: 1}
	s.Lanes[0].Writable = true
	s.Item = Item{State: number(control.Steady), Epoch: 1, Owner: nobody}
	return []State{s}
}

// number is a state of the item in one byte.
func number(s control.State) uint8 { return uint8(slices.Index(control.States(), s)) } //nolint:gosec // a dozen states

// name is the state of that number.
func name(n uint8) control.State { return control.States()[n] }

// Broken checks the invariants.
func (m Model) Broken(s State) string {
	switch {
	case s.A[0].Writable && s.A[1].Writable || s.A[0].Granted && s.A[1].Granted:
		return "I01: two writers"
	case s.Wrong != 0:
		return wrongs[s.Wrong]
	default:
		return ""
	}
}

// Good is a platform at rest: one side open, every write acknowledged and on both
// sides.
func (m Model) Good(s State) bool {
	all := uint8(1)<<m.Writers - 1
	holder := s.Item.From
	return s.Item.State == number(control.Steady) &&
		s.A[holder].Granted && s.A[holder].Writable && !s.A[1-holder].Granted && s.A[0].Epoch == s.A[1].Epoch &&
		s.Lanes[0].Position == s.Len[0] && s.Lanes[1].Position == s.Len[1] &&
		s.Data[0] == all && s.Data[1] == all && m.answered(&s)
}

func (m Model) answered(s *State) bool {
	for _, w := range s.Writers[:m.Writers] {
		if w.Stage != acknowledged {
			return false
		}
	}
	return true
}

// log appends an event. The bound is never met by the numbers of events that
// models allow; an event beyond it would be lost without a word.
func (s *State) log(side, event uint8) {
	if int(s.Len[side]) == events {
		panic("the log of the model is too short for its bounds")
	}
	s.Log[side][s.Len[side]] = event
	s.Len[side]++
}

// enter writes the item's state, if a rule leads there.
func (s *State) enter(next control.State) {
	if !name(s.Item.State).May(next) {
		s.Wrong = unruly
	}
	s.Item.State = number(next)
}
