package engine

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// script makes a shell script play the CLI.
func script(t *testing.T, text string) *command {
	t.Helper()
	// A shell cannot trap a signal that was ignored when it began, as this one is where
	// the tests run behind another shell's "&".
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	t.Cleanup(func() { signal.Stop(interrupts) })
	dir := t.TempDir()
	program := filepath.Join(dir, "pulumi")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\n"+text), 0o700))
	return &command{program: program, log: filepath.Join(dir, "log"), events: filepath.Join(dir, "events")}
}

func TestTheCLILeadsASessionOfItsOwn(t *testing.T) {
	if !exists("/proc/self/stat") {
		t.Skip("this system does not tell sessions in /proc")
	}
	c := script(t, `echo "$$" "$(cut -d' ' -f6 "/proc/$$/stat")"`) // process, session
	_, text, _, err := c.Run(t.Context(), t.TempDir(), nil, nil, nil, nil, "up")
	require.NoError(t, err)

	fields := strings.Fields(text)
	require.Len(t, fields, 2)
	assert.Equal(t, fields[0], fields[1])
}

func TestAWritingOperationWritesToItsLogAndNotThroughAPipe(t *testing.T) {
	// A pipe would be a second name for /proc/self/fd/1 of another kind.
	c := script(t, `readlink /proc/$$/fd/1; echo "$@" >&2; exit 3`)
	require.NoError(t, os.WriteFile(c.log, []byte("earlier\n"), 0o600))

	_, text, code, err := c.Run(t.Context(), t.TempDir(), nil, nil, nil, nil, "up", "--yes")

	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 3, code)
	assert.Contains(t, text, "--non-interactive up --yes --event-log "+c.events)
	assert.NotContains(t, text, "earlier", "only what this operation printed")
	if _, err := os.Stat("/proc/self/fd/1"); err == nil {
		assert.Contains(t, text, c.log)
	}
}

func TestAnEndedContextInterruptsOnceAndThenWaits(t *testing.T) {
	c := script(t, `trap 'echo interrupted; sleep 1; echo state written; exit 9' INT
echo ready > "$0.ready"
while :; do sleep 0.05; done`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for !exists(c.program + ".ready") {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}()

	_, text, code, err := c.Run(ctx, t.TempDir(), nil, nil, nil, nil, "destroy")

	require.Error(t, err)
	assert.Equal(t, 9, code, "it was not killed")
	assert.Equal(t, "interrupted\nstate written\n", text)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestWhatNobodyNeedsStartsNoProcess(t *testing.T) {
	c := &command{program: "/nonexistent"}
	run := func(args ...string) (string, error) {
		out, _, _, err := c.Run(t.Context(), t.TempDir(), nil, nil, nil, nil, args...)
		return out, err
	}
	_, err := run("stack", "select", "--stack", "local")
	require.Error(t, err, "an unknown stack is asked for")
	_, err = run("stack", "output", "--json")
	require.Error(t, err, "outputs are read unless an update was just run")

	c.known, c.wrote = true, true
	for command, want := range map[string]string{
		"stack select --stack local": "", "stack output --json --stack local": "{}", "stack history --json": "[]",
	} {
		out, err := run(strings.Fields(command)...)
		require.NoError(t, err)
		assert.Equal(t, want, out)
	}
}

func TestOnlyOperationsThatWriteAreTakenForSuch(t *testing.T) {
	for command, want := range map[string]bool{
		"up --yes": true, "--non-interactive destroy --yes": true, "refresh --yes": true,
		"refresh --preview-only": false, "destroy --preview-only": false, "preview": false, "stack output up": false, "cancel --yes": false,
	} {
		assert.Equal(t, want, writes(strings.Fields(command)), command)
	}
}

func TestEventsAreReadWhileTheyAreWrittenAndToTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	require.NoError(t, os.WriteFile(path, []byte("of an earlier operation\n"), 0o600))
	seen := make(chan int, 10)
	f := follow(path, func(e apitype.EngineEvent) { seen <- e.Sequence })
	require.Eventually(t, func() bool { return !exists(path) }, time.Minute, time.Millisecond, "the earlier file is gone")

	file, err := os.Create(path)
	require.NoError(t, err)
	write := func(text string) {
		_, err := file.WriteString(text)
		require.NoError(t, err)
	}
	write(`{"sequence": 1}` + "\n" + `{"sequen`)
	assert.Equal(t, 1, <-seen)
	write(`ce": 2}` + "\n" + `{"sequence": 3}` + "\n")
	require.NoError(t, f.stop())

	assert.Equal(t, []int{2, 3}, []int{<-seen, <-seen})
}

func TestABrokenEventIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	f := follow(path, func(apitype.EngineEvent) {})
	require.NoError(t, os.WriteFile(path, []byte("{\n"), 0o600))

	assert.ErrorContains(t, f.stop(), path)
}
