package suite

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// usualLimit and soakLimit are how long the tests of one package may take. They end what hangs:
// Go's own ten minutes have ended unit tests on a machine that had much else to do.
const usualLimit, soakLimit = "60m", "6h"

// interruptWait is how long tests get to end after they were asked to: some have
// processes of their own to stop.
const interruptWait = 2 * time.Minute

// event is one line of `go test -json` (go doc test2json).
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

func (j job) command(ctx context.Context) *exec.Cmd {
	args := []string{"test", "-json", "-p", "2", "-timeout=" + cmp.Or(j.limit, usualLimit)}
	if j.tag != "" {
		// One package at a time, and its results never from the cache: these tests
		// look at more than their sources.
		args = append(args, "-tags", j.tag, "-count=1")
	}
	if j.pattern != "" {
		args = append(args, "-run", j.pattern)
	}
	if j.alone {
		args = append(args, "-trimpath")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, j.packages...)...) //nolint:gosec // arguments made above
	cmd.Dir = j.dir
	cmd.Env = os.Environ()
	if j.alone {
		// The settings of the tools' own builds: others would compile it all again.
		cmd.Env = append(cmd.Env, "GOWORK=off", "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = interruptWait
	return cmd
}

// run runs the tests, shows the package lines and the output of what failed, and
// counts.
func (j job) run(ctx context.Context, out io.Writer) (Count, error) {
	cmd := j.command(ctx)
	stderr := &strings.Builder{}
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return Count{}, fmt.Errorf("run tests in %s: %w", j.dir, err)
	}
	if err := cmd.Start(); err != nil {
		return Count{}, fmt.Errorf("run tests in %s: %w", j.dir, err)
	}
	reader := newReader(out)
	readErr := reader.read(stdout)
	waitErr := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(waitErr, &exit) && reader.count.Failed > 0 {
		waitErr = nil // the count says it
	}
	if waitErr != nil {
		waitErr = fmt.Errorf("go test in %s: %w: %s", filepath.Base(j.dir), waitErr, strings.TrimSpace(stderr.String()))
	}
	return reader.count, errors.Join(readErr, waitErr)
}

// reader folds the events of one `go test -json`.
type reader struct {
	out    io.Writer
	count  Count
	passed map[string]int      // tests that passed, by package
	failed map[string]bool     // packages in which a test failed
	output map[string][]string // by package and test, kept until it is known to be wanted
}

func newReader(out io.Writer) *reader {
	return &reader{out: out, passed: map[string]int{}, failed: map[string]bool{}, output: map[string][]string{}}
}

func (r *reader) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if jsonErr := json.Unmarshal(line, &e); jsonErr != nil {
				e = event{Action: "output", Output: string(line)}
			}
			if writeErr := r.add(e); writeErr != nil {
				return writeErr
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read test events: %w", err)
		}
	}
}

func (r *reader) add(e event) error {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		r.output[key] = append(r.output[key], e.Output)
		return nil
	case "build-output":
		r.output[e.ImportPath] = append(r.output[e.ImportPath], e.Output)
		return nil
	case "pass", "fail", "skip":
	default:
		return nil
	}
	if e.Test == "" {
		return r.endPackage(e)
	}
	return r.endTest(e, key)
}

func (r *reader) endTest(e event, key string) error {
	defer delete(r.output, key)
	switch e.Action {
	case "pass":
		r.count.Passed++
		r.passed[e.Package]++
	case "skip":
		r.count.Skipped++
	case "fail":
		r.count.Failed++
		r.failed[e.Package] = true
		return r.print(strings.Join(r.output[key], ""))
	}
	return nil
}

func (r *reader) endPackage(e event) error {
	key := e.Package + " "
	defer delete(r.output, key)
	switch {
	case e.Action == "fail" && !r.failed[e.Package]:
		// It did not build, or ended outside of any test.
		r.count.Failed++
		if err := r.print(strings.Join(r.output[e.FailedBuild], "") + strings.Join(r.output[key], "")); err != nil {
			return err
		}
	case e.Action == "skip" || e.Action == "pass" && r.passed[e.Package] == 0:
		return nil // nothing to tell of a package without tests
	}
	word := map[string]string{"pass": "ok  ", "fail": "FAIL"}[e.Action]
	return r.print(fmt.Sprintf("%s %s %.1fs, %d passed\n", word, e.Package, e.Elapsed, r.passed[e.Package]))
}

func (r *reader) print(text string) error {
	if _, err := io.WriteString(r.out, text); err != nil {
		return fmt.Errorf("write test output: %w", err)
	}
	return nil
}
