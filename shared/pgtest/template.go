package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// environment is that of PostgreSQL's programs: no setting of the caller's gets in.
func environment() []string { return []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")} }

// makeTemplate makes a data directory with initdb, for all servers to copy.
func (i install) makeTemplate(ctx context.Context) error {
	if err := i.own(i.dir); err != nil {
		return err
	}
	password := filepath.Join(i.dir, "password")
	if err := i.write(password, []byte(SuperuserPassword+"\n")); err != nil {
		return err
	}
	cmd := i.command(ctx, "initdb", "--pgdata="+i.template(), "--username="+Superuser, "--pwfile="+password,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
	cmd.Env, cmd.Dir = environment(), i.dir
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run initdb: %w\n%s", err, said)
	}
	return os.Remove(password)
}

// copyTemplate makes a data directory at target.
func (i install) copyTemplate(target string) error {
	err := filepath.WalkDir(i.template(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(i.template(), path)
		if err != nil {
			return err
		}
		to := filepath.Join(target, relative)
		if entry.IsDir() {
			err = os.Mkdir(to, 0o700)
		} else {
			err = copyFile(path, to)
		}
		if err != nil {
			return err
		}
		return i.own(to)
	})
	if err != nil {
		return fmt.Errorf("copy the template of a data directory: %w", err)
	}
	return nil
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from) //nolint:gosec // a file of the template
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // a file of the server's folder
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
