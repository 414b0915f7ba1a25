package pyenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const lockInterval = 100 * time.Millisecond

// WithLock runs work while this process alone holds the lock file path; waiting
// is called once when another holds it. The system drops the lock when the holder
// dies, so no lock is ever left over.
func WithLock(ctx context.Context, path string, waiting func(), work func() error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make the directory of the lock %s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the path is the caller's own
	if err != nil {
		return fmt.Errorf("open the lock %s: %w", path, err)
	}
	defer func() {
		if cerr := file.Close(); cerr != nil && err == nil {
			err = fmt.Errorf("release the lock %s: %w", path, cerr)
		}
	}()
	if err := acquire(ctx, file, waiting); err != nil {
		return err
	}
	return work()
}

func acquire(ctx context.Context, file *os.File, waiting func()) error {
	for told := false; ; told = true {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("take the lock %s: %w", file.Name(), err)
		}
		if !told {
			waiting()
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lockInterval):
		}
	}
}
