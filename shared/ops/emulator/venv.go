package emulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func (e *Emulator) requirementsFile() string { return filepath.Join(e.toolDir(), "requirements.txt") }

// ensureVenv returns the interpreter of the virtual environment that holds
// exactly the pinned requirements, making it when it is not there. The
// environment's folder is named after the requirements and the Python version,
// so every change of either makes a new one, and all checkouts share it.
func (e *Emulator) ensureVenv(ctx context.Context) (string, error) {
	python, err := e.findPython(ctx)
	if err != nil {
		return "", err
	}
	dir, err := e.venvDir(python)
	if err != nil {
		return "", err
	}
	inside := filepath.Join(dir, "bin", "python")
	err = e.withLock(ctx, dir+".lock", func() error {
		if _, err := os.Stat(inside); err == nil {
			return nil
		}
		return e.makeVenv(ctx, python, dir)
	})
	return inside, err
}

func (e *Emulator) venvDir(python *interpreter) (string, error) {
	cache, err := e.cacheDir()
	if err != nil {
		return "", err
	}
	requirements, err := os.ReadFile(e.requirementsFile())
	if err != nil {
		return "", fmt.Errorf("read the emulator's requirements: %w", err)
	}
	sum := sha256.Sum256(append(requirements, python.version...))
	return filepath.Join(cache, "emulator-"+hex.EncodeToString(sum[:])[:16]), nil
}

// makeVenv builds beside the final place and renames at the end: what is there
// under the final name is complete.
func (e *Emulator) makeVenv(ctx context.Context, python *interpreter, dir string) error {
	e.say("making its Python %s environment in %s (once, about half a minute)", python.version, dir)
	started := time.Now()
	building := dir + ".new"
	if err := os.RemoveAll(building); err != nil {
		return fmt.Errorf("clear away an unfinished environment: %w", err)
	}
	if err := run(ctx, python.path, "-m", "venv", building); err != nil {
		return fmt.Errorf("make a virtual environment: %w", err)
	}
	if err := run(ctx, filepath.Join(building, "bin", "python"), "-m", "pip", "install",
		"--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes",
		"--requirement", e.requirementsFile()); err != nil {
		return fmt.Errorf("install %s (pip's own settings, such as PIP_INDEX_URL, apply): %w", e.requirementsFile(), err)
	}
	if err := os.Rename(building, dir); err != nil {
		return fmt.Errorf("put the virtual environment in place: %w", err)
	}
	e.say("environment ready after %s", time.Since(started).Round(time.Second))
	return nil
}

// run runs a command to its end; its error holds what the command said.
func run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return nil
}

// pythonEnv is the environment in which the extension's modules run: the
// caller's, without what would lead Python or boto3 elsewhere.
func (e *Emulator) pythonEnv() []string {
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "PYTHON") && !strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "MOTO_") {
			env = append(env, entry)
		}
	}
	for name, value := range e.Env() {
		// boto3 takes an empty value for a wrong one, and a proxy for every host's.
		if value != "" && name != "HTTP_PROXY" {
			env = append(env, name+"="+value)
		}
	}
	return append(env, "PYTHONPATH="+e.toolDir(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1")
}

// build names the sources an emulator is started from: the hash of its
// requirements and of the extension.
func (e *Emulator) build() (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(e.toolDir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "tests" || entry.Name() == "__pycache__") {
			return fs.SkipDir
		}
		if entry.IsDir() || (filepath.Ext(path) != ".py" && path != e.requirementsFile()) {
			return nil
		}
		data, err := os.ReadFile(path) //nolint:gosec // a file of the checkout
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(e.toolDir(), path)
		return errors.Join(err, hashFile(sum.Write, relative, data))
	})
	if err != nil {
		return "", fmt.Errorf("read the emulator's sources in %s: %w", e.toolDir(), err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

func hashFile(write func([]byte) (int, error), name string, data []byte) error {
	header := fmt.Sprintf("%s %d\n", filepath.ToSlash(name), len(data))
	_, err := write(append([]byte(header), data...))
	return err
}

// Python returns the interpreter of the emulator's virtual environment, which is
// made when it is not there yet. The extension's own tests run with it.
func (e *Emulator) Python(ctx context.Context) (string, error) { return e.ensureVenv(ctx) }
