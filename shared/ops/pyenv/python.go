package pyenv

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// The oldest Python that the tools run on, and for which their requirements are
// pinned.
const (
	pythonMajor = 3
	pythonMinor = 10
)

// candidates are tried in order when no interpreter is named.
var candidates = []string{"python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"}

// probe prints the version and whether virtual environments can be made: Debian
// ships venv without ensurepip unless python3-venv is installed.
const probe = `import sys
try:
    import venv, ensurepip
    able = "venv"
except ImportError:
    able = "no-venv"
print("%d.%d.%d" % sys.version_info[:3], able)`

// interpreter is a Python that can make the virtual environment.
type interpreter struct {
	path    string
	version string // major.minor.patch
}

// findPython returns the first suitable interpreter; its error says what is
// wrong with each one that was found.
func (e *Env) findPython(ctx context.Context) (*interpreter, error) {
	names := candidates
	if e.Python != "" {
		names = []string{e.Python}
	}
	var problems []string
	for _, name := range names {
		python, err := tryPython(ctx, name)
		if err == nil {
			return python, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("looking for a Python was cancelled: %w", context.Cause(ctx))
		}
		if !errors.Is(err, exec.ErrNotFound) {
			problems = append(problems, err.Error())
		}
	}
	if len(problems) == 0 {
		problems = []string{"none was found on PATH as " + strings.Join(names, ", ")}
	}
	return nil, fmt.Errorf("the %s needs Python %d.%d or newer with its venv module (on Debian and Ubuntu: apt-get install python3 python3-venv): %s",
		e.Name, pythonMajor, pythonMinor, strings.Join(problems, "; "))
}

func tryPython(ctx context.Context, name string) (*interpreter, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", name, err)
	}
	out, err := exec.CommandContext(ctx, path, "-c", probe).Output() //nolint:gosec // a Python from PATH is what is asked for
	if err != nil {
		return nil, fmt.Errorf("%s does not run: %w", path, err)
	}
	fields := strings.Fields(string(out))
	if len(fields) != 2 {
		return nil, fmt.Errorf("%s answered %q instead of its version", path, strings.TrimSpace(string(out)))
	}
	if !newEnough(fields[0]) {
		return nil, fmt.Errorf("%s is Python %s", path, fields[0])
	}
	if fields[1] != "venv" {
		return nil, fmt.Errorf("%s, Python %s, has no venv module", path, fields[0])
	}
	return &interpreter{path: path, version: fields[0]}, nil
}

func newEnough(version string) bool {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return false
	}
	major, err := strconv.Atoi(parts[0])
	if err != nil {
		return false
	}
	minor, err := strconv.Atoi(parts[1])
	if err != nil {
		return false
	}
	return major == pythonMajor && minor >= pythonMinor
}
