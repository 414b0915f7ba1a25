package data_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/data"
	"github.com/cutover/cutover/shared/naming"
)

// secretStore answers like Secrets Manager: the secret's text, or a refusal for
// what is not in it.
func secretStore(t *testing.T, texts map[string]string) aws.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ SecretId string }
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&asked))
		target := r.Header.Get("X-Amz-Target")
		assert.Contains(t, []string{"secretsmanager.GetSecretValue", "secretsmanager.DescribeSecret"}, target)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		text, known := texts[asked.SecretId]
		if known && target == "secretsmanager.DescribeSecret" {
			_, _ = w.Write([]byte(`{"RotationEnabled":true,"VersionIdsToStages":{"v":["AWSPENDING"]}}`))
			return
		}
		if known && text == "" {
			w.Header().Set("X-Amzn-ErrorType", "ResourceNotFoundException")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"__type":"ResourceNotFoundException","Message":"no value"}`))
			return
		}
		if !known {
			w.Header().Set("X-Amzn-ErrorType", "AccessDeniedException")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"__type":"AccessDeniedException","Message":"no"}`))
			return
		}
		assert.NoError(t, json.NewEncoder(w).Encode(map[string]string{"SecretString": text}))
	}))
	t.Cleanup(server.Close)
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	}
}

func connectionOutputs() map[string]any {
	out := map[string]any{}
	for _, color := range []string{"blue", "green"} {
		out[color+"WriterEndpoint"], out[color+"ReaderEndpoint"] = color+".writer", color+".reader"
		out[color+"Port"], out[color+"DatabaseName"] = 5433.0, "payments"
		out[color+"MasterSecretArn"] = "arn:" + color + ":master"
		out[color+"ApplicationSecretArns"] = map[string]any{"reporting": "arn:" + color + ":reporting"}
	}
	return out
}

func TestConnectionsAreResolvedForWhoMayReadTheSecrets(t *testing.T) {
	cfg := secretStore(t, map[string]string{
		"arn:blue:master":    `{"username":"cutover_master","password":"p@ss/word:1"}`,
		"arn:blue:reporting": `{"username":"reporting_a","password":"x","host":"elsewhere"}`,
	})
	found, err := data.Connections(t.Context(), cfg, connectionOutputs(), naming.Blue)
	require.NoError(t, err)
	var urls, names []string
	for _, c := range found {
		urls, names = append(urls, c.URL), append(names, c.Name)
	}
	assert.Equal(t, []string{"blue master writer", "blue master reader", "blue reporting writer", "blue reporting reader"}, names)
	assert.Equal(t, "postgresql://cutover_master:p%40ss%2Fword%3A1@blue.writer:5433/payments?sslmode=verify-full", urls[0])
	assert.Equal(t, "postgresql://reporting_a:x@blue.reader:5433/payments?sslmode=verify-full", urls[3])
}

func TestRefusedAndSpoiltSecretsAreToldBesideTheOthers(t *testing.T) {
	cfg := secretStore(t, map[string]string{
		"arn:blue:master":     `{"username":"cutover_master","password":"x"}`,
		"arn:green:master":    `not JSON: hunter2`,
		"arn:green:reporting": `{"username":"reporting_a"}`,
	})
	found, err := data.Connections(t.Context(), cfg, connectionOutputs(), "")
	assert.Len(t, found, 2, "what could be read")
	for _, part := range []string{
		"blue reporting: secret arn:blue:reporting: these credentials may not read it, expected secretsmanager:GetSecretValue on it",
		"green master: secret arn:green:master: holds something else, expected JSON with username and password",
		"green reporting: secret arn:green:reporting: holds something else",
	} {
		require.ErrorContains(t, err, part)
	}
	assert.NotContains(t, err.Error(), "hunter2", "no message holds what a secret holds")
}

func TestSecretBeforeItsFirstRotationIsToldFromOneThatIsMissing(t *testing.T) {
	cfg := secretStore(t, map[string]string{"arn:blue:master": `{"username":"cutover_master","password":"x"}`, "arn:blue:reporting": ""})
	found, err := data.Connections(t.Context(), cfg, connectionOutputs(), naming.Blue)
	require.NoError(t, err)
	require.Len(t, found, 3)
	assert.Equal(t, data.Connection{Name: "blue reporting", SecretARN: "arn:blue:reporting", URL: "none yet: the first rotation is not over"}, found[2])
}

func TestConnectionsOfALayerThatIsNotDeployedNameTheOutput(t *testing.T) {
	_, err := data.Connections(t.Context(), secretStore(t, nil), map[string]any{}, naming.Green)
	require.ErrorContains(t, err, "output greenPort of the data layer: does not exist: deploy the layer first")
}
