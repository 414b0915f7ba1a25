package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// claimFile in a server's folder is locked by the process that uses it, and by all
// processes of the server: they inherit the open file, and with it the lock
// (flock(2)).
const claimFile = "claim"

// claim makes a folder for one server and removes those whose processes are gone
// without having done so. The system lets a claim go when the last process ends
// that has the file open.
func claim(ctx context.Context, base string) (dir string, held *os.File, err error) {
	err = withLock(ctx, base+".lock", func() error {
		if err := os.MkdirAll(base, 0o755); err != nil { //nolint:gosec // servers of another account pass it
			return fmt.Errorf("make the servers' folder: %w", err)
		}
		if err := sweep(base); err != nil {
			return err
		}
		dir, err = os.MkdirTemp(base, "server-")
		if err != nil {
			return fmt.Errorf("make a server's folder: %w", err)
		}
		file, err := os.OpenFile(filepath.Join(dir, claimFile), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // a file of the folder just made
		if err != nil {
			return fmt.Errorf("claim a server's folder: %w", err)
		}
		if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			return errors.Join(fmt.Errorf("claim a server's folder: %w", err), file.Close())
		}
		held = file
		return install{}.own(dir)
	})
	return dir, held, err
}

// sweep removes the folders that nobody claims any more. It runs under the lock
// under which a folder gets its claim, so one without a claim is left of a removal
// that was broken off, or its process is removing it just now.
func sweep(base string) error {
	folders, err := filepath.Glob(filepath.Join(base, "server-*"))
	if err != nil {
		return fmt.Errorf("list the servers' folders: %w", err)
	}
	var problems []error
	for _, dir := range folders {
		problems = append(problems, removeUnclaimed(dir))
	}
	return errors.Join(problems...)
}

func removeUnclaimed(dir string) error {
	file, err := os.OpenFile(filepath.Join(dir, claimFile), os.O_RDWR, 0) //nolint:gosec // a claim of this package
	if errors.Is(err, os.ErrNotExist) {
		return os.RemoveAll(dir)
	}
	if err != nil {
		return fmt.Errorf("open a server's claim: %w", err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return file.Close()
	}
	if err == nil {
		err = errors.Join(release(filepath.Join(dir, dataFolder)), os.RemoveAll(dir))
	}
	return errors.Join(err, file.Close())
}

// withLock runs work while this process alone holds the lock file path. The
// system drops the lock when its holder dies.
func withLock(ctx context.Context, path string, work func() error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // the user's cache
		return fmt.Errorf("make the folder of the lock %s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // a lock of this package
	if err != nil {
		return fmt.Errorf("open the lock %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return work()
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("lock %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the lock %s: %w", path, context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}
