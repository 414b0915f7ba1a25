package emulator

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Up makes sure that this checkout's emulator runs and is healthy. It changes
// nothing when it already does, so its state stays.
func (e *Emulator) Up(ctx context.Context) error {
	if err := e.validate(); err != nil {
		return err
	}
	return e.withLock(ctx, filepath.Join(e.opts.StateDir, "lock"), func() error {
		running, err := e.adopt(ctx)
		if err != nil || running {
			return err
		}
		if err := e.checkPortFree(ctx); err != nil {
			return err
		}
		return e.start(ctx)
	})
}

func (e *Emulator) validate() error {
	host, _, err := net.SplitHostPort(e.opts.Addr)
	if err != nil {
		return fmt.Errorf("the emulator's address %q is not host:port: %w", e.opts.Addr, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("the emulator's address %q is not on this machine's loopback, such as %s", e.opts.Addr, DefaultAddr)
	}
	if _, err := os.Stat(e.requirementsFile()); err != nil {
		return fmt.Errorf("%q is no checkout of Cutover, the emulator's requirements are missing: %w", e.opts.RepoRoot, err)
	}
	return nil
}

// adopt reports whether this checkout's emulator already runs. It forgets a
// state file whose process is gone, and takes up an emulator of this checkout
// whose state file is gone (as after `git clean`).
func (e *Emulator) adopt(ctx context.Context) (bool, error) {
	if h, err := e.askHealth(ctx); err == nil && e.owns(h) {
		return e.takeUp(ctx, h)
	}
	r, err := e.readRecord()
	if err != nil || r == nil {
		return false, err
	}
	ours, err := isEmulator(ctx, r.PID, r.Token)
	if err != nil {
		return false, err
	}
	if !ours {
		e.say("the last one (process %d) has ended, its state is gone", r.PID)
		return false, e.removeRecord()
	}
	if r.Addr != e.opts.Addr {
		return false, fmt.Errorf("this checkout's emulator already runs at %s (process %d): end it before starting one at %s", r.Addr, r.PID, e.opts.Addr)
	}
	return true, e.waitHealthy(ctx, r.Token, nil)
}

func (e *Emulator) owns(h *health) bool {
	return h.Token != "" && h.Checkout == e.opts.RepoRoot
}

func (e *Emulator) takeUp(ctx context.Context, h *health) (bool, error) {
	ours, err := isEmulator(ctx, h.PID, h.Token)
	if err != nil {
		return false, err
	}
	if !ours {
		return false, fmt.Errorf("what answers at %s says that it is process %d, which it is not", e.opts.Addr, h.PID)
	}
	e.say("already running at %s, process %d, moto %s", e.opts.Addr, h.PID, h.Moto)
	build, err := e.build()
	if err != nil {
		return false, err
	}
	if h.Build != build {
		e.say("it was started from other sources; `mage local:down local:up` renews it and empties it")
	}
	return true, e.writeRecord(&record{PID: h.PID, Addr: e.opts.Addr, Token: h.Token, Build: h.Build, Started: h.Started})
}

// start starts the server in a session of its own, so that neither Ctrl-C nor
// the end of the caller reaches it.
func (e *Emulator) start(ctx context.Context) error {
	python, err := e.Python(ctx)
	if err != nil {
		return err
	}
	r, err := e.newRecord()
	if err != nil {
		return err
	}
	cmd, err := e.launch(ctx, python, r)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := e.writeRecord(r); err != nil {
		return errors.Join(err, endProcess(context.WithoutCancel(ctx), r.PID, r.Token))
	}
	if err := e.waitHealthy(ctx, r.Token, ended); err != nil {
		return e.abandon(ctx, r, err)
	}
	e.say("running at %s, process %d, log %s", e.opts.Addr, r.PID, e.logFile())
	return nil
}

// abandon ends a server that did not become healthy and says what it logged last.
func (e *Emulator) abandon(ctx context.Context, r *record, cause error) error {
	cleanup := context.WithoutCancel(ctx)
	err := fmt.Errorf("%w\nits log, %s, ends with:\n%s", cause, e.logFile(), tail(e.logFile()))
	return errors.Join(err, endProcess(cleanup, r.PID, r.Token), e.removeRecord())
}

func (e *Emulator) newRecord() (*record, error) {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return nil, fmt.Errorf("make the emulator's token: %w", err)
	}
	build, err := e.build()
	if err != nil {
		return nil, err
	}
	return &record{Addr: e.opts.Addr, Token: hex.EncodeToString(random), Build: build, Started: time.Now().UTC()}, nil
}

// launch starts the server process and notes its number in r.
func (e *Emulator) launch(ctx context.Context, python string, r *record) (*exec.Cmd, error) {
	host, port, err := net.SplitHostPort(r.Addr)
	if err != nil {
		return nil, fmt.Errorf("the emulator's address %q is not host:port: %w", r.Addr, err)
	}
	log, err := os.OpenFile(e.logFile(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the emulator's log: %w", err)
	}
	defer func() { _ = log.Close() }() // the child has its own descriptor
	//nolint:gosec // the interpreter is the virtual environment's own
	cmd := exec.CommandContext(context.WithoutCancel(ctx), python, "-m", "cutover_emulator",
		"--host", host, "--port", port, "--token", r.Token, "--checkout", e.opts.RepoRoot, "--build", r.Build)
	cmd.Dir = e.opts.StateDir
	cmd.Env = e.pythonEnv()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	e.say("starting at %s", e.opts.Addr)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the emulator with %s: %w", python, err)
	}
	r.PID = cmd.Process.Pid
	return cmd, nil
}

// waitHealthy waits until the emulator with this token answers. ended, when not
// nil, reports that its process is over.
func (e *Emulator) waitHealthy(ctx context.Context, token string, ended <-chan error) error {
	deadline := time.Now().Add(startTimeout)
	for {
		h, err := e.askHealth(ctx)
		if err == nil && h.Token == token {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("another emulator, of checkout %s, answers", h.Checkout)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the emulator at %s was not healthy within %s: %w", e.opts.Addr, startTimeout, err)
		}
		select {
		case exit := <-ended:
			return fmt.Errorf("the emulator ended while starting: %w", exitCause(exit))
		default:
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

func exitCause(err error) error {
	if err == nil {
		return errors.New("it exited with 0")
	}
	return err
}

// tail returns the last lines of a log for an error message.
func tail(path string) string {
	data, err := os.ReadFile(path) //nolint:gosec // the path is the package's own log
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
