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
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"tool", "mage"}, args...)...)
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

// Before anything is asked of AWS, all that is wrong with a command comes together.
func TestWrongMovesOfTrafficEndWithUsageAndAllReasons(t *testing.T) {
	for _, c := range []struct{ args, parts []string }{
		{[]string{"traffic:shift", "-env=prod", "-to=7"}, []string{`flag -to: step "7": expected one of 0, 1, 5, 10, 25, 50, 100`, "traffic:shift in prod needs a reason"}},
		{[]string{"rollback:edge", "-env=prod", "-to=last"}, []string{`flag -to: release "last": expected a number that rollback:list shows`, "rollback:edge in prod needs a reason"}},
		{[]string{"traffic:hold", "-env=prd", "-to=5", "-to=10", "-bogus=1"}, []string{`flag -env is "prd"`, "flag -to is given twice", "flag -bogus is unknown"}},
	} {
		out, code := mage(t, nil, c.args...)
		assert.Equal(t, 2, code, "%v", c.args)
		for _, part := range c.parts {
			assert.Contains(t, out, part)
		}
	}
}
