//go:build integration

package pgtest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/pgtest"
)

// aPool is one whose servers have a table with a row, and a role.
func aPool(t *testing.T) *pgtest.Pool {
	t.Helper()
	p := &pgtest.Pool{
		Options: pgtest.Options{Settings: map[string]string{"wal_level": "logical"}, Databases: []string{"payments"}},
		Prepare: func(ctx context.Context, s *pgtest.Server) error {
			return s.Exec(ctx, "payments", `CREATE TABLE t AS SELECT 1 AS x`, `CREATE ROLE app`, `GRANT SELECT ON t TO app`)
		},
	}
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

// open are the sessions that a test leaves. Without a name for them the collector of
// garbage would close them, sooner or later.
var open []*pgx.Conn

// What a test leaves behind is gone for the next one, on the same server or on
// another.
func TestABorrowerFindsNothingOfTheOneBefore(t *testing.T) {
	for name, c := range map[string]struct {
		leave   func(t *testing.T, s *pgtest.Server)
		removed bool // the server cannot be brought back
	}{
		"nothing": {leave: func(*testing.T, *pgtest.Server) {}},
		"rows, tables, databases": {leave: func(t *testing.T, s *pgtest.Server) {
			require.NoError(t, s.Exec(t.Context(), "payments", `INSERT INTO t VALUES (2)`, `CREATE TABLE u ()`, `CREATE DATABASE more`, `ALTER DATABASE payments SET work_mem = '1MB'`))
		}},
		"roles and their rights": {leave: func(t *testing.T, s *pgtest.Server) {
			require.NoError(t, s.Exec(t.Context(), "payments", `CREATE ROLE late LOGIN`, `GRANT app TO late`, `GRANT INSERT ON t TO app, late`, `GRANT pg_monitor TO app`))
		}},
		"slots, open transactions": {leave: func(t *testing.T, s *pgtest.Server) {
			require.NoError(t, s.Exec(t.Context(), "payments", `SELECT pg_create_logical_replication_slot('s', 'pgoutput'), pg_create_physical_replication_slot('p', true)`))
			for database, statement := range map[string]string{"payments": `BEGIN; LOCK TABLE t`, "postgres": `BEGIN; LOCK TABLE pg_proc`} {
				conn, err := pgx.Connect(t.Context(), s.AdminDSN(database)+"&application_name=left")
				require.NoError(t, err)
				_, err = conn.Exec(t.Context(), statement)
				require.NoError(t, err)
				open = append(open, conn)
			}
		}},
		"a role with another attribute": {removed: true, leave: func(t *testing.T, s *pgtest.Server) {
			require.NoError(t, s.Exec(t.Context(), "payments", `ALTER ROLE app LOGIN`))
		}},
		"a role with a setting": {removed: true, leave: func(t *testing.T, s *pgtest.Server) {
			require.NoError(t, s.Exec(t.Context(), "payments", `ALTER ROLE app SET work_mem = '1MB'`))
		}},
		"a setting of the server": {removed: true, leave: func(t *testing.T, s *pgtest.Server) {
			require.NoError(t, s.Exec(t.Context(), "payments", `ALTER SYSTEM SET synchronous_standby_names = 'nobody'`, `SELECT pg_reload_conf()`))
		}},
		"a restart":          {removed: true, leave: func(t *testing.T, s *pgtest.Server) { require.NoError(t, s.Restart(t.Context())) }},
		"a server that died": {removed: true, leave: func(t *testing.T, s *pgtest.Server) { require.NoError(t, s.Kill()) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := aPool(t)
			t.Run("leaves", func(t *testing.T) { c.leave(t, p.Borrow(t)) })
			p.Settle()
			t.Run("finds", func(t *testing.T) {
				s := p.Borrow(t)
				require.Equal(t, "rows 1, tables t, databases payments postgres, roles app postgres, rights SELECT, members 0, slots 0, sessions 0, 4MB, login false, standbys ",
					value[string](t, s, "payments", foundSQL))
			})
			require.Equal(t, c.removed, p.Started() == 2, "%d servers were started", p.Started())
		})
	}
}

// foundSQL is what a borrower finds.
const foundSQL = `SELECT format('rows %s, tables %s, databases %s, roles %s, rights %s, members %s, slots %s, sessions %s, %s, login %s, standbys %s',
  (SELECT count(*) FROM t),
  (SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'public'::regnamespace),
  (SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate),
  (SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_'),
  (SELECT string_agg(privilege_type, ' ') FROM information_schema.table_privileges WHERE grantee = 'app'),
  (SELECT count(*) FROM pg_auth_members WHERE member = 'app'::regrole OR roleid = 'app'::regrole),
  (SELECT count(*) FROM pg_replication_slots),
  (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'left'),
  current_setting('work_mem'),
  (SELECT rolcanlogin::text FROM pg_roles WHERE rolname = 'app'),
  current_setting('synchronous_standby_names'))`

func TestServersOfTestsThatRunAtOnceDiffer(t *testing.T) {
	p := aPool(t)
	first, second := p.Borrow(t), p.Borrow(t)
	require.NotEqual(t, first.Port(), second.Port())
	require.Equal(t, 2, p.Started())
}
