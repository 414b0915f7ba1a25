package services

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/pulumitest"
)

func sixtyFour(digit string) string { return strings.Repeat(digit, 64) }

func containsAll(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// check writes the prod stack file with the first occurrence of a text replaced
// and checks it.
func check(t *testing.T, replace, by string) error {
	t.Helper()
	content, err := os.ReadFile(stackFile(t, "prod"))
	require.NoError(t, err)
	require.Contains(t, string(content), replace)
	file := filepath.Join(t.TempDir(), "services", "Pulumi.prod.yaml")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(content), replace, by, 1)), 0o600))
	return CheckConfig(file)
}

func TestBadConfigurationNamesFileKeyValueAndExpectation(t *testing.T) {
	at := filepath.Join("projects", "services", "Pulumi.prod.yaml") + ": "
	release := "    payment-api:\n      digest: sha256:14b9ac9cc9883f891b2e72058aadb57305ec715b54406a5521c699f0da2ec4f2\n      count: 6\n"
	for name, each := range map[string]struct{ replace, by, want string }{
		"image by tag":         {"digest: sha256:14b9ac9cc9883f891b2e72058aadb57305ec715b54406a5521c699f0da2ec4f2", "digest: v1.2.3", `services:blue.payment-api.digest is "v1.2.3": expected the digest of an image`},
		"one task":             {"count: 6", "count: 1", `services:blue.payment-api.count is "1": expected 0 or at least 2 while environment.protect is true`},
		"too many tasks":       {"count: 6", "count: 1001", `services:blue.payment-api.count is "1001": expected a number from 0 to 1000`},
		"unknown service":      {"    payment-api:", "    payments:", `services:blue.payments is "payments": expected a service of shared/catalog/catalog.yaml: payment-api, transaction-processor, reporting`},
		"missing service":      {release, "", `services:blue.payment-api is missing: expected the release of a service that stands in shared/catalog/catalog.yaml`},
		"missing count":        {"      count: 6\n", "", `services:blue.payment-api.count is missing: expected a value`},
		"unknown processor":    {"architecture: ARM64", "architecture: arm64", `services:architecture is "arm64": expected one of ARM64, X86_64`},
		"secret by name":       {"      count: 6\n", "      count: 6\n      secrets:\n        CARD_NETWORK_KEY: card-network\n", `services:blue.payment-api.secrets.CARD_NETWORK_KEY is "card-network": expected the whole ARN of a secret in account 345678901234`},
		"secret elsewhere":     {"      count: 6\n", "      count: 6\n      secrets:\n        CARD_NETWORK_KEY: " + networkSecret + "\n", `services:blue.payment-api.secrets.CARD_NETWORK_KEY is "` + networkSecret + `"`},
		"secret in a variable": {"      count: 6\n", "      count: 6\n      secrets:\n        DB_HOST: " + networkSecret + "\n", `services:blue.payment-api.secrets is "DB_HOST": expected names of environment variables`},
	} {
		t.Run(name, func(t *testing.T) {
			err := check(t, each.replace, each.by)
			var invalid *config.Invalid
			require.True(t, errors.As(err, &invalid), "%v", err)
			require.ErrorContains(t, err, at+each.want)
		})
	}
}

// The repositories come to be before the first image is pushed.
func TestServiceCanBeMadeWithoutTasks(t *testing.T) {
	require.NoError(t, check(t, "count: 6", "count: 0"))
}

func TestProgramRefusesAnImageByTag(t *testing.T) {
	opts := options(t, "local")
	opts.Config = map[string]string{"services:blue": `{"payment-api":{"digest":"latest","count":1}}`}
	recording, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, `services:blue.payment-api.digest is "latest"`)
	require.Empty(t, recording.Resources)
}
