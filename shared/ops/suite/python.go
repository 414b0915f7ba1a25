package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// runPython runs the tests of the emulator's extension with Python's unittest.
func runPython(ctx context.Context, o Options) (Count, error) {
	dir := filepath.Join(o.Root, "tools", "emulator")
	if !exists(filepath.Join(dir, "tests")) {
		return Count{}, nil
	}
	python, err := o.Python(ctx)
	if err != nil {
		return Count{}, fmt.Errorf("find Python for tools/emulator: %w", err)
	}
	cmd := exec.CommandContext(ctx, python, "-W", "ignore::DeprecationWarning", "-m", "unittest", "discover", "-t", ".", "-s", "tests") //nolint:gosec // the emulator's own interpreter
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = interruptWait
	output, runErr := cmd.CombinedOutput()
	count, err := readUnittest(string(output))
	if err != nil || count.Failed > 0 {
		if _, writeErr := o.Out.Write(output); writeErr != nil {
			return count, fmt.Errorf("write test output: %w", writeErr)
		}
	}
	var exit *exec.ExitError
	if errors.As(runErr, &exit) && count.Failed > 0 {
		runErr = nil // the count says it
	}
	word := "ok  "
	if err != nil || runErr != nil || count.Failed > 0 {
		word = "FAIL"
	}
	_, writeErr := io.WriteString(o.Out, fmt.Sprintf("%s tools/emulator (Python), %d passed\n", word, count.Passed))
	return count, errors.Join(err, runErr, writeErr)
}

var (
	ran    = regexp.MustCompile(`(?m)^Ran (\d+) tests? in`)
	detail = regexp.MustCompile(`\b(failures|errors|skipped|unexpected successes)=(\d+)`)
)

// readUnittest reads the summary that unittest ends with.
func readUnittest(output string) (Count, error) {
	m := ran.FindStringSubmatchIndex(output)
	if m == nil {
		return Count{}, errors.New("python's unittest ended without its summary")
	}
	var count Count
	count.Passed, _ = strconv.Atoi(output[m[2]:m[3]]) // the pattern holds digits only
	for _, d := range detail.FindAllStringSubmatch(output[m[1]:], -1) {
		n, _ := strconv.Atoi(d[2]) // the pattern holds digits only
		count.Passed -= n
		if d[1] == "skipped" {
			count.Skipped += n
		} else {
			count.Failed += n
		}
	}
	return count, nil
}
