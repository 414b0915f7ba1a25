package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// release removes the segment of shared memory that a server which was killed has left.
// By its number in postmaster.pid (storage/ipc.h: the seventh line, key and number) a
// starting server knows whether the folder is in use; with the folder goes who would ever
// look. A system has some thousand numbers, and no server starts when all are taken.
func release(dataDir string) error {
	text, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid")) //nolint:gosec // a file of a server of this package
	if errors.Is(err, os.ErrNotExist) {
		return nil // it was stopped, or never started
	}
	if err != nil {
		return fmt.Errorf("read which memory the server has left: %w", err)
	}
	lines := bytes.Split(text, []byte("\n"))
	var key int32
	var id int
	if len(lines) < 7 {
		return nil // it ended before it had any
	}
	if _, err := fmt.Sscan(string(lines[6]), &key, &id); err != nil {
		return nil //nolint:nilerr // as above
	}
	var segment unix.SysvShmDesc
	if _, err := unix.SysvShmCtl(id, unix.IPC_STAT, &segment); err != nil || segment.Perm.Key != key || segment.Nattch > 0 {
		return nil //nolint:nilerr // it is gone, or the number is another's by now
	}
	if _, err := unix.SysvShmCtl(id, unix.IPC_RMID, nil); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EIDRM) {
		return fmt.Errorf("remove the memory that the server has left: %w", err)
	}
	return nil
}
