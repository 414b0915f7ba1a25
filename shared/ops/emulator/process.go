package emulator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// commandLine returns the arguments of a process joined with spaces, "" when
// there is no such process or it has ended and only waits for its parent.
func commandLine(ctx context.Context, pid int) (string, error) {
	if _, err := os.Stat("/proc/self/cmdline"); err == nil {
		return procCommandLine(pid)
	}
	out, err := exec.CommandContext(ctx, "ps", "-o", "args=", "-p", strconv.Itoa(pid)).Output() //nolint:gosec // the only argument is a number
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", nil // ps answers 1 for a process that does not exist
	}
	if err != nil {
		return "", fmt.Errorf("ask ps for process %d: %w", pid, err)
	}
	return strings.TrimSpace(string(out)), nil
}

func procCommandLine(pid int) (string, error) {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline")) // the only variable part is a number
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the command line of process %d: %w", pid, err)
	}
	return strings.TrimSpace(strings.ReplaceAll(string(data), "\x00", " ")), nil
}

// isEmulator tells whether pid still is the emulator started with token. Process
// numbers are used again; the token, random for each start and part of the
// command line, is not.
func isEmulator(ctx context.Context, pid int, token string) (bool, error) {
	if token == "" {
		return false, nil
	}
	line, err := commandLine(ctx, pid)
	if err != nil {
		return false, err
	}
	return strings.Contains(line, token), nil
}

// endProcess ends the emulator pid/token: SIGTERM, and SIGKILL when it does not
// follow. It looks again before each signal, so that none reaches another process.
func endProcess(ctx context.Context, pid int, token string) error {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		ours, err := isEmulator(ctx, pid, token)
		if err != nil {
			return err
		}
		if !ours {
			return nil
		}
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("send %v to the emulator, process %d: %w", signal, pid, err)
		}
		gone, err := waitGone(ctx, pid, token)
		if err != nil || gone {
			return err
		}
	}
	return fmt.Errorf("the emulator, process %d, is still there %s after SIGKILL", pid, stopTimeout)
}

func waitGone(ctx context.Context, pid int, token string) (bool, error) {
	deadline := time.Now().Add(stopTimeout)
	for {
		ours, err := isEmulator(ctx, pid, token)
		if err != nil || !ours {
			return !ours, err
		}
		if time.Now().After(deadline) {
			return false, nil
		}
		if err := pause(ctx); err != nil {
			return false, err
		}
	}
}

// pause waits for one poll interval or the end of ctx.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("waiting for the emulator was cancelled: %w", context.Cause(ctx))
	case <-time.After(pollInterval):
		return nil
	}
}
