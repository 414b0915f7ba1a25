//go:build integration

package lane_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/verify"
)

// A target that takes seconds for every answer, while a comparison ends its transaction
// too, makes the comparison slow and nothing else: its result is recorded in the same
// session.
func TestAComparisonWaitsForATargetThatIsSlowToAnswer(t *testing.T) {
	t.Parallel()
	w := following(t)
	n := newNetwork(t, w.green)
	v := w.verifier("over a slow network")
	v.Target = n.via(v.Target)
	v.Limits.Workers = 1
	var slow, quick sync.Once
	v.At = func(step string) error {
		switch step {
		case verify.AfterTarget:
			slow.Do(func() { n.toxic("latency", "downstream", map[string]any{"latency": 2500}) })
		case verify.AfterRecord:
			quick.Do(func() { n.heal("latency") })
		}
		return nil
	}
	require.True(t, w.full(v).Clean)
}
