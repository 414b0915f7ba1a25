//go:build integration

package interrupt_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// output collects what a process prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// tree starts `go tool mage slow` as the head of a process group of its own, the
// way a shell starts a command at a terminal, and returns when the data layer is
// in flight. Go's tool command, mage and the compiled magefile are all in the
// group, and a Ctrl-C reaches all three. The layer stays in flight until heard is
// called, which waits until the run has heard that it shall end, and for seven seconds
// after it.
func tree(t *testing.T) (cmd *exec.Cmd, out *output, heard func()) {
	t.Helper()
	out = &output{}
	root := t.TempDir()
	cmd = exec.Command("go", "tool", "mage", "-d", "testdata/tree", "slow") //nolint:noctx // ended by the test's signals
	cmd.Env = append(os.Environ(), "TREE_ROOT="+root)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "[data] running") }, 5*time.Minute, 20*time.Millisecond,
		"the magefile is compiled first")
	return cmd, out, func() {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Contains(out.String(), "finishing what is in flight") }, 5*time.Minute, 10*time.Millisecond)
		require.NoError(t, os.WriteFile(filepath.Join(root, "heard"), nil, 0o600))
	}
}

func press(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT))
}

func exitCode(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	return exit.ExitCode()
}

func TestCtrlCAtTheTerminalLetsALayerFinishForLongerThanMageWaits(t *testing.T) {
	cmd, out, heard := tree(t)
	press(t, cmd)
	heard()

	assert.Equal(t, 8, exitCode(t, cmd), out)
	for _, part := range []string{
		"Ctrl-C: finishing what is in flight (data", "[data] succeeded", "[services] not-started",
		"go on with: go tool mage deploy:all -resume",
	} {
		assert.Contains(t, out.String(), part)
	}
	assert.NotContains(t, out.String(), "cleanup timeout exceeded", "that is mage's own end")
}

func TestASecondCtrlCCancelsTheLayerInFlight(t *testing.T) {
	cmd, out, _ := tree(t)
	press(t, cmd)
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "finishing what is in flight") }, 5*time.Minute, 10*time.Millisecond)
	time.Sleep(500 * time.Millisecond) // a second press, not the first one arriving twice
	press(t, cmd)

	assert.Equal(t, 8, exitCode(t, cmd), out)
	assert.Contains(t, out.String(), "Ctrl-C: cancelling data")
	assert.Contains(t, out.String(), "[data] cancelled")
}

func TestARunWhoseLauncherWasKilledEndsInOrder(t *testing.T) {
	cmd, out, heard := tree(t)
	launcher := child(t, cmd.Process.Pid)
	require.NoError(t, syscall.Kill(cmd.Process.Pid, syscall.SIGKILL))
	require.NoError(t, syscall.Kill(launcher, syscall.SIGKILL))
	go func() { _ = cmd.Wait() }() // it was killed
	heard()

	require.Eventually(t, func() bool { return strings.Contains(out.String(), "go on with:") }, 5*time.Minute, 50*time.Millisecond)
	for _, part := range []string{"the process that started this run is gone: finishing what is in flight (data", "[data] succeeded", "[services] not-started"} {
		assert.Contains(t, out.String(), part)
	}
}

// child returns the one child of a process; any of its threads may have started it.
func child(t *testing.T, pid int) int {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	require.NoError(t, err)
	if len(lists) == 0 {
		t.Skip("this system does not list the children of processes")
	}
	for _, list := range lists {
		text, err := os.ReadFile(list)
		require.NoError(t, err)
		if fields := strings.Fields(string(text)); len(fields) == 1 {
			n, err := strconv.Atoi(fields[0])
			require.NoError(t, err)
			return n
		}
	}
	require.Fail(t, "no child", "of process %d", pid)
	return 0
}
