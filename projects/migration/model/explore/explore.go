// Package explore walks all states of a small model, breadth first, and looks for
// one that breaks an invariant or from which nothing good can be reached any more.
//
// It is a checker of models and not of programs: a model says with every action
// which function of the engine it stands for, and the tests of the engine show
// that the function does what the action says.
package explore

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Model is a machine with finitely many states. A state is a comparable value:
// equal values are the same state.
type Model[S comparable] interface {
	// Initial lists the states to begin with.
	Initial() []S
	// Next calls visit for every action that is possible in s, with its result.
	Next(s S, visit func(action string, next S))
	// Broken names the invariant that does not hold in s; empty when all hold.
	Broken(s S) string
	// Good tells whether s is one that must stay within reach.
	Good(s S) bool
}

// Result is what a walk found.
type Result struct {
	States, Transitions, Depth int
	// Actions that were taken, in the order in which they were first.
	Actions []string
	// Failure is nil when every invariant holds in every state and a good state can
	// be reached from each.
	Failure *Failure
}

// Failure is an invariant that breaks, with the shortest way there.
type Failure struct {
	Reason string
	Steps  []string // actions
	State  string   // where they lead
}

// String lists the steps, one a line, and the last state.
func (f *Failure) String() string {
	return f.Reason + ":\n  " + strings.Join(f.Steps, "\n  ") + "\n" + f.State
}

// TooLargeError tells that a model has more states than allowed.
type TooLargeError struct{ Limit int }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the model has more than %d states: bound it more closely, or allow more", e.Limit)
}

// none stands for no predecessor.
const none = -1

// walk holds all states that were found, in order, each with the one before it.
type walk[S comparable] struct {
	model  Model[S]
	limit  int
	index  map[S]int32
	states []S
	before []int32
	action []uint8
	names  []string
	number map[string]uint8
	edges  []edge
	depth  []uint16
}

// edge leads from one state to another.
type edge struct{ from, to int32 }

// Run walks the model. It ends with an error when ctx ends, or when there are more
// than limit states.
func Run[S comparable](ctx context.Context, model Model[S], limit int) (Result, error) {
	w := &walk[S]{model: model, limit: limit, index: map[S]int32{}, number: map[string]uint8{}}
	for _, s := range model.Initial() {
		w.add(s, none, 0)
	}
	for at := 0; at < len(w.states); at++ {
		if at%4096 == 0 && ctx.Err() != nil {
			return Result{}, fmt.Errorf("walk the model: %w", context.Cause(ctx))
		}
		s := w.states[at]
		if reason := model.Broken(s); reason != "" {
			return w.failed(reason, int32(at)), nil //nolint:gosec // below limit
		}
		model.Next(s, func(action string, next S) { w.step(int32(at), action, next) }) //nolint:gosec // below limit
		if len(w.states) > limit {
			return Result{}, &TooLargeError{Limit: limit}
		}
	}
	if stuck := w.stuck(); stuck != none {
		return w.failed("no good state can be reached any more", stuck), nil
	}
	return w.result(nil), nil
}

func (w *walk[S]) result(f *Failure) Result {
	deepest := 0
	for _, d := range w.depth {
		deepest = max(deepest, int(d))
	}
	return Result{States: len(w.states), Transitions: len(w.edges), Depth: deepest, Actions: w.names, Failure: f}
}

// step adds what an action leads to. An action that changes nothing is none.
func (w *walk[S]) step(from int32, action string, next S) {
	if next == w.states[from] {
		return
	}
	number := w.name(action)
	to, known := w.index[next]
	if !known {
		to = w.add(next, from, number)
	}
	w.edges = append(w.edges, edge{from, to})
}

func (w *walk[S]) name(action string) uint8 {
	n, known := w.number[action]
	if !known {
		n = uint8(len(w.names)) //nolint:gosec // models have a few dozen actions
		w.number[action] = n
		w.names = append(w.names, action)
	}
	return n
}

func (w *walk[S]) add(s S, from int32, action uint8) int32 {
	if at, known := w.index[s]; known {
		return at
	}
	at := int32(len(w.states)) //nolint:gosec // below limit
	var depth uint16
	if from != none {
		depth = w.depth[from] + 1
	}
	w.index[s] = at
	w.states = append(w.states, s)
	w.before = append(w.before, from)
	w.action = append(w.action, action)
	w.depth = append(w.depth, depth)
	return at
}

func (w *walk[S]) failed(reason string, at int32) Result {
	f := &Failure{Reason: reason, State: fmt.Sprintf("%+v", w.states[at])}
	for ; w.before[at] != none; at = w.before[at] {
		f.Steps = append(f.Steps, w.names[w.action[at]])
	}
	slices.Reverse(f.Steps)
	return w.result(f)
}

// stuck finds a state from which no good one can be reached: under fairness, where
// an action that stays possible is taken in the end, all others reach one.
func (w *walk[S]) stuck() int32 {
	back := w.backwards()
	reached := make([]bool, len(w.states))
	var queue []int32
	for at, s := range w.states {
		if w.model.Good(s) {
			reached[at] = true
			queue = append(queue, int32(at))
		}
	}
	for len(queue) > 0 {
		at := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, from := range back.of(at) {
			if !reached[from] {
				reached[from] = true
				queue = append(queue, from)
			}
		}
	}
	for at := range w.states {
		if !reached[at] {
			return int32(at)
		}
	}
	return none
}

// reverse holds, for each state, those that lead to it, in one slice.
type reverse struct{ start, from []int32 }

func (r reverse) of(at int32) []int32 { return r.from[r.start[at]:r.start[at+1]] }

func (w *walk[S]) backwards() reverse {
	r := reverse{start: make([]int32, len(w.states)+1), from: make([]int32, len(w.edges))}
	for _, e := range w.edges {
		r.start[e.to+1]++
	}
	for i := 1; i < len(r.start); i++ {
		r.start[i] += r.start[i-1]
	}
	next := append([]int32(nil), r.start...)
	for _, e := range w.edges {
		r.from[next[e.to]] = e.from
		next[e.to]++
	}
	return r
}
