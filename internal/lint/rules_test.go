//go:build lint

// Package lint_test shows that the rules of .golangci.yaml find what they are there for. Its
// tests run with `go tool mage lint`, since they need the linter, which takes minutes to build.
package lint_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

const (
	root   = "../.."
	faults = "testdata/faults"
)

var wanted = regexp.MustCompile(`// want ([\w, ]+)$`)

// Each fault is found where it stands and by the linter that it is there for, nothing else is,
// and no linter is without a fault.
func TestEveryLinterFindsItsFault(t *testing.T) {
	var expected, linters []string
	files, err := filepath.Glob(filepath.Join(faults, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		number := 0
		for line := range strings.Lines(string(text)) {
			number++
			if m := wanted.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
				for _, linter := range strings.Split(m[1], ", ") {
					expected = append(expected, fmt.Sprintf("%s:%d %s", filepath.Base(file), number, linter))
					linters = append(linters, linter)
				}
			}
		}
	}
	slices.Sort(expected)
	assert.Equal(t, expected, found(t))

	slices.Sort(linters)
	enabled := enabled(t)
	slices.Sort(enabled)
	assert.Equal(t, enabled, slices.Compact(linters))
}

// found is what golangci-lint finds in the faults.
func found(t *testing.T) []string {
	t.Helper()
	tool := exec.CommandContext(t.Context(), "go", "tool", "-n", "golangci-lint")
	tool.Dir, tool.Env = filepath.Join(root, "tools", "lint"), append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	program, err := tool.Output()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), strings.TrimSpace(string(program)), "run",
		"--config", filepath.Join(root, ".golangci.yaml"), "--output.json.path", "stdout", "--show-stats=false", "./"+faults)
	text, err := cmd.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode(), errors.Join(err, errors.New(string(exit.Stderr))))
	var report struct {
		Issues []struct {
			FromLinter string
			Pos        struct {
				Filename string
				Line     int
			}
		}
	}
	require.NoError(t, json.Unmarshal(text, &report), string(text))
	var all []string
	for _, issue := range report.Issues {
		all = append(all, fmt.Sprintf("%s:%d %s", filepath.Base(issue.Pos.Filename), issue.Pos.Line, issue.FromLinter))
	}
	slices.Sort(all)
	return all
}

// enabled are the linters of the rules.
func enabled(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".golangci.yaml"))
	require.NoError(t, err)
	var rules struct {
		Linters struct{ Enable []string }
	}
	require.NoError(t, yaml.Unmarshal(text, &rules))
	require.NotEmpty(t, rules.Linters.Enable)
	return rules.Linters.Enable
}
