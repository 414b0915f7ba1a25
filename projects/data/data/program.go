// Package data is the layer of data stores: in each colour an Aurora PostgreSQL
// cluster with the logins of its users and the function that changes their passwords, buckets for transaction logs and compliance documents, tables for
// sessions and rate limits, their backups and the settings that say where they
// are; and what both colours share: the control table of the migration and the
// private zone with the names of the databases. It lets
// the services use the stores as the catalogue says. It holds no schema and no
// rows; the migration moves those.
package data

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// Program declares the layer.
func Program(ctx *pulumi.Context) error { return component.Program(ctx, build) }

// build makes what both colours share, then each colour's stores.
func build(ctx *pulumi.Context, cfg Config, opts ...pulumi.ResourceOption) (contract.DataOutputs, error) {
	var none contract.DataOutputs
	services, err := catalog.Load()
	if err != nil {
		return none, err
	}
	foundation, err := contract.Import[contract.FoundationOutputs](ctx)
	if err != nil {
		return none, err
	}
	security, err := contract.Import[contract.SecurityOutputs](ctx)
	if err != nil {
		return none, err
	}
	shared, err := newShared(ctx, cfg, foundation, security, opts...)
	if err != nil {
		return none, err
	}
	networks := map[naming.Color]contract.Network{naming.Blue: foundation.Blue, naming.Green: foundation.Green}
	principals := map[naming.Color]contract.Principals{naming.Blue: security.Blue, naming.Green: security.Green}
	stores := make(map[naming.Color]*Stores)
	for _, color := range naming.Colors() {
		stores[color], err = NewStores(ctx, string(color), &StoresArgs{
			Names:            naming.New(ctx.Stack()).In(color),
			Color:            color,
			Config:           cfg,
			Services:         services.Services,
			Network:          networks[color],
			Peer:             networks[color.Other()],
			Zones:            foundation.Zones,
			Principals:       principals[color],
			PeerNames:        naming.New(ctx.Stack()).In(color.Other()),
			PeerStores:       stores[color.Other()],
			PeerPrincipals:   principals[color.Other()],
			Monitoring:       shared.monitoring,
			PrivateZoneID:    shared.zone.ID,
			ControlTable:     shared.control.Name,
			ControlTableARN:  shared.control.ARN,
			ControlKeyARN:    security.ControlKeyARN,
			AccessLogsBucket: security.AccessLogsBucket,
		}, opts...)
		if err != nil {
			return none, err
		}
	}
	return contract.DataOutputs{
		Blue:             stores[naming.Blue].outputs(),
		Green:            stores[naming.Green].outputs(),
		ControlTableName: shared.control.Name,
		ControlTableARN:  shared.control.ARN,
		PrivateZoneID:    shared.zone.ID,
	}, nil
}

// shared is what belongs to neither colour.
type shared struct {
	control    *ControlTable
	monitoring *Monitoring
	zone       *PrivateZone
}

func newShared(
	ctx *pulumi.Context, cfg Config, foundation contract.FoundationOutputs, security contract.SecurityOutputs, opts ...pulumi.ResourceOption,
) (made shared, err error) {
	names := naming.New(ctx.Stack())
	if made.zone, err = NewPrivateZone(ctx, "private-zone", &PrivateZoneArgs{
		Names:       names,
		Environment: cfg.Environment,
		Domain:      cfg.PrivateDomain,
		Networks: map[naming.Color]pulumi.StringInput{
			naming.Blue: foundation.Blue.VpcID, naming.Green: foundation.Green.VpcID,
		},
	}, opts...); err != nil {
		return made, err
	}
	if made.control, err = NewControlTable(ctx, "control", &ControlTableArgs{
		Names:       names,
		Environment: cfg.Environment,
		KeyARN:      security.ControlKeyARN,
		CanaryRoles: map[naming.Color]pulumi.StringInput{
			naming.Blue: security.Blue.CanaryRoleName, naming.Green: security.Green.CanaryRoleName,
		},
		SyncRoles: map[naming.Color]pulumi.StringInput{
			naming.Blue: security.Blue.SyncRoleName, naming.Green: security.Green.SyncRoleName,
		},
		MoverRoles: map[naming.Color]map[string]pulumi.StringInput{
			naming.Blue: moverRoles(security.Blue), naming.Green: moverRoles(security.Green),
		},
		OperatorRole: security.OperatorRoleName,
	}, opts...); err != nil {
		return made, err
	}
	if _, err = NewEvents(ctx, "events", &EventsArgs{Names: names, TopicARN: security.EventsTopicARN}, opts...); err != nil {
		return made, err
	}
	made.monitoring, err = NewMonitoring(ctx, "monitoring", &MonitoringArgs{LogsKeyARN: security.AuditKeyARN}, opts...)
	return made, err
}
