package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var (
	errPortTaken  = errors.New("the port is taken")
	errRunning    = errors.New("the server is running already")
	errNotRunning = errors.New("the server is not running")
)

// pollInterval is how often a starting server is looked at.
const pollInterval = 5 * time.Millisecond

// process is a running postmaster.
type process struct {
	pid   int
	ended chan struct{} // closed when it has ended
	err   error         // how; to be read after ended
}

// launch starts the server and waits until it takes connections.
func (s *Server) launch(ctx context.Context) error {
	if s.process != nil {
		return errRunning
	}
	log, err := os.OpenFile(s.logFile(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the log of the server: %w", err)
	}
	before, err := log.Seek(0, 2)
	if err != nil {
		return errors.Join(fmt.Errorf("read the log of the server: %w", err), log.Close())
	}
	// The server outlives the call that starts it.
	cmd := s.install.command(context.WithoutCancel(ctx), "postgres", "-D", s.dataDir(), "-p", strconv.Itoa(s.port))
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = environment(), s.dir, log, log
	cmd.ExtraFiles = []*os.File{s.claim}
	p, err := run(cmd)
	if err := errors.Join(err, log.Close()); err != nil {
		return fmt.Errorf("run PostgreSQL: %w", err)
	}
	s.process = p
	if err := s.awaitReady(ctx); err != nil {
		return errors.Join(s.explain(err, before), s.Kill())
	}
	return nil
}

// run starts a command whose thread waits for it. The signal that a child gets
// at its parent's death is tied to the thread that made the child (prctl(2),
// PR_SET_PDEATHSIG), so that thread must live as long.
func run(cmd *exec.Cmd) (*process, error) {
	p := &process{ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.pid = cmd.Process.Pid
		started <- nil
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, <-started
}

// awaitReady looks at the state line of postmaster.pid, as pg_ctl does: no
// attempt to connect appears in the log.
func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for !s.ready() {
		select {
		case <-s.process.ended:
			return fmt.Errorf("the server ended while starting: %w", errors.Join(s.process.err, errNotRunning))
		case <-ctx.Done():
			return fmt.Errorf("wait for the server: %w", context.Cause(ctx))
		case <-time.After(pollInterval):
		}
	}
	return nil
}

func (s *Server) ready() bool {
	const stateLine = 7 // src/include/utils/pidfile.h, LOCK_FILE_LINE_PM_STATUS
	text, err := os.ReadFile(filepath.Join(s.dataDir(), "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(text), "\n")
	return len(lines) > stateLine && lines[0] == strconv.Itoa(s.process.pid) && strings.TrimSpace(lines[stateLine]) == "ready"
}

// explain adds what the server logged since the given place.
func (s *Server) explain(err error, from int64) error {
	text, readErr := s.Log()
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	said := strings.TrimSpace(text[min(int(from), len(text)):])
	if strings.Contains(said, "Address already in use") {
		err = errors.Join(errPortTaken, err)
	}
	return fmt.Errorf("%w\n%s", err, said)
}

// Restart starts the server on its port again, after stopping it if it runs. It
// returns when the server takes connections.
func (s *Server) Restart(ctx context.Context) error {
	if s.process != nil {
		if err := s.Stop(ctx); err != nil {
			return err
		}
	}
	return s.launch(ctx)
}

// Stop shuts the server down in fast mode: connections are cut, transactions
// roll back, a checkpoint is written.
func (s *Server) Stop(ctx context.Context) error {
	if s.process == nil {
		return errNotRunning
	}
	if err := syscall.Kill(s.process.pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop the server: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	select {
	case <-s.process.ended:
	case <-ctx.Done():
		return fmt.Errorf("wait for the end of the server: %w", context.Cause(ctx))
	}
	err := s.process.err
	s.process = nil
	if err != nil {
		return fmt.Errorf("the server ended badly: %w", err)
	}
	return nil
}

// Kill ends the postmaster and all its processes with SIGKILL, as the death of
// the machine would. A server that is not running is left so. Restart recovers.
func (s *Server) Kill() error {
	if s.process == nil {
		return nil
	}
	// Held still, the postmaster neither starts nor loses children meanwhile.
	pid := s.process.pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("halt the server: %w", err)
	}
	children := childrenOf(pid)
	var problems []error
	for _, victim := range append([]int{pid}, children...) {
		if err := syscall.Kill(victim, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			problems = append(problems, fmt.Errorf("kill process %d: %w", victim, err))
		}
	}
	<-s.process.ended
	s.process = nil
	return errors.Join(append(problems, awaitGone(children))...)
}

// awaitGone waits until killed processes have left the shared memory, which a
// starting server checks.
func awaitGone(pids []int) error {
	deadline := time.Now().Add(readyTimeout)
	for _, pid := range pids {
		for running(pid) {
			if time.Now().After(deadline) {
				return fmt.Errorf("process %d outlives its death", pid)
			}
			time.Sleep(pollInterval)
		}
	}
	return nil
}
