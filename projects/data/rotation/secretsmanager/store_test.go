//go:build integration

package secretsmanager_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/rotation/rotationtest"
	"github.com/cutover/cutover/projects/data/rotation/secretsmanager"
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
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRetryMaxAttempts(1), config.WithHTTPClient(oneByOne{}))
	require.NoError(t, err)
	return sdk.NewFromConfig(cfg)
}

// oneByOne makes each call over a connection of its own: it writes the request, reads the
// answer, and closes. A transport that keeps connections, and a server that closes each
// after its answer, met a connection in some runs that the client's side had closed before
// the answer was read ("use of closed network connection"). A client that repeats calls
// never shows it.
type oneByOne struct{}

// Do implements the client of the SDK.
func (oneByOne) Do(request *http.Request) (*http.Response, error) {
	conn, err := (&net.Dialer{}).DialContext(request.Context(), "tcp", request.URL.Host)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, err
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
