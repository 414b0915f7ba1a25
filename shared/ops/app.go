// Package ops is what the mage targets call: it deploys, previews, destroys and
// inspects the layers in the order of their contracts, shows what happens, keeps
// reports, and ends every command with an exit status of package fault. It knows
// layers only by name, program and folder; what a layer consists of is the
// layer's business.
package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/cutover/cutover/shared/ops/report"
	"github.com/cutover/cutover/shared/ops/settings"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/ops/suite"
	"github.com/cutover/cutover/shared/ops/terminal"
	"github.com/cutover/cutover/shared/traffic"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Layer is one project of the monorepo.
type Layer struct {
	Name    contract.Layer
	Dir     string // of the project, with Pulumi.yaml and the stack files
	Program pulumi.RunFunc
	// Check reads one stack file and reports all that is wrong with it.
	Check func(stackFile string) error
	// Prepare makes what the program needs beside its configuration, such as the
	// archives of Lambda functions; nil when there is nothing. What it writes to
	// w goes to the layer's log. It may run beside other layers.
	Prepare func(ctx context.Context, w io.Writer) error
	// Verify asks AWS whether what the layer deployed is there and healthy; nil
	// when the layer has no such check.
	Verify func(ctx context.Context, v Verification) error
	// Settled tells, after an update that the engine calls a success, whether what
	// was deployed is what runs, and waits for what is still under way: some services
	// of AWS go back by themselves. Its error fails the layer. nil when the engine's
	// success says it all.
	Settled func(ctx context.Context, v Verification) error
	// Traffic is set for the layer whose records split the traffic.
	Traffic *Steered
	// Connections resolves the connections that the layer exports by secret, with
	// what could not be resolved as error beside what could; nil when it exports none.
	Connections func(ctx context.Context, v Verification) ([]Connection, error)
	// Pages are drawings and documents that are written from the layer's
	// definitions, by path from the root of the checkout; nil when there are none.
	Pages func() (map[string]string, error)
}

// Steered is what the runner has to know of the layer that splits the traffic.
type Steered struct {
	// Site reads the public name and the weights of a new environment.
	Site func(stackFile string) (steering.Site, error)
	// Program returns the layer's program with a split that was decided.
	Program func(split *traffic.Split) pulumi.RunFunc
	// Carries tells whether a resource of the state, by type and name, holds a
	// weight or a health check that traffic is moved by.
	Carries func(kind, name string) bool
	// Place reads where traffic is moved from the layer's outputs.
	Place func(outputs map[string]any) (traffic.Place, error)
	// Variable hands the split to plain Pulumi.
	Variable string
}

// Verification is what a layer's check gets to look with.
type Verification struct {
	Environment string
	AWS         aws.Config     // for the environment's account, or the emulator
	Outputs     map[string]any // the layer's own
	Color       string         // blue or green; empty for both
}

// Environment is what the runner has to know of an environment.
type Environment struct {
	Name            string
	AccountID       string // twelve digits
	Region          string
	Backend         string // address of the state; a relative file:// one is below the checkout
	SecretsProvider string // of new stacks; empty or "passphrase" for the passphrase
	Passphrase      string // empty: PULUMI_CONFIG_PASSPHRASE of the process, if the environment needs one
	Local           bool   // runs against the emulator of this machine, nothing in it is precious
	Guarded         bool   // what cannot be undone needs a reason: prod
}

// Config is what the runner is made of.
type Config struct {
	Root         string // of the checkout
	Layers       []Layer
	Environments []string // the names that exist
	// Load reads one environment; its error names file, key, value, expectation.
	Load func(root, name string) (Environment, error)
	// Flags were given behind the target; see settings.Split.
	Flags []settings.Flag
	// Companions belong to the local profile besides the emulator.
	Companions []Companion
	// Authority returns what reads the item of authority of an environment whose
	// migration keeps it elsewhere than in the control table; nil for one that does
	// not. It may be nil itself.
	Authority func(env Environment) func(ctx context.Context) (steering.Item, error)
	// Sections are further parts of the status page.
	Sections []Section
	// Tools are further ones that tests run.
	Tools []suite.Tool
}

// App runs commands. A command reads its settings when it is called.
type App struct {
	config Config
	ports  Ports
	layers map[contract.Layer]Layer
	graph  *dag.Graph
	store  report.Store
}

// New returns the app for a checkout. The error is about the layers themselves:
// one that is missing, or needs what does not exist.
func New(config Config) (*App, error) {
	if err := terminal.Restore(); err != nil {
		return nil, fmt.Errorf("restore the terminal's name: %w", err)
	}
	return NewWith(config, DefaultPorts())
}

// NewWith is New with other ports; for tests.
func NewWith(config Config, ports Ports) (*App, error) {
	root, err := filepath.Abs(config.Root)
	if err != nil {
		return nil, fmt.Errorf("find the checkout: %w", err)
	}
	config.Root = root
	a := &App{
		config: config, ports: ports, layers: map[contract.Layer]Layer{},
		store: report.Store{Dir: filepath.Join(root, ".cutover")},
	}
	var nodes []dag.Node
	for _, l := range config.Layers {
		a.layers[l.Name] = l
		nodes = append(nodes, dag.Node{Name: string(l.Name), Needs: names(l.Name.Needs())})
	}
	a.graph, err = dag.New(nodes)
	if err != nil {
		return nil, fmt.Errorf("order of the layers: %w", err)
	}
	return a, nil
}

func names(layers []contract.Layer) []string {
	list := make([]string, len(layers))
	for i, l := range layers {
		list[i] = string(l)
	}
	return list
}

// file returns the stack file of a layer in an environment.
func (l Layer) file(env string) string { return filepath.Join(l.Dir, "Pulumi."+env+".yaml") }

// checkConfig checks the stack files of the given layers, all problems joined.
func (a *App) checkConfig(env string, selected []string) error {
	var problems []error
	told := make(map[string]bool) // a file that several layers read is reported once
	for _, name := range selected {
		layer := a.layers[contract.Layer(name)]
		if layer.Check == nil {
			continue
		}
		if err := layer.Check(layer.file(env)); err != nil && !told[err.Error()] {
			told[err.Error()] = true
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// plan lists waves for a reader: what stands together can run side by side.
func plan(g *dag.Graph) string {
	waves := make([]string, 0, len(g.Names()))
	for _, wave := range g.Waves() {
		waves = append(waves, strings.Join(wave, ", "))
	}
	return strings.Join(waves, " -> ")
}
