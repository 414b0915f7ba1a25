package pgtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Pool lends servers to tests that follow one another or run at once: each borrower
// has its server for itself, with everything as Prepare left it. What a test made is
// taken back when it has ended, while others run: its sessions, slots, databases and
// roles. A server that cannot be brought back to that (it was restarted, settings
// were changed, a role was altered), and that of a failed test, is removed. So a
// test may do to its server whatever it likes.
type Pool struct {
	// Options of each server. Their Databases are what is made anew for every test.
	Options Options
	// Prepare makes what every test finds, once for each server. It leaves no session
	// open.
	Prepare func(ctx context.Context, s *Server) error

	mutex    sync.Mutex
	idle     []*lent
	started  int
	cleaning sync.WaitGroup
}

// lent is a server of a pool.
type lent struct {
	*Server
	state string // what all databases share, after Prepare
}

// cleanTimeout bounds what is done to a server between two tests: one that hangs is
// removed.
const cleanTimeout = 5 * time.Minute

// Borrow lends a server until the test ends.
func (p *Pool) Borrow(tb testing.TB) *Server {
	tb.Helper()
	l, err := p.take()
	if err != nil {
		tb.Fatalf("borrow a PostgreSQL server: %v", err)
	}
	before, err := l.Log()
	if err != nil {
		tb.Fatalf("borrow a PostgreSQL server: %v", err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("end of the log of the server on port %d:\n%s", l.port, l.tailFrom(len(before)))
		}
		p.giveBack(l, tb.Failed())
	})
	return l.Server
}

// take returns a clean server, or a new one when none is there.
func (p *Pool) take() (*lent, error) {
	p.mutex.Lock()
	if last := len(p.idle) - 1; last >= 0 {
		l := p.idle[last]
		p.idle = p.idle[:last]
		p.mutex.Unlock()
		return l, nil
	}
	p.started++
	p.mutex.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), installTimeout)
	defer cancel()
	s, err := start(ctx, p.Options)
	if err == nil {
		l := &lent{Server: s}
		if err = p.make(ctx, l); err == nil {
			return l, nil
		}
	}
	if s != nil {
		err = errors.Join(err, s.remove())
	}
	return nil, err
}

// make prepares a server and keeps a copy of each of its databases.
func (p *Pool) make(ctx context.Context, l *lent) error {
	if p.Prepare != nil {
		if err := p.Prepare(ctx, l.Server); err != nil {
			return fmt.Errorf("prepare a server: %w", err)
		}
	}
	return l.session(ctx, func(conn *pgx.Conn) (err error) {
		for _, name := range p.Options.Databases {
			if err := execute(ctx, conn, copySQL(kept(name), name)); err != nil {
				return err
			}
		}
		l.state, err = shared(ctx, conn)
		return err
	})
}

// giveBack cleans a server for the next borrower, or removes it.
func (p *Pool) giveBack(l *lent, failed bool) {
	p.cleaning.Go(func() {
		if !failed && l.process != nil && p.clean(l) == nil {
			p.mutex.Lock()
			defer p.mutex.Unlock()
			p.idle = append(p.idle, l)
			return
		}
		if err := l.remove(); err != nil {
			say("remove a server: %v", err)
		}
	})
}

// Started is how many servers the pool has started so far.
func (p *Pool) Started() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.started
}

// Close removes the servers. It is called when all tests have ended.
func (p *Pool) Close() error {
	p.cleaning.Wait()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	var problems []error
	for _, l := range p.idle {
		problems = append(problems, l.remove())
	}
	p.idle = nil
	return errors.Join(problems...)
}

// clean brings a server back to what Prepare left. An error says that it is not.
func (p *Pool) clean(l *lent) error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanTimeout)
	defer cancel()
	return l.session(ctx, func(conn *pgx.Conn) error {
		if err := alone(ctx, conn); err != nil {
			return err
		}
		if err := execute(ctx, conn, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots`); err != nil {
			return err
		}
		if err := executeAll(ctx, conn, `SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
			WHERE NOT datistemplate AND datname <> 'postgres'`); err != nil {
			return err
		}
		for _, name := range p.Options.Databases {
			if err := execute(ctx, conn, copySQL(name, kept(name))); err != nil {
				return err
			}
		}
		// What a role owns or may do went with the databases.
		if err := executeAll(ctx, conn, `SELECT format('DROP ROLE %I', rolname) FROM pg_roles
			WHERE rolname !~ '^pg_' AND position(E'\nrole ' || rolname || ' ' IN $1) = 0`, l.state); err != nil {
			return err
		}
		if err := executeAll(ctx, conn, `SELECT format('REVOKE %I FROM %I', pg_get_userbyid(roleid), pg_get_userbyid(member))
			FROM pg_auth_members m WHERE position(E'\nmember ' || to_jsonb(m)::text IN $1) = 0`, l.state); err != nil {
			return err
		}
		state, err := shared(ctx, conn)
		if err == nil && state != l.state {
			err = errChanged
		}
		return err
	})
}

var errChanged = errors.New("the server is not what it was")

// session is one of the superuser, in a database that no test connects to: what a
// test has locked in another's catalogue does not stop it. A commit of it waits for
// no standby.
func (l *lent) session(ctx context.Context, work func(*pgx.Conn) error) (err error) {
	conn, err := pgx.Connect(ctx, l.dsn(Superuser, SuperuserPassword, "template1", "verify-ca"))
	if err != nil {
		return fmt.Errorf("connect as the superuser: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := execute(ctx, conn, `SET synchronous_commit = local`); err != nil {
		return err
	}
	return work(conn)
}

// alone ends all other sessions and waits until they are gone.
func alone(ctx context.Context, conn *pgx.Conn) error {
	for {
		var others int
		if err := conn.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE pid <> pg_backend_pid() AND backend_type IN ('client backend', 'walsender')`).Scan(&others); err != nil {
			return fmt.Errorf("end the other sessions: %w", err)
		}
		if others == 0 {
			return nil
		}
		time.Sleep(pollInterval)
	}
}

// kept is the name of the copy of a database that Prepare filled.
func kept(name string) string { return name + " as prepared" }

// copySQL makes a database from another. The copies themselves are templates, to
// which nobody connects by mistake.
func copySQL(name, from string) string {
	return fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s IS_TEMPLATE %t", pgx.Identifier{name}.Sanitize(), pgx.Identifier{from}.Sanitize(), name == kept(from))
}

// stateSQL is what the databases of a server share, and all its settings.
const stateSQL = `
SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
  SELECT 'role ' || r.rolname || ' ' || to_jsonb(r)::text AS line FROM pg_authid r
  UNION ALL SELECT 'member ' || to_jsonb(m)::text FROM pg_auth_members m
  UNION ALL SELECT 'role setting ' || to_jsonb(s)::text FROM pg_db_role_setting s
  UNION ALL SELECT 'database ' || datname || ' ' || coalesce(datacl::text, '') FROM pg_database
  UNION ALL SELECT 'tablespace ' || spcname FROM pg_tablespace
  UNION ALL SELECT 'subscription ' || subname FROM pg_subscription
  UNION ALL SELECT 'origin ' || roname FROM pg_replication_origin
  UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots
  UNION ALL SELECT 'setting ' || name || ' ' || setting FROM pg_settings
  UNION ALL SELECT 'file setting ' || sourcefile || ' ' || name || ' ' || setting FROM pg_file_settings
  UNION ALL SELECT 'started ' || pg_postmaster_start_time()
) l`

// shared reads it. It begins with a line break, as every line of it does.
func shared(ctx context.Context, conn *pgx.Conn) (string, error) {
	var state string
	if err := conn.QueryRow(ctx, stateSQL).Scan(&state); err != nil {
		return "", fmt.Errorf("read what databases share: %w", err)
	}
	return "\n" + state, nil
}

func execute(ctx context.Context, conn *pgx.Conn, statement string) error {
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("run %q: %w", strings.TrimSpace(statement), err)
	}
	return nil
}

// executeAll runs the statements that a query makes.
func executeAll(ctx context.Context, conn *pgx.Conn, query string, args ...any) error {
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("list statements: %w", err)
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list statements: %w", err)
	}
	for _, statement := range statements {
		if err := execute(ctx, conn, statement); err != nil {
			return err
		}
	}
	return nil
}
