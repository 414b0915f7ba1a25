package emulator

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// query sends an unsigned-in-earnest query request to a service of the emulator.
func query(t *testing.T, e *Emulator, service, form string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, e.url("/"), strings.NewReader(form))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s\n%s", body, tail(e.logFile()))
	return string(body)
}

func createTopic(t *testing.T, e *Emulator, name string) {
	t.Helper()
	require.Contains(t, query(t, e, "sns", "Action=CreateTopic&Version=2010-03-31&Name="+name), name)
}

func topics(t *testing.T, e *Emulator) string {
	t.Helper()
	return query(t, e, "sns", "Action=ListTopics&Version=2010-03-31")
}

func TestUpTwiceKeepsProcessAndState(t *testing.T) {
	e, said := newEmulator(t)
	ctx := context.Background()
	require.NoError(t, e.Up(ctx))
	first := mustStatus(t, e)
	require.True(t, first.Running)
	require.True(t, first.Healthy)
	require.False(t, first.Outdated)
	require.Equal(t, "5.2.5", first.Version)
	createTopic(t, e, "kept")

	again := New(e.opts)
	require.NoError(t, again.Up(ctx))
	require.Equal(t, first.PID, mustStatus(t, again).PID)
	require.Contains(t, topics(t, again), "kept")
	require.Contains(t, said.String(), "already running")
}

func TestResetEmptiesWithoutEndingTheProcess(t *testing.T) {
	e, _ := newEmulator(t)
	ctx := context.Background()
	require.NoError(t, e.Up(ctx))
	createTopic(t, e, "forgotten")
	pid := mustStatus(t, e).PID
	require.NoError(t, e.Reset(ctx))
	require.NotContains(t, topics(t, e), "forgotten")
	require.Equal(t, pid, mustStatus(t, e).PID)
}

func TestDownEndsTheProcessAndTwiceIsNoError(t *testing.T) {
	e, said := newEmulator(t)
	ctx := context.Background()
	require.NoError(t, e.Up(ctx))
	before := mustStatus(t, e)
	r, err := e.readRecord()
	require.NoError(t, err)
	require.NoError(t, e.Down(ctx))
	alive, err := isEmulator(ctx, before.PID, r.Token)
	require.NoError(t, err)
	require.False(t, alive)
	require.NoFileExists(t, e.recordFile())
	require.False(t, mustStatus(t, e).Running)
	require.NoError(t, e.Down(ctx))
	require.Contains(t, said.String(), "not running")
	require.ErrorContains(t, e.Reset(ctx), "does not run")
}

func TestUpAfterAKillStartsAnEmptyOne(t *testing.T) {
	e, said := newEmulator(t)
	ctx := context.Background()
	require.NoError(t, e.Up(ctx))
	createTopic(t, e, "lost")
	process, err := os.FindProcess(mustStatus(t, e).PID)
	require.NoError(t, err)
	require.NoError(t, process.Kill())
	require.Eventually(t, func() bool { return !mustStatus(t, e).Running }, time.Minute, pollInterval)
	require.FileExists(t, e.recordFile(), "the state file is stale now")

	require.NoError(t, e.Up(ctx))
	require.True(t, mustStatus(t, e).Healthy)
	require.NotContains(t, topics(t, e), "lost")
	require.Contains(t, said.String(), "its state is gone")
}

func TestUpTakesUpItsEmulatorAfterTheStateFileIsLost(t *testing.T) {
	e, _ := newEmulator(t)
	ctx := context.Background()
	require.NoError(t, e.Up(ctx))
	pid := mustStatus(t, e).PID
	require.NoError(t, os.RemoveAll(e.opts.StateDir))
	require.NoError(t, e.Up(ctx))
	require.Equal(t, pid, mustStatus(t, e).PID)
}

func TestUpSaysWhenTheSourcesHaveChanged(t *testing.T) {
	e, said := newEmulator(t)
	ctx := context.Background()
	older := *e
	older.opts.RepoRoot = copyOfCheckout(t)
	require.NoError(t, older.Up(ctx))
	source := filepath.Join(older.toolDir(), "cutover_emulator", "new.py")
	require.NoError(t, os.WriteFile(source, []byte("# changed since\n"), 0o600))

	require.True(t, mustStatus(t, &older).Outdated)
	require.NoError(t, older.Up(ctx), "it must not be ended for that: its state would go")
	require.Contains(t, said.String(), "started from other sources")
	require.NoError(t, older.Down(ctx))
}

// startSleeper starts a process that is certainly not an emulator.
func startSleeper(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), "sleep", "600")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed, which Wait reports as an error
	})
	return cmd
}

func TestDownLeavesAForeignProcessWithTheSameNumberAlone(t *testing.T) {
	said := &journal{}
	e := New(Options{RepoRoot: repoRoot(t), StateDir: t.TempDir(), Addr: freeAddr(t), Progress: said})
	foreign := startSleeper(t)
	require.NoError(t, e.writeRecord(&record{PID: foreign.Process.Pid, Addr: e.opts.Addr, Token: "0123456789abcdef"}))
	require.NoError(t, e.Down(context.Background()))
	line, err := commandLine(context.Background(), foreign.Process.Pid)
	require.NoError(t, err)
	require.Contains(t, line, "sleep 600", "it must still run")
	require.NoFileExists(t, e.recordFile())
	require.Contains(t, said.String(), "not running")
}

func TestUpWithAStaleStateFileThatNamesAForeignProcess(t *testing.T) {
	e, _ := newEmulator(t)
	foreign := startSleeper(t)
	require.NoError(t, e.writeRecord(&record{PID: foreign.Process.Pid, Addr: e.opts.Addr, Token: "0123456789abcdef"}))
	require.NoError(t, e.Up(context.Background()))
	status := mustStatus(t, e)
	require.True(t, status.Healthy)
	require.NotEqual(t, foreign.Process.Pid, status.PID)
}

func TestAnUnreadableStateFileIsAnErrorAndNotAnAbsence(t *testing.T) {
	for name, content := range map[string]string{"no JSON": "pid=7", "no pid": `{"token":"x"}`, "no token": `{"pid":7}`} {
		t.Run(name, func(t *testing.T) {
			e := New(Options{RepoRoot: repoRoot(t), StateDir: t.TempDir(), Addr: freeAddr(t)})
			require.NoError(t, os.WriteFile(e.recordFile(), []byte(content), 0o600))
			require.ErrorContains(t, e.Up(context.Background()), e.recordFile())
			require.ErrorContains(t, e.Down(context.Background()), e.recordFile())
		})
	}
}

func TestACancelledUpLeavesNoProcessBehind(t *testing.T) {
	e, _ := newEmulator(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, e.Up(ctx), context.Canceled)
	require.False(t, mustStatus(t, e).Running)
	_, err := e.askHealth(context.Background())
	require.Error(t, err)
}

func TestAnEmulatorThatEndsAtStartIsReportedWithItsLog(t *testing.T) {
	e, _ := newEmulator(t)
	r, err := e.newRecord()
	require.NoError(t, err)
	python, err := e.Python(context.Background())
	require.NoError(t, err)
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", e.opts.Addr)
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	cmd, err := e.launch(context.Background(), python, r)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	err = e.abandon(context.Background(), r, e.waitHealthy(context.Background(), r.Token, ended))
	require.ErrorContains(t, err, "ended while starting")
	require.ErrorContains(t, err, "Address already in use")
}

func TestInventoryCountsWhatWasMadeAndNothingElse(t *testing.T) {
	e, _ := newEmulator(t)
	ctx := context.Background()
	_, err := e.Inventory(ctx)
	require.Error(t, err, "there is nothing to count yet")
	require.NoError(t, e.Up(ctx))
	counts, err := e.Inventory(ctx)
	require.NoError(t, err)
	require.Empty(t, counts)
	createTopic(t, e, "counted")
	counts, err = e.Inventory(ctx)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"sns: topic": 1}, counts)
}
