package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// pollInterval is how often a waiting process tries the lock.
const pollInterval = 200 * time.Millisecond

// lock takes the file lock at path, which one process at a time holds and which
// its end releases, however it ends. The file says who holds it; a process that
// waits passes that on.
func lock(ctx context.Context, path string, say *speaker) (release func() error, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // programs are no secret
		return nil, fmt.Errorf("make the cache folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644) //nolint:gosec // a lock in the cache, no secret
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := acquire(ctx, file, say); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := sign(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	// Closing the file gives the lock up.
	return file.Close, nil
}

func acquire(ctx context.Context, file *os.File, say *speaker) error {
	stop := func() {}
	defer func() { stop() }()
	for attempt := 0; ; attempt++ {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("lock %s: %w", file.Name(), err)
		}
		if attempt == 0 {
			holder := holderOf(file.Name())
			say.line("waiting for %s, which is building (lock %s)", holder, file.Name())
			stop = every(ctx, func(elapsed time.Duration) { say.line("still waiting for %s after %s", holder, elapsed) })
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s at %s: %w", holderOf(file.Name()), file.Name(), ctx.Err())
		case <-time.After(pollInterval):
		}
	}
}

// sign writes who holds the lock.
func sign(file *os.File) error {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	text := fmt.Sprintf("process %d on %s since %s\n", os.Getpid(), host, time.Now().Format(time.RFC3339))
	if err := file.Truncate(0); err != nil {
		return fmt.Errorf("sign the lock %s: %w", file.Name(), err)
	}
	if _, err := file.WriteAt([]byte(text), 0); err != nil {
		return fmt.Errorf("sign the lock %s: %w", file.Name(), err)
	}
	return nil
}

func holderOf(path string) string {
	text, err := os.ReadFile(path) //nolint:gosec // the path is the cache's own
	if err != nil || len(text) == 0 {
		return "another process"
	}
	return strings.TrimSpace(string(text))
}
