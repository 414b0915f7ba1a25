//go:build integration

package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/engine/enginetest"
	"github.com/cutover/cutover/shared/ops/toolchain"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func TestPulumiKeepsWhatTheRunnerReliesOn(t *testing.T) {
	enginetest.Conformance(t, newPulumi(t), newStack(t, parts))
}

// parts is a program that needs no provider plugin: a component and an output.
func parts(ctx *pulumi.Context) error {
	var part struct{ pulumi.ResourceState }
	if err := ctx.RegisterComponentResource("cutover:test:Part", "part", &part); err != nil {
		return err
	}
	ctx.Export("name", pulumi.String("part"))
	return nil
}

func newPulumi(t *testing.T) *engine.Pulumi {
	t.Helper()
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	tools, err := toolchain.Ensure(t.Context(), toolchain.Options{RepoRoot: root, Progress: os.Stderr})
	require.NoError(t, err)
	state := t.TempDir()
	env := map[string]string{"PULUMI_CONFIG_PASSPHRASE": "test"}
	for name, value := range tools.Env {
		env[name] = value
	}
	p, err := engine.NewPulumi(engine.Options{
		Root: tools.PulumiRoot, Version: tools.PulumiVersion, Home: tools.PulumiHome,
		Backend: "file://" + state, Env: env, Scratch: t.TempDir(),
	})
	require.NoError(t, err)
	return p
}

func newStack(t *testing.T, program pulumi.RunFunc) engine.Stack {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte("name: foundation\nruntime: go\n"), 0o600))
	return engine.Stack{
		Layer: contract.Foundation, Env: "local", Dir: dir, Program: program, Log: filepath.Join(dir, "foundation.log"),
	}
}
