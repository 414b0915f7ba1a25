// Package migration is the sync layer: the functions that keep both colours
// equal and move the authority, the state machines and schedules that start them,
// what happens when they fail, and where the proofs of switches are kept. The
// functions' own code is in packages of its own, which know nothing of Pulumi.
package migration

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// Program declares the layer.
func Program(ctx *pulumi.Context) error { return component.Program(ctx, build) }

// build makes the buckets of records, then each colour's functions and machines.
func build(ctx *pulumi.Context, cfg Config, opts ...pulumi.ResourceOption) (contract.MigrationOutputs, error) {
	var none contract.MigrationOutputs
	foundation, err := contract.Import[contract.FoundationOutputs](ctx)
	if err != nil {
		return none, err
	}
	security, err := contract.Import[contract.SecurityOutputs](ctx)
	if err != nil {
		return none, err
	}
	stores, err := contract.Import[contract.DataOutputs](ctx)
	if err != nil {
		return none, err
	}
	networks := map[naming.Color]contract.Network{naming.Blue: foundation.Blue, naming.Green: foundation.Green}
	principals := map[naming.Color]contract.Principals{naming.Blue: security.Blue, naming.Green: security.Green}
	data := map[naming.Color]contract.Stores{naming.Blue: stores.Blue, naming.Green: stores.Green}
	records, err := NewRecords(ctx, "records", &RecordsArgs{
		Names: naming.New(ctx.Stack()), Environment: cfg.Environment, Proofs: cfg.Proofs, RunDays: cfg.RunDays,
		KeyARN: security.RecordsKeyARN, AccessLogsBucket: security.AccessLogsBucket, Principals: principals,
	}, opts...)
	if err != nil {
		return none, err
	}
	syncs := make(map[naming.Color]*Sync)
	for _, color := range naming.Colors() {
		syncs[color], err = NewSync(ctx, string(color), &SyncArgs{
			Names:        naming.New(ctx.Stack()).In(color),
			Color:        color,
			Environment:  cfg.Environment,
			Active:       cfg.SyncWindow,
			Window:       foundation.SyncWindowUntil,
			Network:      networks[color],
			Principals:   principals[color],
			Stores:       data[color],
			PeerStores:   data[color.Other()],
			ControlTable: stores.ControlTableName,
			Workers:      cfg.Workers,
			Throttle:     cfg.Throttle,
			Keeping: Keeping{
				ProofsBucket: records.Proofs.Name, RunsBucket: records.Runs.Name, KeyARN: security.RecordsKeyARN,
				SigningKeyARN: security.SigningKeyARN, HashKeyARN: security.HashKeyARN,
			},
			OperatorRole: security.OperatorRoleName, OperatorRoleID: security.OperatorRoleID,
		}, opts...)
		if err != nil {
			return none, err
		}
	}
	return contract.MigrationOutputs{
		Blue:               syncs[naming.Blue].outputs(),
		Green:              syncs[naming.Green].outputs(),
		ProofsBucket:       records.Proofs.Name,
		RunsBucket:         records.Runs.Name,
		ProofSigningKeyARN: security.SigningKeyARN,
	}, nil
}
