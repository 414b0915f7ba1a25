package local

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/shared/naming"
)

// left is a profile with the claim of a lane whose process is gone.
func left(t *testing.T) (p Profile, lane string) {
	t.Helper()
	p, lane = Profile{Root: t.TempDir()}, function.Lane(naming.Green)
	require.NoError(t, os.MkdirAll(p.Dir(), 0o700))
	require.NoError(t, os.WriteFile(p.claim(lane), []byte("4711      \n"), 0o600))
	return p, lane
}

// opened is the file of a claim, locked in a way.
func opened(t *testing.T, p Profile, lane string, how int) *os.File {
	t.Helper()
	file, err := os.OpenFile(p.claim(lane), os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() }) // some are closed already
	require.NoError(t, unix.Flock(int(file.Fd()), how|unix.LOCK_NB))
	return file
}

func TestALookIsNotTakenForAProcess(t *testing.T) {
	p, lane := left(t)
	look := opened(t, p, lane, unix.LOCK_SH) // another command's
	pid, err := p.Running(lane)
	require.NoError(t, err)
	assert.Zero(t, pid, "the number of a process that is gone")
	require.NoError(t, look.Close())

	opened(t, p, lane, unix.LOCK_EX)
	pid, err = p.Running(lane)
	require.NoError(t, err)
	assert.Equal(t, 4711, pid)
}

func TestAClaimWaitsForALookAndNotForAProcess(t *testing.T) {
	for name, c := range map[string]struct {
		how  int
		ends time.Duration
		held bool
	}{
		"a look":    {unix.LOCK_SH, 3 * holdPoll, true},
		"a process": {unix.LOCK_EX, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, lane := left(t)
				other, claim := opened(t, p, lane, c.how), opened(t, p, lane, unix.LOCK_UN)
				defer time.AfterFunc(c.ends, func() { assert.NoError(t, other.Close()) }).Stop()
				held, err := hold(t.Context(), claim)
				require.NoError(t, err)
				assert.Equal(t, c.held, held)
			})
		})
	}
}
