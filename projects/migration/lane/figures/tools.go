package figures

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrAbsent tells that a peer's program is not on this machine.
var ErrAbsent = errors.New("the program is not here")

// packages are Debian's, by the program that each brings.
var packages = map[string]string{
	"psql": "postgresql-client", "pg_dump": "postgresql-client", "pg_restore": "postgresql-client", "pgcopydb": "pgcopydb",
}

// Tool finds a program of a peer: on PATH, or in a folder of unpacked Debian
// packages. With fetch set a package that is missing is downloaded by apt-get and
// unpacked there; nothing is installed on the system. psql and its like are to be
// on PATH, since Debian's are scripts that look for what is installed.
func Tool(ctx context.Context, name, folder string, fetch bool) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	path := filepath.Join(folder, "usr", "bin", name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	absent := fmt.Errorf("%s: %w: install Debian's package %s", name, ErrAbsent, packages[name])
	if !fetch || name != "pgcopydb" {
		return "", absent
	}
	if err := unpack(ctx, packages[name], folder); err != nil {
		return "", fmt.Errorf("%w: %w", absent, err)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w: %w", absent, err)
	}
	return path, nil
}

// unpack downloads a package and unpacks it.
func unpack(ctx context.Context, name, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // programs are no secret
		return err
	}
	download := exec.CommandContext(ctx, "apt-get", "download", name) //nolint:gosec // the name of a package, of the table above
	download.Dir = folder
	if said, err := download.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get download %s: %w: %s", name, err, said)
	}
	files, err := filepath.Glob(filepath.Join(folder, name+"_*.deb"))
	if err != nil || len(files) == 0 {
		return errors.Join(fmt.Errorf("apt-get has downloaded no %s", name), err)
	}
	if said, err := exec.CommandContext(ctx, "dpkg", "-x", files[len(files)-1], folder).CombinedOutput(); err != nil { //nolint:gosec // the file just downloaded
		return fmt.Errorf("unpack %s: %w: %s", name, err, said)
	}
	return nil
}
