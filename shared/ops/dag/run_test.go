package dag_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// script is what a test makes happen in a run: how each task ends, and after
// which start the run is drained or cancelled.
type script struct {
	ends        map[string]dag.State
	drainAfter  int // starts before Drain; 0 for never
	cancelAfter int
}

func drawScript(t *rapid.T, g *dag.Graph) script {
	s := script{ends: map[string]dag.State{}}
	for _, name := range g.Names() {
		s.ends[name] = rapid.SampledFrom([]dag.State{
			dag.Succeeded, dag.Succeeded, dag.Unchanged, dag.Failed,
		}).Draw(t, "end of "+name)
	}
	s.drainAfter = rapid.IntRange(0, len(g.Names())).Draw(t, "drain after")
	s.cancelAfter = rapid.IntRange(0, len(g.Names())).Draw(t, "cancel after")
	return s
}

// recorder plays a script and keeps what it saw.
type recorder struct {
	mu        sync.Mutex
	script    script
	ctl       *dag.Control
	begun     []string
	ended     map[string]bool
	running   int
	peak      int
	afterStop []string // started although the run was already winding down
	events    map[string][]dag.Event
	wound     bool
}

func newRecorder(s script) *recorder {
	return &recorder{script: s, ctl: dag.NewControl(), ended: map[string]bool{}, events: map[string][]dag.Event{}}
}

func (r *recorder) observe(e dag.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events[e.Name] = append(r.events[e.Name], e)
	if e.To == dag.Running && r.wound {
		r.afterStop = append(r.afterStop, e.Name)
	}
}

func (r *recorder) task(ctx context.Context, name string) dag.Outcome {
	if count := r.begin(name); count == r.script.cancelAfter {
		r.windDown(r.ctl.Cancel)
	} else if count == r.script.drainAfter {
		r.windDown(r.ctl.Drain)
	}
	end := r.script.ends[name]
	if ctx.Err() != nil {
		end = dag.Cancelled
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running--
	r.ended[name] = end.Good()
	return dag.Outcome{State: end}
}

func (r *recorder) begin(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun = append(r.begun, name)
	r.running++
	r.peak = max(r.peak, r.running)
	return len(r.begun)
}

func (r *recorder) windDown(how func()) {
	how()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wound = true
}

func (r *recorder) run(t require.TestingT, g *dag.Graph, parallel int, done []string) []dag.Result {
	task := func(ctx context.Context, name string) dag.Outcome {
		for _, need := range g.Needs(name) {
			r.mu.Lock()
			met := r.ended[need] || slices.Contains(done, need)
			r.mu.Unlock()
			if !met {
				return dag.Outcome{State: dag.Failed, Err: fmt.Errorf("%s started before %s had succeeded", name, need)}
			}
		}
		return r.task(ctx, name)
	}
	opts := dag.Options{Parallel: parallel, Done: done, Observe: r.observe}
	results, err := dag.Run(context.Background(), g, r.ctl, opts, task)
	require.NoError(t, err)
	return results
}

func TestNoNodeStartsBeforeItsNeedsAndEachEndsInExactlyOneState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		parallel := rapid.IntRange(0, 4).Draw(t, "parallel")
		r := newRecorder(drawScript(t, g))

		results := r.run(t, g, parallel, nil)

		checkLives(t, g, r, results)
		if parallel > 0 && r.peak > parallel {
			t.Fatalf("%d tasks ran at once, allowed were %d", r.peak, parallel)
		}
		if len(r.afterStop) > 0 {
			t.Fatalf("%v started after the run was wound down", r.afterStop)
		}
	})
}

func checkLives(t *rapid.T, g *dag.Graph, r *recorder, results []dag.Result) {
	states := map[string]dag.State{}
	for _, result := range results {
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		if _, twice := states[result.Name]; twice || !result.State.Terminal() {
			t.Fatalf("%s has state %s, seen before: %v", result.Name, result.State, twice)
		}
		states[result.Name] = result.State
		checkEvents(t, r.events[result.Name], result.State)
	}
	if len(states) != len(g.Names()) {
		t.Fatalf("%d results for %d nodes", len(states), len(g.Names()))
	}
	for _, result := range results {
		checkSkip(t, g, states, r, result)
	}
}

func checkEvents(t *rapid.T, events []dag.Event, end dag.State) {
	state, terminal := dag.Waiting, 0
	for _, e := range events {
		if e.From != state || !e.From.CanBecome(e.To) {
			t.Fatalf("%s: event %s to %s while in %s", e.Name, e.From, e.To, state)
		}
		state = e.To
		if state.Terminal() {
			terminal++
		}
	}
	if state != end || terminal != 1 {
		t.Fatalf("events %v end in %s with %d terminal states, result says %s", events, state, terminal, end)
	}
}

func checkSkip(t *rapid.T, g *dag.Graph, states map[string]dag.State, r *recorder, result dag.Result) {
	wound := r.script.drainAfter > 0 || r.script.cancelAfter > 0
	switch result.State {
	case dag.Skipped:
		cause := states[result.Cause]
		if cause != dag.Failed && cause != dag.Cancelled || !slices.Contains(g.Upstream(result.Name), result.Cause) {
			t.Fatalf("%s is skipped because of %s, which is %s", result.Name, result.Cause, cause)
		}
	case dag.NotStarted, dag.Cancelled:
		if !wound {
			t.Fatalf("%s is %s although nobody wound the run down", result.Name, result.State)
		}
	case dag.Succeeded, dag.Unchanged, dag.Failed, dag.Waiting, dag.Running:
	}
}

func TestIndependentBranchesFinishAfterAFailure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		s := drawScript(t, g)
		s.drainAfter, s.cancelAfter = 0, 0
		r := newRecorder(s)

		for _, result := range r.run(t, g, 0, nil) {
			want := s.ends[result.Name]
			for _, up := range g.Upstream(result.Name) {
				if !s.ends[up].Good() {
					want = dag.Skipped
				}
			}
			if result.State != want {
				t.Fatalf("%s is %s, expected %s", result.Name, result.State, want)
			}
		}
	})
}

func TestResumeRepeatsNothingAndEndsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		runs := map[string]int{}
		var done []string
		for range 3 {
			r := newRecorder(drawScript(t, g))
			done = append(done, succeeded(r.run(t, g, 2, done), done)...)
			count(runs, r.ended)
		}
		s := script{ends: map[string]dag.State{}}
		for _, name := range g.Names() {
			s.ends[name] = dag.Succeeded
		}
		last := newRecorder(s)
		done = append(done, succeeded(last.run(t, g, 2, done), done)...)
		count(runs, last.ended)

		if !sameSet(done, g.Names()) {
			t.Fatalf("after the last run %v are done of %v", done, g.Names())
		}
		for name, times := range runs {
			if times != 1 {
				t.Fatalf("%s succeeded %d times", name, times)
			}
		}
	})
}

func succeeded(results []dag.Result, before []string) []string {
	var names []string
	for _, result := range results {
		if result.State.Good() && !slices.Contains(before, result.Name) {
			names = append(names, result.Name)
		}
	}
	return names
}

func count(runs map[string]int, ended map[string]bool) {
	for name, good := range ended {
		if good {
			runs[name]++
		}
	}
}

func TestDrainLetsTheTaskInFlightFinish(t *testing.T) {
	g, err := dag.New([]dag.Node{{Name: "a"}, {Name: "b", Needs: []string{"a"}}})
	require.NoError(t, err)
	ctl := dag.NewControl()

	results, err := dag.Run(context.Background(), g, ctl, dag.Options{}, func(ctx context.Context, _ string) dag.Outcome {
		ctl.Drain()
		if ctx.Err() != nil {
			return dag.Outcome{State: dag.Cancelled, Err: ctx.Err()}
		}
		return dag.Outcome{State: dag.Succeeded}
	})

	require.NoError(t, err)
	assert.Equal(t, dag.Succeeded, results[0].State)
	assert.Equal(t, dag.NotStarted, results[1].State)
}

func TestCancelEndsTheContextOfTheTaskInFlight(t *testing.T) {
	g, err := dag.New([]dag.Node{{Name: "a"}, {Name: "b"}})
	require.NoError(t, err)
	ctl := dag.NewControl()

	results, err := dag.Run(context.Background(), g, ctl, dag.Options{Parallel: 1}, func(ctx context.Context, _ string) dag.Outcome {
		ctl.Cancel()
		<-ctx.Done()
		return dag.Outcome{State: dag.Cancelled, Err: ctx.Err()}
	})

	require.NoError(t, err)
	assert.Equal(t, []dag.State{dag.Cancelled, dag.NotStarted}, []dag.State{results[0].State, results[1].State})
}

func TestAnEndedContextDrains(t *testing.T) {
	g, err := dag.New([]dag.Node{{Name: "a"}, {Name: "b", Needs: []string{"a"}}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())

	ctl := dag.NewControl()
	results, err := dag.Run(ctx, g, ctl, dag.Options{}, func(context.Context, string) dag.Outcome {
		cancel()
		<-ctl.Drained()
		return dag.Outcome{State: dag.Succeeded}
	})

	require.NoError(t, err)
	assert.Equal(t, dag.NotStarted, results[1].State)
}

func TestATaskThatReportsAnImpossibleStateFails(t *testing.T) {
	g, err := dag.New([]dag.Node{{Name: "a"}})
	require.NoError(t, err)

	results, err := dag.Run(context.Background(), g, dag.NewControl(), dag.Options{}, func(context.Context, string) dag.Outcome {
		return dag.Outcome{State: dag.Waiting, Err: errors.New("lost")}
	})

	require.ErrorContains(t, err, `task a ended in state "waiting"`)
	assert.Equal(t, dag.Failed, results[0].State)
}

func TestADrainedControlStartsNothing(t *testing.T) {
	g, err := dag.New([]dag.Node{{Name: "a"}, {Name: "b"}})
	require.NoError(t, err)
	r := newRecorder(script{ends: map[string]dag.State{"a": dag.Succeeded, "b": dag.Succeeded}})
	r.windDown(r.ctl.Drain)

	results := r.run(t, g, 0, nil)

	assert.Empty(t, r.begun)
	assert.Equal(t, []dag.State{dag.NotStarted, dag.NotStarted}, []dag.State{results[0].State, results[1].State})
}
