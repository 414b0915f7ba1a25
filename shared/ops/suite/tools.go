package suite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cutover/cutover/shared/ops/fault"
)

// Tool is a program that tests run, or several, and that a machine makes once: it is
// downloaded or compiled, and kept.
type Tool struct {
	Name  string
	Kinds []Kind // of the tests that run it
	// Make makes it, in moments where it is there already.
	Make func(ctx context.Context) error
}

// needed tells whether tests of one of the kinds run the tool.
func (t Tool) needed(kinds []Kind) bool {
	return slices.ContainsFunc(t.Kinds, func(k Kind) bool { return slices.Contains(kinds, k) })
}

// makeTools makes what the tests run before any of them begins, one after the other. The
// provider takes half an hour of all processors the first time: inside a test that would count
// against the test's limit, and beside the tests it would make none of them earlier.
func makeTools(ctx context.Context, o Options) error {
	for _, tool := range o.Tools {
		if !tool.needed(o.Kinds) {
			continue
		}
		started := time.Now()
		err := tool.Make(ctx)
		if ctx.Err() != nil {
			return interruptedTests(ctx)
		}
		if err != nil {
			return fault.New(fault.Failed, "no test was run: make %s: %w", tool.Name, err)
		}
		if _, err := fmt.Fprintf(o.Out, "ready %s, %.1fs\n", tool.Name, time.Since(started).Seconds()); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
	return nil
}

func interruptedTests(ctx context.Context) error {
	return fault.New(fault.Cancelled, "tests were interrupted: %w", context.Cause(ctx))
}
