package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/cutover/cutover/shared/ops/fault"
)

// rules is the file, at the root of the checkout, that says what golangci-lint looks for.
const rules = ".golangci.yaml"

// Lint runs two linters over all modules of the workspace, in all builds of it: staticcheck, of
// the version that the root's go.mod pins, and golangci-lint, which tools/lint pins, with
// the rules of .golangci.yaml. `go test` vets in any case. A finding is a line with file,
// line and the check's name, and ends with fault.Failed; the second linter runs even so.
func Lint(ctx context.Context, root string, out io.Writer) error {
	static, err := tool(ctx, root, "staticcheck")
	if err != nil {
		return err
	}
	golangci, err := tool(ctx, filepath.Join(root, "tools", "lint"), "golangci-lint", "GOWORK=off", "GOFLAGS=-mod=readonly")
	if err != nil {
		return err
	}
	return lint(ctx, root, out, func(r reading) error {
		return errors.Join(r.staticcheck(ctx, static, root, out), r.golangciLint(ctx, golangci, root, out))
	})
}

// lint reads all modules with given linters.
func lint(ctx context.Context, root string, out io.Writer, read func(reading) error) error {
	modules, err := workspace(ctx, root)
	if err != nil {
		return err
	}
	all, err := readings(ctx, root, modules)
	if err != nil {
		return err
	}
	var problems []error
	for _, r := range all {
		problems = append(problems, read(r))
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d modules, no findings\n", len(modules))
	return err // of the caller's writer
}

// tool builds a tool of a module, if it has to be, and returns its program.
func tool(ctx context.Context, module, name string, environment ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "-n", name) //nolint:gosec // names of this file
	cmd.Dir, cmd.Env = module, append(os.Environ(), environment...)
	path, err := cmd.Output()
	if ctx.Err() != nil {
		return "", interrupted(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("build %s of %s: %w", name, module, withText(err))
	}
	return strings.TrimSpace(string(path)), nil
}

// staticcheck reads all builds at once (its -matrix): what is unused is a finding only where
// it is so in all of them. A line names the builds.
func (r reading) staticcheck(ctx context.Context, program, root string, out io.Writer) error {
	var matrix strings.Builder
	for _, b := range r.builds {
		fmt.Fprintln(&matrix, b)
	}
	cmd := exec.CommandContext(ctx, program, append([]string{"-matrix"}, r.packages...)...) //nolint:gosec // the tool that go.mod pins
	cmd.Dir, cmd.Stdin = root, strings.NewReader(matrix.String())
	return findings(ctx, cmd, "staticcheck", out)
}

// golangciLint reads one build after the other.
func (r reading) golangciLint(ctx context.Context, program, root string, out io.Writer) error {
	var problems []error
	for _, b := range r.builds {
		args := append([]string{"run", "--config", filepath.Join(root, rules), "--build-tags", strings.Join(b.tags, ",")}, r.packages...)
		cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // the tool that tools/lint pins
		cmd.Dir, cmd.Env = root, b.environment()
		problems = append(problems, findings(ctx, cmd, "golangci-lint of the build "+b.name, out))
	}
	return errors.Join(problems...)
}

// findings runs a linter. What it has to say is on the output.
func findings(ctx context.Context, cmd *exec.Cmd, name string, out io.Writer) error {
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return interrupted(ctx)
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return fault.New(fault.Failed, "%s has findings, listed above", name)
	case err != nil:
		return fmt.Errorf("run %s: %w, see above", name, err)
	}
	return nil
}

func interrupted(ctx context.Context) error {
	return fault.New(fault.Cancelled, "the linter was interrupted: %w", context.Cause(ctx))
}

// withText adds what a command has said to its error.
func withText(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	return err
}
