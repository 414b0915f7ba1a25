package services

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/servicediscovery"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
)

// Services of one colour call each other through Service Connect: by the name of
// the catalogue, over the proxies that Amazon ECS puts beside both. The proxies
// pass TCP on, so that TLS is the services' own, from end to end, as it is behind
// the balancer (docs/adr/028-services.md).

// addNamespace makes the names by which the colour's services find each other.
func (c *Cluster) addNamespace(ctx *pulumi.Context, name string, args *ClusterArgs) error {
	namespace, err := servicediscovery.NewHttpNamespace(ctx, name, &servicediscovery.HttpNamespaceArgs{
		Name:        pulumi.String(args.Names.Name(naming.ECS)),
		Description: pulumi.String("Calls between the services of one colour"),
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("namespace: %w", err)
	}
	c.NamespaceName, c.namespaceARN = namespace.Name, namespace.Arn
	return nil
}

// callVariable is where a container finds the address of a service that it calls.
func callVariable(service string) string {
	return strings.ToUpper(strings.ReplaceAll(service, "-", "_")) + "_URL"
}

func callURL(service catalog.Service) string {
	return "https://" + service.Name + ":" + strconv.Itoa(service.Port)
}

// addCalls opens the proxy of this service to the services that call it, each by
// reference to its group, and each of those towards it. Nobody else reaches it.
func (w *Workload) addCalls(ctx *pulumi.Context, name string, args *WorkloadArgs) error {
	for _, caller := range args.Listed.CallersOf(args.Service.Name) {
		from := component.Entry(args.Around.network.ServiceSecurityGroupIDs,
			string(args.Color)+" service security groups of the foundation layer", caller)
		in, err := vpc.NewSecurityGroupIngressRule(ctx, name+"-from-"+caller, &vpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId:           w.groupID(args),
			Description:               pulumi.String("Calls of " + caller + " through Service Connect"),
			IpProtocol:                pulumi.String("tcp"),
			FromPort:                  pulumi.Int(catalog.ConnectPort),
			ToPort:                    pulumi.Int(catalog.ConnectPort),
			ReferencedSecurityGroupId: from,
		}, pulumi.Parent(w))
		if err != nil {
			return fmt.Errorf("calls of %s: %w", caller, err)
		}
		out, err := vpc.NewSecurityGroupEgressRule(ctx, name+"-calls-of-"+caller, &vpc.SecurityGroupEgressRuleArgs{
			SecurityGroupId:           from,
			Description:               pulumi.String("Calls to " + args.Service.Name + " through Service Connect"),
			IpProtocol:                pulumi.String("tcp"),
			FromPort:                  pulumi.Int(catalog.ConnectPort),
			ToPort:                    pulumi.Int(catalog.ConnectPort),
			ReferencedSecurityGroupId: w.groupID(args),
		}, pulumi.Parent(w))
		if err != nil {
			return fmt.Errorf("calls of %s: %w", caller, err)
		}
		w.before = append(w.before, in, out)
	}
	return nil
}

// connect is the part that the service takes in calls: none, to call, or to be
// called as well. The proxy listens on a port of its own, so that what the
// balancer sends goes to the container without it.
func (w *Workload) connect(args *WorkloadArgs) *ecs.ServiceServiceConnectConfigurationArgs {
	called := len(args.Listed.CallersOf(args.Service.Name)) > 0
	if !called && len(args.Service.Calls) == 0 {
		return nil
	}
	part := &ecs.ServiceServiceConnectConfigurationArgs{
		Enabled:   pulumi.Bool(true),
		Namespace: args.Cluster.namespaceARN,
		LogConfiguration: &ecs.ServiceServiceConnectConfigurationLogConfigurationArgs{
			LogDriver: pulumi.String("awslogs"), Options: w.LogGroupName.ApplyT(func(group string) map[string]string {
				return logOptions(group, "proxy")
			}).(pulumi.StringMapOutput),
		},
	}
	if called {
		part.Services = ecs.ServiceServiceConnectConfigurationServiceArray{ecs.ServiceServiceConnectConfigurationServiceArgs{
			PortName:            pulumi.String(args.Service.Name),
			DiscoveryName:       pulumi.String(args.Service.Name),
			IngressPortOverride: pulumi.Int(catalog.ConnectPort),
			ClientAlias: ecs.ServiceServiceConnectConfigurationServiceClientAliasArray{
				ecs.ServiceServiceConnectConfigurationServiceClientAliasArgs{
					DnsName: pulumi.String(args.Service.Name), Port: pulumi.Int(args.Service.Port),
				},
			},
		}}
	}
	return part
}
