package ops

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/cutover/cutover/shared/ops/bench"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/suite"
	"github.com/cutover/cutover/shared/ops/toolchain"
	"github.com/cutover/cutover/shared/policy/lint"
	"github.com/cutover/cutover/shared/traffic"
)

// BenchOptions are those for this checkout: each command is run as an operator
// runs it.
func (a *App) BenchOptions() bench.Options {
	return bench.Options{
		Command: []string{"go", "tool", "mage"}, Dir: a.config.Root, Layers: a.graph, Out: a.ports.Out, Log: a.ports.Err,
	}
}

// SuiteOptions are those for this checkout.
func (a *App) SuiteOptions(kinds ...suite.Kind) suite.Options {
	return suite.Options{Root: a.config.Root, Kinds: kinds, Out: a.ports.Out, Python: a.python, Tools: append(a.tools(), a.config.Tools...)}
}

// tools are what tests run besides Go, in the order in which they are made.
func (a *App) tools() []suite.Tool {
	return []suite.Tool{
		{
			Name: "emulator", Kinds: []suite.Kind{suite.Unit, suite.Integration, suite.EndToEnd, suite.Provider, suite.Soak},
			Make: func(ctx context.Context) error {
				_, err := a.python(ctx)
				return err
			},
		},
		{
			Name: "linter of policies", Kinds: []suite.Kind{suite.Integration},
			Make: func(ctx context.Context) error {
				env := lint.Environment(a.config.Root)
				env.Progress = a.ports.Err
				_, err := env.Interpreter(ctx)
				return err
			},
		},
		{
			Name:  "Pulumi " + toolchain.PulumiVersion + " with plugin aws " + toolchain.PluginVersion,
			Kinds: []suite.Kind{suite.Integration, suite.EndToEnd, suite.Provider, suite.Soak},
			Make: func(ctx context.Context) error {
				_, err := a.ports.Toolchain(ctx, toolchain.Options{RepoRoot: a.config.Root, Progress: a.ports.Err})
				return err
			},
		},
	}
}

// Lint reads the code of all modules for mistakes, and shows that its rules find some.
func (a *App) Lint(ctx context.Context) error {
	if err := suite.Lint(ctx, a.config.Root, a.ports.Out); err != nil {
		return err
	}
	return suite.Run(ctx, a.SuiteOptions(suite.Rules))
}

// python returns the interpreter of the emulator's virtual environment.
func (a *App) python(ctx context.Context) (string, error) {
	return a.ports.Emulator(emulator.Options{RepoRoot: a.config.Root, Progress: a.ports.Err}).Python(ctx)
}

// BenchRollback measures rollback:edge in the local environment.
func (a *App) BenchRollback(ctx context.Context) error {
	st, err := a.steer(ctx, "benchRollback")
	if err != nil {
		return err
	}
	backend, isFile := strings.CutPrefix(st.env.Backend, "file://")
	if !st.env.Local || !isFile {
		return fault.New(fault.Usage, "%s breaks deployments on purpose: expected -env=local, with its state in a folder", st.target)
	}
	s, err := st.look(ctx)
	if err != nil {
		return err
	}
	return bench.Rollback(ctx, bench.RollbackOptions{
		Dir: a.config.Root, StackFile: st.layer.file(st.env.Name), Stack: st.env.Name, Out: a.ports.Out, Log: a.ports.Err,
		LockDir: filepath.Join(backend, ".pulumi", "locks", "organization"),
		Split: func(ctx context.Context) (traffic.Split, error) {
			real, err := st.control.DNS.Observe(ctx, s.Place)
			return real.Split(), err
		},
	})
}
