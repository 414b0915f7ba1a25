//go:build integration

package pgtest_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/pgtest"
)

// keeper is the variable that makes a test the process that starts a kept server
// and ends.
const keeper = "PGTEST_KEEP"

func TestKeptServerOutlivesTheProcessThatStartedIt(t *testing.T) {
	options := pgtest.Options{Settings: map[string]string{"wal_level": "logical"}}
	if name := os.Getenv(keeper); name != "" {
		k, err := pgtest.Keep(t.Context(), name, options)
		require.NoError(t, err)
		require.NoError(t, k.Up(t.Context()))
		return
	}
	name := fmt.Sprint("test-", os.Getpid())
	k, err := pgtest.Keep(t.Context(), name, options)
	require.NoError(t, err)
	defer func() { require.NoError(t, k.Remove(t.Context())) }()
	running, err := k.Running(t.Context())
	require.NoError(t, err)
	require.False(t, running)

	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKeptServerOutlivesTheProcessThatStartedIt$")
	child.Env = append(os.Environ(), keeper+"="+name)
	said, err := child.CombinedOutput()
	require.NoError(t, err, string(said))
	running, err = k.Running(t.Context())
	require.NoError(t, err)
	require.True(t, running, "its starter is gone")
	require.NoError(t, k.CreateDatabase(t.Context(), "payments"))
	require.NoError(t, k.CreateDatabase(t.Context(), "payments"), "it is there")
	keptExec(t, k, `CREATE TABLE kept (x int)`, `INSERT INTO kept VALUES (7)`)
	port, err := k.Port(t.Context())
	require.NoError(t, err)

	require.NoError(t, k.Up(t.Context()), "it runs")
	require.NoError(t, k.Down(t.Context()))
	require.NoError(t, k.Down(t.Context()), "it is down")
	thief, err := net.Listen("tcp", fmt.Sprintf("%s:%d", k.Host(), port)) //nolint:noctx // taken for the moment
	require.NoError(t, err)
	require.NoError(t, k.Up(t.Context()))
	require.NoError(t, thief.Close())
	other, err := k.Port(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, port, other, "somebody took the port")
	require.Equal(t, 7, keptExec(t, k))
}

// keptExec runs statements and reads what was kept.
func keptExec(t *testing.T, k *pgtest.Kept, statements ...string) (x int) {
	t.Helper()
	dsn, err := k.AdminDSN(t.Context(), "payments")
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	for _, statement := range statements {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT x FROM kept`).Scan(&x))
	return x
}
