package pgtest

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Room is how many bytes the file system of the server's data can still take of
// somebody who is not root.
func (k *Kept) Room() (int64, error) {
	var found unix.Statfs_t
	if err := unix.Statfs(k.server.dir, &found); err != nil {
		return 0, fmt.Errorf("look at the file system of %s: %w", k.server.dir, err)
	}
	return int64(found.Bavail) * int64(found.Bsize), nil //nolint:gosec // bytes of one file system
}
