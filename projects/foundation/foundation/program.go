// Package foundation is the network layer: a blue and a green VPC over three
// availability zones, the Transit Gateway between them with the few paths that
// the migration needs, private endpoints for the AWS APIs, and the security
// groups that other layers name as sources. It holds no compute and no data.
package foundation

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// Program declares the layer.
func Program(ctx *pulumi.Context) error { return component.Program(ctx, build) }

// build makes both networks, then the gateway between them.
func build(ctx *pulumi.Context, cfg Config, opts ...pulumi.ResourceOption) (contract.FoundationOutputs, error) {
	var none contract.FoundationOutputs
	services, err := catalog.Load()
	if err != nil {
		return none, err
	}
	networks := make(map[naming.Color]*Network)
	for _, color := range naming.Colors() {
		networks[color], err = newColor(ctx, cfg, color, services, opts...)
		if err != nil {
			return none, err
		}
	}
	gateway, err := NewTransitGateway(ctx, "transit", &TransitGatewayArgs{
		Names:        naming.New(ctx.Stack()),
		ASN:          cfg.TransitGatewayASN,
		Networks:     networks,
		SyncWindow:   cfg.SyncWindow.Open,
		IsolatedFrom: cfg.IsolatedFrom,
		OnPremises:   cfg.OnPremises,
	}, opts...)
	if err != nil {
		return none, err
	}
	return contract.FoundationOutputs{
		Blue:             networks[naming.Blue].outputs(),
		Green:            networks[naming.Green].outputs(),
		TransitGatewayID: gateway.ID,
		Zones:            pulumi.ToStringArray(cfg.Zones).ToStringArrayOutput(),
		SyncWindowUntil:  pulumi.String(cfg.SyncWindow.lastDay()).ToStringOutput(),
	}, nil
}

func newColor(ctx *pulumi.Context, cfg Config, color naming.Color, services catalog.Catalog, opts ...pulumi.ResourceOption) (*Network, error) {
	cidrs := map[naming.Color]config.CIDR{naming.Blue: cfg.Blue.CIDR, naming.Green: cfg.Green.CIDR}
	plan, err := NewPlan(cidrs[color])
	if err != nil {
		return nil, err
	}
	peer, err := NewPlan(cidrs[color.Other()])
	if err != nil {
		return nil, err
	}
	return NewNetwork(ctx, string(color), &NetworkArgs{
		Names:      naming.New(ctx.Stack()).In(color),
		AccountID:  cfg.Environment.AccountID,
		Zones:      cfg.Zones,
		Plan:       plan,
		Peer:       peer,
		SyncWindow: cfg.SyncWindow.Open,
		Services:   services.Names(),
	}, opts...)
}
