//go:build integration

package function_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/shared/naming"
)

// cloud answers the calls of AWS that commands and functions make, over HTTP: it has
// the functions themselves run, calls them as the state machines do, and keeps
// objects and keys. Whatever else it is asked for fails the test.
type cloud struct {
	w   *world
	url string
	key *ecdsa.PrivateKey

	mutex      sync.Mutex
	objects    map[string][]byte
	executions map[string]*execution
	invoked    []string
}

// execution is a run of a state machine.
type execution struct {
	input           string
	status, failure string
	answers         []string // of the function, in order
}

const machines = "arn:aws:states:us-east-1:123456789012:stateMachine:"

// newCloud starts it and leads AWS's SDK to it.
func newCloud(t *testing.T, w *world) *cloud {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &cloud{w: w, key: key, objects: map[string][]byte{}, executions: map[string]*execution{}}
	server := httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(server.Close)
	c.url = server.URL
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
	} {
		t.Setenv(name, value)
	}
	return c
}

func (c *cloud) config() aws.Config {
	cfg, err := config.LoadDefaultConfig(c.w.t.Context())
	require.NoError(c.w.t, err)
	return cfg
}

// outputs are what the migration layer exports.
func (c *cloud) outputs() map[string]any {
	outputs := map[string]any{"proofsBucket": "proofs", "proofSigningKeyArn": "arn:signing"}
	for _, color := range naming.Colors() {
		at := string(color)
		outputs[at+"SyncFunctionNames"] = map[string]any{"install": at + "-install", "lane": at + "-lane", "switch": at + "-switch"}
		outputs[at+"SyncStateMachineArns"] = map[string]any{
			"backfill": machines + at + "-backfill", "verification": machines + at + "-verification", "switch": machines + at + "-switch",
		}
	}
	return outputs
}

func (c *cloud) serve(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if !assert.NoError(c.w.t, err) {
		return
	}
	target := r.Header.Get("X-Amz-Target")
	switch {
	case strings.HasPrefix(r.URL.Path, "/2015-03-31/functions/"):
		c.invoke(rw, r, body)
	case strings.HasPrefix(target, "AWSStepFunctions."):
		c.step(rw, strings.TrimPrefix(target, "AWSStepFunctions."), body)
	case strings.HasPrefix(target, "TrentService."):
		c.sign(rw, strings.TrimPrefix(target, "TrentService."), body)
	case strings.HasPrefix(r.URL.Path, "/proofs/"):
		c.object(rw, r, body)
	default:
		assert.Fail(c.w.t, "a call that nobody makes", "%s %s %s", r.Method, r.URL, target)
		rw.WriteHeader(http.StatusNotImplemented)
	}
}

func (c *cloud) reply(rw http.ResponseWriter, value any) {
	rw.Header().Set("Content-Type", "application/x-amz-json-1.1")
	assert.NoError(c.w.t, json.NewEncoder(rw).Encode(value))
}

func (c *cloud) refuse(rw http.ResponseWriter, code string) {
	rw.Header().Set("Content-Type", "application/x-amz-json-1.1")
	rw.WriteHeader(http.StatusBadRequest)
	_, err := io.WriteString(rw, `{"__type": "`+code+`"}`)
	assert.NoError(c.w.t, err)
}

// invoke runs a function as Lambda would.
func (c *cloud) invoke(rw http.ResponseWriter, r *http.Request, event []byte) {
	name := strings.Split(r.URL.Path, "/")[3]
	c.mutex.Lock()
	c.invoked = append(c.invoked, name)
	c.mutex.Unlock()
	color, kind, _ := strings.Cut(name, "-")
	if r.Header.Get("X-Amz-Invocation-Type") == "Event" {
		assert.Equal(c.w.t, "lane", kind)
		c.w.run(naming.Color(color))
		rw.WriteHeader(http.StatusAccepted)
		return
	}
	answer, err := c.call(r.Context(), naming.Color(color), kind, event)
	if err != nil {
		rw.Header().Set("X-Amz-Function-Error", "Unhandled")
		answer, err = json.Marshal(map[string]string{"errorType": "errorString", "errorMessage": err.Error()})
		assert.NoError(c.w.t, err)
	}
	_, err = rw.Write(answer)
	assert.NoError(c.w.t, err)
}

// call calls a function's handler with JSON, as Lambda's runtime does.
func (c *cloud) call(ctx context.Context, color naming.Color, kind string, event []byte) ([]byte, error) {
	v, out := c.w.variables(color), c.w.emitted
	switch kind {
	case "install":
		return through[desk.Request, desk.Reply](ctx, event)(function.NewInstall(ctx, v, out))
	case "chunk":
		return through[function.ChunkEvent, function.ChunkAnswer](ctx, event)(function.NewChunk(ctx, v, out))
	case "verify":
		return through[function.VerifyEvent, function.VerifyAnswer](ctx, event)(function.NewVerify(ctx, v, out))
	default:
		return through[function.SwitchEvent, function.SwitchAnswer](ctx, event)(function.SwitchWith(ctx, c.remote(v), out, quick(), nil))
	}
}

// remote keeps proofs in this cloud.
func (c *cloud) remote(lookup func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		switch name {
		case function.VariableProofStore:
			return "bucket:proofs", true
		case function.VariableProofKey:
			return "arn:bucket", true
		case function.VariableSigningKey:
			return "arn:signing", true
		}
		return lookup(name)
	}
}

// object keeps what is put once.
func (c *cloud) object(rw http.ResponseWriter, r *http.Request, body []byte) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	found, there := c.objects[r.URL.Path]
	switch {
	case r.Method == http.MethodPut && there:
		assert.Equal(c.w.t, "*", r.Header.Get("If-None-Match"))
		rw.WriteHeader(http.StatusPreconditionFailed)
	case r.Method == http.MethodPut:
		assert.Equal(c.w.t, "arn:bucket", r.Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"))
		c.objects[r.URL.Path] = body
	case there:
		_, err := rw.Write(found)
		assert.NoError(c.w.t, err)
	default:
		rw.WriteHeader(http.StatusNotFound)
		_, err := io.WriteString(rw, `<Error><Code>NoSuchKey</Code></Error>`)
		assert.NoError(c.w.t, err)
	}
}

// sign is what KMS does with its key.
func (c *cloud) sign(rw http.ResponseWriter, call string, body []byte) {
	var in struct{ Message, Signature []byte }
	assert.NoError(c.w.t, json.Unmarshal(body, &in))
	assert.Len(c.w.t, in.Message, sha256.Size)
	if call == "Verify" {
		if !ecdsa.VerifyASN1(&c.key.PublicKey, in.Message, in.Signature) {
			c.refuse(rw, "KMSInvalidSignatureException")
			return
		}
		c.reply(rw, map[string]any{"SignatureValid": true})
		return
	}
	assert.Equal(c.w.t, "Sign", call)
	signature, err := ecdsa.SignASN1(rand.Reader, c.key, in.Message)
	assert.NoError(c.w.t, err)
	c.reply(rw, map[string]any{"Signature": signature})
}

// step is what Step Functions does.
func (c *cloud) step(rw http.ResponseWriter, call string, body []byte) {
	var in struct {
		StateMachineArn, ExecutionArn, Name, Input string
	}
	assert.NoError(c.w.t, json.Unmarshal(body, &in))
	c.mutex.Lock()
	defer c.mutex.Unlock()
	run, there := c.executions[in.ExecutionArn]
	if !there && in.ExecutionArn != "" {
		c.refuse(rw, "ExecutionDoesNotExist")
		return
	}
	switch call {
	case "StartExecution":
		arn := strings.Replace(in.StateMachineArn, ":stateMachine:", ":execution:", 1) + ":" + in.Name
		if _, taken := c.executions[arn]; taken {
			c.refuse(rw, "ExecutionAlreadyExists")
			return
		}
		run = &execution{input: in.Input, status: "RUNNING"}
		c.executions[arn] = run
		go c.machine(run, path.Base(strings.ReplaceAll(in.StateMachineArn, ":", "/")))
		c.reply(rw, map[string]any{"executionArn": arn, "startDate": 1})
	case "DescribeExecution":
		c.reply(rw, map[string]any{"executionArn": in.ExecutionArn, "status": run.status, "error": run.failure})
	case "ListExecutions":
		list := []map[string]any{}
		for arn, each := range c.executions {
			if each.status == "RUNNING" && strings.HasPrefix(arn, strings.Replace(in.StateMachineArn, ":stateMachine:", ":execution:", 1)+":") {
				list = append(list, map[string]any{"executionArn": arn, "status": each.status})
			}
		}
		c.reply(rw, map[string]any{"executions": list})
	case "GetExecutionHistory":
		events := []map[string]any{{"type": "ExecutionSucceeded", "id": 99, "timestamp": 1}}
		for i := len(run.answers) - 1; i >= 0; i-- {
			events = append(events, map[string]any{"type": "TaskSucceeded", "id": i + 1, "timestamp": 1,
				"taskSucceededEventDetails": map[string]any{"resource": "invoke", "output": `{"ExecutedVersion":"$LATEST","Payload":` + run.answers[i] + `}`}})
		}
		c.reply(rw, map[string]any{"events": events})
	default:
		assert.Fail(c.w.t, "a call that nobody makes", call)
	}
}

// machine calls a function as the definition of a state machine does.
func (c *cloud) machine(run *execution, name string) {
	color, kind, _ := strings.Cut(name, "-")
	task := func(function string, event any) map[string]any {
		text, err := json.Marshal(event)
		assert.NoError(c.w.t, err)
		answer, err := c.call(context.Background(), naming.Color(color), function, text)
		if !assert.NoError(c.w.t, err) {
			answer = []byte(`{"outcome": "error"}`)
		}
		c.mutex.Lock()
		run.answers = append(run.answers, string(answer))
		c.mutex.Unlock()
		var fields map[string]any
		assert.NoError(c.w.t, json.Unmarshal(answer, &fields))
		return fields
	}
	outcome := ""
	switch kind {
	case "backfill":
		answer := map[string]any{"loaded": 0, "left": 0, "idle": 0}
		for outcome = "work"; outcome == "work"; {
			answer["act"] = "plan"
			if answer = task("chunk", answer); answer["outcome"] == "work" {
				task("chunk", map[string]any{"act": "load", "items": answer["items"]})
			}
			outcome, _ = answer["outcome"].(string)
		}
	case "verification":
		assert.JSONEq(c.w.t, `{"kind": "full", "ageSeconds": 0}`, run.input)
		plan := task("verify", map[string]any{"act": "plan", "kind": verify.Full})
		if plan["outcome"] == "work" {
			task("verify", map[string]any{"act": "work", "items": plan["items"]})
			plan = task("verify", map[string]any{"act": "finish", "kind": verify.Full, "round": plan["round"]})
		}
		outcome, _ = plan["outcome"].(string)
	case "switch":
		var event map[string]any
		assert.NoError(c.w.t, json.Unmarshal([]byte(run.input), &event))
		for outcome = "again"; outcome == "again"; {
			event = task("switch", event["event"])
			outcome, _ = event["outcome"].(string)
		}
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	run.status = "SUCCEEDED"
	if outcome != "done" && outcome != "clean" && outcome != "idle" {
		run.status, run.failure = "FAILED", outcome
	}
}
