package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/shared/naming"
)

// RunningError tells that a process runs the lane already.
type RunningError struct {
	Lane string
	PID  int
}

// Error names lane and process.
func (e *RunningError) Error() string {
	return fmt.Sprintf("process %d runs lane %s already", e.PID, e.Lane)
}

// Log is the file that the process of a lane writes to.
func (p Profile) Log(lane string) string { return filepath.Join(p.Dir(), lane+".log") }

// claim is the file that the process of a lane holds locked for as long as it
// lives; its number stands in it. The system lets the lock go when the process
// ends, however it does, and no number that was used again can be taken for it.
func (p Profile) claim(lane string) string { return filepath.Join(p.Dir(), lane+".pid") }

// Start builds the lane function and leaves it running as a process of its own,
// for the lane that ends at color. The process outlives this one; a killed one is
// started again by the next Start and goes on where the lane stands.
func (p Profile) Start(ctx context.Context, color naming.Color) (pid int, err error) {
	lane := function.Lane(color)
	binary, err := p.build(ctx)
	if err != nil {
		return 0, err
	}
	claim, err := os.OpenFile(p.claim(lane), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return 0, fmt.Errorf("claim lane %s: %w", lane, err)
	}
	defer func() { err = errors.Join(err, claim.Close()) }()
	if held, err := hold(ctx, claim); err != nil {
		return 0, fmt.Errorf("claim lane %s: %w", lane, err)
	} else if !held {
		return 0, &RunningError{Lane: lane, PID: p.pid(lane)}
	}
	log, err := os.OpenFile(p.Log(lane), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return 0, fmt.Errorf("open the log of lane %s: %w", lane, err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	environ, err := p.environ(ctx, color)
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), binary) //nolint:gosec // built above
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = environ, p.Dir(), log, log
	cmd.ExtraFiles = []*os.File{claim} // shares the lock
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start lane %s: %w", lane, err)
	}
	pid = cmd.Process.Pid
	_, err = claim.WriteAt([]byte(fmt.Sprintf("%-10d\n", pid)), 0)
	return pid, errors.Join(err, cmd.Process.Release())
}

// A claim is tried for holdTries times holdPoll: whoever looks for the lane's process
// has it for a moment, and a lane's process for long.
const (
	holdTries = 50
	holdPoll  = 10 * time.Millisecond
)

// hold locks the file of a claim; false tells that a process has it.
func hold(ctx context.Context, claim *os.File) (bool, error) {
	for range holdTries {
		err := unix.Flock(int(claim.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return err == nil, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(holdPoll):
		}
	}
	return false, nil
}

// build compiles the lane function for this machine.
func (p Profile) build(ctx context.Context) (string, error) {
	binary := filepath.Join(p.Dir(), "bin", "lane")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "./lambda/lane") //nolint:gosec // a path of the checkout
	cmd.Dir = filepath.Join(p.Root, "projects", "migration")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the lane function: %w\n%s", err, said)
	}
	return binary, nil
}

// Environ is what configures the functions of one colour, as variables do in AWS.
func (p Profile) environ(ctx context.Context, color naming.Color) ([]string, error) {
	sides, err := p.Databases(ctx)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(sides)
	if err != nil {
		return nil, fmt.Errorf("render the databases: %w", err)
	}
	return []string{
		"PATH=" + os.Getenv("PATH"), function.VariablePlatform + "=local", function.VariableColor + "=" + string(color),
		function.VariableDatabases + "=" + string(text), function.VariableStore + "=folder:" + p.Controls(),
	}, nil
}

// pid reads whose claim it is; 0 is unknown.
func (p Profile) pid(lane string) int {
	text, err := os.ReadFile(p.claim(lane))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

// Running is the process that runs a lane; 0 is none. Looks share the lock, so that
// none takes another for a process, and the number of one that is gone for its own.
func (p Profile) Running(lane string) (pid int, err error) {
	file, err := os.OpenFile(p.claim(lane), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for the process of lane %s: %w", lane, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	err = unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if err == nil {
		return 0, nil
	}
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return 0, fmt.Errorf("look for the process of lane %s: %w", lane, err)
	}
	return p.pid(lane), nil
}

const (
	// stopTimeout is how long a process may take to end its transaction; on a machine
	// that is idle it is well below a second.
	stopTimeout = 2 * time.Minute
	stopPoll    = 50 * time.Millisecond
)

// Stop ends the process of a lane, which finishes its transaction first. Without
// one there is nothing to do.
func (p Profile) Stop(ctx context.Context, lane string) (stopped bool, err error) {
	for until := time.Now().Add(stopTimeout); ; {
		pid, err := p.Running(lane)
		if err != nil || pid == 0 {
			return stopped, err
		}
		if !stopped {
			if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
				return false, fmt.Errorf("end process %d of lane %s: %w", pid, lane, err)
			}
			stopped = true
		}
		if time.Now().After(until) {
			return true, fmt.Errorf("process %d of lane %s: still runs %s after SIGTERM", pid, lane, stopTimeout)
		}
		select {
		case <-ctx.Done():
			return stopped, ctx.Err()
		case <-time.After(stopPoll):
		}
	}
}

// StopAll ends the processes of all lanes.
func (p Profile) StopAll(ctx context.Context, w io.Writer) error {
	var problems []error
	for _, color := range naming.Colors() {
		lane := function.Lane(color)
		stopped, err := p.Stop(ctx, lane)
		problems = append(problems, err)
		if stopped && err == nil {
			_, err = fmt.Fprintf(w, "lane %s: stopped\n", lane)
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}
