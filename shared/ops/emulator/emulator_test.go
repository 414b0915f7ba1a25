package emulator

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// repoRoot is the checkout that the tests are part of.
func repoRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	require.NoError(t, err)
	return root
}

// freeAddr returns an address that nobody listens at.
func freeAddr(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	return listener.Addr().String()
}

// journal is a progress writer to read afterwards.
type journal struct{ strings.Builder }

// newEmulator returns an emulator of its own, ended with the test. It shares the
// user's cache of virtual environments, since making one takes half a minute.
func newEmulator(t *testing.T) (*Emulator, *journal) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts the emulator")
	}
	said := &journal{}
	e := New(Options{RepoRoot: repoRoot(t), StateDir: t.TempDir(), Addr: freeAddr(t), Progress: said})
	t.Cleanup(func() { require.NoError(t, e.Down(context.Background())) })
	return e, said
}

func mustStatus(t *testing.T, e *Emulator) Status {
	t.Helper()
	s, err := e.Status(context.Background())
	require.NoError(t, err)
	return s
}

func TestEnvLeadsToTheEmulatorAndNowhereElse(t *testing.T) {
	env := New(Options{RepoRoot: repoRoot(t)}).Env()
	require.Equal(t, "http://127.0.0.1:4566", env["AWS_ENDPOINT_URL"])
	require.Equal(t, "us-east-1", env["AWS_REGION"])
	require.NotEmpty(t, env["AWS_ACCESS_KEY_ID"])
	require.NotEmpty(t, env["AWS_SECRET_ACCESS_KEY"])
	require.Contains(t, env, "AWS_SESSION_TOKEN", "a session of the developer's shell must not be used")
	require.Empty(t, env["AWS_SESSION_TOKEN"])
	require.Equal(t, "http://127.0.0.1:4566", env["HTTP_PROXY"], "for hosts such as 123456789012.127.0.0.1, which nothing resolves")
	require.Contains(t, env["NO_PROXY"], "127.0.0.1")
}

func TestTheEmulatorDoesNotAskItselfAsProxy(t *testing.T) {
	for _, entry := range New(Options{RepoRoot: repoRoot(t)}).pythonEnv() {
		require.NotContains(t, entry, "HTTP_PROXY=http://127.0.0.1:4566")
	}
}

func TestStateDirIsInTheCheckoutByDefault(t *testing.T) {
	e := New(Options{RepoRoot: "/somewhere/checkout"})
	require.Equal(t, "/somewhere/checkout/.cutover/emulator/emulator.json", e.recordFile())
}

func TestRefusesAnAddressBeyondThisMachine(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:4566", "192.0.2.1:4566", "localhost", "127.0.0.1"} {
		e := New(Options{RepoRoot: repoRoot(t), StateDir: t.TempDir(), Addr: addr})
		require.ErrorContains(t, e.Up(context.Background()), addr)
	}
}

func TestRefusesAFolderThatIsNoCheckout(t *testing.T) {
	dir := t.TempDir()
	err := New(Options{RepoRoot: dir}).Up(context.Background())
	require.ErrorContains(t, err, dir)
	require.ErrorIs(t, err, os.ErrNotExist)
}
