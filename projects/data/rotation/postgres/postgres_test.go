//go:build integration

package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/rotation"
	"github.com/cutover/cutover/projects/data/rotation/postgres"
	"github.com/cutover/cutover/projects/data/rotation/rotationtest"
	"github.com/cutover/cutover/shared/pgtest"
	"github.com/cutover/cutover/shared/rdstrust"
)

const (
	database       = "payments"
	masterUser     = "cutover_master"
	masterPassword = "master of a test"
)

// server starts a server as a cluster is configured: TLS only, an audit of
// connections and changes of schema, and a master user who is no superuser.
func server(t *testing.T) *pgtest.Server {
	t.Helper()
	s := pgtest.Start(t, pgtest.Options{
		TLS: true, Databases: []string{database},
		Settings: map[string]string{
			"log_statement": "ddl", "log_connections": "on", "log_disconnections": "on",
			"shared_preload_libraries": "", "deadlock_timeout": "200ms",
		},
	})
	require.NoError(t, s.Exec(t.Context(), database,
		"CREATE ROLE "+masterUser+" LOGIN CREATEROLE CREATEDB PASSWORD '"+masterPassword+"'"))
	return s
}

func master() rotation.Login { return rotation.Login{Username: masterUser, Password: masterPassword} }

func open(t *testing.T, s *pgtest.Server) *postgres.Database {
	t.Helper()
	roots, err := rdstrust.Pool(s.CAFile())
	require.NoError(t, err)
	return &postgres.Database{Host: s.Host(), Port: s.Port(), Name: database, Roots: roots}
}

// world is a new secret for a role of its own on the server.
func world(t *testing.T, s *pgtest.Server, role string) rotationtest.World {
	t.Helper()
	return rotationtest.NewWorld(&rotationtest.Memory{}, open(t, s),
		rotation.Cluster{Host: s.Host(), Port: s.Port(), Database: database}, master(), role)
}

func token(n int) string { return rotationtest.Token(n) }

func query[T any](t *testing.T, s *pgtest.Server, sql string, args ...any) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.AdminDSN(database))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	var found T
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&found))
	return found
}

func TestRolesAreMadeWithoutRightsAndUsersInherit(t *testing.T) {
	s := server(t)
	w := world(t, s, "payment_api")
	require.NoError(t, w.Rotate(t.Context(), token(0), nil))
	assert.Equal(t, "payment_api_a", query[string](t, s, "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolname LIKE 'payment%' AND rolcanlogin"))
	assert.Equal(t, 3, query[int](t, s, "SELECT count(*)::int FROM pg_roles WHERE rolname LIKE 'payment%'"), "both users are there from the beginning")
	require.NoError(t, s.Exec(t.Context(), database, "ALTER ROLE payment_api_b SET work_mem = '8MB'"))
	require.NoError(t, s.Exec(t.Context(), database, "CREATE TABLE orders (n int)"))
	assert.False(t, query[bool](t, s, "SELECT rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles WHERE rolname = 'payment_api'"))
	for _, user := range []string{"payment_api", "payment_api_a"} {
		assert.False(t, query[bool](t, s, "SELECT has_table_privilege($1, 'orders', 'SELECT')", user), user)
	}
	require.NoError(t, s.Exec(t.Context(), database, "GRANT SELECT ON orders TO payment_api"))
	require.NoError(t, w.Rotate(t.Context(), token(1), nil))
	for _, user := range []string{"payment_api_a", "payment_api_b"} {
		assert.True(t, query[bool](t, s, "SELECT has_table_privilege($1, 'orders', 'SELECT')", user), user)
		assert.Equal(t, user == "payment_api_b", query[bool](t, s, "SELECT EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = $1::regrole)", user), "settings stay")
		assert.Equal(t, "payment_api", query[string](t, s, "SELECT string_agg(roleid::regrole::text, ',') FROM pg_auth_members WHERE member = $1::regrole", user))
	}
}

// An audit or a log that held a password would have to be kept like one.
func TestServerNeverSeesAPassword(t *testing.T) {
	s := server(t)
	w := world(t, s, "payment_api")
	var passwords []string
	for n := range 3 {
		require.NoError(t, w.Rotate(t.Context(), token(n), nil))
		now, err := w.Current(t.Context())
		require.NoError(t, err)
		passwords = append(passwords, now.Password)
	}
	log, err := s.Log()
	require.NoError(t, err)
	require.Contains(t, log, `ALTER ROLE "payment_api_a" LOGIN`, "the log has the statements that matter here")
	require.Contains(t, log, "connection authorized: user=payment_api_b")
	for _, password := range append(passwords, masterPassword) {
		if password == masterPassword { // set by the test itself, in the clear
			log = strings.ReplaceAll(log, "PASSWORD '"+masterPassword+"'", "")
		}
		require.NotContains(t, log, password)
	}
	require.True(t, strings.HasPrefix(query[string](t, s, "SELECT rolpassword FROM pg_authid WHERE rolname = 'payment_api_a'"), "SCRAM-SHA-256$4096:"))
}

func TestCrashAnywhereIsRepairedByTheNextRun(t *testing.T) {
	s := server(t)
	number := 0
	points := rotationtest.CrashEverywhere(t, func(t *testing.T) rotationtest.World {
		number++
		return world(t, s, fmt.Sprintf("role_%d", number))
	})
	require.Greater(t, points, 100)
	t.Logf("%d crash points", points)
}

func TestDroppedUserAndDroppedGroupAreMadeAgain(t *testing.T) {
	s := server(t)
	w := world(t, s, "payment_api")
	require.NoError(t, w.Rotate(t.Context(), token(0), nil))
	require.NoError(t, s.Exec(t.Context(), database, "DROP ROLE payment_api_a", "DROP ROLE payment_api"))
	require.ErrorIs(t, w.CheckCurrent(t.Context()), rotation.ErrRefused)
	require.NoError(t, w.Rotate(t.Context(), token(1), nil))
	require.NoError(t, w.CheckCurrent(t.Context()))
	require.NoError(t, w.Rotate(t.Context(), token(2), nil))
	require.NoError(t, w.CheckCurrent(t.Context()))
}

func TestUserThatLostItsMembershipOrItsLoginGetsThemBack(t *testing.T) {
	s := server(t)
	w := world(t, s, "payment_api")
	for n, harm := range []string{
		"SELECT 1", "REVOKE payment_api FROM payment_api_b", "ALTER ROLE payment_api_a NOLOGIN",
		"ALTER ROLE payment_api_b VALID UNTIL '2020-01-01'", "ALTER ROLE payment_api_a PASSWORD NULL",
	} {
		if n > 1 {
			require.NoError(t, s.Exec(t.Context(), database, harm))
		}
		require.NoError(t, w.Rotate(t.Context(), token(n), nil), harm)
		require.NoError(t, w.CheckCurrent(t.Context()), harm)
		if n == 1 {
			require.NoError(t, s.Exec(t.Context(), database, harm))
			require.ErrorIs(t, w.CheckCurrent(t.Context()), rotation.ErrRefused, "a user without its role is of no use")
		}
	}
}

func TestRolesThatAreNotForRotationAreLeftAlone(t *testing.T) {
	s := server(t)
	for statement, says := range map[string]string{
		"CREATE ROLE %s LOGIN":        "can log in, expected a group role",
		"CREATE ROLE %s SUPERUSER":    "is a superuser",
		"CREATE ROLE %s_a CREATEROLE": "creates roles",
		"CREATE ROLE %s_a BYPASSRLS":  "passes row security",
		"CREATE ROLE %s_a SUPERUSER":  "is a superuser",
		"CREATE ROLE %s_a CREATEDB":   "creates roles or databases",
	} {
		role := "odd_" + strings.ToLower(strings.NewReplacer(" ", "_", "%s", "x").Replace(statement))
		w := world(t, s, role)
		require.NoError(t, s.Exec(t.Context(), database, fmt.Sprintf(statement, role)))
		err := w.Rotate(t.Context(), token(0), nil)
		require.ErrorIs(t, err, rotation.ErrUnsuitable, statement)
		require.ErrorContains(t, err, says)
	}
}

func TestServerWithAnotherNameOrAuthorityIsNotSpokenTo(t *testing.T) {
	named := pgtest.Start(t, pgtest.Options{TLS: true, TLSNames: []string{"other.internal"}, Databases: []string{database}})
	require.ErrorContains(t, open(t, named).Login(t.Context(), master(), "r"), "certificate")
	s := server(t)
	strict := open(t, s)
	roots, err := rdstrust.Pool("")
	require.NoError(t, err)
	strict.Roots = roots
	err = strict.Login(t.Context(), master(), "r")
	require.ErrorContains(t, err, "unknown authority")
	require.NotErrorIs(t, err, rotation.ErrRefused, "a server that is not ours refuses nothing")
	plain := pgtest.Start(t, pgtest.Options{Databases: []string{database}})
	d := &postgres.Database{Host: plain.Host(), Port: plain.Port(), Name: database, Roots: roots}
	require.ErrorContains(t, d.Login(t.Context(), master(), "r"), "refused TLS")
}

// A server that asks for the password itself gets none, whatever its certificate.
func TestLoginShowsNobodyThePassword(t *testing.T) {
	s := server(t)
	require.NoError(t, s.Exec(t.Context(), database, "SET password_encryption = md5; CREATE ROLE old_a LOGIN PASSWORD 'hunter2'"))
	err := open(t, s).Login(t.Context(), rotation.Login{Username: "old_a", Password: "hunter2"}, "old")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestConcurrentRotationsOfOneRoleTakeTurns(t *testing.T) {
	s := server(t)
	w := world(t, s, "payment_api")
	require.NoError(t, w.Rotate(t.Context(), token(0), nil))
	for n := 1; n <= 5; n++ {
		require.NoError(t, w.Store.Begin(w.Secret, token(n), false))
		var group sync.WaitGroup
		var succeeded atomic.Int32
		for range 8 {
			group.Go(func() {
				if err := w.Steps(t.Context(), token(n), nil); err == nil {
					succeeded.Add(1)
				} else {
					assert.ErrorIs(t, err, rotation.ErrBusy)
				}
				assert.NoError(t, w.CheckCurrent(t.Context()))
			})
		}
		group.Wait()
		require.Positive(t, succeeded.Load())
		require.NoError(t, w.CheckCurrent(t.Context()))
	}
}

func TestRoleThatIsLockedForLongIsBusy(t *testing.T) {
	s := server(t)
	d := open(t, s)
	err := d.Exclusive(t.Context(), master(), "r", func(ctx context.Context, _ rotation.Session) error {
		started := time.Now()
		err := d.Exclusive(ctx, master(), "r", func(context.Context, rotation.Session) error { return errors.New("both at once") })
		require.Less(t, time.Since(started), time.Minute, "it does not hang")
		require.NoError(t, d.Exclusive(ctx, master(), "another", func(context.Context, rotation.Session) error { return nil }))
		return err
	})
	require.ErrorIs(t, err, rotation.ErrBusy)
}

func TestWorkCountsWhenItIsDoneAndNotBefore(t *testing.T) {
	s := server(t)
	d := open(t, s)
	verifier, err := rotation.Verifier("hunter2")
	require.NoError(t, err)
	boom := errors.New("boom")
	err = d.Exclusive(t.Context(), master(), "r", func(ctx context.Context, session rotation.Session) error {
		return errors.Join(session.SetLogin(ctx, "r", "r_a", verifier), boom)
	})
	require.ErrorIs(t, err, boom)
	require.ErrorIs(t, d.Login(t.Context(), rotation.Login{Username: "r_a", Password: "hunter2"}, "r"), rotation.ErrRefused)
	require.ErrorContains(t, d.Exclusive(t.Context(), master(), "r", func(ctx context.Context, session rotation.Session) error {
		return session.SetLogin(ctx, "r", "r_a", "hunter2' SUPERUSER --")
	}), "expected a SCRAM-SHA-256 verifier")
	wrong := rotation.Login{Username: masterUser, Password: "wrong"}
	require.ErrorIs(t, d.Exclusive(t.Context(), wrong, "r", nil), rotation.ErrMasterRefused)
}

// The server dies, or only the connection, at the worst moments: while the lock is
// held and after the password was set.
func TestCutConnectionIsAFailureThatTheNextRunRepairs(t *testing.T) {
	s := server(t)
	w := world(t, s, "payment_api")
	require.NoError(t, w.Rotate(t.Context(), token(0), nil))
	cut := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + masterUser + "'"
	n := 1
	for _, point := range []string{"set login is asked for", "set login is done", "commit is asked for", "check is asked for", "move AWSCURRENT is asked for"} {
		for name, harm := range map[string]func() error{
			"connection": func() error { return s.Exec(t.Context(), database, cut) },
			"server":     func() error { return errors.Join(s.Kill(), s.Restart(t.Context())) },
		} {
			t.Run(name+" when "+point, func(t *testing.T) {
				done := false
				err := w.Rotate(t.Context(), token(n), func(at string) error {
					if at == point && !done {
						done = true
						return harm()
					}
					return nil
				})
				require.True(t, done)
				require.Error(t, err)
				require.NoError(t, w.CheckCurrent(t.Context()), "right after")
				require.NoError(t, w.Steps(t.Context(), token(n), nil))
				require.NoError(t, w.CheckCurrent(t.Context()), "after the next run")
				n++
			})
		}
	}
}

func TestUnreachableServerAndEndedContextAreFailuresInTime(t *testing.T) {
	s := server(t)
	w := world(t, s, "payment_api")
	require.NoError(t, w.Store.Begin(w.Secret, token(0), false))
	require.NoError(t, s.Stop(t.Context()))
	started := time.Now()
	err := w.Steps(t.Context(), token(0), nil)
	require.ErrorContains(t, err, "setSecret")
	require.NotErrorIs(t, err, rotation.ErrRefused)
	require.Less(t, time.Since(started), time.Minute, "it does not hang")
	require.NoError(t, s.Restart(t.Context()))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, w.Steps(ended, token(0), nil), context.Canceled)
	require.NoError(t, w.Steps(t.Context(), token(0), nil))
	require.NoError(t, w.CheckCurrent(t.Context()))
}

const (
	rotations = 50
	clients   = 8
)

// Clients that read the current secret before they connect, and use it for a
// while, are never turned away, however often the secret changes meanwhile.
func TestClientsSeeNoFailedLoginInFiftyRotationsUnderLoad(t *testing.T) {
	s := server(t)
	w := world(t, s, "payment_api")
	require.NoError(t, w.Rotate(t.Context(), token(0), nil))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var logins, failed, finished atomic.Int64
	// seen holds, for each client, how many rotations had finished when it last
	// read the secret.
	var seen [clients]atomic.Int64
	used := sync.Map{}
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for ctx.Err() == nil {
				seen[client].Store(finished.Load())
				now, err := w.Current(ctx)
				if err == nil {
					err = use(ctx, s, now)
				}
				if ctx.Err() != nil {
					return
				}
				used.Store(now.Password, true)
				logins.Add(1)
				if err != nil {
					failed.Add(1)
					t.Errorf("login as %s: %v", now.Username, err)
				}
			}
		})
	}
	started := time.Now()
	for n := 1; n <= rotations; n++ {
		// A secret holds until the rotation after the next. Those are a month apart;
		// here a login must not last over two of them.
		require.Eventually(t, func() bool {
			for client := range seen {
				if seen[client].Load() < finished.Load() {
					return false
				}
			}
			return true
		}, time.Minute, time.Millisecond, "each client reads the secret again")
		require.NoError(t, w.Rotate(t.Context(), token(n), nil))
		finished.Add(1)
	}
	took := time.Since(started)
	stop()
	group.Wait()
	distinct := 0
	used.Range(func(any, any) bool { distinct++; return true })
	t.Logf("%d rotations in %s, %d logins by %d clients with %d passwords, %d failed", rotations, took.Round(time.Millisecond), logins.Load(), clients, distinct, failed.Load())
	require.Zero(t, failed.Load())
	require.Greater(t, logins.Load(), int64(rotations))
	require.Greater(t, distinct, rotations/2, "the clients must have followed the rotations")
	log, err := s.Log()
	require.NoError(t, err)
	// The rotation itself finds out by a refused login that a password is to be set.
	require.LessOrEqual(t, strings.Count(log, "password authentication failed"), rotations+1)
}

// use logs in as a client does, on a connection of its own.
func use(ctx context.Context, s *pgtest.Server, now rotation.Secret) error {
	conn, err := pgx.Connect(ctx, s.DSN(now.Username, now.Password, now.Database))
	if err != nil {
		return err
	}
	var user string
	err = conn.QueryRow(ctx, "SELECT current_user").Scan(&user)
	var lost *pgconn.PgError
	if errors.As(err, &lost) {
		err = fmt.Errorf("in use: %w", err)
	}
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}
