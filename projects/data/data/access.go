package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
)

// addAccess makes the database's group and opens its port to the callers of the
// same colour, each by reference to its group, and each caller's group towards
// it. The database itself opens no connection: its group has no egress rule.
func (s *Stores) addAccess(ctx *pulumi.Context, name string, args *StoresArgs) error {
	group, err := ec2.NewSecurityGroup(ctx, name+"-database", &ec2.SecurityGroupArgs{
		VpcId:       args.Network.VpcID,
		Name:        pulumi.String(args.Names.Name(naming.SecurityGroup, "database")),
		Description: pulumi.String("Database instances"),
		Tags:        pulumi.StringMap{"Name": pulumi.String(args.Names.Name(naming.Generic, "database"))},
	}, pulumi.Parent(s))
	if err != nil {
		return fmt.Errorf("security group of the database: %w", err)
	}
	s.SecurityGroupID = group.ID().ToStringOutput()
	callers := map[string]pulumi.StringInput{
		"sync":       args.Network.SyncSecurityGroupID,
		rotationName: args.Network.RotationSecurityGroupID,
	}
	for _, service := range args.Services {
		callers[service.Name] = component.Entry(args.Network.ServiceSecurityGroupIDs, "security groups of "+name, service.Name)
	}
	for caller, id := range callers {
		in, err := s.admit(ctx, fmt.Sprintf("%s-database-from-%s", name, caller), "PostgreSQL from "+caller, id)
		if err != nil {
			return err
		}
		out, err := s.release(ctx, fmt.Sprintf("%s-%s-to-database", name, caller), &vpc.SecurityGroupEgressRuleArgs{
			SecurityGroupId:           id,
			Description:               pulumi.String("PostgreSQL to the database"),
			ReferencedSecurityGroupId: s.SecurityGroupID,
		})
		if err != nil {
			return err
		}
		if caller == rotationName {
			s.ways = []pulumi.Resource{in, out}
		}
	}
	return s.openSyncWindow(ctx, name, args)
}

// openSyncWindow lets the sync functions of either colour reach the other's
// database. The database admits the peer's group by reference, which a Transit
// Gateway carries for ingress rules only; towards the peer's database the rule
// therefore names its network (Amazon VPC Transit Gateways guide, "Security group
// referencing").
func (s *Stores) openSyncWindow(ctx *pulumi.Context, name string, args *StoresArgs) error {
	if !args.Config.SyncWindow {
		return nil
	}
	peer := string(args.Color.Other())
	if _, err := s.admit(ctx, fmt.Sprintf("%s-database-from-%s-sync", name, peer), "PostgreSQL from the sync functions of "+peer,
		args.Peer.SyncSecurityGroupID); err != nil {
		return err
	}
	_, err := s.release(ctx, fmt.Sprintf("%s-sync-to-%s-database", name, peer), &vpc.SecurityGroupEgressRuleArgs{
		SecurityGroupId: args.Network.SyncSecurityGroupID,
		Description:     pulumi.String("PostgreSQL to the database of " + peer),
		CidrIpv4:        args.Peer.DatabaseCIDR,
	})
	return err
}

// admit opens the database's port to one group.
func (s *Stores) admit(ctx *pulumi.Context, name, description string, caller pulumi.StringInput) (pulumi.Resource, error) {
	made, err := vpc.NewSecurityGroupIngressRule(ctx, name, &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId:           s.SecurityGroupID,
		Description:               pulumi.String(description),
		IpProtocol:                pulumi.String("tcp"),
		FromPort:                  pulumi.Int(catalog.DatabasePort),
		ToPort:                    pulumi.Int(catalog.DatabasePort),
		ReferencedSecurityGroupId: caller.ToStringOutput().ToStringPtrOutput(),
	}, pulumi.Parent(s))
	if err != nil {
		return nil, fmt.Errorf("ingress rule %s: %w", name, err)
	}
	return made, nil
}

// release lets a caller's group out to a database's port.
func (s *Stores) release(ctx *pulumi.Context, name string, rule *vpc.SecurityGroupEgressRuleArgs) (pulumi.Resource, error) {
	rule.IpProtocol = pulumi.String("tcp")
	rule.FromPort, rule.ToPort = pulumi.Int(catalog.DatabasePort), pulumi.Int(catalog.DatabasePort)
	made, err := vpc.NewSecurityGroupEgressRule(ctx, name, rule, pulumi.Parent(s))
	if err != nil {
		return nil, fmt.Errorf("egress rule %s: %w", name, err)
	}
	return made, nil
}
