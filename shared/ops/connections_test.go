package ops_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const password = "hunter2"

func connected(t *testing.T, failure error) *world {
	t.Helper()
	w := newWorld(t)
	w.deployed()
	w.ports.Terminal = true
	w.connections = func(_ context.Context, v ops.Verification) ([]ops.Connection, error) {
		assert.Equal(t, "green", v.Color)
		return []ops.Connection{{Name: "green master writer", SecretARN: "arn:x", URL: "postgresql://m:" + password + "@h"}}, failure
	}
	return w
}

func TestConnectionsAreShownOnATerminalAndKeptNowhere(t *testing.T) {
	w := connected(t, nil)
	require.NoError(t, w.app(t, "-show=connection", "-color=green").Outputs(t.Context(), contract.Data))

	assert.Contains(t, w.out.String(), "green master writer = postgresql://m:"+password+"@h\n")
	audit, err := os.ReadFile(filepath.Join(w.root, ".cutover", "audit.jsonl"))
	require.NoError(t, err)
	assert.Contains(t, string(audit), `"action":"show-connection:data"`)
	assert.Contains(t, string(audit), `"result":"succeeded"`)
	require.NoError(t, filepath.WalkDir(w.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		assert.NotContains(t, string(text), password, path)
		return err
	}))
}

func TestPasswordsGoIntoAPipeOnlyWhenAskedForTwice(t *testing.T) {
	w := connected(t, nil)
	w.ports.Terminal = false
	err := w.app(t, "-show=connection", "-color=green").Outputs(t.Context(), contract.Data)
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.Equal(t, "go tool mage outputs:data -color=green -show=connection -yes", fault.HintOf(err))
	assert.NotContains(t, w.out.String(), password)

	require.NoError(t, w.app(t, "-show=connection", "-color=green", "-yes", "-output=json").Outputs(t.Context(), contract.Data))
	assert.Contains(t, w.out.String(), `"url": "postgresql://m:`+password)
}

func TestPasswordsOfProductionNeedAReason(t *testing.T) {
	w := connected(t, nil)
	err := w.app(t, "-env=prod", "-show=connection", "-color=green").Outputs(t.Context(), contract.Data)
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.ErrorContains(t, err, "expected a reason")
	assert.NotContains(t, w.out.String(), password)

	require.NoError(t, w.app(t, "-env=prod", "-show=connection", "-color=green", "-reason=incident 7").Outputs(t.Context(), contract.Data))
	audit, err := os.ReadFile(filepath.Join(w.root, ".cutover", "audit.jsonl"))
	require.NoError(t, err)
	assert.Contains(t, string(audit), `"reason":"incident 7"`)
}

func TestWhatMayNotBeReadIsAFailureBesideWhatMay(t *testing.T) {
	w := connected(t, fault.Wrap(fault.Credentials, errors.New("blue master: may not read it")))
	err := w.app(t, "-show=connection", "-color=green").Outputs(t.Context(), contract.Data)
	assert.Equal(t, fault.Credentials, fault.CodeOf(err))
	assert.Contains(t, w.out.String(), "green master writer")
	audit, readErr := os.ReadFile(filepath.Join(w.root, ".cutover", "audit.jsonl"))
	require.NoError(t, readErr)
	assert.Contains(t, string(audit), `"result":"failed"`)
}

func TestOtherLayersHaveNoConnections(t *testing.T) {
	w := connected(t, nil)
	for _, call := range []func(*ops.App) error{
		func(a *ops.App) error { return a.Outputs(t.Context(), contract.Edge) },
		func(a *ops.App) error { return a.OutputsAll(t.Context()) },
	} {
		err := call(w.app(t, "-show=connection", "-color=green"))
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
		assert.Contains(t, fault.HintOf(err), "outputs:data -color=green -show=connection")
	}
	err := w.app(t, "-show=everything").Outputs(t.Context(), contract.Data)
	assert.ErrorContains(t, err, `flag -show is "everything": expected connection`)
}
