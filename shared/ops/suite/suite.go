// Package suite runs the tests of all modules of the repository and counts them:
// `./...` at the root of a workspace covers the root module only. A test is unit
// unless its file has the build tag integration, e2e or provider.
package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

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
)

// Options of a run.
type Options struct {
	Root  string // of the checkout
	Kinds []Kind
	Out   io.Writer
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

// Run runs the kinds one after another and ends with the count of all.
func Run(ctx context.Context, o Options) error {
	var total Count
	var problems []error
	for _, kind := range o.Kinds {
		count, err := runKind(ctx, o, kind)
		total = total.Add(count)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s tests: %w", kind, err))
		}
	}
	err := errors.Join(problems...)
	if _, writeErr := fmt.Fprintln(o.Out, total); writeErr != nil {
		return fmt.Errorf("write result: %w", writeErr)
	}
	switch {
	case ctx.Err() != nil:
		return fault.New(fault.Cancelled, "tests were interrupted: %w", context.Cause(ctx))
	case err != nil || total.Failed > 0:
		return fault.New(fault.Failed, "%s", strings.TrimSpace(fmt.Sprintf("tests failed: %s\n%s", total, text(err))))
	default:
		return nil
	}
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
			return total, nil
		}
	}
	if kind == Unit && o.Python != nil {
		count, err := runPython(ctx, o)
		total = total.Add(count)
		problems = append(problems, err)
	}
	return total, errors.Join(problems...)
}
