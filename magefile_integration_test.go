//go:build integration

package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mage runs a target the way an operator does.
func mage(t *testing.T, environ []string, args ...string) (output string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"tool", "mage"}, args...)...) //nolint:gosec // fixed arguments
	cmd.Env = append(os.Environ(), environ...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(out), exit.ExitCode()
	}
	require.NoError(t, err)
	return string(out), 0
}

func TestFlagsAndVariablesReachTheRunnerAndItsStatusTheShell(t *testing.T) {
	out, code := mage(t, []string{"CUTOVER_FORCE=1"}, "deploy:all", "-env", "prd", "-parallel=none", "-bogus")

	assert.Equal(t, 2, code)
	for _, part := range []string{
		`flag -env is "prd": expected one of the environments local, staging, prod`, `flag -parallel is "none"`, "flag -bogus is unknown",
		`variable CUTOVER_FORCE="1" is unknown`,
	} {
		assert.Contains(t, out, part)
	}
}

func TestMagesOwnTimeLimitIsReadAsTheSetting(t *testing.T) {
	out, code := mage(t, nil, "-t", "5m", "history", "-timeout=1m")

	assert.Equal(t, 2, code)
	assert.Contains(t, out, `flag -timeout is given twice, as "1m" and "5m0s"`)
}

func TestEveryTargetHasItsLineAndTheSettingsAreListed(t *testing.T) {
	out, code := mage(t, nil, "-l")
	require.Zero(t, code)

	assert.Contains(t, out, "-dry-run")
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); strings.HasPrefix(line, "  ") {
			assert.Greater(t, len(fields), 2, "target without a description: %s", line)
		}
	}
	for _, target := range []string{
		"bench", "deploy:all", "deploy:edge", "destroy:all", "doctor", "drift:all", "env", "graph", "history", "local:down", "local:reset",
		"local:up", "outputs:all", "preview:all", "status", "test:all", "test:e2e", "test:integration", "test:unit", "unlock:data", "verify:all",
	} {
		assert.Contains(t, out, "  "+target+" ")
	}
}
