package dag

import (
	"context"
	"errors"
	"fmt"
)

// Outcome is what a task reports: Succeeded, Unchanged, Failed or Cancelled,
// and for the last two why.
type Outcome struct {
	State State
	Err   error
}

// Task does the work of one node. Its context ends when the run is cancelled,
// not when it is drained.
type Task func(ctx context.Context, name string) Outcome

// Event tells that a node changed its state.
type Event struct {
	Name     string
	From, To State
	Cause    string // for Skipped: the node whose failure it was
	Err      error
}

// Options of a run.
type Options struct {
	Parallel int         // how many tasks may run at once; less than 1 sets no limit
	Done     []string    // nodes that succeeded before: they are not run again
	Observe  func(Event) // called for every change, never twice at once; must not call the Control
}

// Result is how a node ended.
type Result struct {
	Name  string
	State State
	Cause string // for Skipped: the node whose failure it was
	Err   error
}

// Run executes task for every node of g and returns one result per node, in
// g.Order. The error is about the run itself, not about its nodes: it is nil
// unless a task reports a state that it may not report.
func Run(ctx context.Context, g *Graph, ctl *Control, opts Options, task Task) ([]Result, error) {
	tasks, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, ctl.Drain)()
	go func() {
		select {
		case <-ctl.Cancelled():
			cancel()
		case <-tasks.Done():
		}
	}()
	r := newRun(g, ctl, opts, task)
	r.settle()
	r.loop(tasks)
	return r.collect(), errors.Join(r.problems...)
}

type completion struct {
	name    string
	outcome Outcome
}

type run struct {
	graph    *Graph
	ctl      *Control
	opts     Options
	task     Task
	order    []string
	states   states
	results  map[string]Result
	inflight int
	ended    chan completion
	problems []error
}

func newRun(g *Graph, ctl *Control, opts Options, task Task) *run {
	r := &run{
		graph: g, ctl: ctl, opts: opts, task: task, order: g.Order(),
		states: states{}, results: map[string]Result{}, ended: make(chan completion),
	}
	for _, name := range r.order {
		r.states[name] = Waiting
	}
	return r
}

// settle records what an earlier run has done.
func (r *run) settle() {
	for _, name := range r.opts.Done {
		if r.states[name] == Waiting {
			r.move(name, Result{State: Succeeded})
		}
	}
}

func (r *run) loop(ctx context.Context) {
	drained := r.ctl.Drained()
	for {
		r.startReady(ctx)
		if r.inflight == 0 {
			break
		}
		select {
		case c := <-r.ended:
			r.finish(c)
		case <-drained:
			drained = nil
			r.abandon()
		}
	}
	r.abandon()
}

func (r *run) startReady(ctx context.Context) {
	for _, name := range r.order {
		if r.opts.Parallel > 0 && r.inflight >= r.opts.Parallel {
			return
		}
		if r.states[name] != Waiting || !r.needsMet(name) {
			continue
		}
		started := r.ctl.admit(func() { r.move(name, Result{State: Running}) })
		if !started {
			return
		}
		r.inflight++
		go func() { r.ended <- completion{name, r.task(ctx, name)} }()
	}
}

func (r *run) needsMet(name string) bool {
	for _, need := range r.graph.Needs(name) {
		if !r.states[need].Good() {
			return false
		}
	}
	return true
}

func (r *run) finish(c completion) {
	r.inflight--
	outcome := c.outcome
	if !Running.CanBecome(outcome.State) {
		problem := fmt.Errorf("task %s ended in state %q: expected one of %v", c.name, outcome.State, transitions[Running])
		r.problems = append(r.problems, problem)
		outcome = Outcome{State: Failed, Err: problem}
	}
	r.move(c.name, Result{State: outcome.State, Err: outcome.Err})
	if !outcome.State.Good() {
		r.skipDependents(c.name)
	}
}

func (r *run) skipDependents(cause string) {
	for _, name := range r.graph.Downstream(cause) {
		if r.states[name] == Waiting {
			r.move(name, Result{State: Skipped, Cause: cause})
		}
	}
}

// abandon ends what never had its turn.
func (r *run) abandon() {
	for _, name := range r.order {
		if r.states[name] == Waiting {
			r.move(name, Result{State: NotStarted})
		}
	}
}

func (r *run) move(name string, to Result) {
	from := r.states[name]
	if err := r.states.move(name, to.State); err != nil {
		r.problems = append(r.problems, err)
		return
	}
	to.Name = name
	r.results[name] = to
	if r.opts.Observe != nil {
		r.opts.Observe(Event{Name: name, From: from, To: to.State, Cause: to.Cause, Err: to.Err})
	}
}

func (r *run) collect() []Result {
	results := make([]Result, 0, len(r.order))
	for _, name := range r.order {
		results = append(results, r.results[name])
	}
	return results
}
