// Package registry lists the layers of this repository for the runner: which
// program each has, where its project stands, how its configuration is checked.
// It is the only place that knows all seven projects.
package registry

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/cutover/cutover/projects/data/data"
	"github.com/cutover/cutover/projects/edge/edge"
	"github.com/cutover/cutover/projects/foundation/foundation"
	"github.com/cutover/cutover/projects/migration/migration"
	"github.com/cutover/cutover/projects/observability/observability"
	"github.com/cutover/cutover/projects/security/security"
	"github.com/cutover/cutover/projects/services/services"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/verify"
)

// Layers returns the layers of the checkout at root, in deployment order.
func Layers(root string) []ops.Layer {
	layers := []ops.Layer{
		{
			Name: contract.Foundation, Program: foundation.Program, Check: foundation.CheckConfig,
			Verify: verification(root, contract.Foundation, foundation.Verify),
		},
		{
			Name: contract.Security, Program: security.Program, Check: security.CheckConfig,
			Verify: verification(root, contract.Security, security.Verify),
		},
		{
			Name: contract.Data, Program: data.Program, Check: data.CheckConfig,
			Verify:      verification(root, contract.Data, data.Verify),
			Connections: connections,
			Prepare: func(ctx context.Context, w io.Writer) error {
				return data.Prepare(ctx, project(root, contract.Data), w)
			},
		},
		{
			Name: contract.Edge, Program: edge.Program, Check: edge.CheckConfig, Traffic: steered(),
			Verify: verification(root, contract.Edge, edge.Verify),
		},
		{
			Name: contract.Services, Program: services.Program, Check: services.CheckConfig,
			Verify:  verification(root, contract.Services, services.Verify),
			Settled: verification(root, contract.Services, services.Settled),
		},
		{
			Name: contract.Migration, Program: migration.Program, Check: migration.CheckConfig,
			Verify: verification(root, contract.Migration, migration.Verify),
			Prepare: func(ctx context.Context, w io.Writer) error {
				return migration.Prepare(ctx, project(root, contract.Migration), w)
			},
		},
		{
			Name: contract.Observability, Program: observability.Program, Check: observability.CheckConfig,
			Verify: verification(root, contract.Observability, observability.Verify),
			Pages: func() (map[string]string, error) {
				return observability.Pages(filepath.Join(project(root, contract.Observability), "Pulumi."+guardedEnvironment+".yaml"), guardedEnvironment)
			},
		},
	}
	for i := range layers {
		layers[i].Dir = project(root, layers[i].Name)
		layers[i].Check = withCatalog(root, layers[i].Check)
	}
	return layers
}

// verification runs a layer's own, with the stack file of the environment.
func verification(root string, layer contract.Layer, run func(context.Context, verify.Args) error) func(context.Context, ops.Verification) error {
	return func(ctx context.Context, v ops.Verification) error {
		return run(ctx, verify.Args{
			AWS: v.AWS, Environment: v.Environment, Outputs: v.Outputs, Color: naming.Color(v.Color),
			StackFile: filepath.Join(project(root, layer), "Pulumi."+v.Environment+".yaml"),
		})
	}
}

// connections resolves what the layer of data stores exports by secret.
func connections(ctx context.Context, v ops.Verification) ([]ops.Connection, error) {
	found, err := data.Connections(ctx, v.AWS, v.Outputs, naming.Color(v.Color))
	shown := make([]ops.Connection, len(found))
	for i, c := range found {
		shown[i] = ops.Connection(c)
	}
	if err != nil {
		return shown, fault.New(fault.Credentials, "connections of the data layer: %w", err)
	}
	return shown, nil
}

// steered tells the runner of the layer that splits the traffic.
func steered() *ops.Steered {
	return &ops.Steered{
		Site: func(stackFile string) (steering.Site, error) {
			site, err := edge.ReadSite(stackFile)
			return steering.Site(site), err
		},
		Program: edge.ProgramWith, Carries: edge.CarriesTraffic, Place: edge.Place, Variable: edge.TrafficVariable,
	}
}

func project(root string, layer contract.Layer) string {
	return filepath.Join(root, "projects", string(layer))
}

// withCatalog checks the catalogue of services together with a layer's own
// configuration: a mistake in it concerns every layer that reads it.
func withCatalog(root string, check func(string) error) func(string) error {
	return func(stackFile string) error {
		if _, err := catalog.ReadFile(filepath.Join(root, filepath.FromSlash(catalog.File))); err != nil {
			return err
		}
		return check(stackFile)
	}
}

// LoadEnvironment reads what the runner has to know of an environment from the
// stack files of all layers.
func LoadEnvironment(root, name string) (ops.Environment, error) {
	var layers []string
	for _, layer := range contract.Layers() {
		layers = append(layers, string(layer))
	}
	env, err := config.LoadEnvironment(root, name, layers)
	if err != nil {
		return ops.Environment{}, fmt.Errorf("environment %s: %w", name, err)
	}
	loaded := ops.Environment{
		Name: name, AccountID: env.AccountID, Region: env.Region,
		Backend: env.Backend, SecretsProvider: env.SecretsProvider,
		Local: name == localProfile, Guarded: name == guardedEnvironment,
	}
	if loaded.Local {
		loaded.Passphrase = localPassphrase
	}
	return loaded, nil
}

const (
	// localProfile is the environment that runs against the emulator of this
	// machine; guardedEnvironment is the one that asks for reasons.
	localProfile       = "local"
	guardedEnvironment = "prod"
	// localPassphrase encrypts the state of the local profile, which holds
	// nothing but what the emulator made up.
	localPassphrase = "cutover-local"
)
