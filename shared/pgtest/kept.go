package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Kept is a server that outlives the process that starts it, for a profile of a
// developer's machine: it keeps its data over stops, and its port. Its programs and
// its first data directory are those of the servers of tests. Its methods may be
// called by one process at a time.
type Kept struct{ server Server }

// portFile in a kept server's folder holds its port.
const portFile = "port"

// notRunning is what pg_ctl ends with when there is no server (PostgreSQL
// documentation, pg_ctl).
const notRunning = 3

// Keep finds the kept server of that name, or makes its data directory. A name is
// one word of letters, digits and dashes; there is one server of each name for a
// user. Settings count for the next start. It starts nothing.
func Keep(ctx context.Context, name string, o Options) (*Kept, error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	installed, err := installation(ctx, cache, Version)
	if err != nil {
		return nil, err
	}
	k := &Kept{Server{install: installed, dir: filepath.Join(cache, "postgres-kept", name)}}
	if err := os.MkdirAll(filepath.Dir(k.server.dir), 0o755); err != nil { //nolint:gosec // servers of another account pass it
		return nil, fmt.Errorf("make the folder of kept servers: %w", err)
	}
	if _, err := os.Stat(filepath.Join(k.server.dataDir(), "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		if err := k.make(); err != nil {
			return nil, fmt.Errorf("make server %s: %w", name, err)
		}
	}
	return k, k.server.writeConfiguration(o.Settings)
}

// make makes the folder anew; what an interrupted attempt left goes.
func (k *Kept) make() error {
	if err := os.RemoveAll(k.server.dir); err != nil {
		return fmt.Errorf("clear away an unfinished folder: %w", err)
	}
	if err := os.Mkdir(k.server.dir, 0o700); err != nil {
		return fmt.Errorf("make its folder: %w", err)
	}
	if err := k.server.install.own(k.server.dir); err != nil {
		return err
	}
	return k.server.install.copyTemplate(k.server.dataDir())
}

// Up starts the server unless it runs, on the port that it had, or on another when
// somebody has taken that.
func (k *Kept) Up(ctx context.Context) error {
	running, err := k.Running(ctx)
	if err != nil || running {
		return err
	}
	port, err := k.port(ctx)
	if err != nil {
		return err
	}
	for range 5 {
		if err = k.start(ctx, port); err == nil {
			return os.WriteFile(filepath.Join(k.server.dir, portFile), []byte(strconv.Itoa(port)), 0o600)
		}
		if !errors.Is(err, errPortTaken) {
			return err
		}
		var free error
		if port, free = freePort(ctx); free != nil {
			return errors.Join(err, free)
		}
	}
	return err
}

// port is the server's, or a free one for its first start.
func (k *Kept) port(ctx context.Context) (int, error) {
	text, err := os.ReadFile(filepath.Join(k.server.dir, portFile))
	if errors.Is(err, os.ErrNotExist) {
		return freePort(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("read the server's port: %w", err)
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read the server's port: %w", err)
	}
	return port, nil
}

// start lets pg_ctl start the server, which takes it out of this process's session.
func (k *Kept) start(ctx context.Context, port int) error {
	before, err := k.server.Log()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	_, err = k.control(ctx, "start", "-w", "-t", "60", "-l", k.server.logFile(), "-o", "-p "+strconv.Itoa(port))
	if err != nil {
		return k.server.explain(err, int64(len(before)))
	}
	return nil
}

// Running tells whether the server runs.
func (k *Kept) Running(ctx context.Context) (bool, error) {
	code, err := k.control(ctx, "status")
	if code == notRunning {
		return false, nil
	}
	return err == nil, err
}

// Down shuts the server down in fast mode; its data stays. A server that does not
// run is no error.
func (k *Kept) Down(ctx context.Context) error {
	running, err := k.Running(ctx)
	if err != nil || !running {
		return err
	}
	_, err = k.control(ctx, "stop", "-w", "-t", "60", "-m", "fast")
	return err
}

// Kill ends the server at once, as a machine that fails would: when it is started again it
// recovers. A server that does not run is no error.
func (k *Kept) Kill(ctx context.Context) error {
	running, err := k.Running(ctx)
	if err != nil || !running {
		return err
	}
	_, err = k.control(ctx, "stop", "-w", "-t", "60", "-m", "immediate")
	return err
}

// Remove shuts the server down and deletes its data.
func (k *Kept) Remove(ctx context.Context) error {
	if err := k.Down(ctx); err != nil {
		return err
	}
	return os.RemoveAll(k.server.dir)
}

// control runs pg_ctl as the servers' account.
func (k *Kept) control(ctx context.Context, args ...string) (code int, err error) {
	cmd := k.server.install.command(ctx, "pg_ctl", append(args, "-s", "-D", k.server.dataDir())...)
	cmd.Env, cmd.Dir = environment(), k.server.dir
	// A server that inherited a pipe would keep it open for good.
	said, err := os.CreateTemp("", "pg_ctl-*")
	if err != nil {
		return 0, fmt.Errorf("run pg_ctl: %w", err)
	}
	defer func() { err = errors.Join(err, said.Close(), os.Remove(said.Name())) }()
	cmd.Stdout, cmd.Stderr = said, said
	err = cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		code = ended.ExitCode()
	}
	if err != nil {
		text, _ := os.ReadFile(said.Name()) // the error tells enough without it
		return code, fmt.Errorf("pg_ctl %s: %w: %s", args[0], err, strings.TrimSpace(string(text)))
	}
	return code, nil
}

// Host is the address of the server.
func (k *Kept) Host() string { return host }

// Port is the server's since its last start.
func (k *Kept) Port(ctx context.Context) (int, error) { return k.port(ctx) }

// AdminDSN is the address for the superuser.
func (k *Kept) AdminDSN(ctx context.Context, database string) (string, error) {
	port, err := k.port(ctx)
	if err != nil {
		return "", err
	}
	k.server.port = port
	return k.server.AdminDSN(database), nil
}

// CreateDatabase makes a database unless there is one of that name.
func (k *Kept) CreateDatabase(ctx context.Context, name string) (err error) {
	dsn, err := k.AdminDSN(ctx, "postgres")
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("connect as the superuser: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)`, name).Scan(&exists); err != nil {
		return fmt.Errorf("look for database %s: %w", name, err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return fmt.Errorf("make database %s: %w", name, err)
	}
	return nil
}
