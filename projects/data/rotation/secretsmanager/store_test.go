//go:build integration

package secretsmanager_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/rotation/rotationtest"
	"github.com/cutover/cutover/projects/data/rotation/secretsmanager"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/emulator/emulatortest"
)

// client starts an emulator of the test's own.
func client(t *testing.T) *sdk.Client {
	t.Helper()
	root, err := filepath.Abs("../../../..")
	require.NoError(t, err)
	e, _ := emulatortest.Start(t, root)
	for name, value := range e.Env() {
		t.Setenv(name, value)
	}
	// A call is made once: the answer to a repeated one may differ.
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRetryMaxAttempts(1))
	require.NoError(t, err)
	cfg.HTTPClient = emulator.HTTPClient()
	return sdk.NewFromConfig(cfg)
}

func TestStoreKeepsThePromise(t *testing.T) {
	c := client(t)
	number := 0
	rotationtest.Conform(t, &secretsmanager.Store{Client: c}, func(t *testing.T) string {
		t.Helper()
		number++
		made, err := c.CreateSecret(t.Context(), &sdk.CreateSecretInput{Name: aws.String(fmt.Sprintf("cutover/test/%d", number))})
		require.NoError(t, err)
		_, err = c.RotateSecret(t.Context(), &sdk.RotateSecretInput{
			SecretId: made.ARN, RotationRules: &types.RotationRulesType{AutomaticallyAfterDays: aws.Int64(30)},
		})
		require.NoError(t, err)
		return *made.ARN
	})
}
