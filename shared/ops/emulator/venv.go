package emulator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cutover/cutover/shared/ops/pyenv"
)

func (e *Emulator) requirementsFile() string { return filepath.Join(e.toolDir(), "requirements.txt") }

// venv is the virtual environment that the emulator runs in.
func (e *Emulator) venv() *pyenv.Env {
	return &pyenv.Env{
		Name: "emulator", Requirements: e.requirementsFile(), CacheDir: e.opts.CacheDir, Python: e.opts.Python, Progress: e.opts.Progress,
	}
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
func (e *Emulator) Python(ctx context.Context) (string, error) { return e.venv().Interpreter(ctx) }
