//go:build integration

package function_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sandbox runs one function as Lambda does: processes of this test binary that ask
// the runtime API for events (AWS Lambda developer guide, "Using the Lambda runtime
// API for custom runtimes"), one event each at a time, no more at once than are
// reserved. A process that outlives its time is killed, one that ends amid an event
// fails it.
type sandbox struct {
	t      *testing.T
	name   string // physical
	kind   string
	atOnce int
	// variables are those of the function and of its environment.
	variables map[string]string
	url       string

	mutex sync.Mutex
	// timeout is how long an invocation may take, refuse how many are turned away.
	timeout   time.Duration
	refuse    int
	busy      int
	idle      []*instance
	every     []*instance
	ended     []string // errors of invocations, in Lambda's words
	said      output
	gone      bool
	succeeded int
	// before is told each event before a process gets it; nil is nobody.
	before func(payload []byte)
}

// newSandbox takes invocations at its url from now on.
func newSandbox(t *testing.T, physical, kind string, atOnce int, timeout time.Duration, variables map[string]string) *sandbox {
	t.Helper()
	s := &sandbox{t: t, name: physical, kind: kind, atOnce: atOnce, timeout: timeout, variables: variables}
	server := httptest.NewServer(s)
	s.url = server.URL
	t.Cleanup(func() {
		s.end()
		server.Close()
		if t.Failed() {
			text := s.said.String()
			t.Logf("%s said:\n%s", physical, text[max(0, len(text)-2000):])
		}
	})
	return s
}

// instance is one process, with a runtime API of its own.
type instance struct {
	command *exec.Cmd
	api     *httptest.Server
	events  chan event
	results chan result
	exited  chan struct{}
	failure error // once it has exited
	// over ends the time of the invocation at work.
	over chan struct{}
}

type event struct {
	id       string
	payload  []byte
	deadline time.Time
}

type result struct {
	id     string
	failed bool
	body   []byte
}

// ServeHTTP is one invocation.
func (s *sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(r.Body)
	if !assert.NoError(s.t, err) {
		return
	}
	in, limit := s.take()
	if in == nil {
		w.Header().Set("X-Amzn-ErrorType", "TooManyRequestsException")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "message": "Rate Exceeded."}`)
		return
	}
	s.tell(payload)
	body, failure := in.invoke(event{uuid.NewString(), payload, time.Now().Add(limit)}, limit)
	s.give(in, failure)
	if failure != "" {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
	}
	_, _ = w.Write(body) // whoever asked may be gone
}

// tell tells who waits for events.
func (s *sandbox) tell(payload []byte) {
	s.mutex.Lock()
	before := s.before
	s.mutex.Unlock()
	if before != nil {
		before(payload)
	}
}

// take finds a process for an invocation, or starts one; nil turns it away.
func (s *sandbox) take() (*instance, time.Duration) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.refuse > 0 || s.busy >= s.atOnce || s.gone {
		s.refuse = max(0, s.refuse-1)
		s.ended = append(s.ended, "TooManyRequestsException")
		return nil, 0
	}
	s.busy++
	if n := len(s.idle); n > 0 {
		in := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return in, s.timeout
	}
	in := s.start()
	s.every = append(s.every, in)
	return in, s.timeout
}

// give takes a process back that can do another invocation.
func (s *sandbox) give(in *instance, failure string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.busy--
	switch failure {
	case "":
		s.succeeded++
		s.idle = append(s.idle, in)
	case exitError, timedOut:
		s.ended = append(s.ended, failure)
	default:
		s.ended = append(s.ended, failure)
		s.idle = append(s.idle, in)
	}
}

// start starts a process with the function's variables and no others.
func (s *sandbox) start() *instance {
	in := &instance{events: make(chan event), results: make(chan result, 1), exited: make(chan struct{}), over: make(chan struct{}, 1)}
	in.api = httptest.NewServer(http.HandlerFunc(in.runtime))
	binary, err := os.Executable()
	assert.NoError(s.t, err)
	in.command = exec.Command(binary) //nolint:noctx // ended by its sandbox
	in.command.Env = []string{
		asFunction + "=" + s.kind, "AWS_LAMBDA_FUNCTION_NAME=" + s.name, "AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(in.api.URL, "http://"),
	}
	for name, value := range s.variables {
		in.command.Env = append(in.command.Env, name+"="+value)
	}
	in.command.Stdout, in.command.Stderr = &s.said, &s.said
	assert.NoError(s.t, in.command.Start())
	go func() {
		in.failure = in.command.Wait()
		close(in.exited)
	}()
	return in
}

// What Lambda calls a process that ended, and one that took too long.
const (
	exitError = "Runtime.ExitError"
	timedOut  = "Sandbox.Timedout"
)

// invoke hands an event over and waits for what comes of it; failure is the type of
// the error.
func (in *instance) invoke(e event, limit time.Duration) (body []byte, failure string) {
	late := time.NewTimer(limit)
	defer late.Stop()
	said := func(kind, message string) ([]byte, string) {
		text, _ := json.Marshal(map[string]string{"errorType": kind, "errorMessage": "RequestId: " + e.id + " Error: " + message}) // two texts
		return text, kind
	}
	exit := func() ([]byte, string) {
		return said(exitError, fmt.Sprintf("Runtime exited with error: %v", in.failure))
	}
	select {
	case in.events <- e:
	case <-in.exited:
		return exit()
	}
	select {
	case r := <-in.results:
		if !r.failed {
			return r.body, ""
		}
		var told struct{ ErrorType string }
		_ = json.Unmarshal(r.body, &told) // an error without a type is one, too
		return r.body, told.ErrorType
	case <-in.exited:
		return exit()
	case <-late.C:
	case <-in.over:
	}
	_ = in.command.Process.Kill()
	<-in.exited
	return said(timedOut, fmt.Sprintf("Task timed out after %.2f seconds", limit.Seconds()))
}

// runtime is the runtime API.
func (in *instance) runtime(w http.ResponseWriter, r *http.Request) {
	switch parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime/invocation/"), "/"); {
	case parts[0] == "next":
		select {
		case e := <-in.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", e.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(e.deadline.UnixMilli(), 10))
			_, _ = w.Write(e.payload)
		case <-r.Context().Done():
		}
	case len(parts) == 2:
		body, _ := io.ReadAll(r.Body) // of a process that dies there is no more
		w.WriteHeader(http.StatusAccepted)
		in.results <- result{parts[0], parts[1] == "error", bytes.TrimSpace(body)}
	default: // init/error: the process ends by itself
		w.WriteHeader(http.StatusAccepted)
	}
}

// set changes how the function runs: what it is from the next process on, and how
// long an invocation may take.
func (s *sandbox) set(change func(*sandbox)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, in := range s.idle {
		_ = in.command.Process.Kill()
	}
	s.idle = nil
	change(s)
}

// successes is how many invocations have answered.
func (s *sandbox) successes() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.succeeded
}

// kill kills all processes, amid whatever they do.
func (s *sandbox) kill() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, in := range s.every {
		_ = in.command.Process.Kill()
	}
}

// expire ends the time of all invocations at work.
func (s *sandbox) expire() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, in := range s.every {
		select {
		case in.over <- struct{}{}:
		default:
		}
	}
}

// at has the next process of the function meet a fault at a step, once.
func (s *sandbox) at(step, fault string) (happened func() bool) {
	path := filepath.Join(s.t.TempDir(), "happened")
	s.set(func(s *sandbox) { s.variables[fault], s.variables[mark] = step, path })
	s.t.Cleanup(func() { assert.FileExists(s.t, path, "%s was never at %s", s.name, step) })
	return func() bool {
		_, err := os.Stat(path)
		return err == nil
	}
}

// failures are how often invocations have ended with each error.
func (s *sandbox) failures() map[string]int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	count := map[string]int{}
	for _, each := range s.ended {
		count[each]++
	}
	return count
}

// end kills every process and takes no more invocations.
func (s *sandbox) end() {
	s.mutex.Lock()
	s.gone = true
	every := s.every
	s.mutex.Unlock()
	for _, in := range every {
		_ = in.command.Process.Kill()
		<-in.exited
		in.api.CloseClientConnections()
		in.api.Close()
	}
	require.Less(s.t, len(every), 200, "processes of one function")
}
