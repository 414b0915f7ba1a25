package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// command runs the Pulumi CLI for the Automation API, for one operation on one
// stack. It differs from the one that comes with the SDK where that one cannot
// keep promises of this package:
//
//   - The CLI gets a session of its own, so a Ctrl-C at the terminal reaches the
//     runner only, which then decides.
//   - A context that ends interrupts the CLI once and then waits for as long as
//     the resources in flight take; the SDK kills after ten seconds, in the middle
//     of a change.
//   - The output of a writing operation goes to a file, not through a pipe. When
//     the runner is killed, a pipe would break and kill the CLI at its next line;
//     so it finishes what is in flight, writes its state and gives the lock back.
//   - What the SDK asks around an update and nobody here needs (select a stack
//     that is known, read outputs twice, read the history) is answered without
//     starting a process.
type command struct {
	program string // path of the CLI
	version semver.Version
	layer   string
	log     string // file for the output of writing operations
	events  string // file for the events of writing operations
	known   bool   // the stack exists
	wrote   bool   // a writing operation has ended
	started func(pid int)
}

var _ auto.PulumiCommand = (*command)(nil)

// Version returns the CLI's version.
func (c *command) Version() semver.Version { return c.version }

// readTimeout bounds how long a reading command may keep its pipes open after it
// was told to stop.
const readTimeout = 10 * time.Second

// Run runs one CLI command. Standard output and error of a writing operation are
// returned as what it appended to the log, in the place of standard error.
func (c *command) Run(ctx context.Context, dir string, stdin io.Reader, out, errOut []io.Writer, env []string, args ...string) (string, string, int, error) {
	if answer, ok := c.answer(args); ok {
		return answer, "", 0, nil
	}
	if !slices.Contains(args, "--non-interactive") {
		args = append([]string{"--non-interactive"}, args...)
	}
	cmd := exec.CommandContext(ctx, c.program, args...) //nolint:gosec // the toolchain's own program
	cmd.Dir = dir
	cmd.Stdin = stdin
	cmd.Env = append(append(os.Environ(), env...), "PULUMI_AUTOMATION_API=true",
		"PATH="+filepath.Dir(c.program)+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if writes(args) {
		return c.runToFile(cmd)
	}
	if planning(args) {
		return c.runLogged(cmd, out, errOut)
	}
	return runToMemory(cmd, out, errOut)
}

// answer gives the replies that need no process.
func (c *command) answer(args []string) (string, bool) {
	words := strings.Join(args, " ")
	switch {
	case c.known && strings.HasPrefix(words, "stack select "):
		return "", true
	case c.wrote && strings.HasPrefix(words, "stack output "):
		return "{}", true
	case c.wrote && strings.HasPrefix(words, "stack history "):
		return "[]", true
	default:
		return "", false
	}
}

// writes reports whether the arguments change state or resources.
func writes(args []string) bool {
	return !planning(args) && verb(args, "up", "destroy", "refresh")
}

// planning reports whether the arguments only look ahead.
func planning(args []string) bool {
	return verb(args, "preview") || verb(args, "destroy", "refresh") && slices.Contains(args, "--preview-only")
}

// verb reports whether the CLI's command, which stands first or behind
// --non-interactive, is one of the given.
func verb(args []string, verbs ...string) bool {
	first := slices.IndexFunc(args, func(arg string) bool { return !strings.HasPrefix(arg, "-") })
	return first >= 0 && slices.Contains(verbs, args[first])
}

func (c *command) runToFile(cmd *exec.Cmd) (string, string, int, error) {
	cmd.Args = append(cmd.Args, "--event-log", c.events)
	cmd.Env = append(cmd.Env, "PULUMI_DEBUG_COMMANDS=true") // without it there is no --event-log
	log, err := os.OpenFile(c.log, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return "", "", -1, fmt.Errorf("open log of %s: %w", c.layer, err)
	}
	defer log.Close() //nolint:errcheck // the CLI wrote it through its own descriptor
	before, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return "", "", -1, fmt.Errorf("find end of log of %s: %w", c.layer, err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	c.wrote = true
	code, runErr := c.wait(cmd)
	text, err := io.ReadAll(io.NewSectionReader(log, before, maxReadBack))
	if err != nil {
		return "", "", code, errors.Join(runErr, fmt.Errorf("read log of %s: %w", c.layer, err))
	}
	return "", string(text), code, runErr
}

// maxReadBack bounds how much of a log is searched for the cause of a failure;
// the causes of resource failures come from events, not from here.
const maxReadBack = 1 << 20

func (c *command) wait(cmd *exec.Cmd) (int, error) {
	if err := cmd.Start(); err != nil {
		return -1, fmt.Errorf("start %s: %w", c.program, err)
	}
	if c.started != nil {
		c.started(cmd.Process.Pid)
	}
	err := cmd.Wait()
	return cmd.ProcessState.ExitCode(), err
}

// runLogged runs an operation that changes nothing; its output is returned and
// also kept in the log.
func (c *command) runLogged(cmd *exec.Cmd, out, errOut []io.Writer) (string, string, int, error) {
	log, err := os.OpenFile(c.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return "", "", -1, fmt.Errorf("open log of %s: %w", c.layer, err)
	}
	stdout, stderr, code, runErr := runToMemory(cmd, append(slices.Clone(out), log), append(slices.Clone(errOut), log))
	if err := log.Close(); err != nil && runErr == nil {
		runErr = fmt.Errorf("close log of %s: %w", c.layer, err)
	}
	return stdout, stderr, code, runErr
}

func runToMemory(cmd *exec.Cmd, out, errOut []io.Writer) (string, string, int, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout = io.MultiWriter(append(slices.Clone(out), &stdout)...)
	cmd.Stderr = io.MultiWriter(append(slices.Clone(errOut), &stderr)...)
	cmd.WaitDelay = readTimeout
	err := cmd.Run()
	code := -1
	if cmd.ProcessState != nil {
		code = cmd.ProcessState.ExitCode()
	}
	return stdout.String(), stderr.String(), code, err
}
