// Package reaper ends what a test has started and what outlives processes, when the test's
// own process ends without running its cleanups: by Ctrl-C, a panic, a kill. The test binary
// runs a second time, in a session of its own, and waits for the end of the first one by a
// pipe.
package reaper

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// The variables by which the second process knows what it is for.
const nameVariable, argumentVariable = "CUTOVER_REAPER", "CUTOVER_REAPER_OF"

// Serve is called by a package when it is initialised: in a process that Watch has started
// under that name it waits until the test's process is gone, calls end, and does not return.
// Everywhere else it does nothing.
func Serve(name string, end func(argument string) error) {
	if os.Getenv(nameVariable) != name {
		return
	}
	argument := os.Getenv(argumentVariable)
	_, err := io.Copy(io.Discard, os.Stdin) // nobody writes: it ends with the other end of the pipe
	if err == nil {
		err = os.Unsetenv(nameVariable) // for what end starts
	}
	if err == nil {
		err = end(argument)
	}
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "end %s of %s after its test: %v\n", name, argument, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Watch has what argument names be ended by the function that serves that name, should this
// process end before the test does. It is called before the cleanup that ends it in the
// ordinary way is registered.
func Watch(tb testing.TB, name, argument string) {
	tb.Helper()
	binary, err := os.Executable()
	if err != nil {
		tb.Fatalf("find the test's binary: %v", err)
	}
	cmd := exec.Command(binary) //nolint:gosec,noctx // the test itself; it outlives every context
	cmd.Env = append(os.Environ(), nameVariable+"="+name, argumentVariable+"="+argument)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	alive, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		tb.Fatalf("start what ends %s of %s after the test: %v", name, argument, err)
	}
	tb.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			tb.Errorf("end the process that would end %s of %s: %v", name, argument, err)
		}
		_ = cmd.Wait() // it was killed
		_ = alive.Close()
	})
}
