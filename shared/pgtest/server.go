package pgtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The superuser of every server.
const (
	Superuser         = "postgres"
	SuperuserPassword = "superuser of a test"
)

// host is the only address that servers listen on.
const host = "127.0.0.1"

// readyTimeout bounds starting, recovery included, and stopping. It only ends the wait
// for a server that hangs: no machine is too slow for it.
const readyTimeout = 5 * time.Minute

// Options of a server.
type Options struct {
	// Release is that of the server where it is not Version: two numbers, as
	// Newer has, of 10 or later. It is fetched on first use.
	Release string
	// Settings are those of postgresql.conf, such as wal_level=logical. They win
	// over the package's own.
	Settings map[string]string
	// TLS admits encrypted connections only, as rds.force_ssl=1 does. The
	// certificate comes from an authority of this server's own, see CAFile.
	TLS bool
	// TLSNames are the names and addresses in the certificate; without any they
	// are localhost and 127.0.0.1.
	TLSNames []string
	// Databases are made in addition to postgres.
	Databases []string
}

// Server is one PostgreSQL server. Its methods may be called by one goroutine at
// a time, DSN and CAFile by all.
type Server struct {
	install install
	dir     string // data directory, log, certificate
	port    int
	tls     bool
	process *process // nil while it is not running
	claim   *os.File // says that the folder is in use; see claimFile
}

// Start starts a server and ends it with the test. A failed test shows the end of
// the server's log.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), installTimeout)
	defer cancel()
	s, err := start(ctx, o)
	if s != nil {
		tb.Cleanup(func() {
			if tb.Failed() {
				tb.Logf("end of the log of the server on port %d:\n%s", s.port, s.tail())
			}
			if err := s.remove(); err != nil {
				tb.Errorf("remove PostgreSQL server: %v", err)
			}
		})
	}
	if err != nil {
		tb.Fatalf("start PostgreSQL: %v", err)
	}
	return s
}

func start(ctx context.Context, o Options) (*Server, error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	installed, err := installation(ctx, cache, cmp.Or(o.Release, Version))
	if err != nil {
		return nil, err
	}
	dir, held, err := claim(ctx, filepath.Join(cache, "postgres-servers"))
	if err != nil {
		return nil, err
	}
	s := &Server{install: installed, dir: dir, tls: o.TLS, claim: held}
	if err := s.prepare(o); err != nil {
		return s, err
	}
	if err := s.startOnFreePort(ctx); err != nil {
		return s, err
	}
	for _, name := range o.Databases {
		if err := s.Exec(ctx, "postgres", "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
			return s, fmt.Errorf("make database %s: %w", name, err)
		}
	}
	return s, nil
}

// prepare fills the server's folder.
func (s *Server) prepare(o Options) error {
	if err := s.install.copyTemplate(s.dataDir()); err != nil {
		return err
	}
	if o.TLS {
		if err := s.install.writeCertificate(s.dir, o.TLSNames); err != nil {
			return err
		}
	}
	return s.writeConfiguration(o.Settings)
}

// startOnFreePort tries again on another port when somebody took the one found.
func (s *Server) startOnFreePort(ctx context.Context) error {
	var problems []error
	for range 5 {
		port, err := freePort(ctx)
		if err != nil {
			return err
		}
		s.port = port
		if err = s.launch(ctx); err == nil {
			return nil
		}
		problems = append(problems, fmt.Errorf("port %d: %w", port, err))
		if !errors.Is(err, errPortTaken) {
			break
		}
	}
	return errors.Join(problems...)
}

// freePort finds a port that nobody listens on.
func freePort(ctx context.Context) (int, error) {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port // the address of a TCP listener
	return port, listener.Close()
}

// Host is the address of the server.
func (s *Server) Host() string { return host }

// Port is the server's; it stays the same over Restart.
func (s *Server) Port() int { return s.port }

// CAFile is the certificate authority of a server with TLS, as a PEM file.
func (s *Server) CAFile() string { return filepath.Join(s.dir, authorityFile) }

// DSN is the address for a client, as a URL: encrypted and with the server's
// certificate and name verified if the server has TLS, plain otherwise.
func (s *Server) DSN(user, password, database string) string {
	return s.dsn(user, password, database, "verify-full")
}

func (s *Server) dsn(user, password, database, verification string) string {
	query := url.Values{"sslmode": {"disable"}}
	if s.tls {
		query = url.Values{"sslmode": {verification}, "sslrootcert": {s.CAFile()}}
	}
	dsn := url.URL{
		Scheme: "postgres", User: url.UserPassword(user, password),
		Host: net.JoinHostPort(host, strconv.Itoa(s.port)), Path: "/" + database, RawQuery: query.Encode(),
	}
	return dsn.String()
}

// AdminDSN is the address for the superuser.
func (s *Server) AdminDSN(database string) string {
	return s.DSN(Superuser, SuperuserPassword, database)
}

// Exec runs statements as the superuser, one after another on one connection. It
// does not mind which names the server's certificate has.
func (s *Server) Exec(ctx context.Context, database string, statements ...string) (err error) {
	conn, err := pgx.Connect(ctx, s.dsn(Superuser, SuperuserPassword, database, "verify-ca"))
	if err != nil {
		return fmt.Errorf("connect as the superuser: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("run %q: %w", statement, err)
		}
	}
	return nil
}

// Log is what the server has logged since Start, over all restarts.
func (s *Server) Log() (string, error) {
	text, err := os.ReadFile(s.logFile())
	if err != nil {
		return "", fmt.Errorf("read the log of the server: %w", err)
	}
	return string(text), nil
}

func (s *Server) tail() string { return s.tailFrom(0) }

// tailFrom is the end of what was logged from a place on.
func (s *Server) tailFrom(place int) string {
	const most = 4000
	text, err := s.Log()
	if err != nil {
		return err.Error()
	}
	return text[max(min(place, len(text)), len(text)-most):]
}

// dataFolder of a server's folder holds its data.
const dataFolder = "data"

func (s *Server) dataDir() string { return filepath.Join(s.dir, dataFolder) }
func (s *Server) logFile() string { return filepath.Join(s.dir, "server.log") }

// remove ends the server, however it is, and deletes its folder.
func (s *Server) remove() error {
	return errors.Join(s.Kill(), release(s.dataDir()), os.RemoveAll(s.dir), s.claim.Close())
}
