package emulator

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// occupied returns an emulator whose address a server of this process holds.
func occupied(t *testing.T, handler http.HandlerFunc) *Emulator {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return New(Options{RepoRoot: repoRoot(t), StateDir: t.TempDir(), Addr: server.Listener.Addr().String()})
}

func TestUpNamesTheProgramThatHoldsThePort(t *testing.T) {
	e := occupied(t, http.NotFound)
	err := e.Up(context.Background())
	var taken *PortTakenError
	require.ErrorAs(t, err, &taken)
	require.Equal(t, e.opts.Addr, taken.Addr)
	require.Contains(t, taken.Holder, strconv.Itoa(os.Getpid()))
	require.Contains(t, taken.Holder, filepath.Base(os.Args[0]))
	require.Contains(t, taken.Remedy, "kill "+strconv.Itoa(os.Getpid()))
	require.NoFileExists(t, e.recordFile())
}

func TestUpNamesTheCheckoutWhoseEmulatorHoldsThePort(t *testing.T) {
	other, _ := newEmulator(t)
	ctx := context.Background()
	require.NoError(t, other.Up(ctx))
	here := copyOfCheckout(t)
	e := New(Options{RepoRoot: here, Addr: other.opts.Addr})
	err := e.Up(ctx)
	var taken *PortTakenError
	require.ErrorAs(t, err, &taken)
	require.Contains(t, taken.Holder, other.opts.RepoRoot)
	require.Contains(t, taken.Remedy, "mage local:down")

	require.NoError(t, e.Down(ctx), "there is nothing of this checkout to end")
	require.True(t, mustStatus(t, other).Healthy, "the other checkout's emulator must still run")
	require.ErrorContains(t, e.Reset(ctx), here, "and must not be emptied either")
}

// copyOfCheckout makes a second checkout, as far as the emulator can tell.
func copyOfCheckout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	from, to := filepath.Join(repoRoot(t), "tools", "emulator"), filepath.Join(root, "tools", "emulator")
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	return root
}

func TestUpBelievesNobodyWhoOnlyClaimsToBeItsEmulator(t *testing.T) {
	claim := `{"service":"cutover-emulator","token":"feedfacefeedfacefeedfacefeedface","checkout":` +
		strconv.Quote(repoRoot(t)) + `,"pid":` + strconv.Itoa(os.Getpid()) + `,"started":"2026-01-01T00:00:00Z"}`
	e := occupied(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(claim)) })
	require.ErrorContains(t, e.Up(context.Background()), "which it is not")
	require.NoError(t, e.Down(context.Background()), "this process must survive")
}

func TestFindsTheListenerOnlyOfTheGivenPort(t *testing.T) {
	if _, err := os.Stat("/proc/net/tcp"); err != nil {
		t.Skip("sockets are listed under /proc on Linux only")
	}
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := listener.Addr().String()
	pid, _ := listenerOf(context.Background(), addr)
	require.Equal(t, os.Getpid(), pid)
	require.NoError(t, listener.Close())
	pid, _ = listenerOf(context.Background(), addr)
	require.Zero(t, pid)
}
