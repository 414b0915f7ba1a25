package reaper_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/reaper"
)

func init() {
	reaper.Serve("note", func(path string) error { return os.WriteFile(path, []byte("ended"), 0o600) })
}

// signalVariable has the test below be another process, which ends by a signal or, with
// none, as tests do.
const signalVariable, pathVariable = "REAPER_TEST_SIGNAL", "REAPER_TEST_PATH"

// What a test has started is ended when its process ends by whatever signal, and left to the
// test's own cleanup otherwise.
func TestWhatATestHasStartedEndsWithItsProcess(t *testing.T) {
	if path := os.Getenv(pathVariable); path != "" {
		reaper.Watch(t, "note", path)
		signals := map[string]syscall.Signal{"INT": syscall.SIGINT, "KILL": syscall.SIGKILL}
		if signal, dies := signals[os.Getenv(signalVariable)]; dies {
			require.NoError(t, syscall.Kill(os.Getpid(), signal))
			time.Sleep(time.Minute)
		}
		return
	}
	for _, signal := range []string{"INT", "KILL", ""} {
		path := filepath.Join(t.TempDir(), "note")
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), signalVariable+"="+signal, pathVariable+"="+path)
		err := cmd.Run()
		if signal == "" {
			require.NoError(t, err)
			assert.NoFileExists(t, path)
			continue
		}
		require.Error(t, err, "it was to end by a signal")
		require.Eventually(t, func() bool { text, _ := os.ReadFile(path); return string(text) == "ended" }, time.Minute, 10*time.Millisecond, signal)
	}
}
