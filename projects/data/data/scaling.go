package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/tables"
)

// scaledProperties are what Application Auto Scaling changes on a table; a
// deployment leaves them as it finds them.
func scaledProperties() []string {
	return []string{
		"readCapacity", "writeCapacity",
		"globalSecondaryIndexes[*].readCapacity", "globalSecondaryIndexes[*].writeCapacity",
	}
}

// scale is one capacity that follows the load.
type scale struct {
	// name is the end of the logical name, resource and dimension are Application
	// Auto Scaling's words for what is scaled (its API reference, ScalableTarget).
	name, resource, dimension, metric string
	min, max                          int
}

// scales lists the capacities of a table and of each of its indexes, which DynamoDB
// throttles by themselves: an index that lags holds up writes to the table.
func scales(design tables.Table, table string, limits *Provisioned) []scale {
	of := func(name, resource, kind string) []scale {
		return []scale{
			{name + "-read", resource, "dynamodb:" + kind + ":ReadCapacityUnits", "DynamoDBReadCapacityUtilization", limits.ReadMin, limits.ReadMax},
			{name + "-write", resource, "dynamodb:" + kind + ":WriteCapacityUnits", "DynamoDBWriteCapacityUtilization", limits.WriteMin, limits.WriteMax},
		}
	}
	all := of(design.Name, "table/"+table, "table")
	for _, index := range design.Indexes {
		all = append(all, of(design.Name+"-"+index.Name, "table/"+table+"/index/"+index.Name, "index")...)
	}
	return all
}

// addScaling lets the capacity of a table and its indexes follow their load.
func (s *Stores) addScaling(ctx *pulumi.Context, name string, args *StoresArgs, design tables.Table, table *dynamodb.Table) error {
	physical := args.tableName(design)
	for _, each := range scales(design, physical, args.Config.Tables.Provisioned) {
		target, err := appautoscaling.NewTarget(ctx, name+"-"+each.name, &appautoscaling.TargetArgs{
			ServiceNamespace:  pulumi.String("dynamodb"),
			ResourceId:        pulumi.String(each.resource),
			ScalableDimension: pulumi.String(each.dimension),
			MinCapacity:       pulumi.Int(each.min),
			MaxCapacity:       pulumi.Int(each.max),
		}, pulumi.Parent(s), pulumi.DependsOn([]pulumi.Resource{table}))
		if err != nil {
			return fmt.Errorf("scaling of %s: %w", each.resource, err)
		}
		if _, err := appautoscaling.NewPolicy(ctx, name+"-"+each.name, &appautoscaling.PolicyArgs{
			Name:              pulumi.String(each.metric + ":" + each.resource),
			PolicyType:        pulumi.String("TargetTrackingScaling"),
			ServiceNamespace:  target.ServiceNamespace,
			ResourceId:        target.ResourceId,
			ScalableDimension: target.ScalableDimension,
			TargetTrackingScalingPolicyConfiguration: appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs{
				TargetValue: pulumi.Float64(args.Config.Tables.Provisioned.TargetPercent),
				PredefinedMetricSpecification: appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs{
					PredefinedMetricType: pulumi.String(each.metric),
				},
			},
		}, pulumi.Parent(s)); err != nil {
			return fmt.Errorf("scaling policy of %s: %w", each.resource, err)
		}
	}
	return nil
}
