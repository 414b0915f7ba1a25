//go:build integration || soak

package lane_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
)

// invocation is what a process of its own is told to do.
type invocation struct {
	Runner struct {
		Lane, Invocation string
		Endpoints        lane.Endpoints
		Limits           lane.Limits
	}
	// Pause stops the process by SIGSTOP before its nth claim; 0 is never.
	Pause int
}

// child is the variable that makes the test binary an invocation.
const child = "CUTOVER_TEST_INVOCATION"

// children are what the test binary can be made by a variable.
var children = map[string]func(string) int{child: invoke}

func TestMain(m *testing.M) {
	for variable, run := range children {
		if text := os.Getenv(variable); text != "" {
			os.Exit(run(text))
		}
	}
	flag.Parse()
	explicit := false
	flag.Visit(func(f *flag.Flag) { explicit = explicit || f.Name == "rapid.checks" })
	if !explicit { // a case with two servers takes two seconds
		if err := flag.Set("rapid.checks", "15"); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	injuries.print(os.Stdout)
	for color, pool := range pools {
		if err := pool.Close(); err != nil {
			fmt.Fprintf(os.Stderr, "servers of %s: %v\n", color, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// invoke runs the lane in this process and prints how it ended.
func invoke(text string) int {
	var told invocation
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		fmt.Println("error", err)
		return 1
	}
	r := lane.Runner{Lane: told.Runner.Lane, Invocation: told.Runner.Invocation, Endpoints: told.Runner.Endpoints, Limits: told.Runner.Limits}
	r.At = func(step string) error {
		if step == apply.BeforeClaim && told.Pause > 0 {
			if told.Pause--; told.Pause == 0 {
				return pause()
			}
		}
		return nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	report, err := r.Run(ctx)
	fmt.Printf("ended halt=%v error=%v\n", report.Halt, err)
	return 0
}

// pause stops this process until SIGCONT. The signal stops the threads one after
// another; the wait keeps this one from going on until it is stopped as well.
func pause() error {
	awake := make(chan os.Signal, 1)
	signal.Notify(awake, syscall.SIGCONT)
	fmt.Println("pausing")
	if err := syscall.Kill(os.Getpid(), syscall.SIGSTOP); err != nil {
		return err
	}
	<-awake
	return nil
}

// process is an invocation in a process of its own.
type process struct {
	*exec.Cmd
	lines *bufio.Scanner
}

// spawn starts one.
func (w *world) spawn(name string, pause int) *process {
	w.t.Helper()
	return w.spawnWith(name, pause, quick())
}

// spawnWith starts one with the given limits.
func (w *world) spawnWith(name string, pause int, limits lane.Limits) *process {
	w.t.Helper()
	return w.spawnPaused(name, endpoints(w.blue, w.green), pause, limits)
}

// spawnAt starts one of a lane between other places.
func (w *world) spawnAt(name string, at lane.Endpoints, limits lane.Limits) *process {
	w.t.Helper()
	return w.spawnPaused(name, at, 0, limits)
}

func (w *world) spawnPaused(name string, at lane.Endpoints, pause int, limits lane.Limits) *process {
	w.t.Helper()
	told := invocation{Pause: pause}
	r := w.runner(name)
	r.Endpoints, r.Limits = at, limits
	told.Runner.Lane, told.Runner.Invocation, told.Runner.Endpoints, told.Runner.Limits = r.Lane, r.Invocation, r.Endpoints, r.Limits
	text, err := json.Marshal(told)
	require.NoError(w.t, err)
	cmd := exec.Command(os.Args[0]) //nolint:noctx // the test ends it
	cmd.Env = append(os.Environ(), child+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(w.t, err)
	require.NoError(w.t, cmd.Start())
	w.t.Cleanup(func() { _ = cmd.Process.Kill() }) // it may be gone
	return &process{Cmd: cmd, lines: bufio.NewScanner(io.Reader(out))}
}

// watch tells how the process has ended, if it does so by itself.
func (p *process) watch() <-chan string {
	told := make(chan string, 1)
	go func() {
		if p.lines.Scan() {
			told <- p.lines.Text()
		}
	}()
	return told
}

// kill ends the process as a crash would.
func (p *process) kill(t testing.TB) {
	t.Helper()
	require.NoError(t, p.Process.Kill())
	_ = p.Wait() // killed, as asked
}

// killed ends the process as a crash would, which counts unless it had ended before.
func (w *world) killed(p *process) {
	w.t.Helper()
	p.kill(w.t)
	if end, known := p.ProcessState.Sys().(syscall.WaitStatus); known && end.Signaled() {
		w.injected(byKill)
	}
}
