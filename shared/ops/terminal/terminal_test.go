package terminal_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestThisPackageComesBeforeTheOneItIsFor runs a program that links the runner,
// with the runtime's own trace of the order of initialisation.
func TestThisPackageComesBeforeTheOneItIsFor(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "run", "./testdata/order")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1", "TERM=test-256color")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)

	assert.Contains(t, string(out), "loaded as dumb, started as test-256color")
	ours := strings.Index(string(out), "init github.com/cutover/cutover/shared/ops/terminal ")
	theirs := strings.Index(string(out), "init github.com/charmbracelet/bubbletea ")
	require.GreaterOrEqual(t, ours, 0, "%s", out)
	require.GreaterOrEqual(t, theirs, 0, "%s", out)
	assert.Less(t, ours, theirs)
}
