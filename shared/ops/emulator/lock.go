package emulator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// withLock runs work while this process alone holds the lock file path. The
// system drops the lock when the holder dies, so no lock is ever left over.
func (e *Emulator) withLock(ctx context.Context, path string, work func() error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make the directory of the lock %s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the path is the package's own
	if err != nil {
		return fmt.Errorf("open the lock %s: %w", path, err)
	}
	defer func() {
		if cerr := file.Close(); cerr != nil && err == nil {
			err = fmt.Errorf("release the lock %s: %w", path, cerr)
		}
	}()
	if err := e.acquire(ctx, file); err != nil {
		return err
	}
	return work()
}

func (e *Emulator) acquire(ctx context.Context, file *os.File) error {
	told := false
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("take the lock %s: %w", file.Name(), err)
		}
		if !told {
			e.say("waiting for another process that holds %s", file.Name())
			told = true
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}
