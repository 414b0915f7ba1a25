package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/blang/semver"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Options of the adapter.
type Options struct {
	Root            string            // folder with bin/pulumi
	Version         string            // of the CLI in Root
	Home            string            // PULUMI_HOME
	Backend         string            // address of the state backend
	SecretsProvider string            // of new stacks; empty means the passphrase
	Env             map[string]string // for every process
	Scratch         string            // folder for event files
}

// Pulumi is the Engine over Pulumi's Automation API: the layers' programs run in
// this process, the CLI is a process of its own for each operation.
type Pulumi struct {
	opts    Options
	version semver.Version
	store   store

	mu    sync.Mutex
	known map[contract.Layer]bool // stacks that are known to exist
}

var _ Engine = (*Pulumi)(nil)

// NewPulumi returns the adapter. It starts nothing.
func NewPulumi(opts Options) (*Pulumi, error) {
	version, err := semver.ParseTolerant(opts.Version)
	if err != nil {
		return nil, fmt.Errorf("version of the Pulumi CLI is %q: %w", opts.Version, err)
	}
	if err := os.MkdirAll(opts.Scratch, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for event files: %w", err)
	}
	return &Pulumi{
		opts: opts, version: version, store: store{backend: opts.Backend}, known: map[contract.Layer]bool{},
	}, nil
}

// session is one operation on one stack.
type session struct {
	stack   auto.Stack
	command *command
	tally   *tally
	program *program
}

// open prepares an operation. The stack has to exist.
func (p *Pulumi) open(ctx context.Context, r Request, planning bool) (*session, error) {
	cmd := p.command(r.Stack)
	prog := &program{run: r.Program}
	ws, err := p.workspace(ctx, r.Stack, cmd, prog.Run)
	if err != nil {
		return nil, err
	}
	stack, err := auto.SelectStack(ctx, r.Env, ws)
	if err != nil {
		return nil, p.explain(ctx, r.Stack, err, nil, nil)
	}
	return &session{stack: stack, command: cmd, tally: newTally(r.Observe, planning), program: prog}, nil
}

func (p *Pulumi) command(s Stack) *command {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &command{
		program: filepath.Join(p.opts.Root, "bin", "pulumi"),
		version: p.version,
		layer:   string(s.Layer),
		log:     s.Log,
		events:  filepath.Join(p.opts.Scratch, string(s.Layer)+".events.jsonl"),
		known:   p.known[s.Layer] || p.store.exists(s),
	}
}

func (p *Pulumi) workspace(ctx context.Context, s Stack, cmd *command, run pulumi.RunFunc) (auto.Workspace, error) {
	opts := []auto.LocalWorkspaceOption{
		auto.WorkDir(s.Dir), auto.Pulumi(cmd), auto.PulumiHome(p.opts.Home), auto.EnvVars(p.env()),
	}
	if run != nil {
		opts = append(opts, auto.Program(run))
	}
	if p.opts.SecretsProvider != "" {
		opts = append(opts, auto.SecretsProvider(p.opts.SecretsProvider))
	}
	ws, err := auto.NewLocalWorkspace(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("open project of %s in %s: %w", s.Layer, s.Dir, err)
	}
	return ws, nil
}

func (p *Pulumi) env() map[string]string {
	env := maps.Clone(p.opts.Env)
	if env == nil {
		env = map[string]string{}
	}
	env["PULUMI_BACKEND_URL"] = p.opts.Backend
	// A plugin lives for seconds and allocates most of what it needs at once:
	// collecting four times less often saves a sixth of its time.
	if os.Getenv("GOGC") == "" {
		env["GOGC"] = "400"
	}
	return env
}

// environ is env and the PULUMI_HOME in the form of os.Environ.
func (p *Pulumi) environ() []string {
	env := p.env()
	env["PULUMI_HOME"] = p.opts.Home
	list := make([]string, 0, len(env))
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}

// Ensure makes the stack if it does not exist.
func (p *Pulumi) Ensure(ctx context.Context, s Stack) error {
	cmd := p.command(s)
	if cmd.known {
		return nil
	}
	ws, err := p.workspace(ctx, s, cmd, nil)
	if err != nil {
		return err
	}
	if _, err := auto.UpsertStack(ctx, s.Env, ws); err != nil {
		return p.explain(ctx, s, fmt.Errorf("make stack: %w", err), nil, nil)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[s.Layer] = true
	return nil
}

// Outputs reads what the stack exports.
func (p *Pulumi) Outputs(ctx context.Context, s Stack) (map[string]any, error) {
	var outputs map[string]any
	err := p.readJSON(ctx, s, &outputs, "stack", "output", "--json")
	return outputs, err
}

// Unlock removes all locks of the stack.
func (p *Pulumi) Unlock(ctx context.Context, s Stack) error {
	_, err := p.read(ctx, s, "cancel", "--yes")
	return err
}

// Release removes one lock whose owner is provably dead.
func (p *Pulumi) Release(_ context.Context, s Stack, l Lock) error {
	if owner := l.Owner(); owner != Dead || l.Path == "" {
		return Locked(&LockedError{Layer: s.Layer, Locks: []Lock{l}}, s.Env)
	}
	if err := os.Remove(l.Path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("release stale lock of %s: %w", s.Layer, err)
	}
	return nil
}

// Unprotect lifts the protection of the given resources in the state.
func (p *Pulumi) Unprotect(ctx context.Context, s Stack, urns []string) error {
	if len(urns) == 0 {
		return nil
	}
	_, err := p.read(ctx, s, append([]string{"state", "unprotect", "--yes"}, urns...)...)
	return err
}

// read runs a CLI command whose output is wanted.
func (p *Pulumi) read(ctx context.Context, s Stack, args ...string) (string, error) {
	stdout, stderr, _, err := p.command(s).Run(ctx, s.Dir, nil, nil, nil, p.environ(), append(args, "--stack", s.Env)...)
	if err == nil {
		return stdout, nil
	}
	if strings.Contains(stderr, "no stack named") {
		return "", NoStack(s)
	}
	if locked, ok := parseLocked(s.Layer, stderr); ok {
		return "", Locked(locked, s.Env)
	}
	if denied(stderr) {
		return "", fault.New(fault.Credentials, "pulumi %s for %s: %w: %s", strings.Join(args, " "), s.Layer, ErrDenied, lastError(stderr))
	}
	return "", fmt.Errorf("pulumi %s for %s: %w: %s", strings.Join(args, " "), s.Layer, err, strings.TrimSpace(stderr))
}

// ErrDenied tells that the credentials may not read the state.
var ErrDenied = errors.New("the state is not these credentials' to read")

// denied tells whether the backend of the state has refused (Amazon S3 API reference,
// "Error responses"; the CLI hands on S3's code).
func denied(text string) bool { return strings.Contains(text, "AccessDenied") }

// NoStack is the error for a stack that does not exist.
func NoStack(s Stack) error {
	return fault.New(fault.NoStack, "stack %s of layer %s does not exist", s.Env, s.Layer).
		WithHint("%s", deployCommand(s))
}

func deployCommand(s Stack) string {
	command := "go tool mage deploy:" + string(s.Layer)
	if s.Env != "local" {
		command += " -env=" + s.Env
	}
	return command
}
