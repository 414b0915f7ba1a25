package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	embedded "github.com/fergusstrange/embedded-postgres"
)

const (
	// Version is the release of PostgreSQL, that of the databases in production.
	Version = "14.6"
	// Newer is a release of the next major version, which tests set beside Version.
	Newer = "15.1"
	// recipe changes whenever the template is made differently.
	recipe = "1"
	// installTimeout bounds the first use, with its download of some 10 MB.
	installTimeout = 10 * time.Minute
)

// install is a folder with PostgreSQL's programs of one release and the template of
// a data directory.
type install struct{ dir, version string }

func (i install) program(name string) string { return filepath.Join(i.dir, "bin", name) }
func (i install) template() string           { return filepath.Join(i.dir, "template") }

// rootCache is root's: its home is closed to the account that servers run as.
const rootCache = "/var/cache/cutover"

func cacheDir() (string, error) {
	if os.Geteuid() == 0 {
		return rootCache, nil
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the user's cache directory (set HOME or XDG_CACHE_HOME): %w", err)
	}
	return filepath.Join(base, "cutover"), nil
}

// installation returns the cached installation, making it when it is not there.
// It is built beside its final place and renamed at the end, under a lock that
// one process holds at a time: what is there under the final name is complete.
func installation(ctx context.Context, cache, version string) (install, error) {
	name := fmt.Sprintf("postgres-%s-%s-%s-%s", version, recipe, runtime.GOOS, runtime.GOARCH)
	final := install{filepath.Join(cache, name), version}
	if present(final) {
		return final, nil
	}
	err := withLock(ctx, final.dir+".lock", func() error {
		if present(final) {
			return nil
		}
		return makeInstallation(ctx, final)
	})
	return final, err
}

// Install makes the programs of Version and Newer unless they are there, so that no
// test has to wait for their download.
func Install(ctx context.Context) error {
	cache, err := cacheDir()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, installTimeout)
	defer cancel()
	for _, release := range []string{Version, Newer} {
		if _, err := installation(ctx, cache, release); err != nil {
			return err
		}
	}
	return nil
}

func present(i install) bool {
	_, err := os.Stat(i.dir)
	return err == nil
}

func makeInstallation(ctx context.Context, final install) error {
	say("installing PostgreSQL %s in %s (once, about 10 MB to download)", final.version, final.dir)
	started := time.Now()
	building := install{final.dir + ".new", final.version}
	if err := os.RemoveAll(building.dir); err != nil {
		return fmt.Errorf("clear away an unfinished installation: %w", err)
	}
	for _, step := range []func(context.Context) error{building.fetch, building.check, building.makeTemplate} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("install PostgreSQL %s: %w", final.version, err)
		}
	}
	if err := os.Rename(building.dir, final.dir); err != nil {
		return fmt.Errorf("put PostgreSQL in place: %w", err)
	}
	say("PostgreSQL %s is ready after %s", final.version, time.Since(started).Round(100*time.Millisecond))
	return nil
}

// say tells a person what takes long; the output of a test is shown only with -v
// or in full with -json.
func say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, "pgtest: "+format+"\n", args...)
}

// fetch downloads and unpacks the programs. The library has no call for just
// that: its Start does it first and then fails here, as the data directory it is
// given is marked as one and is empty. What counts is what check finds.
func (i install) fetch(ctx context.Context) error {
	download := i.dir + "-download"
	notACluster := filepath.Join(download, "empty")
	if err := os.MkdirAll(notACluster, 0o700); err != nil {
		return fmt.Errorf("make the download's folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(notACluster, "PG_VERSION"), []byte(i.version[:2]+"\n"), 0o600); err != nil {
		return fmt.Errorf("mark the empty data directory: %w", err)
	}
	library := embedded.NewDatabase(embedded.DefaultConfig().
		Version(embedded.PostgresVersion(i.version + ".0")).Port(0).Logger(io.Discard).
		CachePath(download).BinariesPath(i.dir).RuntimePath(filepath.Join(download, "runtime")).DataPath(notACluster))
	failed := make(chan error, 1)
	go func() { failed <- library.Start() }()
	select {
	case err := <-failed:
		if _, missing := os.Stat(i.program("postgres")); missing != nil {
			return errors.Join(err, missing)
		}
		return os.RemoveAll(download)
	case <-ctx.Done():
		return fmt.Errorf("download: %w", context.Cause(ctx))
	}
}

// check asks the server which release it is.
func (i install) check(ctx context.Context) error {
	said, err := exec.CommandContext(ctx, i.program("postgres"), "--version").CombinedOutput() //nolint:gosec // the program just installed
	if err != nil {
		return fmt.Errorf("run the installed server: %w: %s", err, said)
	}
	if got, want := strings.TrimSpace(string(said)), "postgres (PostgreSQL) "+i.version; got != want {
		return fmt.Errorf("the installed server says %q, expected %q", got, want)
	}
	return nil
}
