package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Copy is a server whose files were copied from another one while that was written
// to. It has the other's system identifier, timeline, databases, roles and slots, and
// every transaction that had committed before End.
type Copy struct {
	*Server
	// End is where the copy's recovery ended, as a position of the original's log: the
	// copy has what committed before, and nothing of what did later.
	End string
}

// Duplicate copies a running server and starts the copy, which ends with the test.
// The original is written to meanwhile (PostgreSQL 14 manual, "Making a Base Backup
// Using the Low Level API"). Its settings are those of the original's files.
func (s *Server) Duplicate(tb testing.TB) *Copy {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), installTimeout)
	defer cancel()
	c, err := s.duplicate(ctx)
	if c != nil && c.Server != nil {
		tb.Cleanup(func() {
			if tb.Failed() {
				tb.Logf("end of the log of the copy on port %d:\n%s", c.port, c.tail())
			}
			if err := c.remove(); err != nil {
				tb.Errorf("remove the copy of a PostgreSQL server: %v", err)
			}
		})
	}
	if err != nil {
		tb.Fatalf("copy a PostgreSQL server: %v", err)
	}
	return c
}

func (s *Server) duplicate(ctx context.Context) (*Copy, error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	dir, held, err := claim(ctx, filepath.Join(cache, "postgres-servers"))
	if err != nil {
		return nil, err
	}
	c := &Copy{Server: &Server{install: s.install, dir: dir, tls: s.tls, claim: held}}
	if err := s.backUp(ctx, c); err != nil {
		return c, err
	}
	return c, c.startOnFreePort(ctx)
}

// stopSQL ends a backup. The server then goes on in a new segment of its log, so what
// was written before fills whole ones: the copy's recovery ends where the segment of
// the backup's end does.
const stopSQL = `
SELECT labelfile, pg_walfile_name(lsn), (('0/0'::pg_lsn + ceil((lsn - '0/0'::pg_lsn) / s.size) * s.size))::text
FROM pg_stop_backup(false, false), (SELECT setting::numeric AS size FROM pg_settings WHERE name = 'wal_segment_size') s`

// backUp copies the server's files, then its log. One session begins and ends it.
func (s *Server) backUp(ctx context.Context, c *Copy) (err error) {
	conn, err := pgx.Connect(ctx, s.dsn(Superuser, SuperuserPassword, "postgres", "verify-ca"))
	if err != nil {
		return fmt.Errorf("connect as the superuser: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, `SELECT pg_start_backup('copy', true, false)`); err != nil {
		return fmt.Errorf("begin a backup: %w", err)
	}
	if err := s.copyFiles(c, func(name string) bool { return !transient(name) }); err != nil {
		return err
	}
	var label, last string
	if err := conn.QueryRow(ctx, stopSQL).Scan(&label, &last, &c.End); err != nil {
		return fmt.Errorf("end a backup: %w", err)
	}
	if err := s.copyFiles(c, func(name string) bool {
		segment, isLog := strings.CutPrefix(name, logDir)
		return isLog && len(segment) == len(last) && segment <= last
	}); err != nil {
		return err
	}
	return s.install.write(filepath.Join(c.dataDir(), "backup_label"), []byte(label))
}

// logDir is where the log is, with what ends the folder's name.
const logDir = "pg_wal/"

// transient are the files that a copy must not have: those of the running server, and
// the log, which is copied when the backup has ended.
func transient(name string) bool {
	switch name {
	case "postmaster.pid", "postmaster.opts":
		return true
	}
	return strings.HasPrefix(name, logDir) || strings.HasPrefix(name, "pg_stat_tmp/") || strings.Contains(name, "pgsql_tmp")
}

// copyFiles copies those files of the data directory that choose takes, and all
// folders. What the running server removes meanwhile is not missed: its log makes up
// for it.
func (s *Server) copyFiles(c *Copy, choose func(name string) bool) error {
	err := filepath.WalkDir(s.dataDir(), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != s.dataDir() {
			return nil
		}
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(s.dataDir(), path)
		if err != nil {
			return err
		}
		to := filepath.Join(c.dataDir(), relative)
		switch {
		case entry.IsDir():
			err = os.Mkdir(to, 0o700)
			if errors.Is(err, fs.ErrExist) {
				return nil
			}
		case choose(filepath.ToSlash(relative)):
			err = copyFile(path, to)
		default:
			return nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.install.own(to)
	})
	if err != nil {
		return fmt.Errorf("copy the files of a server: %w", err)
	}
	return nil
}
