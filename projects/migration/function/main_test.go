//go:build integration

package function_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/switching"
)

// The variables that make this test binary a function's process.
const (
	// asFunction is the function's name.
	asFunction = "CUTOVER_TEST_FUNCTION"
	// diesAt is a step at which the process kills itself, stopsAt one at which it
	// stands still until somebody kills it; either happens once for each mark.
	diesAt  = "CUTOVER_TEST_DIES_AT"
	stopsAt = "CUTOVER_TEST_STOPS_AT"
	// mark is a file that tells that it has happened.
	mark = "CUTOVER_TEST_MARK"
	// pause is how long a switch may keep writers out, and with it how long others
	// leave a process alone that is lost meanwhile.
	pause = "CUTOVER_TEST_PAUSE"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(asFunction); name != "" {
		serve(name)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serve is a function's command, as in lambda/, but that a step can be its end, and
// that a switch does not hold its gates for a minute.
func serve(name string) {
	switch name {
	case "install":
		function.Serve(name, function.NewInstall)
	case "finalise":
		function.Serve(name, function.NewFinalise)
	case "lane":
		function.Serve(name, function.NewLane)
	case "chunk":
		function.Serve(name, func(ctx context.Context, lookup func(string) (string, bool), _ io.Writer) (func(context.Context, function.ChunkEvent) (function.ChunkAnswer, error), error) {
			return function.ChunkWith(ctx, lookup, endOfProcess)
		})
	case "verify":
		function.Serve(name, function.NewVerify)
	case "switch":
		function.Serve(name, func(ctx context.Context, lookup func(string) (string, bool), out io.Writer) (func(context.Context, function.SwitchEvent) (function.SwitchAnswer, error), error) {
			return function.SwitchWith(ctx, lookup, out, patient(), endOfProcess)
		})
	default:
		fmt.Fprintln(os.Stderr, "no function:", name)
		os.Exit(1)
	}
}

// patient are limits under which a switch holds its gates for a moment, and keeps
// writers out for longer than it may: emulator and functions share one machine.
func patient() switching.Limits {
	l := quick()
	l.Drain, l.Check, l.Decide, l.Total = 3*time.Second, 5*time.Second, 8*time.Second, 9*time.Second
	if text := os.Getenv(pause); text != "" {
		l.Total, _ = time.ParseDuration(text) // Validate refuses none
		l.Decide = l.Total - 400*time.Millisecond
	}
	return l
}

// endOfProcess is the observer of the steps.
func endOfProcess(step string) error {
	var signal syscall.Signal
	switch step {
	case os.Getenv(diesAt):
		signal = syscall.SIGKILL
	case os.Getenv(stopsAt):
		signal = syscall.SIGSTOP
	default:
		return nil
	}
	file, err := os.OpenFile(os.Getenv(mark), os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), syscall.Kill(os.Getpid(), signal))
}
