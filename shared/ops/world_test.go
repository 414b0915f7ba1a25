package ops_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/engine/enginetest"
	"github.com/cutover/cutover/shared/ops/report"
	"github.com/cutover/cutover/shared/ops/settings"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/ops/suite"
	"github.com/cutover/cutover/shared/ops/toolchain"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// testing.TB without the parts that rapid's T lacks.
type tb interface {
	require.TestingT
	Helper()
}

// world is an app with a fake engine in a checkout of its own.
type world struct {
	root    string
	fake    *enginetest.Fake
	out     *buffer // standard output
	err     *buffer // standard error
	ports   ops.Ports
	environ []string
	account string
	checks  map[contract.Layer]error // what the configuration checks find
	prepare map[contract.Layer]func(context.Context) error
	verify  map[contract.Layer]func(context.Context, ops.Verification) error
	settled map[contract.Layer]func(context.Context, ops.Verification) error
	program map[contract.Layer]pulumi.RunFunc
	// connections are those of the data layer.
	connections func(context.Context, ops.Verification) ([]ops.Connection, error)
	// traffic is what the edge layer tells of its records, authority where the
	// migration keeps who may write.
	traffic   *ops.Steered
	authority func(ops.Environment) func(context.Context) (steering.Item, error)
	sections  []ops.Section       // of the status page
	tools     []suite.Tool        // of tests
	found     map[string][]string // what the search for orphans finds, by URN
	amazon    *fakeEmulator
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

type fakeEmulator struct {
	mu    sync.Mutex
	calls []string
	since time.Time
}

func (e *fakeEmulator) note(call string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, call)
	return nil
}

func (e *fakeEmulator) Up(context.Context) error    { return e.note("up") }
func (e *fakeEmulator) Down(context.Context) error  { return e.note("down") }
func (e *fakeEmulator) Reset(context.Context) error { return e.note("reset") }
func (e *fakeEmulator) Status(context.Context) (emulator.Status, error) {
	return emulator.Status{Running: true, Healthy: true, Addr: "127.0.0.1:4566", Since: e.since}, nil
}
func (e *fakeEmulator) Env() map[string]string {
	return map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ACCESS_KEY_ID": "test"}
}

func (e *fakeEmulator) Python(context.Context) (string, error) { return "python3", nil }

// finder answers by URN.
type finder map[string][]string

func (f finder) Find(_ context.Context, p engine.Pending) ([]string, error) {
	ids, known := f[p.URN]
	if !known {
		return nil, errors.New("cannot be told")
	}
	return ids, nil
}

// newWorld makes a world in a folder of the test.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldIn(t.TempDir())
}

func newWorldIn(root string) *world {
	w := &world{
		root: root, fake: enginetest.NewFake(), out: &buffer{}, err: &buffer{}, account: "123456789012",
		checks: map[contract.Layer]error{}, prepare: map[contract.Layer]func(context.Context) error{},
		verify:  map[contract.Layer]func(context.Context, ops.Verification) error{},
		settled: map[contract.Layer]func(context.Context, ops.Verification) error{},
		found:   map[string][]string{}, amazon: &fakeEmulator{},
	}
	w.ports = ops.Ports{
		In: strings.NewReader(""), Out: w.out, Err: w.err,
		Width:   func() int { return 120 },
		Environ: func() []string { return w.environ },
		Now:     time.Now,
		Who:     func() (string, string) { return "ada", "ops1" },
		Commit:  func(context.Context, string) (string, bool) { return "0123456789ab", false },
		Toolchain: func(context.Context, toolchain.Options) (toolchain.Toolchain, error) {
			return toolchain.Toolchain{PulumiVersion: "3.230.0", PulumiOrigin: "present", PluginVersion: "6.83.2", PluginOrigin: "present"}, nil
		},
		Emulator: func(emulator.Options) ops.Emulator { return w.amazon },
		Engine:   func(engine.Options) (engine.Engine, error) { return w.fake, nil },
		Account:  func(context.Context, aws.Config) (string, error) { return w.account, nil },
		Orphans:  func(aws.Config) ops.Finder { return finder(w.found) },
	}
	w.ports.CheckToolchain = w.ports.Toolchain
	return w
}

// app returns an app that was called with the given flags.
func (w *world) app(t tb, flags ...string) *ops.App {
	t.Helper()
	_, parsed := settings.Split(append([]string{"mage", "target"}, flags...))
	config := ops.Config{
		Root: w.root, Environments: []string{"local", "staging", "prod"}, Load: environment, Flags: parsed,
		Authority: w.authority, Sections: w.sections, Tools: w.tools,
	}
	for _, name := range contract.Layers() {
		l := ops.Layer{Name: name, Dir: filepath.Join(w.root, "projects", string(name))}
		l.Check = func(string) error { return w.checks[name] }
		if prepare := w.prepare[name]; prepare != nil {
			l.Prepare = func(ctx context.Context, _ io.Writer) error { return prepare(ctx) }
		}
		l.Verify, l.Settled, l.Program = w.verify[name], w.settled[name], w.program[name]
		if name == contract.Data {
			l.Connections = w.connections
		}
		if name == contract.Edge {
			l.Traffic = w.traffic
		}
		config.Layers = append(config.Layers, l)
	}
	a, err := ops.NewWith(config, w.ports)
	require.NoError(t, err)
	return a
}

func environment(_, name string) (ops.Environment, error) {
	return ops.Environment{
		Name: name, AccountID: "123456789012", Region: "us-east-1", Backend: "file://.cutover/state",
		SecretsProvider: "passphrase", Passphrase: "test", Local: name == "local", Guarded: name == "prod",
	}, nil
}

// exists makes all stacks present and deployed.
func (w *world) deployed() {
	for _, l := range contract.Layers() {
		w.fake.Edit(l, func(s *enginetest.Stack) {
			s.Exists, s.Deployed, s.Outputs = true, true, map[string]any{"name": string(l)}
		})
	}
}

// ups lists the layers that were updated, in order.
func (w *world) ups() []string {
	var list []string
	for _, c := range w.fake.Calls("up") {
		list = append(list, string(c.Layer))
	}
	return list
}

func (w *world) store() report.Store { return report.Store{Dir: filepath.Join(w.root, ".cutover")} }

// last is the report of the latest run.
func (w *world) last(t tb, environment, command string) *report.Report {
	t.Helper()
	r, err := w.store().Last(environment, command)
	require.NoError(t, err)
	require.NotNil(t, r)
	return r
}

func states(r *report.Report) map[string]string {
	all := map[string]string{}
	for _, l := range r.Layers {
		all[l.Name] = r.Outcome(l)
	}
	return all
}

// failing fails the given operation of one layer.
func failing(op string, layer contract.Layer, err error) func(context.Context, string, contract.Layer) error {
	return func(_ context.Context, asked string, l contract.Layer) error {
		if asked == op && l == layer {
			return err
		}
		return nil
	}
}

// deadLock is a lock whose process is gone.
func deadLock(t *testing.T) engine.Lock {
	t.Helper()
	host, err := os.Hostname()
	require.NoError(t, err)
	return engine.Lock{PID: 1 << 30, User: "ada", Host: host, Since: time.Now().Add(-time.Hour)}
}

// liveLock is a lock that this very process could hold.
func liveLock(t *testing.T) engine.Lock {
	t.Helper()
	host, err := os.Hostname()
	require.NoError(t, err)
	return engine.Lock{PID: os.Getpid(), User: "ada", Host: host, Since: time.Now().Add(time.Minute)}
}

var errQuota = fmt.Errorf("cluster: quota exceeded")
