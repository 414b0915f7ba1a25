// Package suite runs the tests of all modules of the repository and counts them:
// `./...` at the root of a workspace covers the root module only. A test is unit
// unless its file has the build tag integration, e2e, provider, soak or lint.
package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/cutover/cutover/shared/ops/fault"
)

// Kind of tests.
type Kind string

// The kinds.
const (
	Unit        Kind = "unit"
	Integration Kind = "integration"
	EndToEnd    Kind = "e2e"
	Provider    Kind = "provider"
	Soak        Kind = "soak"
	Rules       Kind = "lint" // that the linters' rules find what they are there for
)

// Options of a run.
type Options struct {
	Root  string // of the checkout
	Kinds []Kind
	Out   io.Writer
	// Tools are made before the first test, those that the kinds need.
	Tools []Tool
	// Python returns the interpreter with which the emulator's own tests run.
	Python func(ctx context.Context) (string, error)
}

// Count is how many tests ended how. Subtests count, and so does a package that
// does not build: as failed.
type Count struct{ Passed, Failed, Skipped int }

// Add returns the sum of both.
func (c Count) Add(o Count) Count {
	return Count{c.Passed + o.Passed, c.Failed + o.Failed, c.Skipped + o.Skipped}
}

// String is the last line of a run.
func (c Count) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.Passed, c.Failed, c.Skipped)
}

// Run makes the tools, runs the kinds and ends with the count of all. End-to-end tests
// mostly wait for one deployment; they run beside the other kinds, which follow one another.
func Run(ctx context.Context, o Options) error {
	o.Out = &blocks{out: o.Out}
	if err := makeTools(ctx, o); err != nil {
		return err
	}
	waiting, busy := apart(o.Kinds)
	var beside, total Count
	var besideErr error
	var group sync.WaitGroup
	group.Go(func() { beside, besideErr = runKinds(ctx, o, waiting) })
	total, err := runKinds(ctx, o, busy)
	group.Wait()
	total, err = total.Add(beside), errors.Join(err, besideErr)
	if _, writeErr := fmt.Fprintln(o.Out, total); writeErr != nil {
		return fmt.Errorf("write result: %w", writeErr)
	}
	switch {
	case ctx.Err() != nil:
		return interruptedTests(ctx)
	case err != nil || total.Failed > 0:
		return fault.New(fault.Failed, "%s", strings.TrimSpace(fmt.Sprintf("tests failed: %s\n%s", total, text(err))))
	default:
		return nil
	}
}

// apart divides kinds into those that wait and those that keep the machine busy.
func apart(kinds []Kind) (waiting, busy []Kind) {
	for _, kind := range kinds {
		if kind == EndToEnd {
			waiting = append(waiting, kind)
		} else {
			busy = append(busy, kind)
		}
	}
	return waiting, busy
}

// blocks lets several runs write to one output without mixing within a write.
type blocks struct {
	mutex sync.Mutex
	out   io.Writer
}

func (b *blocks) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.out.Write(p)
}

// runKinds runs kinds one after another.
func runKinds(ctx context.Context, o Options, kinds []Kind) (Count, error) {
	var total Count
	var problems []error
	for _, kind := range kinds {
		count, err := runKind(ctx, o, kind)
		total = total.Add(count)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s tests: %w", kind, err))
		}
	}
	return total, errors.Join(problems...)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func runKind(ctx context.Context, o Options, kind Kind) (Count, error) {
	jobs, err := plan(ctx, o.Root, kind)
	if err != nil {
		return Count{}, err
	}
	var total Count
	var problems []error
	for _, j := range jobs {
		count, err := j.run(ctx, o.Out)
		total = total.Add(count)
		problems = append(problems, err)
		if ctx.Err() != nil {
			return total, nil //nolint:nilerr // Run tells that it was interrupted
		}
	}
	if kind == Unit && o.Python != nil {
		count, err := runPython(ctx, o)
		total = total.Add(count)
		problems = append(problems, err)
	}
	return total, errors.Join(problems...)
}
