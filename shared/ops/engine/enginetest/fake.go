// Package enginetest has an engine that works in memory, for tests of what
// drives engines, and the conformance suite that every engine has to pass.
package enginetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Call is one operation that the fake was asked for.
type Call struct {
	Op      string // ensure, preview, up, destroy, drift, refresh, settle, release, unlock, unprotect
	Layer   contract.Layer
	Targets []string
}

// Fake is an engine without resources: a stack is present or not, equal to its
// program or not. It is safe for use from several goroutines.
type Fake struct {
	// Hook runs in the middle of every operation, without any lock held; an
	// error fails the operation, a wait for ctx stands for a long change.
	Hook func(ctx context.Context, op string, l contract.Layer) error

	mu     sync.Mutex
	stacks map[contract.Layer]*Stack
	calls  []Call
}

// Stack is the fake's memory of one layer.
type Stack struct {
	Exists    bool
	Deployed  bool
	Outdated  bool            // the next update changes something
	Size      int             // resources that a full update makes; 3 unless set
	Changes   []engine.Change // what the next preview or update lists
	Outputs   map[string]any
	Protected bool // of its first resource
	Pending   []engine.Pending
	Locks     []engine.Lock
	Updates   []engine.Update
	Drifted   bool
	Denied    bool              // the credentials may not read the state
	Resources []engine.Resource // besides those that Size counts
}

var _ engine.Engine = (*Fake)(nil)

// NewFake returns an engine without stacks.
func NewFake() *Fake { return &Fake{stacks: map[contract.Layer]*Stack{}} }

// Edit changes the memory of one layer.
func (f *Fake) Edit(l contract.Layer, edit func(*Stack)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	edit(f.stack(l))
}

// Calls lists what was asked for so far; with ops given, only those.
func (f *Fake) Calls(ops ...string) []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.calls), func(c Call) bool {
		return len(ops) > 0 && !slices.Contains(ops, c.Op)
	})
}

func (f *Fake) stack(l contract.Layer) *Stack {
	if f.stacks[l] == nil {
		f.stacks[l] = &Stack{Size: 3}
	}
	return f.stacks[l]
}

// begin records the call, refuses a locked stack and runs the hook.
func (f *Fake) begin(ctx context.Context, op string, r engine.Request) error {
	f.mu.Lock()
	f.calls = append(f.calls, Call{op, r.Layer, r.Targets})
	locks := slices.Clone(f.stack(r.Layer).Locks)
	exists := f.stack(r.Layer).Exists
	f.mu.Unlock()
	if !exists && op != "ensure" {
		return engine.NoStack(r.Stack)
	}
	if len(locks) > 0 && (op == "up" || op == "destroy" || op == "settle" || op == "refresh") {
		return engine.Locked(&engine.LockedError{Layer: r.Layer, Locks: locks}, r.Env)
	}
	if r.Observe != nil {
		r.Observe(engine.Progress{Current: []string{string(r.Layer)}})
	}
	if f.Hook != nil {
		if err := f.Hook(ctx, op, r.Layer); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return fault.New(fault.Cancelled, "%s was interrupted: %w", r.Layer, context.Cause(ctx))
	}
	return nil
}

// Ensure makes the stack if it does not exist.
func (f *Fake) Ensure(ctx context.Context, s engine.Stack) error {
	if err := f.begin(ctx, "ensure", engine.Request{Stack: s}); err != nil {
		return err
	}
	f.Edit(s.Layer, func(st *Stack) { st.Exists = true })
	return nil
}

// Preview tells what Up would do.
func (f *Fake) Preview(ctx context.Context, r engine.Request) (engine.Result, error) {
	if err := f.begin(ctx, "preview", r); err != nil {
		return engine.Result{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stack(r.Layer).plan(r), nil
}

func (s *Stack) plan(r engine.Request) engine.Result {
	switch {
	case !s.Deployed:
		return engine.Result{Changes: engine.Changes{Create: s.Size}, List: s.list(r, "create")}
	case s.Outdated:
		return engine.Result{Changes: engine.Changes{Update: 1, Same: s.Size - 1}, List: s.list(r, "update")}
	default:
		return engine.Result{Changes: engine.Changes{Same: s.Size}}
	}
}

func (s *Stack) list(r engine.Request, op string) []engine.Change {
	if s.Changes != nil {
		return slices.Clone(s.Changes)
	}
	return []engine.Change{{Op: op, URN: urn(r.Stack, 0), Type: thing, Name: string(r.Layer)}}
}

// thing is the type of all resources of the fake.
const thing = "fake:index:Thing"

func urn(s engine.Stack, n int) string {
	return fmt.Sprintf("urn:pulumi:%s::%s::%s::%s-%d", s.Env, s.Layer, thing, s.Layer, n)
}

// Up makes the stack equal to its program.
func (f *Fake) Up(ctx context.Context, r engine.Request) (engine.Result, error) {
	if err := f.begin(ctx, "up", r); err != nil {
		return engine.Result{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stack(r.Layer)
	result := s.plan(r)
	s.Deployed, s.Outdated, s.Changes = true, false, nil
	if s.Outputs == nil {
		s.Outputs = map[string]any{"name": string(r.Layer)}
	}
	result.Outputs = s.Outputs
	s.record("update", result.Changes)
	return result, nil
}

func (s *Stack) record(kind string, changes engine.Changes) {
	now := time.Now()
	s.Updates = append([]engine.Update{{Kind: kind, Result: "succeeded", Start: now, End: now, Changes: changes}}, s.Updates...)
}

func (s *Stack) demolition(r engine.Request) engine.Result {
	if !s.Deployed {
		return engine.Result{}
	}
	return engine.Result{Changes: engine.Changes{Delete: s.Size}, List: s.list(r, "delete")}
}

// Destroy deletes everything in the stack and keeps the stack itself.
func (f *Fake) Destroy(ctx context.Context, r engine.Request) (engine.Result, error) {
	if err := f.begin(ctx, "destroy", r); err != nil {
		return engine.Result{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stack(r.Layer)
	if s.Protected {
		return engine.Result{}, fault.New(fault.Resource, "%s: a resource is protected", r.Layer)
	}
	result := s.demolition(r)
	s.Deployed, s.Outputs = false, nil
	s.record("destroy", result.Changes)
	return result, nil
}

// Refresh takes reality into the state.
func (f *Fake) Refresh(ctx context.Context, r engine.Request) (engine.Result, error) {
	if err := f.begin(ctx, "refresh", r); err != nil {
		return engine.Result{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stack(r.Layer)
	if !s.Drifted {
		return engine.Result{Changes: engine.Changes{Same: s.Size}}, nil
	}
	s.Drifted = false
	return engine.Result{Changes: engine.Changes{Update: 1, Same: s.Size - 1}}, nil
}

// Drift compares the state with reality.
func (f *Fake) Drift(ctx context.Context, r engine.Request) (engine.Result, error) {
	if err := f.begin(ctx, "drift", r); err != nil {
		return engine.Result{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stack(r.Layer)
	if s.Drifted {
		return engine.Result{Changes: engine.Changes{Update: 1, Same: s.Size - 1}, List: s.list(r, "update")}, nil
	}
	return engine.Result{Changes: engine.Changes{Same: s.Size}}, nil
}
