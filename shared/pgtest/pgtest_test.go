//go:build integration

package pgtest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/cutover/cutover/shared/pgtest"
)

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the server may be gone
	return conn
}

func value[T any](t *testing.T, s *pgtest.Server, database, query string) T {
	t.Helper()
	var v T
	require.NoError(t, connect(t, s.AdminDSN(database)).QueryRow(t.Context(), query).Scan(&v))
	return v
}

func TestServersHaveTheReleaseOfProductionAndTheSettingsAskedFor(t *testing.T) {
	first := pgtest.Start(t, pgtest.Options{Settings: map[string]string{"wal_level": "logical", "log_line_prefix": "it's %m "}, Databases: []string{"payments", "odd \"name"}})
	second := pgtest.Start(t, pgtest.Options{})
	require.NotEqual(t, first.Port(), second.Port())
	require.Equal(t, pgtest.Version, value[string](t, first, "postgres", "SHOW server_version"))
	require.Equal(t, "logical", value[string](t, first, "payments", "SHOW wal_level"))
	require.Equal(t, "it's %m ", value[string](t, first, "odd \"name", "SHOW log_line_prefix"))
	require.Equal(t, "replica", value[string](t, second, "postgres", "SHOW wal_level"))
	require.Equal(t, "127.0.0.1", value[string](t, second, "postgres", "SHOW listen_addresses"))
}

func TestPasswordsAreChecked(t *testing.T) {
	s := pgtest.Start(t, pgtest.Options{})
	_, err := pgx.Connect(t.Context(), s.DSN(pgtest.Superuser, "wrong", "postgres"))
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "28P01", refused.Code)
}

func TestServerWithTLSRefusesPlainConnectionsAndProvesItsName(t *testing.T) {
	s := pgtest.Start(t, pgtest.Options{TLS: true})
	require.True(t, value[bool](t, s, "postgres", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
	plain := strings.Replace(s.AdminDSN("postgres"), "verify-full", "disable", 1)
	_, err := pgx.Connect(t.Context(), plain)
	require.ErrorContains(t, err, "no encryption")

	other := pgtest.Start(t, pgtest.Options{TLS: true, TLSNames: []string{"db.example.com"}, Databases: []string{"payments"}})
	_, err = pgx.Connect(t.Context(), other.AdminDSN("payments"))
	require.ErrorContains(t, err, "certificate")
	foreign := strings.Replace(s.AdminDSN("postgres"), filepath.Base(filepath.Dir(s.CAFile())), filepath.Base(filepath.Dir(other.CAFile())), 1)
	_, err = pgx.Connect(t.Context(), foreign)
	require.ErrorContains(t, err, "unknown authority")
}

func TestCommittedRowsOutliveStopAndKill(t *testing.T) {
	s := pgtest.Start(t, pgtest.Options{})
	require.NoError(t, s.Exec(t.Context(), "postgres", "CREATE TABLE kept (n int)"))
	for n, end := range []func() error{
		func() error { return s.Stop(t.Context()) },
		s.Kill,
		func() error { return nil }, // Restart stops it
		s.Kill,
	} {
		port := s.Port()
		require.NoError(t, s.Exec(t.Context(), "postgres", fmt.Sprintf("INSERT INTO kept VALUES (%d)", n)))
		open := connect(t, s.AdminDSN("postgres"))
		require.NoError(t, end())
		require.NoError(t, s.Restart(t.Context()))
		require.Error(t, open.Ping(t.Context()), "a connection outlived its server")
		require.Equal(t, port, s.Port())
		require.Equal(t, n+1, value[int](t, s, "postgres", "SELECT count(*)::int FROM kept"))
	}
	log, err := s.Log()
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(log, "database system was not properly shut down"), "one recovery for each kill")
}

func TestConfigureTakesEffectWithTheNextStart(t *testing.T) {
	s := pgtest.Start(t, pgtest.Options{Settings: map[string]string{"max_wal_senders": "3"}})
	require.NoError(t, s.Configure(map[string]string{"max_wal_senders": "7"}))
	require.Equal(t, "3", value[string](t, s, "postgres", "SHOW max_wal_senders"))
	require.NoError(t, s.Restart(t.Context()))
	require.Equal(t, "7", value[string](t, s, "postgres", "SHOW max_wal_senders"))
}

// playVictim is set for the process of the next test, which is killed.
const playVictim = "PGTEST_VICTIM"

// The folder stays as long as a process of the server may write into it: here one
// that is held still, whose postmaster is gone with the test. Then it goes, as does
// one whose removal was broken off. (The postmaster itself would not stay still: the
// system wakes stopped processes whose parent dies in the same session.)
func TestKilledTestProcessLeavesNoServerAndItsFolderIsSweptUp(t *testing.T) {
	if os.Getenv(playVictim) != "" {
		s := pgtest.Start(t, pgtest.Options{TLS: true})
		pid := value[int](t, s, "postgres", "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
		fmt.Printf("%d %s\n", pid, filepath.Dir(s.CAFile()))
		require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
		require.NoError(t, syscall.Kill(s.PID(), syscall.SIGKILL))
		require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGKILL))
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$") //nolint:noctx // ends itself
	cmd.Env = append(os.Environ(), playVictim+"=yes")
	said, err := cmd.Output()
	var ended *exec.ExitError
	require.ErrorAs(t, err, &ended)
	var pid int
	var dir string
	_, err = fmt.Sscan(string(said), &pid, &dir)
	require.NoError(t, err, "%s", said)
	letEnd := sync.OnceValue(func() error { return syscall.Kill(pid, syscall.SIGCONT) })
	t.Cleanup(func() { _ = letEnd() })
	broken := filepath.Join(filepath.Dir(dir), fmt.Sprint("server-broken-off-", os.Getpid()))
	require.NoError(t, os.MkdirAll(filepath.Join(broken, "data"), 0o700))

	pgtest.Start(t, pgtest.Options{})
	require.FileExists(t, filepath.Join(dir, "data", "PG_VERSION"), "swept from under a server")
	require.NoDirExists(t, broken)
	require.NoError(t, letEnd())
	claim, err := os.Open(filepath.Join(dir, pgtest.ClaimFile))
	if !errors.Is(err, os.ErrNotExist) { // another test swept it just now
		require.NoError(t, err)
		require.NoError(t, unix.Flock(int(claim.Fd()), unix.LOCK_EX), "returns when all processes of the server have ended")
		require.NoError(t, claim.Close())
	}
	pgtest.Start(t, pgtest.Options{})
	require.NoDirExists(t, dir)
}

func TestServerThatCannotStartSaysWhy(t *testing.T) {
	s := pgtest.Start(t, pgtest.Options{})
	require.NoError(t, s.Stop(t.Context()))
	require.NoError(t, s.Configure(map[string]string{"max_wal_senders": "many"}))
	require.ErrorContains(t, s.Restart(t.Context()), `invalid value for parameter "max_wal_senders": "many"`)
	require.NoError(t, s.Configure(nil))
	require.NoError(t, s.Restart(t.Context()))
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		pgtest.Start(b, pgtest.Options{})
	}
}

// A tool that refuses other releases must be shown one.
func TestAServerMayBeOfAnotherRelease(t *testing.T) {
	s := pgtest.Start(t, pgtest.Options{Release: pgtest.Newer, Databases: []string{"payments"}})
	require.Equal(t, pgtest.Newer, value[string](t, s, "payments", "SHOW server_version"))
}
