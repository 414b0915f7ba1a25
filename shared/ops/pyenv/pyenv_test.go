package pyenv

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAMissingPythonIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := (&Env{Name: "tool"}).findPython(context.Background())
	require.ErrorContains(t, err, "none was found on PATH as python3")
}

func TestTheEnvironmentsNameFollowsPythonAndRequirements(t *testing.T) {
	requirements := filepath.Join(t.TempDir(), "requirements.txt")
	require.NoError(t, os.WriteFile(requirements, []byte("one==1\n"), 0o600))
	e := &Env{Name: "tool", Requirements: requirements, CacheDir: "/cache"}
	one, err := e.dir(&interpreter{version: "3.11.7"})
	require.NoError(t, err)
	two, err := e.dir(&interpreter{version: "3.12.1"})
	require.NoError(t, err)
	require.NotEqual(t, one, two)
	require.Equal(t, "/cache", filepath.Dir(one))
	require.NoError(t, os.WriteFile(requirements, []byte("two==2\n"), 0o600))
	three, err := e.dir(&interpreter{version: "3.11.7"})
	require.NoError(t, err)
	require.NotEqual(t, one, three)
}
