//go:build integration

package pgtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/cutover/cutover/shared/pgtest"
)

// A system has some thousand numbers for segments of shared memory: a server that was
// killed gives its own back when its folder goes.
func TestAServerThatWasKilledLeavesNoMemoryBehind(t *testing.T) {
	var segment int
	exists := func() bool {
		var info unix.SysvShmDesc
		_, err := unix.SysvShmCtl(segment, unix.IPC_STAT, &info)
		return err == nil
	}
	t.Run("server", func(t *testing.T) {
		s := pgtest.Start(t, pgtest.Options{})
		text, err := os.ReadFile(filepath.Join(value[string](t, s, "postgres", "SHOW data_directory"), "postmaster.pid"))
		require.NoError(t, err)
		var key int
		_, err = fmt.Sscan(strings.Split(string(text), "\n")[6], &key, &segment)
		require.NoError(t, err)
		require.True(t, exists())
		require.NoError(t, s.Kill())
		require.True(t, exists(), "which is what is to be removed")
	})
	require.False(t, exists())
}
