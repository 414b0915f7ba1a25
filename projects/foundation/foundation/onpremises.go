package foundation

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/directconnect"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2transitgateway"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/naming"
)

// addOnPremises joins the legacy datacenter, where one is configured: its
// attachment uses the shared table, and each colour's private tier gets a route
// to the datacenter's networks.
func (g *TransitGateway) addOnPremises(ctx *pulumi.Context, name string, args *TransitGatewayArgs) error {
	if args.OnPremises == nil {
		return nil
	}
	attachment, err := g.attachDatacenter(ctx, name, args)
	if err != nil {
		return err
	}
	at := name + "-datacenter"
	if _, err := ec2transitgateway.NewRouteTableAssociation(ctx, at, &ec2transitgateway.RouteTableAssociationArgs{
		TransitGatewayAttachmentId: attachment,
		TransitGatewayRouteTableId: g.tables[sharedTable],
	}, pulumi.Parent(g)); err != nil {
		return fmt.Errorf("association of the datacenter: %w", err)
	}
	for _, color := range naming.Colors() {
		for _, network := range args.OnPremises.CIDRs {
			destination := pulumi.String(network.String())
			at := fmt.Sprintf("%s-%s-to-datacenter-%s", name, color, network)
			if _, err := ec2transitgateway.NewRoute(ctx, at, &ec2transitgateway.RouteArgs{
				DestinationCidrBlock:       destination,
				TransitGatewayAttachmentId: attachment,
				TransitGatewayRouteTableId: g.tables[string(color)],
			}, pulumi.Parent(g)); err != nil {
				return fmt.Errorf("gateway route %s: %w", at, err)
			}
			if err := g.routeFrom(ctx, at, args.Networks[color], Private, color, destination); err != nil {
				return err
			}
		}
	}
	return nil
}

// attachDatacenter returns the id of the datacenter's attachment. A VPN makes
// one itself; for Direct Connect AWS makes it with the association, and it is
// looked up by both gateways.
func (g *TransitGateway) attachDatacenter(ctx *pulumi.Context, name string, args *TransitGatewayArgs) (pulumi.StringOutput, error) {
	if id := args.OnPremises.CustomerGatewayID; id != nil {
		vpn, err := ec2.NewVpnConnection(ctx, name+"-vpn", &ec2.VpnConnectionArgs{
			CustomerGatewayId: pulumi.String(*id),
			TransitGatewayId:  g.ID,
			Type:              pulumi.String("ipsec.1"),
			StaticRoutesOnly:  pulumi.Bool(true),
			Tags:              nameTag(args.Names, "datacenter"),
		}, pulumi.Parent(g))
		if err != nil {
			return pulumi.StringOutput{}, fmt.Errorf("VPN to %s: %w", *id, err)
		}
		return vpn.TransitGatewayAttachmentId, nil
	}
	id := *args.OnPremises.DirectConnectGatewayID
	var prefixes pulumi.StringArray
	for _, color := range naming.Colors() {
		prefixes = append(prefixes, pulumi.String(args.Networks[color].plan.VPC.String()))
	}
	association, err := directconnect.NewGatewayAssociation(ctx, name+"-direct-connect", &directconnect.GatewayAssociationArgs{
		DxGatewayId:         pulumi.String(id),
		AssociatedGatewayId: g.ID,
		AllowedPrefixes:     prefixes,
	}, pulumi.Parent(g))
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("association with Direct Connect gateway %s: %w", id, err)
	}
	return ec2transitgateway.GetDirectConnectGatewayAttachmentOutput(ctx, ec2transitgateway.GetDirectConnectGatewayAttachmentOutputArgs{
		DxGatewayId:      association.DxGatewayId,
		TransitGatewayId: g.ID,
	}, pulumi.Parent(g)).Id(), nil
}
