package foundation

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2transitgateway"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// TransitGatewayArgs describes the gateway between the networks.
type TransitGatewayArgs struct {
	Names naming.Namer
	// ASN is a private 16-bit autonomous system number.
	ASN      int
	Networks map[naming.Color]*Network
	// SyncWindow opens the routes between private and database tiers.
	SyncWindow bool
	// IsolatedFrom are networks that neither colour may reach.
	IsolatedFrom []config.CIDR
	// OnPremises is nil where there is no datacenter to join.
	OnPremises *OnPremises
}

// Validate joins all that is wrong with the arguments.
func (a *TransitGatewayArgs) Validate() error {
	var problems []error
	for _, color := range naming.Colors() {
		if a.Networks[color] == nil {
			problems = append(problems, fmt.Errorf("transit gateway: network of colour %s is missing", color))
		}
	}
	if a.ASN < 64512 || a.ASN > 65534 {
		problems = append(problems, fmt.Errorf("transit gateway ASN: got %d, expected 64512 to 65534", a.ASN))
	}
	return errors.Join(problems...)
}

// TransitGateway joins both networks. Nothing is associated or propagated by
// default: each colour has a table of its own that drops the other's network
// but for the routes of the sync window, and a shared table, to which both
// propagate, serves the datacenter.
type TransitGateway struct {
	pulumi.ResourceState

	ID pulumi.StringOutput

	attachments map[naming.Color]pulumi.StringOutput
	tables      map[string]pulumi.StringOutput
}

// sharedTable is the name of the table of what is neither blue nor green.
const sharedTable = "shared"

const (
	enabled  = pulumi.String("enable")
	disabled = pulumi.String("disable")
)

// NewTransitGateway makes the gateway, its attachments, tables and routes.
func NewTransitGateway(ctx *pulumi.Context, name string, args *TransitGatewayArgs, opts ...pulumi.ResourceOption) (*TransitGateway, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	g := &TransitGateway{
		attachments: make(map[naming.Color]pulumi.StringOutput),
		tables:      make(map[string]pulumi.StringOutput),
	}
	if err := ctx.RegisterComponentResource("cutover:foundation:TransitGateway", name, g, opts...); err != nil {
		return nil, fmt.Errorf("register transit gateway: %w", err)
	}
	for _, step := range []func(*pulumi.Context, string, *TransitGatewayArgs) error{
		g.addGateway, g.addTables, g.addAttachments, g.addSyncRoutes, g.addBlackholes, g.addOnPremises,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("transit gateway: %w", err)
		}
	}
	return g, ctx.RegisterResourceOutputs(g, pulumi.Map{"id": g.ID})
}

func (g *TransitGateway) addGateway(ctx *pulumi.Context, name string, args *TransitGatewayArgs) error {
	gateway, err := ec2transitgateway.NewTransitGateway(ctx, name+"-gateway", &ec2transitgateway.TransitGatewayArgs{
		Description:                     pulumi.String("Joins the blue and the green network"),
		AmazonSideAsn:                   pulumi.Int(args.ASN),
		AutoAcceptSharedAttachments:     disabled,
		DefaultRouteTableAssociation:    disabled,
		DefaultRouteTablePropagation:    disabled,
		DnsSupport:                      enabled,
		SecurityGroupReferencingSupport: enabled,
		VpnEcmpSupport:                  enabled,
		Tags:                            nameTag(args.Names, "transit"),
	}, pulumi.Parent(g))
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	g.ID = gateway.ID().ToStringOutput()
	return nil
}

func (g *TransitGateway) addTables(ctx *pulumi.Context, name string, args *TransitGatewayArgs) error {
	for _, table := range []string{string(naming.Blue), string(naming.Green), sharedTable} {
		made, err := ec2transitgateway.NewRouteTable(ctx, name+"-"+table, &ec2transitgateway.RouteTableArgs{
			TransitGatewayId: g.ID,
			Tags:             nameTag(args.Names, "rt", table),
		}, pulumi.Parent(g))
		if err != nil {
			return fmt.Errorf("route table %s: %w", table, err)
		}
		g.tables[table] = made.ID().ToStringOutput()
	}
	return nil
}

func (g *TransitGateway) addAttachments(ctx *pulumi.Context, name string, args *TransitGatewayArgs) error {
	for _, color := range naming.Colors() {
		network := args.Networks[color]
		at := name + "-" + string(color)
		attachment, err := ec2transitgateway.NewVpcAttachment(ctx, at, &ec2transitgateway.VpcAttachmentArgs{
			TransitGatewayId:                g.ID,
			VpcId:                           network.VpcID,
			SubnetIds:                       network.SubnetIDs[Attachment],
			DnsSupport:                      enabled,
			SecurityGroupReferencingSupport: enabled,
			TransitGatewayDefaultRouteTableAssociation: pulumi.Bool(false),
			TransitGatewayDefaultRouteTablePropagation: pulumi.Bool(false),
			Tags: nameTag(args.Names.In(color), "transit"),
		}, pulumi.Parent(g))
		if err != nil {
			return fmt.Errorf("attachment of %s: %w", color, err)
		}
		g.attachments[color] = attachment.ID().ToStringOutput()
		if err := g.bind(ctx, at, g.attachments[color], g.tables[string(color)]); err != nil {
			return err
		}
	}
	return nil
}

// bind associates an attachment with its own table and makes its networks known
// to the shared one.
func (g *TransitGateway) bind(ctx *pulumi.Context, at string, attachment, table pulumi.StringOutput) error {
	if _, err := ec2transitgateway.NewRouteTableAssociation(ctx, at, &ec2transitgateway.RouteTableAssociationArgs{
		TransitGatewayAttachmentId: attachment,
		TransitGatewayRouteTableId: table,
	}, pulumi.Parent(g)); err != nil {
		return fmt.Errorf("association of %s: %w", at, err)
	}
	if _, err := ec2transitgateway.NewRouteTablePropagation(ctx, at, &ec2transitgateway.RouteTablePropagationArgs{
		TransitGatewayAttachmentId: attachment,
		TransitGatewayRouteTableId: g.tables[sharedTable],
	}, pulumi.Parent(g)); err != nil {
		return fmt.Errorf("propagation of %s: %w", at, err)
	}
	return nil
}

// addSyncRoutes opens, in both directions, private tier to database tier: in
// the gateway and in the route tables of the two tiers, nowhere else.
func (g *TransitGateway) addSyncRoutes(ctx *pulumi.Context, name string, args *TransitGatewayArgs) error {
	if !args.SyncWindow {
		return nil
	}
	for _, color := range naming.Colors() {
		own, peer := args.Networks[color], args.Networks[color.Other()]
		reach := map[Tier]Tier{Private: Database, Database: Private}
		for from, to := range reach {
			destination := pulumi.String(peer.plan.Tier(to).String())
			at := fmt.Sprintf("%s-%s-to-%s-%s", name, color, color.Other(), to)
			if _, err := ec2transitgateway.NewRoute(ctx, at, &ec2transitgateway.RouteArgs{
				DestinationCidrBlock:       destination,
				TransitGatewayAttachmentId: g.attachments[color.Other()],
				TransitGatewayRouteTableId: g.tables[string(color)],
			}, pulumi.Parent(g)); err != nil {
				return fmt.Errorf("gateway route %s: %w", at, err)
			}
			if err := g.routeFrom(ctx, at, own, from, color, destination); err != nil {
				return err
			}
		}
	}
	return nil
}

// routeFrom sends a destination from one tier's subnets to the gateway. It needs
// the colour's attachment: AWS refuses a route to a gateway that the VPC is not
// attached to.
func (g *TransitGateway) routeFrom(ctx *pulumi.Context, at string, own *Network, from Tier, color naming.Color, destination pulumi.String) error {
	gateway := pulumi.All(g.ID, g.attachments[color]).ApplyT(func(ids []any) string {
		return ids[0].(string) // the first of the two string outputs above
	}).(pulumi.StringOutput)
	if _, err := ec2.NewRoute(ctx, at, &ec2.RouteArgs{
		RouteTableId:         own.TableIDs[from],
		DestinationCidrBlock: destination,
		TransitGatewayId:     gateway,
	}, pulumi.Parent(g)); err != nil {
		return fmt.Errorf("route from the %s tier of %s: %w", from, color, err)
	}
	return nil
}

// addBlackholes drops what must never meet: the other colour's network, in which
// the narrower routes of the sync window are the only exception, and the
// networks of other environments.
func (g *TransitGateway) addBlackholes(ctx *pulumi.Context, name string, args *TransitGatewayArgs) error {
	for _, color := range naming.Colors() {
		drop := map[string]config.CIDR{string(color.Other()): args.Networks[color.Other()].plan.VPC}
		for _, network := range args.IsolatedFrom {
			drop[network.String()] = network
		}
		for what, network := range drop {
			at := fmt.Sprintf("%s-%s-drops-%s", name, color, what)
			if _, err := ec2transitgateway.NewRoute(ctx, at, &ec2transitgateway.RouteArgs{
				DestinationCidrBlock:       pulumi.String(network.String()),
				Blackhole:                  pulumi.Bool(true),
				TransitGatewayRouteTableId: g.tables[string(color)],
			}, pulumi.Parent(g)); err != nil {
				return fmt.Errorf("blackhole %s: %w", at, err)
			}
		}
	}
	return nil
}
