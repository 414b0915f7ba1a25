package foundation

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
)

// NetworkArgs describes one colour's network.
type NetworkArgs struct {
	Names     naming.Namer
	AccountID string
	// Zones are three availability zones, in the order of the plan's subnets.
	Zones []string
	// Plan is the network's own address plan, Peer that of the other colour.
	Plan, Peer Plan
	// SyncWindow opens the network ACLs for the migration's paths.
	SyncWindow bool
	// Services are the names of the services that get a security group.
	Services []string
}

// Validate joins all that is wrong with the arguments.
func (a *NetworkArgs) Validate() error {
	var problems []error
	if len(a.Zones) != zoneCount {
		problems = append(problems, fmt.Errorf("network zones: got %d, expected %d", len(a.Zones), zoneCount))
	}
	if a.AccountID == "" {
		problems = append(problems, errors.New("network account id: is empty, expected 12 digits"))
	}
	if a.Plan.VPC.IsValid() && a.Peer.VPC.IsValid() && a.Plan.VPC.Overlaps(a.Peer.VPC.Prefix) {
		problems = append(problems, fmt.Errorf("network %s: overlaps the other colour's %s", a.Plan.VPC, a.Peer.VPC))
	}
	if len(a.Services) == 0 {
		problems = append(problems, errors.New("network services: none, expected the catalogue's"))
	}
	return errors.Join(problems...)
}

// Network is one colour's VPC with its subnets, tables, rules and endpoints.
type Network struct {
	pulumi.ResourceState

	VpcID pulumi.StringOutput
	// SubnetIDs and TableIDs are by tier; subnets are in zone order.
	SubnetIDs map[Tier]pulumi.StringArrayOutput
	TableIDs  map[Tier]pulumi.StringOutput

	plan           Plan
	groups         *SecurityGroups
	endpoints      *Endpoints
	transitSubnets []pulumi.Resource
}

// NewNetwork makes one colour's network.
func NewNetwork(ctx *pulumi.Context, name string, args *NetworkArgs, opts ...pulumi.ResourceOption) (*Network, error) {
	if err := args.Validate(); err != nil {
		return nil, fmt.Errorf("network %s: %w", name, err)
	}
	n := &Network{
		plan:      args.Plan,
		SubnetIDs: make(map[Tier]pulumi.StringArrayOutput),
		TableIDs:  make(map[Tier]pulumi.StringOutput),
	}
	if err := ctx.RegisterComponentResource("cutover:foundation:Network", name, n, opts...); err != nil {
		return nil, fmt.Errorf("register network %s: %w", name, err)
	}
	for _, step := range []func(*pulumi.Context, string, *NetworkArgs) error{
		n.addVpc, n.addTiers, n.addInternetGateway, n.addAcls, n.addGroups, n.addEndpoints,
	} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("network %s: %w", name, err)
		}
	}
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{"vpcId": n.VpcID})
}

// addVpc makes the VPC and closes what AWS opens by default in it.
func (n *Network) addVpc(ctx *pulumi.Context, name string, args *NetworkArgs) error {
	vpc, err := ec2.NewVpc(ctx, name+"-vpc", &ec2.VpcArgs{
		CidrBlock:          pulumi.String(args.Plan.VPC.String()),
		EnableDnsHostnames: pulumi.Bool(true),
		EnableDnsSupport:   pulumi.Bool(true),
		Tags:               nameTag(args.Names, "vpc"),
	}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("VPC: %w", err)
	}
	n.VpcID = vpc.ID().ToStringOutput()
	if _, err := ec2.NewDefaultSecurityGroup(ctx, name+"-default-group", &ec2.DefaultSecurityGroupArgs{
		VpcId: n.VpcID,
		Tags:  nameTag(args.Names, "default-closed"),
	}, pulumi.Parent(n)); err != nil {
		return fmt.Errorf("default security group: %w", err)
	}
	if _, err := ec2.NewDefaultNetworkAcl(ctx, name+"-default-acl", &ec2.DefaultNetworkAclArgs{
		DefaultNetworkAclId: vpc.DefaultNetworkAclId,
		Tags:                nameTag(args.Names, "default-closed"),
		// Subnets outside every tier cannot exist here; should somebody add one
		// by hand, the next update must not fight over it.
	}, pulumi.Parent(n), pulumi.IgnoreChanges([]string{"subnetIds"})); err != nil {
		return fmt.Errorf("default network ACL: %w", err)
	}
	return nil
}

// addTiers makes one route table a tier and one subnet a zone in each.
func (n *Network) addTiers(ctx *pulumi.Context, name string, args *NetworkArgs) error {
	for _, tier := range Tiers() {
		table, err := ec2.NewRouteTable(ctx, fmt.Sprintf("%s-%s-routes", name, tier), &ec2.RouteTableArgs{
			VpcId: n.VpcID,
			Tags:  nameTag(args.Names, string(tier)),
		}, pulumi.Parent(n))
		if err != nil {
			return fmt.Errorf("%s route table: %w", tier, err)
		}
		n.TableIDs[tier] = table.ID().ToStringOutput()
		var ids pulumi.StringArray
		for zone := range args.Zones {
			subnet, err := n.addSubnet(ctx, name, args, tier, zone)
			if err != nil {
				return err
			}
			ids = append(ids, subnet.ID().ToStringOutput())
		}
		n.SubnetIDs[tier] = ids.ToStringArrayOutput()
	}
	return nil
}

func (n *Network) addSubnet(ctx *pulumi.Context, name string, args *NetworkArgs, tier Tier, zone int) (*ec2.Subnet, error) {
	at := fmt.Sprintf("%s-%s-%s", name, tier, args.Zones[zone])
	subnet, err := ec2.NewSubnet(ctx, at, &ec2.SubnetArgs{
		VpcId:                       n.VpcID,
		AvailabilityZone:            pulumi.String(args.Zones[zone]),
		CidrBlock:                   pulumi.String(args.Plan.Subnets(tier)[zone].String()),
		MapPublicIpOnLaunch:         pulumi.Bool(false),
		AssignIpv6AddressOnCreation: pulumi.Bool(false),
		Tags:                        nameTag(args.Names, string(tier), args.Zones[zone]),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, fmt.Errorf("%s subnet in %s: %w", tier, args.Zones[zone], err)
	}
	if _, err := ec2.NewRouteTableAssociation(ctx, at, &ec2.RouteTableAssociationArgs{
		SubnetId:     subnet.ID(),
		RouteTableId: n.TableIDs[tier],
	}, pulumi.Parent(n)); err != nil {
		return nil, fmt.Errorf("route table of %s subnet in %s: %w", tier, args.Zones[zone], err)
	}
	if tier == Attachment {
		n.transitSubnets = append(n.transitSubnets, subnet)
	}
	return subnet, nil
}

// addInternetGateway opens the public tier, and only that, for the balancer.
func (n *Network) addInternetGateway(ctx *pulumi.Context, name string, args *NetworkArgs) error {
	gateway, err := ec2.NewInternetGateway(ctx, name+"-internet", &ec2.InternetGatewayArgs{
		VpcId: n.VpcID,
		Tags:  nameTag(args.Names, "internet"),
	}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("internet gateway: %w", err)
	}
	_, err = ec2.NewRoute(ctx, name+"-public-default", &ec2.RouteArgs{
		RouteTableId:         n.TableIDs[Public],
		DestinationCidrBlock: pulumi.String("0.0.0.0/0"),
		GatewayId:            gateway.ID(),
	}, pulumi.Parent(n))
	if err != nil {
		return fmt.Errorf("default route of the public tier: %w", err)
	}
	return nil
}

func (n *Network) addGroups(ctx *pulumi.Context, name string, args *NetworkArgs) (err error) {
	n.groups, err = newSecurityGroups(ctx, name, n, args)
	return err
}

func (n *Network) addEndpoints(ctx *pulumi.Context, name string, args *NetworkArgs) (err error) {
	n.endpoints, err = newEndpoints(ctx, name, n, args)
	if err != nil {
		return err
	}
	return n.groups.allowEndpoints(ctx, name, n)
}

// outputs is what the contract promises of this network.
func (n *Network) outputs() contract.Network {
	return contract.Network{
		VpcID:                   n.VpcID,
		VpcCIDR:                 pulumi.String(n.plan.VPC.String()).ToStringOutput(),
		PrivateCIDR:             pulumi.String(n.plan.Tier(Private).String()).ToStringOutput(),
		DatabaseCIDR:            pulumi.String(n.plan.Tier(Database).String()).ToStringOutput(),
		PublicSubnetIDs:         n.SubnetIDs[Public],
		PrivateSubnetIDs:        n.SubnetIDs[Private],
		DatabaseSubnetIDs:       n.SubnetIDs[Database],
		PublicRouteTableID:      n.TableIDs[Public],
		ServiceSecurityGroupIDs: n.groups.services.ToStringMapOutput(),
		SyncSecurityGroupID:     n.groups.callers[syncCaller],
		RotationSecurityGroupID: n.groups.callers[rotationCaller],
		EndpointSecurityGroupID: n.groups.endpoint,
		S3PrefixListID:          n.endpoints.prefixLists["s3"],
		DynamoDBPrefixListID:    n.endpoints.prefixLists["dynamodb"],
	}
}

// nameTag is the tag that the console shows as a resource's name.
func nameTag(names naming.Namer, parts ...string) pulumi.StringMap {
	return pulumi.StringMap{"Name": pulumi.String(names.Name(naming.Generic, parts...))}
}
