package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/cutover/cutover/shared/ops/fault"
)

// Lint runs staticcheck, of the version that the root's go.mod pins, over all modules
// of the workspace, tests of every kind included; `go test` vets in any case. A finding
// is a line with file, line, the builds that have it and the check's name, and ends with
// fault.Failed.
func Lint(ctx context.Context, root string, out io.Writer) error {
	tool := exec.CommandContext(ctx, "go", "tool", "-n", "staticcheck")
	tool.Dir = root
	path, err := tool.Output()
	if err != nil {
		return fmt.Errorf("build staticcheck: %w", withText(err))
	}
	return lint(ctx, strings.TrimSpace(string(path)), root, out)
}

// builds are those that are read, in the form that staticcheck takes (its -matrix): every
// kind of test with the long ones and, for files whose place these take, without them.
// What is unused is a finding only where it is so in both.
func builds() string {
	short := strings.Join([]string{string(Integration), string(EndToEnd), string(Provider), "mage"}, ",")
	return fmt.Sprintf("long: -tags=%s,%s\nshort: -tags=%s\n", short, Soak, short)
}

// lint runs a given staticcheck.
func lint(ctx context.Context, tool, root string, out io.Writer) error {
	modules, err := workspace(ctx, root)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, tool, append([]string{"-matrix"}, below(modules)...)...) //nolint:gosec // the tool that go.mod pins
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = root, strings.NewReader(builds()), out, out
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return fault.New(fault.Cancelled, "the linter was interrupted: %w", context.Cause(ctx))
	case errors.As(err, &exit):
		return fault.New(fault.Failed, "staticcheck has findings, listed above")
	case err != nil:
		return fmt.Errorf("run staticcheck: %w", err)
	}
	_, err = fmt.Fprintf(out, "%d modules, no findings\n", len(modules))
	return err //nolint:wrapcheck // of the caller's writer
}

// withText adds what a command has said to its error.
func withText(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	return err
}
