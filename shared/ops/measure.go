package ops

import (
	"context"

	"github.com/cutover/cutover/shared/ops/bench"
	"github.com/cutover/cutover/shared/ops/emulator"
	"github.com/cutover/cutover/shared/ops/suite"
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
	return suite.Options{Root: a.config.Root, Kinds: kinds, Out: a.ports.Out, Python: a.python}
}

// python returns the interpreter of the emulator's virtual environment.
func (a *App) python(ctx context.Context) (string, error) {
	return a.ports.Emulator(emulator.Options{RepoRoot: a.config.Root, Progress: a.ports.Err}).Python(ctx)
}
