package emulator

import (
	"context"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestExtensionClosesEachGap runs the extension's own tests, which speak to it
// through boto3, in its virtual environment.
func TestExtensionClosesEachGap(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the emulator")
	}
	e := New(Options{RepoRoot: repoRoot(t), StateDir: t.TempDir()})
	python, err := e.Python(context.Background())
	require.NoError(t, err)
	cmd := exec.CommandContext(context.Background(), python, "-m", "unittest", "discover", "-t", ".", "-s", "tests")
	cmd.Dir, cmd.Env = e.toolDir(), e.pythonEnv()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "\nOK", "unittest must have run and passed")
	require.NotContains(t, string(out), "Ran 0 tests")
}
