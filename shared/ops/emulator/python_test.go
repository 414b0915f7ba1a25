package emulator

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakePython is an interpreter that answers the probe with answer.
func fakePython(t *testing.T, answer string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "python3")
	script := "#!/bin/sh\necho '" + answer + "'\n"
	require.NoError(t, os.WriteFile(path, []byte(script), 0o700))
	return path
}

func TestAnUnsuitablePythonIsRefusedWithTheReason(t *testing.T) {
	cases := map[string]struct{ answer, reason string }{
		"too old":        {"3.9.18 venv", "is Python 3.9.18"},
		"another major":  {"4.0.0 venv", "is Python 4.0.0"},
		"without venv":   {"3.11.7 no-venv", "has no venv module"},
		"no Python":      {"hello", "instead of its version"},
		"broken version": {"three.ten venv", "is Python three.ten"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e := New(Options{RepoRoot: repoRoot(t), StateDir: t.TempDir(), Addr: freeAddr(t), Python: fakePython(t, c.answer)})
			err := e.Up(context.Background())
			require.ErrorContains(t, err, c.reason)
			require.ErrorContains(t, err, "needs Python 3.10 or newer")
		})
	}
}

func TestAFailedInstallationLeavesNoEnvironmentBehind(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a virtual environment")
	}
	root := t.TempDir()
	tool := filepath.Join(root, "tools", "emulator")
	require.NoError(t, os.MkdirAll(tool, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(tool, "requirements.txt"), []byte("no-hash-here==1.0\n"), 0o600))
	e := New(Options{RepoRoot: root, CacheDir: t.TempDir(), Addr: freeAddr(t)})
	err := e.Up(context.Background())
	require.ErrorContains(t, err, "requirements.txt")
	require.ErrorContains(t, err, "hash")
	made, err := filepath.Glob(filepath.Join(e.opts.CacheDir, "emulator-*", "bin"))
	require.NoError(t, err)
	for _, dir := range made {
		require.Contains(t, dir, ".new", "only the unfinished one may be there")
	}
}
