package enginetest

import (
	"context"
	"testing"

	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Conformance is what the runner relies on, checked against one engine. stack is
// a stack that does not exist yet, whose program makes at least one resource and
// exports at least one output.
func Conformance(t *testing.T, e engine.Engine, stack engine.Stack) {
	t.Helper()
	steps := []struct {
		name string
		run  func(*testing.T, engine.Engine, engine.Stack)
	}{
		{"a stack that does not exist is told apart from an empty one", missing},
		{"ensure makes the stack once", ensure},
		{"a preview changes nothing", preview},
		{"up creates, reports progress and outputs", up},
		{"a second up changes nothing", unchanged},
		{"an ended context interrupts with its own status", interrupted},
		{"destroy empties the stack and keeps it", destroy},
	}
	for _, step := range steps {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, e, stack) }) {
			return
		}
	}
}

func missing(t *testing.T, e engine.Engine, s engine.Stack) {
	state, err := e.State(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, engine.State{}, state)
	_, err = e.Outputs(t.Context(), s)
	assert.Equal(t, fault.NoStack, fault.CodeOf(err), "outputs: %v", err)
	_, err = e.Preview(t.Context(), engine.Request{Stack: s})
	assert.Equal(t, fault.NoStack, fault.CodeOf(err), "preview: %v", err)
	_, err = e.Up(t.Context(), engine.Request{Stack: s})
	assert.Equal(t, fault.NoStack, fault.CodeOf(err), "up: %v", err)
}

func ensure(t *testing.T, e engine.Engine, s engine.Stack) {
	require.NoError(t, e.Ensure(t.Context(), s))
	require.NoError(t, e.Ensure(t.Context(), s))
	state, err := e.State(t.Context(), s)
	require.NoError(t, err)
	assert.True(t, state.Exists)
	assert.Empty(t, state.Resources)
	assert.False(t, state.Outputs)
}

func preview(t *testing.T, e engine.Engine, s engine.Stack) {
	result, err := e.Preview(t.Context(), engine.Request{Stack: s})
	require.NoError(t, err)
	assert.Positive(t, result.Changes.Create)
	assert.NotEmpty(t, result.List)
	state, err := e.State(t.Context(), s)
	require.NoError(t, err)
	assert.False(t, state.Outputs, "a preview must leave the state alone")
}

func up(t *testing.T, e engine.Engine, s engine.Stack) {
	observed := 0
	result, err := e.Up(t.Context(), engine.Request{Stack: s, Message: "conformance", Observe: func(engine.Progress) { observed++ }})
	require.NoError(t, err)
	assert.Positive(t, result.Changes.Create)
	assert.NotEmpty(t, result.Outputs)
	assert.Positive(t, observed)
	outputs, err := e.Outputs(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, result.Outputs, outputs)
	history, err := e.History(t.Context(), s, 1)
	require.NoError(t, err)
	require.Len(t, history, 1)
	assert.Equal(t, "succeeded", history[0].Result)
}

func unchanged(t *testing.T, e engine.Engine, s engine.Stack) {
	result, err := e.Up(t.Context(), engine.Request{Stack: s})
	require.NoError(t, err)
	assert.False(t, result.Changes.Any(), "%+v", result)
	assert.Positive(t, result.Changes.Same)
	assert.Empty(t, result.List)
}

func interrupted(t *testing.T, e engine.Engine, s engine.Stack) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := e.Up(ctx, engine.Request{Stack: s})
	assert.Equal(t, fault.Cancelled, fault.CodeOf(err), "%v", err)
	locks, _, err := e.Locks(t.Context(), s)
	require.NoError(t, err)
	assert.Empty(t, locks)
}

func destroy(t *testing.T, e engine.Engine, s engine.Stack) {
	result, err := e.Destroy(t.Context(), engine.Request{Stack: s})
	require.NoError(t, err)
	assert.Positive(t, result.Changes.Delete)
	state, err := e.State(t.Context(), s)
	require.NoError(t, err)
	assert.True(t, state.Exists)
	assert.Empty(t, state.Resources)
}
