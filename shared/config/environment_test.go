package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/config"
)

const shared = `
config:
  LAYER:environment:
    accountId: "123456789012"
    region: us-east-1
    owner: payments-platform
    costCenter: payments
    dataClass: cardholder
    backend: file://.cutover/state
    secretsProvider: passphrase
    maxRetries: 1
    protect: false
  LAYER:anything: that is the layer's own
`

func checkout(t *testing.T, change func(layer, text string) string) string {
	t.Helper()
	root := t.TempDir()
	for _, layer := range []string{"foundation", "edge"} {
		dir := filepath.Join(root, "projects", layer)
		require.NoError(t, os.MkdirAll(dir, 0o750))
		text := change(layer, strings.ReplaceAll(shared, "LAYER", layer))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.local.yaml"), []byte(text), 0o600))
	}
	return root
}

func TestEnvironmentIsReadFromAllLayers(t *testing.T) {
	root := checkout(t, func(_, text string) string { return text })
	env, err := config.LoadEnvironment(root, "local", []string{"foundation", "edge"})
	require.NoError(t, err)
	assert.Equal(t, "123456789012", env.AccountID)
	assert.Equal(t, 1, env.MaxRetries)
}

func TestLayersOfOneEnvironmentMustAgree(t *testing.T) {
	root := checkout(t, func(layer, text string) string {
		if layer == "edge" {
			return strings.Replace(text, "123456789012", "999999999999", 1)
		}
		return text
	})
	_, err := config.LoadEnvironment(root, "local", []string{"foundation", "edge"})
	assert.ErrorContains(t, err, `projects/edge/Pulumi.local.yaml: edge:environment.accountId is "999999999999"`)
	assert.ErrorContains(t, err, `"123456789012", as in the stack file of foundation`)
}

func TestUnknownEnvironmentListsTheKnownOnes(t *testing.T) {
	_, err := config.LoadEnvironment(t.TempDir(), "prd", []string{"foundation"})
	assert.ErrorContains(t, err, `"prd"`)
	assert.ErrorContains(t, err, "local, staging, prod")
}

func TestEachSharedSettingIsChecked(t *testing.T) {
	for from, to := range map[string]string{
		`"123456789012"`:         `"12345"`,
		"us-east-1":              "eu-central-1",
		"payments-platform":      `"a;b"`,
		"costCenter: payments":   `costCenter: ""`,
		"cardholder":             "secret",
		"file://.cutover/state":  "ftp://x",
		"passphrase":             "none",
		"maxRetries: 1":          "maxRetries: 0",
		"protect: false":         "protect: maybe",
		"foundation:environment": "foundation:somewhere",
	} {
		root := checkout(t, func(_, text string) string { return strings.Replace(text, from, to, 1) })
		_, err := config.LoadEnvironment(root, "local", []string{"foundation"})
		assert.ErrorContains(t, err, "foundation:environment", "%s -> %s", from, to)
	}
}

func TestProductionIsProtected(t *testing.T) {
	for stack, refused := range map[string]bool{"prod": true, "staging": false, "local": false} {
		root := t.TempDir()
		dir := filepath.Join(root, "projects", "edge")
		require.NoError(t, os.MkdirAll(dir, 0o750))
		text := strings.ReplaceAll(shared, "LAYER", "edge")
		require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi."+stack+".yaml"), []byte(text), 0o600))
		_, err := config.LoadEnvironment(root, stack, []string{"edge"})
		if !refused {
			require.NoError(t, err, stack)
			continue
		}
		assert.ErrorContains(t, err, `projects/edge/Pulumi.prod.yaml: edge:environment.protect is "false": expected true in prod`)
	}
}
