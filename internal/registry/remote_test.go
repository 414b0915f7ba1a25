package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
	"github.com/cutover/cutover/shared/ops/toolchain"
)

const stagingAccount = "210987654321"

// amazon answers AWS's SDK over HTTP as each test says, and writes down what it was
// asked.
type amazon struct {
	t       *testing.T
	account string
	// items are those of the control table.
	items map[string]map[string]string
	// answers are by operation: a status, and a body.
	answers map[string]func(body string) (int, string)

	// signals has the command take those of this process.
	signals bool

	// caller is the id of who calls.
	caller string

	mutex sync.Mutex
	asked []string
	// seen are the requests that nobody has judged yet, all are the others.
	seen, all []Asked
}

const request = "11111111-2222-3333-4444-555555555555"

func newAmazon(t *testing.T) *amazon {
	a := &amazon{t: t, account: stagingAccount, caller: "AROAEXAMPLE:ann", items: map[string]map[string]string{}, answers: map[string]func(string) (int, string){}}
	for _, document := range []string{"place", "traffic"} {
		a.answers["GetObject cutover/staging/edge/"+document+".json"] = func(string) (int, string) {
			return http.StatusNotFound, `<Error><Code>NoSuchKey</Code></Error>`
		}
	}
	a.answers["hostedzonesbyname"] = says(`<ListHostedZonesByNameResponse><HostedZones/></ListHostedZonesByNameResponse>`)
	return a
}

func (a *amazon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil { // whoever was told to stop has hung up in the middle of a request
		assert.Truef(a.t, a.signals, "%v", err)
		return
	}
	operation := r.Header.Get("X-Amz-Target")
	operation = operation[strings.LastIndex(operation, ".")+1:]
	if parts := strings.Split(r.URL.Path, "/"); len(parts) > 3 && parts[2] == "functions" {
		operation = "Invoke " + parts[3]
	}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Has("Action") { // the protocol of CloudWatch and STS
		operation = form.Get("Action")
	}
	for _, bucket := range []string{"/cutover-staging-proofs-" + stagingAccount + "/", "/cutover-state-staging/"} {
		if object, isInIt := strings.CutPrefix(r.URL.Path, bucket); isInIt {
			operation = "GetObject " + object
		}
	}
	if call, isDNS := strings.CutPrefix(r.URL.Path, "/2013-04-01/"); isDNS {
		operation = call
	}
	if r.URL.Query().Get("list-type") == "2" {
		operation = "ListObjects"
	}
	a.mutex.Lock()
	a.asked = append(a.asked, operation)
	a.seen = append(a.seen, whatIsAsked(r, body, a.caller))
	a.mutex.Unlock()
	w.Header().Set("X-Amzn-Requestid", request)
	var text string
	status := http.StatusOK
	if answer := a.answers[operation]; answer != nil {
		status, text = answer(string(body))
	} else if operation == "GetItem" {
		text = a.item(body)
	} else {
		status, text = refusal("ValidationException")
		assert.Fail(a.t, "nobody wrote what this comes to", operation)
	}
	if status == functionFailed {
		status = http.StatusOK
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
	}
	if strings.Contains(text, `"__type"`) {
		var refused struct {
			Type string `json:"__type"`
		}
		assert.NoError(a.t, json.Unmarshal([]byte(text), &refused))
		w.Header().Set("X-Amzn-Errortype", refused.Type)
	}
	w.WriteHeader(status)
	_, err = io.WriteString(w, text)
	assert.NoError(a.t, err)
}

// functionFailed is the status of an answer that is a function's error.
const functionFailed = 299

func refusal(code string) (int, string) {
	return http.StatusBadRequest, fmt.Sprintf(`{"__type": %q, "message": "as the test says"}`, code)
}

// item is what the control table answers.
func (a *amazon) item(body []byte) string {
	var asked struct {
		Key map[string]struct{ S string }
	}
	assert.NoError(a.t, json.Unmarshal(body, &asked))
	fields, there := a.items[asked.Key[control.HashKey].S]
	if !there {
		return `{}`
	}
	item := map[string]map[string]string{control.HashKey: {"S": asked.Key[control.HashKey].S}, control.Revision: {"N": "1"}}
	for name, value := range fields {
		item[name] = map[string]string{"S": value}
	}
	text, err := json.Marshal(map[string]any{"Item": item})
	assert.NoError(a.t, err)
	return string(text)
}

// run runs a target in staging and returns its exit status and all that it said.
func (a *amazon) run(ctx context.Context, target func(context.Context, *ops.App) error, flags ...settings.Flag) (fault.Code, string) {
	a.t.Helper()
	server := httptest.NewServer(a)
	defer server.Close()
	checkout, err := filepath.Abs("../..")
	require.NoError(a.t, err)
	root := a.t.TempDir()
	for _, name := range []string{"projects", "shared"} {
		require.NoError(a.t, os.Symlink(filepath.Join(checkout, name), filepath.Join(root, name)))
	}
	out, ports := &bytes.Buffer{}, ops.DefaultPorts()
	ports.Out, ports.Err, ports.Terminal, ports.Signals = out, out, false, a.signals
	ports.Environ = func() []string { return nil }
	ports.Commit = func(context.Context, string) (string, bool) { return "", false }
	ports.Account = func(context.Context, aws.Config) (string, error) { return a.account, nil }
	ports.Engine = func(engine.Options) (engine.Engine, error) { return pipelines{}, nil }
	ports.Toolchain = func(context.Context, toolchain.Options) (toolchain.Toolchain, error) {
		return toolchain.Toolchain{}, nil
	}
	a.t.Setenv("AWS_ENDPOINT_URL", server.URL)
	a.t.Setenv("AWS_ACCESS_KEY_ID", "test")
	a.t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	app, err := ops.NewWith(ops.Config{
		Root: root, Layers: Layers(root), Environments: config.Names(), Load: LoadEnvironment,
		Flags: append([]settings.Flag{{Name: "env", Value: "staging"}, {Name: "yes", Value: "true"}, {Name: "reason", Value: "test"}}, flags...),
	}, ports)
	require.NoError(a.t, err)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	err = target(ctx, app)
	a.judge()
	if err == nil {
		return fault.OK, out.String()
	}
	return fault.CodeOf(err), out.String() + err.Error()
}

// calls are the operations that were asked for, each once, without reads of items and
// of where the public name leads.
func (a *amazon) calls() []string {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	var calls []string
	for _, each := range a.asked {
		if each != "GetItem" && each != "hostedzonesbyname" && !strings.HasPrefix(each, "GetObject cutover/") && (len(calls) == 0 || calls[len(calls)-1] != each) {
			calls = append(calls, each)
		}
	}
	return calls
}

// holds gives blue the authority; there has been no switch yet, and its preflight
// finds nothing in the way.
func (a *amazon) holds() {
	a.answers["DescribeAlarms"] = says(`<DescribeAlarmsResponse><DescribeAlarmsResult/></DescribeAlarmsResponse>`)
	a.answers["Invoke cutover-staging-green-install"] = says(`{"results": [{"ID": "PF36", "Name": "names and alarms are in order", "Status": "ok"}]}`)
	token := control.Token{Rev: 1, Holder: naming.Blue, Epoch: 1, Phase: control.PhaseOpen}
	a.items[control.AuthorityItem] = token.Fields()
}

func says(text string) func(string) (int, string) {
	return func(string) (int, string) { return http.StatusOK, text }
}

func refuses(code string) func(string) (int, string) {
	return func(string) (int, string) { return refusal(code) }
}

// What stands in the way of a command in AWS is told with the name of what it called
// and the way on, and ends with its own exit status.
func TestCommandsInAWSTellWhatStandsInTheWay(t *testing.T) {
	const install, machine = "Invoke cutover-staging-green-install", "arn:aws:states:us-east-1:210987654321:stateMachine:cutover-staging-green-switch"
	for name, c := range map[string]struct {
		prepare func(*amazon)
		target  func(context.Context, *ops.App) error
		code    fault.Code
		says    []string
		calls   []string
	}{
		"credentials of another account": {
			func(a *amazon) { a.account = "111111111111" }, MigratePreflight, fault.Credentials, []string{"111111111111", stagingAccount}, nil,
		},
		"a right is missing": {
			func(a *amazon) { a.answers[install] = refuses("AccessDeniedException") }, MigratePreflight, fault.Credentials,
			[]string{"invoke function cutover-staging-green-install", "AccessDenied", "operatorRoleArn"}, []string{install},
		},
		"the function is not there": {
			func(a *amazon) { a.answers[install] = refuses("ResourceNotFoundException") }, MigratePreflight, fault.NoStack,
			[]string{"function cutover-staging-green-install", "deploy:migration"}, []string{install},
		},
		"somebody else is being served": {
			func(a *amazon) {
				a.answers[install] = func(string) (int, string) {
					_, text := refusal("TooManyRequestsException")
					return http.StatusTooManyRequests, text
				}
			}, MigratePreflight, fault.Locked, []string{"function cutover-staging-green-install", "served: go tool mage migrate:preflight -env=staging"}, []string{install},
		},
		"the function fails": {
			func(a *amazon) {
				a.answers[install] = func(string) (int, string) {
					return functionFailed, `{"errorType": "wrapError", "errorMessage": "blue: connection refused"}`
				}
			}, MigratePreflight, fault.Failed, []string{
				"function cutover-staging-green-install, request " + request + ": blue: connection refused", "log group", "go tool mage migrate:preflight -env=staging -yes -reason='test': every act can be repeated",
			}, []string{install},
		},
		"the function fails without words": {
			func(a *amazon) { a.answers[install] = func(string) (int, string) { return functionFailed, `killed` } },
			MigratePreflight, fault.Failed, []string{"function cutover-staging-green-install", request, "without a message"}, []string{install},
		},
		"an answer of another version": {
			func(a *amazon) { a.answers[install] = says(`["x"]`) }, MigratePreflight, fault.Failed,
			[]string{"function cutover-staging-green-install", "not of the form that this version knows"}, []string{install},
		},
		"nobody has the authority": {
			func(*amazon) {}, MigrateCutover, fault.Gate, []string{"nothing to switch", "migrate:verify"}, nil,
		},
		"the control table is closed": {
			func(a *amazon) { a.answers["GetItem"] = refuses("AccessDeniedException") }, MigrateCutover, fault.Failed,
			[]string{"cutover-staging-control", "AccessDenied"}, nil,
		},
		"the machine is not there": {
			func(a *amazon) { a.holds(); a.answers["ListExecutions"] = refuses("StateMachineDoesNotExist") },
			MigrateCutover, fault.NoStack, []string{machine, "deploy:migration"}, []string{"DescribeAlarms", "Invoke cutover-staging-green-install", "ListExecutions"},
		},
		"a gate is closed": {
			func(a *amazon) {
				a.holds()
				a.ends("FAILED", `{"outcome": "gates", "reason": "lag is 7 s", "gates": [{"name": "lag", "verdict": "fail", "detail": "7 s"}]}`)
			},
			MigrateCutover, fault.Gate, []string{"asked for the switch to green as green-e1-r0", "lag: fail, 7 s", "the authority is where it was: lag is 7 s", "migrate:status"},
			[]string{"DescribeAlarms", "Invoke cutover-staging-green-install", "ListExecutions", "DescribeExecution", "StartExecution", "DescribeExecution", "GetExecutionHistory"},
		},
		"the preflight of the switch refuses": {
			func(a *amazon) {
				a.holds()
				a.answers[install] = says(`{"results": [{"ID": "PF36", "Name": "names and alarms are in order", "Status": "refuse",
					"Findings": [{"Status": "refuse", "Where": "alarm x", "Found": "is ALARM", "Want": "OK"}]}]}`)
			},
			MigrateCutover, fault.Gate, []string{"preflight refuses the switch", "alarm x: is ALARM, expected OK", "go tool mage migrate:cutover"},
			[]string{"DescribeAlarms", "Invoke cutover-staging-green-install"},
		},
		"a check after the switch failed": {
			func(a *amazon) { a.holds(); a.ends("FAILED", `{"outcome": "unconfirmed", "reason": "canary"}`) },
			MigrateCutover, fault.Verification, []string{
				"green has the authority, and the switch is not at its end: a check after the switch failed: canary",
				"remove the cause, then go tool mage migrate:cutover -env=staging, which asks the checks again; or, to go back, " +
					"go tool mage migrate:accept -env=staging -reason='…', then go tool mage migrate:rollback -env=staging",
			}, nil,
		},
		"a comparison that brings nothing": {
			func(a *amazon) { a.holds(); a.ends("FAILED", `{"outcome": "stuck", "lane": "core.fwd"}`) }, MigrateVerify, fault.Verification,
			[]string{"several rounds of the pass have brought nothing", "mend it with: go tool mage migrate:status -env=staging, which", "then go tool mage migrate:verify -env=staging"}, nil,
		},
		"a comparison of the lane that does not lead from the authority": {
			func(a *amazon) { a.holds(); a.ends("SUCCEEDED", `{"outcome": "passive", "lane": "core.fwd"}`) }, MigrateVerify, fault.Usage,
			[]string{"the source of the lane is not the authority", "mend it with: go tool mage migrate:verify -env=staging -color=blue"}, nil,
		},
		"a comparison that was lost": {
			func(a *amazon) { a.holds(); a.ends("FAILED", `{"outcome": "work", "lane": "core.fwd"}`) }, MigrateVerify, fault.Failed,
			[]string{"mend it with: go tool mage migrate:status -env=staging, then go tool mage migrate:verify -env=staging"}, nil,
		},
		"an execution without an answer": {
			func(a *amazon) { a.holds(); a.ends("TIMED_OUT", "") }, MigrateCutover, fault.Failed,
			[]string{"execution:cutover-staging-green-switch:green-e1-r0", "TIMED_OUT", "has answered nothing", "migrate:status"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAmazon(t)
			c.prepare(a)
			code, said := a.run(t.Context(), c.target)
			assert.Equal(t, c.code, code, said)
			for _, part := range c.says {
				assert.Contains(t, said, part)
			}
			if c.calls != nil {
				assert.Equal(t, c.calls, a.calls())
			}
		})
	}
}

// ends has the execution of a switch end at once, with a last answer of its function.
func (a *amazon) ends(status, answer string) {
	started := false
	a.answers["ListExecutions"] = says(`{"executions": []}`)
	a.answers["StartExecution"] = func(body string) (int, string) {
		var in struct{ StateMachineArn, Name string }
		assert.NoError(a.t, json.Unmarshal([]byte(body), &in))
		started = true
		return http.StatusOK, fmt.Sprintf(`{"startDate": 1, "executionArn": %q}`, strings.Replace(in.StateMachineArn, "stateMachine", "execution", 1)+":"+in.Name)
	}
	a.answers["DescribeExecution"] = func(string) (int, string) {
		if !started {
			return refusal("ExecutionDoesNotExist")
		}
		return http.StatusOK, fmt.Sprintf(`{"status": %q}`, status)
	}
	events := `[]`
	if answer != "" {
		events = `[{"type": "TaskSucceeded", "id": 7, "timestamp": 1, "taskSucceededEventDetails": {"output": ` +
			strconv.Quote(`{"Payload": `+answer+`}`) + `}}]`
	}
	a.answers["GetExecutionHistory"] = says(`{"events": ` + events + `}`)
}

// Whoever stops watching stops nothing: the machine runs on, and the command says how
// to look.
func TestStoppingToWatchStopsNothing(t *testing.T) {
	a := newAmazon(t)
	a.holds()
	a.ends("RUNNING", "")
	a.signals = true
	describe := a.answers["DescribeExecution"]
	a.answers["DescribeExecution"] = func(body string) (int, string) {
		status, text := describe(body)
		if strings.Contains(text, "RUNNING") {
			assert.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT)) // Ctrl-C
		}
		return status, text
	}
	code, said := a.run(t.Context(), MigrateCutover)
	assert.Equal(t, fault.Cancelled, code, said)
	assert.Contains(t, said, "stopped watching; the switch goes on by itself")
	assert.Contains(t, said, "go tool mage migrate:status")
	assert.NotContains(t, a.calls(), "StopExecution")
}

// A command calls what names say, and of the colour where its lane ends.
func TestCommandsCallWhatTheOutputsName(t *testing.T) {
	a := newAmazon(t)
	a.answers["Invoke cutover-staging-blue-install"] = func(body string) (int, string) {
		var r desk.Request
		assert.NoError(t, json.Unmarshal([]byte(body), &r))
		assert.Equal(t, naming.Blue, r.To)
		text, err := json.Marshal(desk.Reply{State: checkpoint.Running, Done: []string{"done for " + string(r.To)}})
		assert.NoError(t, err)
		return http.StatusOK, string(text)
	}
	code, said := a.run(t.Context(), MigratePreflight, settings.Flag{Name: "color", Value: "blue"})
	assert.Equal(t, fault.OK, code, said)
	assert.Contains(t, said, "done for blue")
	assert.Equal(t, []string{"Invoke cutover-staging-blue-install"}, a.calls())
}
