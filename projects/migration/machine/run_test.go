//go:build integration

package machine_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/machine"
	"github.com/cutover/cutover/shared/asl"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/emulator/emulatortest"
)

const (
	functionARN = "arn:aws:lambda:us-east-1:123456789012:function:"
	bucket      = "cutover-local-runs-123456789012"
)

// cloud is an emulator of this test's own, whose functions this process answers.
type cloud struct {
	address string
	states  *sfn.Client
	objects *s3.Client
}

// start starts an emulator for all runs of a test; they run side by side.
func start(t *testing.T) *cloud {
	t.Helper()
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	_, address := emulatortest.Start(t, root)
	cfg := aws.Config{
		Region: emulator.Region, BaseEndpoint: aws.String("http://" + address), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient: emulator.HTTPClient(),
	}
	c := &cloud{address: address, states: sfn.NewFromConfig(cfg), objects: s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })}
	_, err = c.objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)})
	require.NoError(t, err)
	return c
}

// answer is what a scripted function comes to: an outcome with further fields, a
// fault of the function, one of Lambda, the end of its process, or no answer at all.
type answer struct {
	outcome string // and further fields, as JSON without braces
	fault   string // the type of the function's error
	service string // the name of Lambda's error
	killed  bool
	hangs   bool
}

func says(outcome function.Outcome, more ...string) answer {
	return answer{outcome: fmt.Sprintf(`"outcome": %q, "waitSeconds": 0`, outcome) + strings.Join(append([]string{""}, more...), ", ")}
}

// script answers the calls of one function in turn, by act, and the last for ever.
type script struct {
	mu      sync.Mutex
	answers map[string][]answer
	calls   []string // acts in the order in which they came
	events  []map[string]any
	gone    chan struct{} // ends those that hang
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var event map[string]any
	if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	act, _ := event["act"].(string)
	s.mu.Lock()
	s.calls, s.events = append(s.calls, act), append(s.events, event)
	left := s.answers[act]
	if len(left) > 1 {
		s.answers[act] = left[1:]
	}
	s.mu.Unlock()
	if len(left) == 0 {
		http.Error(w, "nobody wrote what "+act+" comes to", http.StatusBadRequest)
		return
	}
	s.answer(w, left[0])
}

func (s *script) answer(w http.ResponseWriter, a answer) {
	switch {
	case a.hangs:
		<-s.gone
	case a.killed:
		panic(http.ErrAbortHandler)
	case a.service != "":
		w.Header().Set("X-Amzn-ErrorType", a.service)
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, `{"message": "as scripted"}`)
	case a.fault != "":
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		fmt.Fprintf(w, `{"errorType": %q, "errorMessage": "as scripted"}`, a.fault)
	default:
		fmt.Fprintf(w, "{%s}", a.outcome)
	}
}

// run is how an execution ended and what it called.
type run struct {
	status types.ExecutionStatus
	error  string
	calls  []string
	events []map[string]any
}

// execute runs a definition over a scripted function to its end.
func (c *cloud) execute(t *testing.T, name string, define func(machine.Settings) asl.Machine, input string, answers map[string][]answer) run {
	t.Helper()
	s := &script{answers: answers, gone: make(chan struct{})}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(s.gone) })
	body := fmt.Sprintf(`{"function": %q, "url": %q}`, name, server.URL+"/")
	told, err := http.Post("http://"+c.address+"/_cutover/lambda/handlers", "application/json", strings.NewReader(body)) //nolint:noctx // a test
	require.NoError(t, err)
	require.NoError(t, told.Body.Close())
	require.Equal(t, http.StatusNoContent, told.StatusCode)
	definition, err := hasten(define(machine.Settings{Function: functionARN + name, Workers: 4, Bucket: bucket}), answers).JSON()
	require.NoError(t, err)
	made, err := c.states.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String(name), Definition: aws.String(definition), RoleArn: aws.String("arn:aws:iam::123456789012:role/states"),
	})
	require.NoError(t, err)
	started, err := c.states.StartExecution(t.Context(), &sfn.StartExecutionInput{
		StateMachineArn: made.StateMachineArn, Name: aws.String("request"), Input: aws.String(input),
	})
	require.NoError(t, err)
	var found *sfn.DescribeExecutionOutput
	require.Eventually(t, func() bool {
		found, err = c.states.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
		return err == nil && found.Status != types.ExecutionStatusRunning
	}, 10*time.Minute, 50*time.Millisecond, "%v", s.calls)
	s.mu.Lock()
	defer s.mu.Unlock()
	return run{found.Status, aws.ToString(found.Error), s.calls, s.events}
}

// hasten shortens the waits that are written down, and the time-outs of tasks whose
// function hangs, and nothing else: another task takes as long as this machine needs.
func hasten(m asl.Machine, answers map[string][]answer) asl.Machine {
	task := func(t asl.Task) asl.Task {
		t.Retry[0].IntervalSeconds, t.Retry[0].MaxAttempts = 1, 2
		if hangs(t, answers) {
			t.TimeoutSeconds = 3
		}
		return t
	}
	for name, state := range m.States {
		switch state := state.(type) {
		case asl.Wait:
			if state.Seconds > 0 {
				state.Seconds = 1
			}
			m.States[name] = state
		case asl.Task:
			m.States[name] = task(state)
		case asl.Map:
			state.ItemProcessor.States["Work"] = task(state.ItemProcessor.States["Work"].(asl.Task))
			m.States[name] = state
		}
	}
	return m
}

// hangs tells whether a task's function does not answer the act that the task calls.
func hangs(t asl.Task, answers map[string][]answer) bool {
	act := any(function.Recover)
	if t.Parameters["Payload.$"] == "$.event" { // as it comes
		act = function.Advance
	} else if event, written := t.Parameters["Payload"].(map[string]any); written {
		act = event["act"]
	}
	return slices.ContainsFunc(answers[fmt.Sprint(act)], func(a answer) bool { return a.hangs })
}

const chunks = `"loaded": 0, "left": 3, "idle": 0, "items": [
	{"table":1,"load":1,"chunk":1}, {"table":1,"load":1,"chunk":2}, {"table":1,"load":1,"chunk":3}]`

const nothing = `"loaded": 0, "left": 0, "idle": 0`

// path is one way through a machine: what the function answers by act, how the
// execution ends, and which acts it called (of those side by side, how often).
type path struct {
	answers map[string][]answer
	status  types.ExecutionStatus
	error   string
	calls   string
}

func TestBackfillTakesEveryPath(t *testing.T) {
	c := start(t)
	work := says(function.Work, chunks)
	ends := map[string]path{
		"loads until nothing is left": {
			map[string][]answer{"plan": {work, says(function.Done, nothing)}, "load": {says(function.Done)}}, types.ExecutionStatusSucceeded, "", "plan load load load plan",
		},
		"nobody wants it": {map[string][]answer{"plan": {says(function.Idle, nothing)}}, types.ExecutionStatusSucceeded, "", "plan"},
		"halted":          {map[string][]answer{"plan": {says(function.Halted, nothing)}}, types.ExecutionStatusFailed, machine.ErrHalted, "plan"},
		"an answer that is not known": {
			map[string][]answer{"plan": {says("confused", nothing)}}, types.ExecutionStatusFailed, machine.ErrUnknown, "plan",
		},
		"a plan that fails": {map[string][]answer{"plan": {{fault: "wrapError"}}}, types.ExecutionStatusFailed, machine.ErrPlan, "plan"},
		"a plan that hangs": {map[string][]answer{"plan": {{hangs: true}}}, types.ExecutionStatusFailed, machine.ErrPlan, "plan"},
		"Lambda refuses twice": {
			map[string][]answer{"plan": {{service: "ServiceException"}, {service: "TooManyRequestsException"}, says(function.Done, nothing)}},
			types.ExecutionStatusSucceeded, "", "plan plan plan",
		},
		"Lambda refuses for good": {
			map[string][]answer{"plan": {{service: "ServiceException"}}}, types.ExecutionStatusFailed, machine.ErrPlan, "plan plan plan",
		},
		"a worker is killed, and the plan knows what it left": {
			map[string][]answer{"plan": {work, work, says(function.Done, nothing)}, "load": {{killed: true}, says(function.Done)}},
			types.ExecutionStatusSucceeded, "", "",
		},
		"workers fail for good, and rounds that bring nothing end it": {
			map[string][]answer{"plan": {work, work, says(function.Stuck, nothing)}, "load": {{fault: "wrapError"}}},
			types.ExecutionStatusFailed, machine.ErrStuck, "",
		},
	}
	ended := c.walk(t, "backfill", machine.Backfill, `{}`, ends)
	require.Greater(t, len(ended["loads until nothing is left"].events), 1)
	assert.Len(t, ended["loads until nothing is left"].events[1]["items"], 1, "a call loads one chunk")
	listed, err := c.objects.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String(machine.BackfillName)})
	require.NoError(t, err)
	assert.NotEmpty(t, listed.Contents, "maps leave their results in the bucket")
}

func TestVerificationTakesEveryPath(t *testing.T) {
	const pass = `"kind": "full", "ageSeconds": 0, "round": 1`
	const units = pass + `, "items": [{"pass":1,"table":1,"from":1,"to":128},{"pass":1,"table":1,"from":129,"to":256}]`
	failed := func(plan, finish function.Outcome, name, calls string) path {
		return path{map[string][]answer{"plan": {says(plan, pass)}, "finish": {says(finish, pass)}}, types.ExecutionStatusFailed, name, calls}
	}
	c := start(t)
	c.walk(t, "verification", machine.Verification, `{"kind": "full", "ageSeconds": 0}`, map[string]path{
		"equal in the second round": {
			map[string][]answer{
				"plan": {says(function.Work, units)}, "work": {says(function.Done)}, "finish": {says(function.Again, pass), says(function.Clean, pass)},
			},
			types.ExecutionStatusSucceeded, "", "plan work work finish plan work work finish",
		},
		"nothing to compare": {
			map[string][]answer{"plan": {says(function.None, pass)}, "finish": {says(function.Clean, pass)}}, types.ExecutionStatusSucceeded, "", "plan finish",
		},
		"not now":              {map[string][]answer{"plan": {says(function.NotReady, pass)}}, types.ExecutionStatusSucceeded, "", "plan"},
		"the sides differ":     failed(function.None, function.Unclean, machine.ErrUnclean, "plan finish"),
		"never at rest":        failed(function.None, function.Stuck, machine.ErrStuck, "plan finish"),
		"halted":               failed(function.Halted, function.Clean, machine.ErrHalted, "plan"),
		"halted amid the pass": failed(function.None, function.Halted, machine.ErrHalted, "plan finish"),
		"an end that fails": {
			map[string][]answer{"plan": {says(function.None, pass)}, "finish": {{fault: "wrapError"}}}, types.ExecutionStatusFailed, machine.ErrFinish, "plan finish",
		},
		"a worker that hangs does not end the pass": {
			map[string][]answer{"plan": {says(function.Work, units)}, "work": {{hangs: true}}, "finish": {says(function.Clean, pass)}},
			types.ExecutionStatusSucceeded, "", "",
		},
	})
}

func TestSwitchTakesEveryPath(t *testing.T) {
	next := func(o function.Outcome, act function.SwitchAct) answer {
		return says(o, fmt.Sprintf(`"event": {"act": %q, "to": "green", "request": "request", "revision": 18}`, act))
	}
	fails := func(o function.Outcome, name string) path {
		return path{map[string][]answer{"advance": {next(function.Again, function.Advance), next(o, "")}}, types.ExecutionStatusFailed, name, "advance advance"}
	}
	recovers := func(lost answer, end answer, name, calls string) path {
		return path{map[string][]answer{"advance": {lost}, "recover": {end}}, types.ExecutionStatusFailed, name, calls}
	}
	paths := map[string]path{
		"step by step to the end": {
			map[string][]answer{"advance": {next(function.Again, function.Advance), next(function.Again, function.Advance), next(function.Done, "")}},
			types.ExecutionStatusSucceeded, "", "advance advance advance",
		},
		"Lambda refuses once": {
			map[string][]answer{"advance": {{service: "TooManyRequestsException"}, next(function.Done, "")}}, types.ExecutionStatusSucceeded, "", "advance advance",
		},
		"cancelled":          {map[string][]answer{"advance": {next(function.Cancelled, "")}}, types.ExecutionStatusSucceeded, "", "advance"},
		"a step fails":       recovers(answer{fault: "wrapError"}, next(function.BackedOut, ""), machine.ErrRecovered, "advance recover"),
		"a step is killed":   recovers(answer{killed: true}, next(function.Done, ""), machine.ErrRecovered, "advance recover"),
		"a step hangs":       recovers(answer{hangs: true}, next(function.Done, ""), machine.ErrRecovered, "advance recover"),
		"recovered and held": recovers(answer{killed: true}, next(function.HeldUp, ""), machine.ErrHeld, "advance recover"),
		"not recovered":      recovers(answer{killed: true}, answer{fault: "wrapError"}, machine.ErrUnrecovered, "advance recover"),
		"recovered in two calls": {
			map[string][]answer{"advance": {{killed: true}}, "recover": {next(function.Again, function.Recover), next(function.Done, "")}},
			types.ExecutionStatusFailed, machine.ErrRecovered, "advance recover recover",
		},
		"an answer that is not known": fails("confused", machine.ErrUnknown),
	}
	for o, name := range map[function.Outcome]string{
		function.HeldUp: machine.ErrHeld, function.Unconfirmed: "Unconfirmed", function.GatesClosed: "GatesClosed", function.BackedOut: "BackedOut",
		function.Underway: "Underway", function.Refused: "Refused",
	} {
		paths[name] = fails(o, name)
	}
	c := start(t)
	ended := c.walk(t, "switch", machine.Switch, `{"event": {"act": "advance", "to": "green", "reason": "test", "request": "request", "revision": 17}}`, paths)
	require.Greater(t, len(ended["a step is killed"].events), 1)
	recovery := ended["a step is killed"].events[1]
	assert.Equal(t, map[string]any{"act": "recover", "to": "green", "reason": "test", "request": "request", "revision": 17.0}, recovery,
		"a recovery is about the same switch")
	assert.EqualValues(t, 18, ended["step by step to the end"].events[1]["revision"], "the next event is the answer's")
}

// walk takes all paths side by side.
func (c *cloud) walk(t *testing.T, name string, define func(machine.Settings) asl.Machine, input string, paths map[string]path) map[string]run {
	t.Helper()
	ended, mu := map[string]run{}, sync.Mutex{}
	t.Run("paths", func(t *testing.T) {
		number := 0
		for about, p := range paths {
			number++
			physical := fmt.Sprintf("%s-%d", name, number)
			t.Run(about, func(t *testing.T) {
				t.Parallel()
				r := c.execute(t, physical, define, input, p.answers)
				assert.Equal(t, p.status, r.status, r.calls)
				assert.Equal(t, p.error, r.error)
				if p.calls != "" {
					assert.Equal(t, strings.Fields(p.calls), r.calls)
				}
				mu.Lock()
				defer mu.Unlock()
				ended[about] = r
			})
		}
	})
	return ended
}

// Two starts of the same request are one execution: the name is the request's.
func TestTheSameRequestStartedTwiceRunsOnce(t *testing.T) {
	c := start(t)
	definition, err := machine.Switch(settings()).JSON()
	require.NoError(t, err)
	made, err := c.states.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String("twice"), Definition: aws.String(definition), RoleArn: aws.String("arn:aws:iam::123456789012:role/states"),
	})
	require.NoError(t, err)
	input := `{"event": {"act": "advance", "to": "green", "revision": 17}}`
	var arns []string
	for range 2 {
		started, err := c.states.StartExecution(t.Context(), &sfn.StartExecutionInput{
			StateMachineArn: made.StateMachineArn, Name: aws.String("cutover-17"), Input: aws.String(input),
		})
		var exists *types.ExecutionAlreadyExists
		if err != nil {
			require.ErrorAs(t, err, &exists)
			continue
		}
		arns = append(arns, aws.ToString(started.ExecutionArn))
	}
	listed, err := c.states.ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: made.StateMachineArn})
	require.NoError(t, err)
	assert.Len(t, listed.Executions, 1, arns)
}
