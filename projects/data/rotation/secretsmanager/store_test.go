//go:build integration

package secretsmanager_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/rotation/rotationtest"
	"github.com/cutover/cutover/projects/data/rotation/secretsmanager"
	"github.com/cutover/cutover/shared/ops/emulator"
)

// client starts an emulator of the test's own.
func client(t *testing.T) *sdk.Client {
	t.Helper()
	root, err := filepath.Abs("../../../..")
	require.NoError(t, err)
	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	e := emulator.New(emulator.Options{RepoRoot: root, StateDir: t.TempDir(), Addr: address})
	up, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	require.NoError(t, e.Up(up))
	t.Cleanup(func() { require.NoError(t, e.Down(context.Background())) })
	for name, value := range e.Env() {
		t.Setenv(name, value)
	}
	// A call is made once: the answer to a repeated one may differ.
	// Nor is a connection used twice: the emulator closes each.
	transport := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.DisableKeepAlives = true })
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRetryMaxAttempts(1), config.WithHTTPClient(transport))
	require.NoError(t, err)
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
