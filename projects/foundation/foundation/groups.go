package foundation

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/naming"
)

// The callers that are no service of the catalogue.
const (
	syncCaller     = "sync"
	rotationCaller = "rotation"
	https          = 443
)

// SecurityGroups are the groups of one network: one for the endpoints and one
// for each caller. A caller's group is made here and stays empty of ingress
// rules; the layer that owns a port opens it, naming the caller's group.
type SecurityGroups struct {
	endpoint pulumi.StringOutput
	services pulumi.StringMap
	callers  map[string]pulumi.StringOutput
}

func newSecurityGroups(ctx *pulumi.Context, name string, n *Network, args *NetworkArgs) (*SecurityGroups, error) {
	groups := &SecurityGroups{services: pulumi.StringMap{}, callers: make(map[string]pulumi.StringOutput)}
	var err error
	if groups.endpoint, err = newGroup(ctx, name, n, args.Names, "endpoints", "Interface endpoints of the AWS APIs"); err != nil {
		return nil, err
	}
	if _, err := vpc.NewSecurityGroupIngressRule(ctx, name+"-endpoints-https", &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: groups.endpoint,
		Description:     pulumi.String("HTTPS from this VPC"),
		IpProtocol:      pulumi.String("tcp"),
		FromPort:        pulumi.Int(https),
		ToPort:          pulumi.Int(https),
		CidrIpv4:        pulumi.String(args.Plan.VPC.String()),
		Tags:            nameTag(args.Names, "endpoints", "https"),
	}, pulumi.Parent(n)); err != nil {
		return nil, fmt.Errorf("ingress rule of the endpoints: %w", err)
	}
	for _, service := range args.Services {
		id, err := newGroup(ctx, name, n, args.Names, service, "Tasks of "+service)
		if err != nil {
			return nil, err
		}
		groups.services[service], groups.callers[service] = id, id
	}
	for caller, description := range map[string]string{
		syncCaller:     "Functions that keep both colours equal",
		rotationCaller: "Functions that rotate secrets",
	} {
		if groups.callers[caller], err = newGroup(ctx, name, n, args.Names, caller, description); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

func newGroup(ctx *pulumi.Context, name string, n *Network, names naming.Namer, purpose, description string) (pulumi.StringOutput, error) {
	group, err := ec2.NewSecurityGroup(ctx, name+"-"+purpose, &ec2.SecurityGroupArgs{
		VpcId:       n.VpcID,
		Name:        pulumi.String(names.Name(naming.SecurityGroup, purpose)),
		Description: pulumi.String(description),
		Tags:        nameTag(names, purpose),
	}, pulumi.Parent(n))
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("security group %s: %w", purpose, err)
	}
	return group.ID().ToStringOutput(), nil
}

// allowEndpoints lets every caller reach the AWS APIs through the endpoints,
// and nothing else: egress by reference to the group or the prefix list.
func (g *SecurityGroups) allowEndpoints(ctx *pulumi.Context, name string, n *Network) error {
	for caller, group := range g.callers {
		destinations := map[string]*vpc.SecurityGroupEgressRuleArgs{
			"apis":     {ReferencedSecurityGroupId: g.endpoint, Description: pulumi.String("HTTPS to the interface endpoints")},
			"s3":       {PrefixListId: n.endpoints.prefixLists["s3"], Description: pulumi.String("HTTPS to S3 through the gateway endpoint")},
			"dynamodb": {PrefixListId: n.endpoints.prefixLists["dynamodb"], Description: pulumi.String("HTTPS to DynamoDB through the gateway endpoint")},
		}
		for destination, rule := range destinations {
			rule.SecurityGroupId = group
			rule.IpProtocol, rule.FromPort, rule.ToPort = pulumi.String("tcp"), pulumi.Int(https), pulumi.Int(https)
			if _, err := vpc.NewSecurityGroupEgressRule(ctx, fmt.Sprintf("%s-%s-to-%s", name, caller, destination), rule, pulumi.Parent(n)); err != nil {
				return fmt.Errorf("egress of %s to %s: %w", caller, destination, err)
			}
		}
	}
	return nil
}
