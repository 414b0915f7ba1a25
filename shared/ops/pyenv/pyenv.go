// Package pyenv makes the Python virtual environments of the tools, each holding
// exactly the packages of a pinned requirements file. An environment's folder is
// named after its requirements and the Python version; all checkouts of a user
// share it. The package runs nothing in them.
package pyenv

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Env is one tool's virtual environment, whether it is there or not.
type Env struct {
	// Name is the tool's, in messages and in the folder's name.
	Name string
	// Requirements is the path of the requirements file, with hashes.
	Requirements string
	// CacheDir holds the environments. Default os.UserCacheDir()/cutover.
	CacheDir string
	// Python is the interpreter that makes the environment. Default: the first
	// suitable one on PATH.
	Python string
	// Progress receives a line per step. Default: none.
	Progress io.Writer
}

// Interpreter returns the interpreter of the virtual environment that holds
// exactly the pinned requirements, making it when it is not there. The
// environment's folder is named after the requirements and the Python version,
// so every change of either makes a new one, and all checkouts share it.
func (e *Env) Interpreter(ctx context.Context) (string, error) {
	python, err := e.findPython(ctx)
	if err != nil {
		return "", err
	}
	folder, err := e.dir(python)
	if err != nil {
		return "", err
	}
	inside := filepath.Join(folder, "bin", "python")
	lock := folder + ".lock"
	err = WithLock(ctx, lock, func() { e.say("waiting for another process that holds %s", lock) }, func() error {
		if _, err := os.Stat(inside); err == nil {
			return nil
		}
		return e.make(ctx, python, folder)
	})
	return inside, err
}

func (e *Env) dir(python *interpreter) (string, error) {
	cache, err := e.cacheDir()
	if err != nil {
		return "", err
	}
	requirements, err := os.ReadFile(e.Requirements)
	if err != nil {
		return "", fmt.Errorf("read the requirements of the %s: %w", e.Name, err)
	}
	sum := sha256.Sum256(append(requirements, python.version...))
	return filepath.Join(cache, e.Name+"-"+hex.EncodeToString(sum[:])[:16]), nil
}

// make builds beside the final place and renames at the end: what is there
// under the final name is complete.
func (e *Env) make(ctx context.Context, python *interpreter, dir string) error {
	e.say("making its Python %s environment in %s (once, about half a minute)", python.version, dir)
	started := time.Now()
	building := dir + ".new"
	if err := os.RemoveAll(building); err != nil {
		return fmt.Errorf("clear away an unfinished environment: %w", err)
	}
	if err := command(ctx, python.path, "-m", "venv", building); err != nil {
		return fmt.Errorf("make a virtual environment: %w", err)
	}
	if err := command(ctx, filepath.Join(building, "bin", "python"), "-m", "pip", "install",
		"--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes",
		"--requirement", e.Requirements); err != nil {
		return fmt.Errorf("install %s (pip's own settings, such as PIP_INDEX_URL, apply): %w", e.Requirements, err)
	}
	if err := os.Rename(building, dir); err != nil {
		return fmt.Errorf("put the virtual environment in place: %w", err)
	}
	e.say("environment ready after %s", time.Since(started).Round(time.Second))
	return nil
}

// command runs a command to its end; its error holds what the command said.
func command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the programs of this package
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return nil
}

func (e *Env) cacheDir() (string, error) {
	if e.CacheDir != "" {
		return e.CacheDir, nil
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the user's cache directory (set HOME or XDG_CACHE_HOME): %w", err)
	}
	return filepath.Join(base, "cutover"), nil
}

// say reports one step. A progress writer that fails must not fail the work.
func (e *Env) say(format string, args ...any) {
	if e.Progress != nil {
		_, _ = fmt.Fprintf(e.Progress, e.Name+": "+format+"\n", args...)
	}
}
