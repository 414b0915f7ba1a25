package data

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/naming"
)

// PrivateZoneArgs describes the zone of the databases' names.
type PrivateZoneArgs struct {
	Names       naming.Namer
	Environment config.Environment
	// Domain is the zone's name, without a dot at the end.
	Domain string
	// Networks are the ids of the VPCs in which the names resolve, by colour.
	Networks map[naming.Color]pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *PrivateZoneArgs) Validate() error {
	var problems []error
	if !isPrivateDomain(a.Domain) {
		problems = append(problems, fmt.Errorf("domain %q: expected a name in lower case below %s", a.Domain, privateUse))
	}
	for _, color := range naming.Colors() {
		if a.Networks[color] == nil {
			problems = append(problems, fmt.Errorf("network of %s: is missing, expected the id of a VPC", color))
		}
	}
	return errors.Join(problems...)
}

// PrivateZone is the zone in which each colour names its writer and its readers.
// It resolves in both networks and nowhere else, and belongs to neither colour.
type PrivateZone struct {
	pulumi.ResourceState

	ID pulumi.StringOutput
}

// NewPrivateZone makes the zone. The networks are part of it from the start: one that
// is made without any is public for ever (Route 53 developer guide, "Considerations
// when working with a private hosted zone").
func NewPrivateZone(ctx *pulumi.Context, name string, args *PrivateZoneArgs, opts ...pulumi.ResourceOption) (*PrivateZone, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("private zone: %w", err)
	}
	z := &PrivateZone{}
	if err := ctx.RegisterComponentResource("cutover:data:PrivateZone", name, z, opts...); err != nil {
		return nil, fmt.Errorf("register private zone %s: %w", args.Domain, err)
	}
	var networks route53.ZoneVpcArray
	for _, color := range naming.Colors() {
		networks = append(networks, route53.ZoneVpcArgs{VpcId: args.Networks[color], VpcRegion: pulumi.String(config.Region)})
	}
	zone, err := route53.NewZone(ctx, name, &route53.ZoneArgs{
		Name:         pulumi.String(args.Domain),
		Comment:      pulumi.String("Names of the databases, for people and their tools"),
		Vpcs:         networks,
		ForceDestroy: pulumi.Bool(!args.Environment.Protect),
		Tags:         pulumi.StringMap{"Name": pulumi.String(args.Names.Name(naming.Generic, "private", "zone"))},
	}, component.Stateful(args.Environment, pulumi.Parent(z))...)
	if err != nil {
		return nil, fmt.Errorf("private zone %s: %w", args.Domain, err)
	}
	z.ID = zone.ZoneId
	return z, ctx.RegisterResourceOutputs(z, pulumi.Map{"id": z.ID})
}
