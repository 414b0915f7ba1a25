//go:build integration

package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/rotation"
	"github.com/cutover/cutover/projects/data/rotation/postgres"
	"github.com/cutover/cutover/projects/data/rotation/rotationtest"
	"github.com/cutover/cutover/shared/pgtest"
	"github.com/cutover/cutover/shared/rdstrust"
)

const requestID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"

// runtimeAPI plays the part of Lambda: it hands out the events in turn and
// collects what the function answers (AWS Lambda developer guide, "Using the
// Lambda runtime API").
type runtimeAPI struct {
	events  chan rotation.Request
	answers chan string
}

func (r *runtimeAPI) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if strings.HasSuffix(req.URL.Path, "/invocation/next") {
		select {
		case event := <-r.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", requestID)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(time.Minute).UnixMilli(), 10))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:rotation")
			_ = json.NewEncoder(w).Encode(event)
		case <-req.Context().Done():
		}
		return
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		body = []byte(err.Error())
	}
	w.WriteHeader(http.StatusAccepted)
	r.answers <- fmt.Sprintf("%s %s", strings.TrimPrefix(req.URL.Path, "/2018-06-01/runtime/invocation/"+requestID), body)
}

func (r *runtimeAPI) call(request rotation.Request) string {
	r.events <- request
	return <-r.answers
}

// secretsAPI speaks the protocol of Secrets Manager for a store in memory.
type secretsAPI struct{ store *rotationtest.Memory }

func (s secretsAPI) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var in struct {
		SecretId, VersionId, ClientRequestToken, SecretString, VersionStage, MoveToVersionId, RemoveFromVersionId string // as the API writes them
	}
	err := json.NewDecoder(req.Body).Decode(&in)
	out := map[string]any{}
	ctx := req.Context()
	switch strings.TrimPrefix(req.Header.Get("X-Amz-Target"), "secretsmanager.") {
	case "DescribeSecret":
		var found rotation.Description
		found, err = s.store.Describe(ctx, in.SecretId)
		out["RotationEnabled"], out["VersionIdsToStages"] = found.Rotating, found.Labels
	case "GetSecretValue":
		if in.VersionId != "" {
			out["SecretString"], err = s.store.Value(ctx, in.SecretId, in.VersionId)
		} else {
			out["SecretString"], err = s.store.Current(ctx, in.SecretId)
		}
	case "PutSecretValue":
		err = s.store.Put(ctx, in.SecretId, in.ClientRequestToken, in.SecretString)
	case "UpdateSecretVersionStage":
		err = s.store.Move(ctx, in.SecretId, rotation.Label(in.VersionStage), in.RemoveFromVersionId, in.MoveToVersionId)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err != nil {
		w.Header().Set("X-Amzn-ErrorType", exception(err))
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]any{"__type": exception(err), "Message": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func exception(err error) string {
	switch {
	case errors.Is(err, rotation.ErrNoValue):
		return "ResourceNotFoundException"
	case errors.Is(err, rotation.ErrVersionTaken):
		return "ResourceExistsException"
	case errors.Is(err, rotation.ErrLabelMoved):
		return "InvalidParameterException"
	default:
		return "InternalServiceError"
	}
}

// build compiles the function for this machine.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bootstrap")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, string(output))
	return binary
}

func start(ctx context.Context, t *testing.T, environ ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	printed := &bytes.Buffer{}
	cmd := exec.CommandContext(ctx, build(t))
	cmd.Stdout, cmd.Stderr = printed, printed
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_EC2_METADATA_DISABLED=true",
	}, environ...)
	require.NoError(t, cmd.Start())
	return cmd, printed
}

// The function as it is shipped, between the runtime, Secrets Manager and a real
// database over TLS.
func TestFunctionRotatesThroughTheRuntime(t *testing.T) {
	s := pgtest.Start(t, pgtest.Options{TLS: true, Databases: []string{"payments"}})
	require.NoError(t, s.Exec(t.Context(), "payments", "CREATE ROLE cutover_master LOGIN CREATEROLE PASSWORD 'master'"))
	roots, err := rdstrust.Pool(s.CAFile())
	require.NoError(t, err)
	database := &postgres.Database{Host: s.Host(), Port: s.Port(), Name: "payments", Roots: roots}
	w := rotationtest.NewWorld(&rotationtest.Memory{}, database, rotation.Cluster{Host: s.Host(), Port: s.Port(), Database: "payments"},
		rotation.Login{Username: "cutover_master", Password: "master"}, "payment_api")
	secrets := httptest.NewServer(secretsAPI{w.Store})
	defer secrets.Close()
	api := &runtimeAPI{events: make(chan rotation.Request), answers: make(chan string)}
	lambda := httptest.NewServer(api)

	ctx, cancel := context.WithCancel(t.Context())
	cmd, printed := start(ctx, t, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(lambda.URL, "http://"), "AWS_ENDPOINT_URL="+secrets.URL,
		"COLOR=blue", "DATABASE_HOST="+s.Host(), "DATABASE_PORT="+strconv.Itoa(s.Port()), "DATABASE_NAME=payments",
		"MASTER_ARN="+w.Cluster.MasterARN, fmt.Sprintf(`ROLES={%q: "payment_api"}`, w.Secret), "AUTHORITIES_FILE="+s.CAFile())
	for n := range 3 {
		require.NoError(t, w.Store.Begin(w.Secret, rotationtest.Token(n), false))
		for _, step := range rotation.Steps() {
			require.Equal(t, "/response null", api.call(rotation.Request{Step: step, Secret: w.Secret, Token: rotationtest.Token(n)}), step)
		}
		require.NoError(t, w.CheckCurrent(t.Context()))
	}
	refused := api.call(rotation.Request{Step: rotation.SetSecret, Secret: "arn:other", Token: rotationtest.Token(0)})
	assert.Contains(t, refused, "/error")
	assert.Contains(t, refused, "the function does not rotate this secret")
	cancel()
	require.Error(t, cmd.Wait(), "it was told to end")
	lambda.Close()
	assert.Equal(t, 13, strings.Count(printed.String(), `"CloudWatchMetrics"`), printed)
	assert.Equal(t, 1, strings.Count(printed.String(), `"RotationFailures":1`))
	now, err := w.Current(t.Context())
	require.NoError(t, err)
	assert.NotContains(t, printed.String(), now.Password)
}

func TestFunctionWithoutItsVariablesSaysWhichAndEnds(t *testing.T) {
	cmd, printed := start(t.Context(), t)
	require.Error(t, cmd.Wait())
	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	require.Contains(t, printed.String(), "variable ROLES: is missing")
	require.Contains(t, printed.String(), `"level":"ERROR"`)
}
