// Package emulatortest starts emulators for tests: each on a port of its own, ended
// with the test. It is no fake.
package emulatortest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/reaper"
)

// limit ends a start or an end that hangs; the first start on a machine also makes
// the virtual environment.
const limit = 10 * time.Minute

// Start starts an emulator of the checkout at root and returns it with the address
// that it listens at, such as 127.0.0.1:33445. Between the moment at which a port is
// found free and that at which the emulator has it another process may take it: then
// it is another port.
func Start(tb testing.TB, root string) (*emulator.Emulator, string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), limit)
	defer cancel()
	var problems []error
	for range 5 {
		address := free(tb)
		found(address)
		state := tb.TempDir()
		options := emulator.Options{RepoRoot: root, StateDir: state, Addr: address, Progress: tb.Output()}
		Watch(tb, options)
		e := emulator.New(options)
		err := e.Up(ctx)
		if err == nil {
			tb.Cleanup(func() { down(tb, e, filepath.Join(state, "emulator.log")) })
			return e, address
		}
		problems = append(problems, err)
		if taken := (*emulator.PortTakenError)(nil); !errors.As(err, &taken) && !strings.Contains(err.Error(), "Address already in use") {
			break
		}
	}
	tb.Fatalf("start the emulator: %v", errors.Join(problems...))
	return nil, ""
}

// which are the options that tell one emulator from another.
type which struct{ RepoRoot, StateDir, Addr string }

// watched is the name under which emulators of tests are ended.
const watched = "the emulator"

func init() {
	reaper.Serve(watched, func(argument string) error {
		var w which
		if err := json.Unmarshal([]byte(argument), &w); err != nil {
			return fmt.Errorf("read which emulator: %w", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		return emulator.New(emulator.Options{RepoRoot: w.RepoRoot, StateDir: w.StateDir, Addr: w.Addr}).Down(ctx)
	})
}

// Watch has an emulator that a test starts by itself be ended, should the test's process end
// before it has done so. It is called before the emulator's own cleanup is registered.
func Watch(tb testing.TB, o emulator.Options) {
	tb.Helper()
	text, err := json.Marshal(which{o.RepoRoot, o.StateDir, o.Addr})
	if err != nil {
		tb.Fatalf("write which emulator: %v", err)
	}
	reaper.Watch(tb, watched, string(text))
}

// found is told each address that was found free, for this package's own test.
var found = func(string) {}

// free is an address that nobody listens at.
func free(tb testing.TB) string {
	tb.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("find a free port: %v", err)
	}
	if err := listener.Close(); err != nil {
		tb.Fatalf("find a free port: %v", err)
	}
	return listener.Addr().String()
}

// down ends an emulator. A failed test shows the end of its log, which names the calls
// that were refused.
func down(tb testing.TB, e *emulator.Emulator, log string) {
	tb.Helper()
	if tb.Failed() {
		const most = 4000
		text, err := os.ReadFile(log) //nolint:gosec // the emulator's own
		if err != nil {
			text = []byte(err.Error())
		}
		tb.Logf("end of the emulator's log:\n%s", text[max(0, len(text)-most):])
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := e.Down(ctx); err != nil {
		tb.Errorf("end the emulator: %v", err)
	}
}
