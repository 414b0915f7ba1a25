package ops

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/console"
	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/report"
)

// action is what a run does to each of its layers.
type action struct {
	verb     string
	reversed bool // dependents come first
	partial  bool // needs the outputs of layers that are not part of the run
	// look tells what do would do.
	look func(ctx context.Context, r *run, request engine.Request) (engine.Result, error)
	do   func(ctx context.Context, r *run, request engine.Request) (engine.Result, error)
	// guard refuses, or asks for names, before anything changes.
	guard func(ctx context.Context, r *run, planned []planned) error
}

// run is one command that changes layers.
type run struct {
	*session
	act   action
	one   contract.Layer // the layer that the target names; empty for all
	graph *dag.Graph     // the run's layers, in the order in which they run
	done  []string       // what the run that this one resumes has done
	stop  *stopper

	preparations map[string]*preparation

	mu     sync.Mutex // guards report and rows
	report *report.Report
	rows   map[string]console.Row
}

// step is one part of a run, with the words for its failure.
type step struct {
	name string
	do   func(ctx context.Context) error
}

// change opens a session and runs an action over the selected layers.
func (a *App) change(ctx context.Context, target string, one contract.Layer, act action) error {
	s, err := a.open(ctx, target)
	if err != nil {
		return err
	}
	r := &run{session: s, act: act, one: one, rows: map[string]console.Row{}}
	r.stop = newStopper(s.con, s.set.Timeout)
	defer r.stop.release()
	if a.ports.Signals {
		r.stop.takeSignals(ctx)
	}
	return r.execute(r.stop.before)
}

func (r *run) execute(ctx context.Context) (err error) {
	if err := r.walk(ctx, []step{
		{"select layers", r.selectLayers},
		{"check configuration", r.checkConfiguration},
	}); err != nil {
		return err
	}
	lock, err := r.lockRun(ctx, r.patience())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	if err := r.walk(ctx, []step{
		{"find the run to resume", r.resume},
		{"find the tools", r.equip},
		{"reach the account", r.connect},
		{"find the traffic", r.findTraffic},
		{"make stacks", r.ensureStacks},
		{"check upstream layers", r.checkUpstream},
		{"plan", r.confirm},
	}); err != nil || r.set.DryRun {
		return err
	}
	return r.carryOut()
}

func (r *run) walk(ctx context.Context, steps []step) error {
	for _, s := range steps {
		if ctx.Err() != nil {
			return r.stop.explain(fault.New(fault.Cancelled, "stopped before anything was changed: %w", context.Cause(ctx)))
		}
		if err := s.do(ctx); err != nil {
			return r.stop.explain(fmt.Errorf("%s: %w", s.name, err))
		}
	}
	return nil
}

func (r *run) selectLayers(context.Context) error {
	selected, err := r.selection(r.one)
	if err != nil {
		return err
	}
	return r.narrow(selected)
}

// narrow limits the run to the given layers.
func (r *run) narrow(selected []string) error {
	graph, err := r.app.graph.Subset(selected)
	if err != nil {
		return err
	}
	if r.act.reversed {
		graph = graph.Reverse()
	}
	r.graph = graph
	return nil
}

func (r *run) checkConfiguration(context.Context) error {
	return fault.Wrap(fault.Usage, r.app.checkConfig(r.env.Name, r.graph.Order()))
}

// carryOut runs the action over the layers and reports.
func (r *run) carryOut() (err error) {
	if err := r.begin(); err != nil {
		return err
	}
	if r.stop.watch != nil {
		r.stop.watch.Retake()
	}
	r.con.Block(r.header(plan(r.graph)) + "run: " + r.app.store.RunDir(r.report.ID))
	r.con.Plan(r.initialRows())
	settle := r.con.Run()
	defer settle()
	opts := dag.Options{Parallel: r.set.Parallel, Done: r.done, Observe: r.observe}
	results, runErr := dag.Run(r.stop.during, r.graph, r.stop.control, opts, r.task)
	r.stop.cancelPreparations()
	settle()
	return r.conclude(results, runErr)
}

// task does one layer.
func (r *run) task(ctx context.Context, name string) dag.Outcome {
	result, err := r.work(ctx, name)
	r.note(name, result)
	auditErr := r.audit(name, outcomeWord(result, err), result.Changes)
	err = errors.Join(err, auditErr)
	switch {
	case fault.CodeOf(err) == fault.Cancelled:
		return dag.Outcome{State: dag.Cancelled, Err: err}
	case err != nil:
		return dag.Outcome{State: dag.Failed, Err: err}
	case result.Changes.Any():
		return dag.Outcome{State: dag.Succeeded}
	default:
		return dag.Outcome{State: dag.Unchanged}
	}
}

func (r *run) work(ctx context.Context, name string) (engine.Result, error) {
	if err := r.audit(name, "started", engine.Changes{}); err != nil {
		return engine.Result{}, err
	}
	if err := r.preparations[name].wait(ctx); err != nil {
		return engine.Result{}, err
	}
	request := r.request(name)
	if err := r.clearWay(ctx, request); err != nil {
		return engine.Result{}, err
	}
	return r.act.do(ctx, r, request)
}

func (r *run) request(name string) engine.Request {
	return engine.Request{
		Stack:   r.stack(name, r.log(name)),
		Targets: r.targets(),
		Message: strings.TrimSpace(r.target + " " + r.set.Reason),
		Observe: func(p engine.Progress) { r.progress(name, p) },
	}
}

func (r *run) log(name string) string {
	return filepath.Join(r.app.store.RunDir(r.report.ID), name+".log")
}

func outcomeWord(result engine.Result, err error) string {
	switch {
	case fault.CodeOf(err) == fault.Cancelled:
		return string(dag.Cancelled)
	case err != nil:
		return string(dag.Failed)
	case result.Changes.Any():
		return string(dag.Succeeded)
	default:
		return string(dag.Unchanged)
	}
}

// patience is how long a resumed run waits for what the interrupted one left
// running: Pulumi finishes the resources it has in flight, and the slowest of
// them is an Aurora cluster.
func (r *run) patience() time.Duration {
	if r.set.Resume {
		return 45 * time.Minute
	}
	return 0
}

// inFlight lists the layers being worked on.
func (r *run) inFlight() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var running []string
	for name, row := range r.rows {
		if row.State == string(dag.Running) {
			running = append(running, name)
		}
	}
	slices.Sort(running)
	return running
}
