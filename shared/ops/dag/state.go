package dag

import "fmt"

// State says where a node is in its life. Every node starts as Waiting and ends
// in exactly one of the terminal states.
type State string

// The states of a node.
const (
	Waiting    State = "waiting"     // a need has not ended yet, or no slot is free
	Running    State = "running"     // its task was started
	Succeeded  State = "succeeded"   // its task changed something and succeeded, now or in the run that is resumed
	Unchanged  State = "unchanged"   // its task succeeded and found nothing to change
	Failed     State = "failed"      // its task returned an error
	Cancelled  State = "cancelled"   // its task was interrupted
	Skipped    State = "skipped"     // a need failed or was cancelled
	NotStarted State = "not-started" // the run was wound down before its turn
)

// transitions is the whole life of a node: what is not listed cannot happen.
var transitions = map[State][]State{
	Waiting:    {Running, Succeeded, Skipped, NotStarted},
	Running:    {Succeeded, Unchanged, Failed, Cancelled},
	Succeeded:  nil,
	Unchanged:  nil,
	Failed:     nil,
	Cancelled:  nil,
	Skipped:    nil,
	NotStarted: nil,
}

// Terminal reports whether a node in this state has ended.
func (s State) Terminal() bool {
	next, known := transitions[s]
	return known && len(next) == 0
}

// Good reports whether dependents of a node in this state may start.
func (s State) Good() bool { return s == Succeeded || s == Unchanged }

// CanBecome reports whether a node in state s may enter state next.
func (s State) CanBecome(next State) bool {
	for _, allowed := range transitions[s] {
		if allowed == next {
			return true
		}
	}
	return false
}

// states keeps the state of every node and lets only listed transitions happen.
type states map[string]State

func (s states) move(name string, next State) error {
	if current := s[name]; !current.CanBecome(next) {
		return fmt.Errorf("node %s cannot go from %s to %s", name, current, next)
	}
	s[name] = next
	return nil
}
