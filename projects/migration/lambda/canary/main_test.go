package main_test

import (
	"bytes"
	"context"
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

	"github.com/stretchr/testify/require"
)

const requestID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"

// runtimeAPI plays the part of Lambda: it hands out one event and waits for what
// the function answers (AWS Lambda developer guide, "Using the Lambda runtime API").
type runtimeAPI struct {
	answers chan string
}

func (r *runtimeAPI) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if strings.HasSuffix(req.URL.Path, "/invocation/next") {
		if len(r.answers) > 0 {
			<-req.Context().Done() // a second event never comes
			return
		}
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", requestID)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(time.Minute).UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:canary")
		_, _ = io.WriteString(w, `{"scheduled":true}`)
		return
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		body = []byte(err.Error())
	}
	w.WriteHeader(http.StatusAccepted)
	r.answers <- fmt.Sprintf("%s %s", strings.TrimPrefix(req.URL.Path, "/2018-06-01/runtime/invocation/"+requestID), body)
}

// build compiles the function for this machine.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bootstrap")
	output, err := exec.CommandContext(context.Background(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, string(output))
	return binary
}

// start runs the function and returns its process and what it prints.
func start(t *testing.T, ctx context.Context, binary string, environ ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	printed := &bytes.Buffer{}
	cmd := exec.CommandContext(ctx, binary)
	cmd.Stdout, cmd.Stderr = printed, printed
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true",
	}, environ...)
	require.NoError(t, cmd.Start())
	return cmd, printed
}

func TestFunctionAnswersAnEventThroughTheRuntime(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the function")
	}
	// A table that answers like DynamoDB: absent first, then what was put.
	var item []byte
	table := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if strings.HasSuffix(req.Header.Get("X-Amz-Target"), ".PutItem") {
			item = body[bytes.Index(body, []byte(`"Item":`)):]
			item = item[:bytes.Index(item, []byte("}}"))+2]
			_, _ = io.WriteString(w, "{}")
			return
		}
		_, _ = fmt.Fprintf(w, "{%s}", item)
	}))
	defer table.Close()
	api := &runtimeAPI{answers: make(chan string, 1)}
	lambda := httptest.NewServer(api)
	defer lambda.Close()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cmd, printed := start(t, ctx, build(t), "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(lambda.URL, "http://"),
		"AWS_ENDPOINT_URL="+table.URL, "CONTROL_TABLE=control", "COLOR=blue")
	require.Equal(t, "/response null", <-api.answers)
	api.answers <- "no more"
	cancel()
	require.Error(t, cmd.Wait(), "it was told to end")
	require.Contains(t, string(item), `"canary#blue"`)
	require.Contains(t, printed.String(), `"CloudWatchMetrics"`)
}

func TestFunctionWithoutItsVariablesSaysWhichAndEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the function")
	}
	cmd, printed := start(t, context.Background(), build(t))
	require.Error(t, cmd.Wait())
	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	require.Contains(t, printed.String(), "variable CONTROL_TABLE: is missing")
	require.Contains(t, printed.String(), `"level":"ERROR"`)
}
