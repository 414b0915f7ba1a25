package control

import "slices"

// State is where a change of authority is.
type State string

// The states of the switch item. STEADY, ARMING and ARMED leave writers alone;
// between REGISTERED and SWITCHED one process acts, and any other recovers.
const (
	Steady     State = "STEADY"      // one side has the authority, nothing is under way
	Arming     State = "ARMING"      // preparations are made, gates must hold
	Armed      State = "ARMED"       // gates hold; waits for the word
	Registered State = "REGISTERED"  // an attempt is written into both databases
	Fencing    State = "FENCING"     // the old side may be fenced
	Fenced     State = "FENCED"      // nobody can write
	Drained    State = "DRAINED"     // the new side has all that the old one has
	Checked    State = "CHECKED"     // and that is shown
	Promoting  State = "PROMOTING"   // the new side may be open
	Switched   State = "SWITCHED"    // the new side has the authority
	BackingOut State = "BACKING_OUT" // the old side is to be opened again
	Held       State = "HELD"        // nobody can write and no move is safe: a person decides
	Finalised  State = "FINALISED"   // there is no way back any more
)

// States lists all of them, in the order of a switch that goes well.
func States() []State {
	return []State{
		Steady, Arming, Armed, Registered, Fencing, Fenced, Drained, Checked, Promoting, Switched, BackingOut, Held, Finalised,
	}
}

// transitions says which state may follow which. Every state may follow itself,
// when a process takes over or notes something.
var transitions = map[State][]State{
	Steady:     {Arming, Held, Finalised},
	Arming:     {Armed, Steady, Held},
	Armed:      {Registered, Steady, Held},
	Registered: {Fencing, Armed, Steady, BackingOut, Held},
	Fencing:    {Fenced, Steady, BackingOut, Held},
	Fenced:     {Drained, BackingOut, Held},
	Drained:    {Checked, BackingOut, Held},
	Checked:    {Promoting, BackingOut, Held},
	Promoting:  {Switched, BackingOut, Held},
	Switched:   {Steady},
	BackingOut: {Armed, Steady, Held},
	Held:       {Switched, BackingOut, Steady},
	Finalised:  {},
}

// May tells whether the state next may follow s.
func (s State) May(next State) bool { return s == next || slices.Contains(transitions[s], next) }

// Idle tells whether no process needs to act: nothing is under way, or a person
// is awaited.
func (s State) Idle() bool { return s == Steady || s == Armed || s == Finalised }

// Unfenced tells that the holder has the authority, and no switch has come to its fence.
func (s State) Unfenced() bool { return s == Steady || s == Arming || s == Armed }

// Paused tells whether writers may be kept out in this state.
func (s State) Paused() bool {
	switch s {
	case Fencing, Fenced, Drained, Checked, Promoting, BackingOut, Held:
		return true
	case Steady, Arming, Armed, Registered, Switched, Finalised:
		return false
	}
	return true
}
