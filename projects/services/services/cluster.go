package services

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
)

const (
	fargate = "FARGATE"
	// containerInsights measures every task and service.
	containerInsights = "enabled"
)

// ClusterArgs describes one colour's cluster.
type ClusterArgs struct {
	Names naming.Namer
	// LogsKeyARN encrypts what Container Insights writes.
	LogsKeyARN pulumi.StringInput
}

// Validate joins all that is wrong with the arguments.
func (a *ClusterArgs) Validate() error {
	if a.LogsKeyARN == nil {
		return errors.New("cluster log key: is missing, expected the ARN of a key for logs")
	}
	return nil
}

// Cluster is where one colour's services run, on Fargate alone.
type Cluster struct {
	pulumi.ResourceState

	Name pulumi.StringOutput
	ARN  pulumi.StringOutput
	// NamespaceName is where the services find each other.
	NamespaceName pulumi.StringOutput

	namespaceARN pulumi.StringOutput
}

// NewCluster makes one colour's cluster.
func NewCluster(ctx *pulumi.Context, name string, args *ClusterArgs, opts ...pulumi.ResourceOption) (*Cluster, error) {
	if err := args.Validate(); err != nil {
		return nil, err
	}
	c := &Cluster{}
	if err := ctx.RegisterComponentResource("cutover:services:Cluster", name, c, opts...); err != nil {
		return nil, fmt.Errorf("register cluster %s: %w", name, err)
	}
	for _, step := range []func(*pulumi.Context, string, *ClusterArgs) error{c.addNamespace, c.add} {
		if err := step(ctx, name, args); err != nil {
			return nil, fmt.Errorf("cluster %s: %w", name, err)
		}
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"name": c.Name, "arn": c.ARN})
}

func (c *Cluster) add(ctx *pulumi.Context, name string, args *ClusterArgs) error {
	physical := args.Names.Name(naming.ECS)
	// Container Insights would make this group itself, without key and without end.
	insights, err := component.NewLogGroup(ctx, name+"-insights", &component.LogGroupArgs{
		Name:   "/aws/ecs/containerinsights/" + physical + "/performance",
		KeyARN: args.LogsKeyARN,
	}, pulumi.Parent(c))
	if err != nil {
		return err
	}
	cluster, err := ecs.NewCluster(ctx, name, &ecs.ClusterArgs{
		Name: pulumi.String(physical),
		Settings: ecs.ClusterSettingArray{ecs.ClusterSettingArgs{
			Name: pulumi.String("containerInsights"), Value: pulumi.String(containerInsights),
		}},
	}, pulumi.Parent(c), pulumi.DependsOn([]pulumi.Resource{insights}))
	if err != nil {
		return fmt.Errorf("make it: %w", err)
	}
	c.Name, c.ARN = cluster.Name, cluster.Arn
	if _, err := ecs.NewClusterCapacityProviders(ctx, name, &ecs.ClusterCapacityProvidersArgs{
		ClusterName:       cluster.Name,
		CapacityProviders: pulumi.StringArray{pulumi.String(fargate)},
		DefaultCapacityProviderStrategies: ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArray{
			ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArgs{CapacityProvider: pulumi.String(fargate), Weight: pulumi.Int(1)},
		},
	}, pulumi.Parent(c)); err != nil {
		return fmt.Errorf("capacity providers: %w", err)
	}
	return nil
}
