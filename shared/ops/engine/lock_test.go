package engine

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func hostname(t *testing.T) string {
	t.Helper()
	host, err := os.Hostname()
	require.NoError(t, err)
	return host
}

func TestOwnerIsDeadOnlyWhenThatCanBeProved(t *testing.T) {
	host := hostname(t)
	child := exec.Command("sleep", "60") //nolint:noctx // killed below
	require.NoError(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })

	pid := child.Process.Pid
	for name, c := range map[string]struct {
		lock Lock
		want Liveness
	}{
		"its process runs":                      {Lock{PID: pid, Host: host, Since: time.Now().Add(time.Second)}, Alive},
		"the number belongs to a later process": {Lock{PID: pid, Host: host, Since: time.Now().Add(-time.Hour)}, Dead},
		"no such process":                       {Lock{PID: 1 << 30, Host: host, Since: time.Now()}, Dead},
		"another machine":                       {Lock{PID: 1 << 30, Host: host + "x", Since: time.Now()}, Elsewhere},
	} {
		assert.Equal(t, c.want, c.lock.Owner(), name)
	}

	require.NoError(t, child.Process.Kill())
	require.Eventually(t, func() bool { // killed and not reaped: gone all the same
		return Lock{PID: pid, Host: host, Since: time.Now()}.Owner() == Dead
	}, time.Minute, 10*time.Millisecond)
}

const refusal = `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with ` +
	"`pulumi cancel`." + `
  file:///c/.cutover/state/.pulumi/locks/organization/data/prod/ab.json: created by bob@elsewhere (pid 77) at 2025-03-04T12:00:00Z
`

func TestARefusalNamesOwnerAgeAndCommand(t *testing.T) {
	e, ok := parseLocked(contract.Data, "Updating\n"+refusal)
	require.True(t, ok)
	assert.Equal(t, []Lock{{
		PID: 77, User: "bob", Host: "elsewhere", Since: time.Date(2025, 3, 4, 12, 0, 0, 0, time.UTC),
		Path: "/c/.cutover/state/.pulumi/locks/organization/data/prod/ab.json",
	}}, e.Locks)

	err := Locked(e, "prod")
	assert.Equal(t, fault.Locked, fault.CodeOf(err))
	assert.ErrorContains(t, err, "stack of data is locked by bob@elsewhere (process 77)")
	assert.Contains(t, fault.HintOf(err), "go tool mage unlock:data -env=prod -reason=")
	_, ok = parseLocked(contract.Data, "error: quota")
	assert.False(t, ok)
}

func TestTheServicesRefusalIsUnderstoodToo(t *testing.T) {
	e, ok := parseLocked(contract.Data, "error: [409] Conflict: Another update is currently in progress.\n")
	require.True(t, ok)
	assert.ErrorContains(t, Locked(e, "local"), "Another update is currently in progress")
}

func newFolder(t *testing.T) (*Pulumi, Stack, string) {
	t.Helper()
	folder := t.TempDir()
	p, err := NewPulumi(Options{Version: "3.230.0", Backend: "file://" + folder, Scratch: t.TempDir()})
	require.NoError(t, err)
	return p, Stack{Layer: contract.Data, Env: "local"}, folder
}

func TestReleaseRemovesADeadLockAndNoOther(t *testing.T) {
	p, s, folder := newFolder(t)
	dir := filepath.Join(folder, ".pulumi", "locks", "organization", "data", "local")
	require.NoError(t, os.MkdirAll(dir, 0o750))
	for name, text := range map[string]string{
		"dead.json":  `{"pid": 1073741824, "username": "ada", "hostname": "` + hostname(t) + `", "timestamp": "2025-03-04T12:00:00Z"}`,
		"other.json": `{"pid": 7, "username": "bob", "hostname": "elsewhere", "timestamp": "2025-03-04T12:00:00Z"}`,
		"x.attrs":    `not a lock`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	locks, known, err := p.Locks(t.Context(), s)
	require.NoError(t, err)
	require.True(t, known)
	require.Len(t, locks, 2)

	for _, l := range locks {
		err := p.Release(t.Context(), s, l)
		assert.Equal(t, l.User == "bob", err != nil, "%s: %v", l, err)
	}

	assert.NoFileExists(t, filepath.Join(dir, "dead.json"))
	assert.FileExists(t, filepath.Join(dir, "other.json"))
}

func TestStateOfAFolderBackendIsReadWithoutTheCLI(t *testing.T) {
	p, s, folder := newFolder(t)
	state, err := p.State(t.Context(), s)
	require.NoError(t, err)
	assert.False(t, state.Exists)
	dir := filepath.Join(folder, ".pulumi", "stacks", "data")
	require.NoError(t, os.MkdirAll(dir, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "local.json"), []byte(`{"version": 3, "checkpoint": {"latest": {
		"resources": [
			{"urn": "`+stackURN+`", "type": "pulumi:pulumi:Stack", "outputs": {"a": 1}},
			{"urn": "urn:p", "type": "pulumi:providers:aws", "custom": true, "id": "x"},
			{"urn": "`+keyURN+`", "type": "aws:kms/key:Key", "custom": true, "id": "k-1", "protect": true}],
		"pending_operations": [
			{"type": "creating", "resource": {"urn": "urn:k2", "type": "aws:kms/key:Key", "inputs": {"description": "d"}}}]}}}`), 0o600))

	state, err = p.State(t.Context(), s)

	require.NoError(t, err)
	key := Resource{URN: keyURN, Type: "aws:kms/key:Key", Name: "blue-key", ID: "k-1", Protected: true}
	assert.Equal(t, State{Exists: true, Outputs: true, Resources: []Resource{key}, Pending: []Pending{{
		Resource: Resource{URN: "urn:k2", Type: "aws:kms/key:Key", Inputs: map[string]any{"description": "d"}},
		Op:       "creating", Inputs: map[string]any{"description": "d"}, IDs: []string{"k-1"},
	}}}, state)
	assert.Equal(t, []Resource{key}, state.Protected())
}

func TestUnreadableStateIsAnErrorAndNotAnEmptyStack(t *testing.T) {
	p, s, folder := newFolder(t)
	dir := filepath.Join(folder, ".pulumi", "stacks", "data")
	require.NoError(t, os.MkdirAll(dir, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "local.json"), []byte(`{`), 0o600))

	_, err := p.State(t.Context(), s)

	assert.ErrorContains(t, err, "read state of data in "+dir)
}

func TestAgeHasTheTwoUnitsThatMatter(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 59 * time.Second: "59s", 61 * time.Second: "1m01s", 90 * time.Minute: "1h30m", 49 * time.Hour: "2d01h",
	} {
		assert.Equal(t, want, Age(d))
	}
}

func TestAStateThatTheCredentialsMayNotReadIsToldFromAnotherFailure(t *testing.T) {
	for text, want := range map[string]bool{
		"error: read \".pulumi/meta.yaml\": blob (key \".pulumi/meta.yaml\") (code=Unknown): AccessDenied: User: u is not authorized to perform: s3:GetObject\n\tstatus code: 403, request id: , host id: ": true,
		"error: read \".pulumi/meta.yaml\": RequestError: send request failed": false,
	} {
		root := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(root, "bin"), 0o750))
		program := "#!/bin/sh\ncat >&2 <<'TEXT'\n" + text + "\nTEXT\nexit 255\n"
		require.NoError(t, os.WriteFile(filepath.Join(root, "bin", "pulumi"), []byte(program), 0o700))
		p, err := NewPulumi(Options{Root: root, Version: "3.230.0", Backend: "s3://state", Scratch: t.TempDir()})
		require.NoError(t, err)
		_, err = p.State(t.Context(), Stack{Layer: contract.Edge, Env: "prod", Dir: t.TempDir()})
		require.Error(t, err)
		assert.Equal(t, want, errors.Is(err, ErrDenied), "%v", err)
		assert.Equal(t, want, fault.CodeOf(err) == fault.Credentials)
	}
}
