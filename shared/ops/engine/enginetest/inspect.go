package enginetest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cutover/cutover/shared/ops/engine"
)

// State reads the stack's state.
func (f *Fake) State(_ context.Context, s engine.Stack) (engine.State, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	st := f.stack(s.Layer)
	if st.Denied {
		return engine.State{}, fmt.Errorf("stack %s: %w", s.Layer, engine.ErrDenied)
	}
	state := engine.State{
		Exists: st.Exists, Outputs: len(st.Outputs) > 0, Pending: slices.Clone(st.Pending),
	}
	state.Resources = slices.Clone(st.Resources)
	if st.Deployed {
		for n := range st.Size {
			state.Resources = append(state.Resources, engine.Resource{
				URN: urn(s, n), Type: thing, Name: fmt.Sprintf("%s-%d", s.Layer, n), Protected: st.Protected && n == 0,
			})
		}
	}
	return state, nil
}

// Outputs reads what the stack exports.
func (f *Fake) Outputs(_ context.Context, s engine.Stack) (map[string]any, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	st := f.stack(s.Layer)
	if !st.Exists {
		return nil, engine.NoStack(s)
	}
	return maps.Clone(st.Outputs), nil
}

// History lists the latest updates, newest first.
func (f *Fake) History(_ context.Context, s engine.Stack, limit int) ([]engine.Update, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	updates := f.stack(s.Layer).Updates
	return slices.Clone(updates[:min(limit, len(updates))]), nil
}

// Locks lists who holds the stack.
func (f *Fake) Locks(_ context.Context, s engine.Stack) ([]engine.Lock, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.stack(s.Layer).Locks), true, nil
}

// Release removes one lock whose owner is provably dead.
func (f *Fake) Release(_ context.Context, s engine.Stack, l engine.Lock) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, Call{Op: "release", Layer: s.Layer})
	if l.Owner() != engine.Dead {
		return engine.Locked(&engine.LockedError{Layer: s.Layer, Locks: []engine.Lock{l}}, s.Env)
	}
	st := f.stack(s.Layer)
	st.Locks = slices.DeleteFunc(st.Locks, func(held engine.Lock) bool { return held == l })
	return nil
}

// Unlock removes all locks of the stack.
func (f *Fake) Unlock(_ context.Context, s engine.Stack) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, Call{Op: "unlock", Layer: s.Layer})
	f.stack(s.Layer).Locks = nil
	return nil
}

// Settle ends the interrupted operations.
func (f *Fake) Settle(ctx context.Context, r engine.Request, _ map[string]string) (engine.Result, error) {
	if err := f.begin(ctx, "settle", r); err != nil {
		return engine.Result{}, err
	}
	f.Edit(r.Layer, func(s *Stack) { s.Pending = nil })
	return engine.Result{}, nil
}

// Unprotect lifts the protection of the given resources.
func (f *Fake) Unprotect(_ context.Context, s engine.Stack, urns []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, Call{Op: "unprotect", Layer: s.Layer, Targets: urns})
	if slices.Contains(urns, urn(s, 0)) {
		f.stack(s.Layer).Protected = false
	}
	return nil
}
