package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
)

// runLock lets one command at a time change an environment from this checkout.
// The kernel gives it back when the process ends, however it ends.
type runLock struct{ file *os.File }

// owner is written into the lock's file for whoever finds it taken.
type owner struct {
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// lockRun takes the lock of the session's environment. When another run has it
// and wait is set, it waits that long at the most, saying for whom.
func (s *session) lockRun(ctx context.Context, wait time.Duration) (*runLock, error) {
	path := filepath.Join(s.app.store.Dir, s.env.Name+".lock")
	if err := os.MkdirAll(s.app.store.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("make folder of the run lock: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the path is the state directory's own
	if err != nil {
		return nil, fmt.Errorf("open the run lock: %w", err)
	}
	if err := s.acquire(ctx, file, wait); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	text, err := json.Marshal(owner{PID: os.Getpid(), Command: s.target, Since: s.app.ports.Now()})
	if err == nil {
		err = errors.Join(file.Truncate(0), write(file, text))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the run lock: %w", err), file.Close())
	}
	return &runLock{file}, nil
}

func write(file *os.File, text []byte) error {
	_, err := file.WriteAt(text, 0)
	return err
}

func (s *session) acquire(ctx context.Context, file *os.File, wait time.Duration) error {
	for deadline, said := time.Now().Add(wait), false; ; {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("take the run lock: %w", err)
		}
		holder := readOwner(file)
		if !time.Now().Before(deadline) {
			return fault.New(fault.Locked, "another run works on %s from this checkout: %s", s.env.Name, holder).
				WithHint("wait for it, or stop it with: kill -INT %d", holder.PID)
		}
		if !said {
			said = true
			s.con.Block("waiting for another run that works on " + s.env.Name + ": " + holder.String())
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// readOwner reads who holds the lock. The holder writes it just after taking the
// lock, so it may not be there yet; that says nothing about the lock.
func readOwner(file *os.File) owner {
	var o owner
	text := make([]byte, 4096)
	n, _ := file.ReadAt(text, 0) // what was read counts
	if err := json.Unmarshal(text[:n], &o); err != nil {
		return owner{}
	}
	return o
}

// String tells who it is.
func (o owner) String() string {
	if o.PID == 0 {
		return "a process that just began"
	}
	return fmt.Sprintf("%s, process %d, for %s", o.Command, o.PID, engine.Age(time.Since(o.Since)))
}

// release gives the lock back.
func (l *runLock) release() error { return l.file.Close() }

// sleep waits, or returns when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return fault.New(fault.Cancelled, "nothing was changed: %w", context.Cause(ctx))
	case <-time.After(d):
		return nil
	}
}
