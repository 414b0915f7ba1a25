// Package observability is the layer of dashboards. It reads what every other
// layer promises and changes nothing that they made.
package observability

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// Program declares the layer.
func Program(ctx *pulumi.Context) error {
	cfg, err := config.Load[Config](ctx)
	if err != nil {
		return err
	}
	provider, err := component.NewProvider(ctx, cfg.Environment)
	if err != nil {
		return err
	}
	from, err := readUpstream(ctx)
	if err != nil {
		return err
	}
	migration, err := NewMigrationDashboard(ctx, "migration", &MigrationDashboardArgs{
		Names: naming.New(ctx.Stack()),
		From:  from,
	}, pulumi.Provider(provider))
	if err != nil {
		return err
	}
	return contract.Export(ctx, contract.ObservabilityOutputs{
		MigrationDashboardName: migration.Name,
		MigrationDashboardURL:  migration.URL,
	})
}

// upstream is what other layers promise, as far as it is looked at.
type upstream struct {
	colors       map[naming.Color]surroundings
	controlTable pulumi.StringOutput
}

type surroundings struct {
	balancer  contract.Balancer
	workloads contract.Workloads
	stores    contract.Stores
	sync      contract.Sync
}

func readUpstream(ctx *pulumi.Context) (upstream, error) {
	data, err := contract.Import[contract.DataOutputs](ctx)
	if err != nil {
		return upstream{}, err
	}
	edge, err := contract.Import[contract.EdgeOutputs](ctx)
	if err != nil {
		return upstream{}, err
	}
	services, err := contract.Import[contract.ServicesOutputs](ctx)
	if err != nil {
		return upstream{}, err
	}
	migration, err := contract.Import[contract.MigrationOutputs](ctx)
	if err != nil {
		return upstream{}, err
	}
	return upstream{
		controlTable: data.ControlTableName,
		colors: map[naming.Color]surroundings{
			naming.Blue:  {edge.Blue, services.Blue, data.Blue, migration.Blue},
			naming.Green: {edge.Green, services.Green, data.Green, migration.Green},
		},
	}, nil
}
