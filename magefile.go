//go:build mage

// Every target takes the same settings, as flags behind it or as variables with
// the prefix CUTOVER_: -env=local|staging|prod, -yes, -dry-run, -parallel=N,
// -only=LAYER,…, -from=LAYER, -resume, -check, -color=blue|green,
// -output=table|json|md, -timeout=1h, -to=RELEASE, -show=connection, -reason='…', and for
// migrations -base=chunks|clone, -halt=CODE, -table=…, -columns=…, -index=…, -change=N,
// -position=LSN:N, -operators=ONE,OTHER.
package main

import (
	"context"
	"os"

	"github.com/cutover/cutover/internal/registry"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/bench"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/settings"
	"github.com/cutover/cutover/shared/ops/suite"
	"github.com/magefile/mage/mg"
)

// The namespaces of the targets.
type (
	Local   mg.Namespace
	Preview mg.Namespace
	Deploy  mg.Namespace
	Destroy mg.Namespace
	Verify  mg.Namespace
	Outputs mg.Namespace
	Drift   mg.Namespace
	Unlock  mg.Namespace
	Test    mg.Namespace
	Policy  mg.Namespace
)

// flags are the settings behind the targets.
var flags = settings.Take()

// Aliases are other names of targets.
var Aliases = map[string]any{"test": Test.All}

// run calls one command of the runner and gives mage its exit status.
func run(command func(*ops.App) error) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	app, err := ops.New(ops.Config{
		Root: root, Layers: registry.Layers(root), Environments: config.Names(), Load: registry.LoadEnvironment, Flags: flags,
		Companions: registry.Companions(root), Sections: registry.Sections(), Authority: registry.Authority(root),
		Tools: registry.Tools(),
	})
	if err != nil {
		return err
	}
	return exit(command(app))
}

func exit(err error) error {
	if err == nil {
		return nil
	}
	return mg.Fatal(int(fault.CodeOf(err)), err)
}

// Doctor looks at everything a deployment needs: ok, or the command that mends it.
func Doctor(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.Doctor(ctx) })
}

// Status shows the layers, their versions and ages, who holds them, the last actions.
func Status(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.Status(ctx) })
}

// History shows who did what, when, why and with which result.
func History(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.History(ctx) })
}

// Graph draws the layers and what they need as SVG.
func Graph(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.Graph(ctx) })
}

// Env prints the variables with which plain pulumi works on the same stacks.
func Env(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.Env(ctx) })
}

// Bench measures deployments against the emulator: ratios and peak memory.
func Bench(ctx context.Context) error {
	return run(func(a *ops.App) error { return bench.Run(ctx, a.BenchOptions()) })
}

// Up starts the emulator.
func (Local) Up(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.LocalUp(ctx) })
}

// Down stops the emulator; its memory and the local stacks' state go with it.
func (Local) Down(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.LocalDown(ctx) })
}

// Lose ends the local database of -color at once, for an exercise of its loss; local:up brings it back.
func (Local) Lose(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.LocalLose(ctx, a) })
}

// Replace puts a new, empty database in the place of the local one of -color, which a forced decision has left.
func (Local) Replace(ctx context.Context) error {
	return run(func(a *ops.App) error { return registry.LocalReplace(ctx, a) })
}

// Reset empties the emulator and forgets the local stacks' state.
func (Local) Reset(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.LocalReset(ctx) })
}

// All runs the unit, integration and e2e tests; test:provider and test:soak are apart, for their length.
func (Test) All(ctx context.Context) error {
	return test(ctx, suite.Unit, suite.Integration, suite.EndToEnd)
}

// Unit runs the tests that need nothing but this checkout.
func (Test) Unit(ctx context.Context) error { return test(ctx, suite.Unit) }

// Integration runs the tests that need Pulumi, the plugin or the emulator.
func (Test) Integration(ctx context.Context) error { return test(ctx, suite.Integration) }

// E2e runs the tests that deploy layers.
func (Test) E2e(ctx context.Context) error { return test(ctx, suite.EndToEnd) }

// Provider runs each gap of the emulator through the real provider, about a quarter of an hour.
func (Test) Provider(ctx context.Context) error { return test(ctx, suite.Provider) }

// Soak runs the long tests of the sync engine on real databases: large tables, many rounds. Hours.
func (Test) Soak(ctx context.Context) error { return test(ctx, suite.Soak) }

func test(ctx context.Context, kinds ...suite.Kind) error {
	return run(func(a *ops.App) error { return suite.Run(ctx, a.SuiteOptions(kinds...)) })
}

// Lint runs staticcheck and golangci-lint over all modules, a few minutes; the first run builds the latter.
func Lint(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.Lint(ctx) })
}

// Test checks the controls over all that the layers register in staging and prod.
func (Policy) Test(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.PolicyTest(ctx) })
}

// Report is policy:test that writes the evidence as CSV and Markdown.
func (Policy) Report(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.PolicyReport(ctx) })
}

// All shows what a deployment of all layers would change; works on an empty account.
func (Preview) All(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.PreviewAll(ctx) })
}

func (n Preview) layer(ctx context.Context, l contract.Layer) error {
	return run(func(a *ops.App) error { return a.Preview(ctx, l) })
}

// Foundation shows what a deployment of foundation would change.
func (n Preview) Foundation(ctx context.Context) error { return n.layer(ctx, contract.Foundation) }

// Security shows what a deployment of security would change.
func (n Preview) Security(ctx context.Context) error { return n.layer(ctx, contract.Security) }

// Data shows what a deployment of data would change.
func (n Preview) Data(ctx context.Context) error { return n.layer(ctx, contract.Data) }

// Edge shows what a deployment of edge would change.
func (n Preview) Edge(ctx context.Context) error { return n.layer(ctx, contract.Edge) }

// Services shows what a deployment of services would change.
func (n Preview) Services(ctx context.Context) error { return n.layer(ctx, contract.Services) }

// Migration shows what a deployment of migration would change.
func (n Preview) Migration(ctx context.Context) error { return n.layer(ctx, contract.Migration) }

// Observability shows what a deployment of observability would change.
func (n Preview) Observability(ctx context.Context) error {
	return n.layer(ctx, contract.Observability)
}

// All deploys every layer, each after those it needs.
func (Deploy) All(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.DeployAll(ctx) })
}

func (n Deploy) layer(ctx context.Context, l contract.Layer) error {
	return run(func(a *ops.App) error { return a.Deploy(ctx, l) })
}

// Foundation deploys foundation.
func (n Deploy) Foundation(ctx context.Context) error { return n.layer(ctx, contract.Foundation) }

// Security deploys security.
func (n Deploy) Security(ctx context.Context) error { return n.layer(ctx, contract.Security) }

// Data deploys data.
func (n Deploy) Data(ctx context.Context) error { return n.layer(ctx, contract.Data) }

// Edge deploys edge.
func (n Deploy) Edge(ctx context.Context) error { return n.layer(ctx, contract.Edge) }

// Services deploys services.
func (n Deploy) Services(ctx context.Context) error { return n.layer(ctx, contract.Services) }

// Migration deploys migration.
func (n Deploy) Migration(ctx context.Context) error { return n.layer(ctx, contract.Migration) }

// Observability deploys observability.
func (n Deploy) Observability(ctx context.Context) error { return n.layer(ctx, contract.Observability) }

// All deletes every layer, dependents first.
func (Destroy) All(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.DestroyAll(ctx) })
}

func (n Destroy) layer(ctx context.Context, l contract.Layer) error {
	return run(func(a *ops.App) error { return a.Destroy(ctx, l) })
}

// Foundation deletes foundation.
func (n Destroy) Foundation(ctx context.Context) error { return n.layer(ctx, contract.Foundation) }

// Security deletes security.
func (n Destroy) Security(ctx context.Context) error { return n.layer(ctx, contract.Security) }

// Data deletes data.
func (n Destroy) Data(ctx context.Context) error { return n.layer(ctx, contract.Data) }

// Edge deletes edge.
func (n Destroy) Edge(ctx context.Context) error { return n.layer(ctx, contract.Edge) }

// Services deletes services.
func (n Destroy) Services(ctx context.Context) error { return n.layer(ctx, contract.Services) }

// Migration deletes migration.
func (n Destroy) Migration(ctx context.Context) error { return n.layer(ctx, contract.Migration) }

// Observability deletes observability.
func (n Destroy) Observability(ctx context.Context) error {
	return n.layer(ctx, contract.Observability)
}

// All asks AWS whether what was deployed is there and healthy.
func (Verify) All(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.VerifyAll(ctx) })
}

func (n Verify) layer(ctx context.Context, l contract.Layer) error {
	return run(func(a *ops.App) error { return a.Verify(ctx, l) })
}

// Foundation asks AWS whether foundation is there and healthy.
func (n Verify) Foundation(ctx context.Context) error { return n.layer(ctx, contract.Foundation) }

// Security asks AWS whether security is there and healthy.
func (n Verify) Security(ctx context.Context) error { return n.layer(ctx, contract.Security) }

// Data asks AWS whether data is there and healthy.
func (n Verify) Data(ctx context.Context) error { return n.layer(ctx, contract.Data) }

// Edge asks AWS whether edge is there and healthy.
func (n Verify) Edge(ctx context.Context) error { return n.layer(ctx, contract.Edge) }

// Services asks AWS whether services is there and healthy.
func (n Verify) Services(ctx context.Context) error { return n.layer(ctx, contract.Services) }

// Migration asks AWS whether migration is there and healthy.
func (n Verify) Migration(ctx context.Context) error { return n.layer(ctx, contract.Migration) }

// Observability asks AWS whether observability is there and healthy.
func (n Verify) Observability(ctx context.Context) error { return n.layer(ctx, contract.Observability) }

// All shows what every layer exports.
func (Outputs) All(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.OutputsAll(ctx) })
}

func (n Outputs) layer(ctx context.Context, l contract.Layer) error {
	return run(func(a *ops.App) error { return a.Outputs(ctx, l) })
}

// Foundation shows what foundation exports.
func (n Outputs) Foundation(ctx context.Context) error { return n.layer(ctx, contract.Foundation) }

// Security shows what security exports.
func (n Outputs) Security(ctx context.Context) error { return n.layer(ctx, contract.Security) }

// Data shows what data exports.
func (n Outputs) Data(ctx context.Context) error { return n.layer(ctx, contract.Data) }

// Edge shows what edge exports.
func (n Outputs) Edge(ctx context.Context) error { return n.layer(ctx, contract.Edge) }

// Services shows what services exports.
func (n Outputs) Services(ctx context.Context) error { return n.layer(ctx, contract.Services) }

// Migration shows what migration exports.
func (n Outputs) Migration(ctx context.Context) error { return n.layer(ctx, contract.Migration) }

// Observability shows what observability exports.
func (n Outputs) Observability(ctx context.Context) error {
	return n.layer(ctx, contract.Observability)
}

// All compares the state of every layer with reality.
func (Drift) All(ctx context.Context) error {
	return run(func(a *ops.App) error { return a.DriftAll(ctx) })
}

func (n Drift) layer(ctx context.Context, l contract.Layer) error {
	return run(func(a *ops.App) error { return a.Drift(ctx, l) })
}

// Foundation compares foundation with reality.
func (n Drift) Foundation(ctx context.Context) error { return n.layer(ctx, contract.Foundation) }

// Security compares security with reality.
func (n Drift) Security(ctx context.Context) error { return n.layer(ctx, contract.Security) }

// Data compares data with reality.
func (n Drift) Data(ctx context.Context) error { return n.layer(ctx, contract.Data) }

// Edge compares edge with reality.
func (n Drift) Edge(ctx context.Context) error { return n.layer(ctx, contract.Edge) }

// Services compares services with reality.
func (n Drift) Services(ctx context.Context) error { return n.layer(ctx, contract.Services) }

// Migration compares migration with reality.
func (n Drift) Migration(ctx context.Context) error { return n.layer(ctx, contract.Migration) }

// Observability compares observability with reality.
func (n Drift) Observability(ctx context.Context) error { return n.layer(ctx, contract.Observability) }

func (n Unlock) layer(ctx context.Context, l contract.Layer) error {
	return run(func(a *ops.App) error { return a.Unlock(ctx, l) })
}

// Foundation releases the lock of foundation, after showing whose it is.
func (n Unlock) Foundation(ctx context.Context) error { return n.layer(ctx, contract.Foundation) }

// Security releases the lock of security, after showing whose it is.
func (n Unlock) Security(ctx context.Context) error { return n.layer(ctx, contract.Security) }

// Data releases the lock of data, after showing whose it is.
func (n Unlock) Data(ctx context.Context) error { return n.layer(ctx, contract.Data) }

// Edge releases the lock of edge, after showing whose it is.
func (n Unlock) Edge(ctx context.Context) error { return n.layer(ctx, contract.Edge) }

// Services releases the lock of services, after showing whose it is.
func (n Unlock) Services(ctx context.Context) error { return n.layer(ctx, contract.Services) }

// Migration releases the lock of migration, after showing whose it is.
func (n Unlock) Migration(ctx context.Context) error { return n.layer(ctx, contract.Migration) }

// Observability releases the lock of observability, after showing whose it is.
func (n Unlock) Observability(ctx context.Context) error { return n.layer(ctx, contract.Observability) }
