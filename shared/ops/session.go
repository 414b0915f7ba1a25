package ops

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/console"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/engine"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/hint"
	"github.com/cutover/cutover/shared/ops/settings"
	"github.com/cutover/cutover/shared/ops/toolchain"
	"github.com/cutover/cutover/shared/traffic"
)

// session is one command: its settings, its environment, its screen and, once
// equipped, its engine.
type session struct {
	app    *App
	target string // as it was called: deploy:all
	set    settings.Settings
	env    Environment
	con    *console.Console
	ask    *console.Asker
	commit string
	dirty  bool

	tools  toolchain.Toolchain
	vars   map[string]string // for every process of the engine
	cloud  aws.Config
	engine engine.Engine

	// decided is the split that the traffic has; nil while that of the stack file
	// counts.
	decided *traffic.Split
}

// given is the command of this session, for the hints that it shows.
func (s *session) given() hint.Place {
	return hint.Place{Target: s.target, Settings: s.set, Guarded: s.env.Guarded}
}

// explain returns err with the commands that it names as they are to be given in this
// session's environment.
func (s *session) explain(err error) error { return s.given().Explain(err) }

// open reads the settings and the environment of a command.
func (a *App) open(ctx context.Context, target string) (*session, error) {
	set, err := settings.Load(a.config.Flags, a.ports.Environ(), a.config.Environments)
	if err != nil {
		return nil, err
	}
	env, err := a.config.Load(a.config.Root, set.Env)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("environment %s: %w", set.Env, err))
	}
	env.Backend = absoluteBackend(a.config.Root, env.Backend)
	con := a.console(set)
	s := &session{
		app: a, target: target, set: set, env: env, con: con,
		ask: &console.Asker{Console: con, In: a.ports.In},
	}
	s.commit, s.dirty = a.ports.Commit(ctx, a.config.Root)
	return s, nil
}

// console returns the screen for progress. When the result itself goes to
// standard output in a form for machines, progress goes to standard error.
func (a *App) console(set settings.Settings) *console.Console {
	out, live := a.ports.Out, a.ports.Terminal
	if set.Output != settings.Table {
		out, live = a.ports.Err, false
	}
	return console.New(console.Options{Out: out, Live: live, Color: live, Width: a.ports.Width, Now: a.ports.Now})
}

// absoluteBackend places a relative folder below the checkout.
func absoluteBackend(root, backend string) string {
	path, isFile := strings.CutPrefix(backend, "file://")
	if !isFile || filepath.IsAbs(path) || strings.HasPrefix(path, "~") {
		return backend
	}
	return "file://" + filepath.Join(root, path)
}

// progress is a writer for the messages of the toolchain and the emulator.
type progress struct{ con *console.Console }

func (p progress) Write(text []byte) (int, error) {
	p.con.Block(string(text))
	return len(text), nil
}

// equip finds the engine's programs and sets the variables of its processes.
func (s *session) equip(ctx context.Context) error {
	tools, err := s.app.ports.Toolchain(ctx, toolchain.Options{
		RepoRoot: s.app.config.Root, OfficialOnly: !s.env.Local, Progress: progress{s.con},
	})
	if err != nil {
		return fmt.Errorf("toolchain: %w", err)
	}
	s.tools = tools
	s.vars = s.variables()
	if err := s.makeBackend(); err != nil {
		return err
	}
	provider := s.env.SecretsProvider
	if provider == "passphrase" {
		provider = ""
	}
	s.engine, err = s.app.ports.Engine(engine.Options{
		Root: tools.PulumiRoot, Version: tools.PulumiVersion, Home: tools.PulumiHome,
		Backend: s.env.Backend, SecretsProvider: provider, Env: s.vars,
		Scratch: filepath.Join(s.app.store.Dir, "events", s.env.Name),
	})
	return err
}

func (s *session) variables() map[string]string {
	vars := map[string]string{}
	for name, value := range s.tools.Env {
		vars[name] = value
	}
	vars["PULUMI_BACKEND_URL"] = s.env.Backend
	if s.env.Passphrase != "" {
		vars["PULUMI_CONFIG_PASSPHRASE"] = s.env.Passphrase
	}
	if s.env.Local {
		for name, value := range s.emulator().Env() {
			vars[name] = value
		}
		// A profile would win over the emulator's credentials.
		vars["AWS_PROFILE"], vars["AWS_DEFAULT_PROFILE"] = "", ""
	}
	return vars
}

func (s *session) makeBackend() error {
	path, isFile := strings.CutPrefix(s.env.Backend, "file://")
	if !isFile {
		return nil
	}
	if err := os.MkdirAll(path, 0o750); err != nil {
		return fmt.Errorf("make folder of the state: %w", err)
	}
	return nil
}

func (s *session) emulator() Emulator {
	return s.app.ports.Emulator(emulator.Options{RepoRoot: s.app.config.Root, Progress: progress{s.con}})
}

// connect starts the emulator where the environment is local, and makes sure
// that the credentials are the environment's.
func (s *session) connect(ctx context.Context) error {
	if s.env.Local {
		if err := s.wakeEmulator(ctx); err != nil {
			return err
		}
	}
	cloud, err := awsConfig(ctx, s.env.Region, s.vars)
	if err != nil {
		return err
	}
	s.cloud = cloud
	return s.app.checkAccount(ctx, s.env, cloud)
}

// stack describes one layer to the engine; log is the file for its output.
func (s *session) stack(name, log string) engine.Stack {
	layer := s.app.layers[contract.Layer(name)]
	program := layer.Program
	if layer.Traffic != nil && s.decided != nil {
		program = layer.Traffic.Program(s.decided)
	}
	return engine.Stack{Layer: layer.Name, Env: s.env.Name, Dir: layer.Dir, Program: program, Log: log}
}

// header tells where, what and with which tools.
func (s *session) header(order string) string {
	env := fmt.Sprintf("%s in %s", s.target, s.env.Name)
	if s.env.Guarded {
		env = s.con.Red(env)
	}
	commit := s.commit
	if commit == "" {
		commit = "unknown"
	}
	if s.dirty {
		commit += s.con.Yellow(" with local changes")
	}
	return fmt.Sprintf("%s: account %s, %s\ncommit %s; pulumi %s (%s), plugin aws %s (%s), %s\nplan: %s\n",
		env, s.env.AccountID, s.env.Region, commit,
		s.tools.PulumiVersion, s.tools.PulumiOrigin, s.tools.PluginVersion, s.tools.PluginOrigin, runtime.Version(), order)
}

// selection lists the layers that the command is about, in the order of the plan.
func (s *session) selection(one contract.Layer) ([]string, error) {
	all := s.app.graph.Order()
	switch {
	case one != "" && (len(s.set.Only) > 0 || s.set.From != ""):
		return nil, fault.New(fault.Usage, "%s names its layer: -only and -from belong to the targets for all layers", s.target)
	case one != "":
		return []string{string(one)}, nil
	case s.set.From != "":
		from := string(s.set.From)
		return slices.DeleteFunc(all, func(name string) bool {
			return name != from && !slices.Contains(s.app.graph.Downstream(from), name)
		}), nil
	case len(s.set.Only) > 0:
		return slices.DeleteFunc(all, func(name string) bool { return !slices.Contains(s.set.Only, contract.Layer(name)) }), nil
	default:
		return all, nil
	}
}

// targets are the URN patterns of -color: the last part of a URN is the
// resource's name, and a star does not cross the colon before it.
func (s *session) targets() []string { return targetsOf(s.set.Color) }

func targetsOf(color settings.Color) []string {
	if color == settings.Both {
		return nil
	}
	return []string{"**::*" + string(color) + "*"}
}
