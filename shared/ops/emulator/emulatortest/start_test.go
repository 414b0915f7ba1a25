//go:build integration

package emulatortest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// addressVariable has the test below be another process, which starts an emulator, writes
// its address there, and ends by a signal.
const addressVariable = "EMULATORTEST_ADDRESS"

// An emulator ends with the process of the test that has started it, though that one runs no
// cleanup.
func TestAnEmulatorEndsWithTheProcessOfItsTest(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	require.NoError(t, err)
	if path := os.Getenv(addressVariable); path != "" {
		_, address := Start(t, root)
		require.NoError(t, os.WriteFile(path, []byte(address), 0o600))
		require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT))
		time.Sleep(time.Minute)
	}
	path := filepath.Join(t.TempDir(), "address")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), addressVariable+"="+path)
	require.Error(t, cmd.Run(), "it was to end by a signal")
	address, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", string(address)) //nolint:noctx // a moment
		if err != nil {
			return true
		}
		require.NoError(t, conn.Close())
		return false
	}, time.Minute, 100*time.Millisecond)
}

func TestAnotherPortIsTakenWhenSomebodyWasFaster(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	require.NoError(t, err)
	var thief net.Listener
	thefts := 0
	found = func(address string) {
		if thefts++; thefts == 1 {
			thief, err = net.Listen("tcp", address) //nolint:noctx // taken for the moment
			require.NoError(t, err)
		}
	}
	defer func() { found = func(string) {} }()
	e, address := Start(t, root)
	require.NotEqual(t, thief.Addr().String(), address)
	require.NoError(t, thief.Close())
	require.Equal(t, 2, thefts)
	require.True(t, strings.HasSuffix(e.Env()["AWS_ENDPOINT_URL"], address))
}
