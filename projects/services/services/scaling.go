package services

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
)

// How long autoscaling waits between two steps, in seconds: more tasks come fast,
// and go only when the load has been gone for a while.
const (
	scaleOutCooldown = 60
	scaleInCooldown  = 300
)

// scaledProperties are what Application Auto Scaling changes on a service; a
// deployment leaves them as it finds them.
func scaledProperties() []string { return []string{"desiredCount"} }

// movedProperties are what a schedule changes on the target of autoscaling.
func (s Scaling) movedProperties() []string {
	if len(s.schedule()) == 0 {
		return nil
	}
	return []string{"minCapacity"}
}

// Shorter names of the SDK's types.
type (
	tracking   = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs
	predefined = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs
	customized = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationArgs
	query      = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricArgs
	queries    = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricArray
	metricStat = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatArgs
	metric     = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricArgs
	dimension  = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArgs
	dimensions = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArray
)

// addScaling lets the number of tasks follow the load between the release's
// bounds. During a deployment AWS only adds tasks (Amazon ECS developer guide,
// "Automatically scale your Amazon ECS service").
func (w *Workload) addScaling(ctx *pulumi.Context, name string, args *WorkloadArgs) error {
	target, err := appautoscaling.NewTarget(ctx, name, &appautoscaling.TargetArgs{
		ServiceNamespace:  pulumi.String("ecs"),
		ResourceId:        pulumi.Sprintf("service/%s/%s", args.Cluster.Name, w.ServiceName),
		ScalableDimension: pulumi.String("ecs:service:DesiredCount"),
		MinCapacity:       pulumi.Int(args.Release.Tasks.Min),
		MaxCapacity:       pulumi.Int(args.Release.Tasks.Max),
	}, pulumi.Parent(w), pulumi.IgnoreChanges(args.Scaling.movedProperties()))
	if err != nil {
		return fmt.Errorf("scaling: %w", err)
	}
	w.target = target
	for _, each := range w.figures(args) {
		each.keep.ScaleOutCooldown, each.keep.ScaleInCooldown = pulumi.Int(scaleOutCooldown), pulumi.Int(scaleInCooldown)
		if _, err := appautoscaling.NewPolicy(ctx, name+"-"+each.name, &appautoscaling.PolicyArgs{
			Name:                                     pulumi.String(args.Names.Name(naming.Generic, args.Service.Name, each.name)),
			PolicyType:                               pulumi.String("TargetTrackingScaling"),
			ServiceNamespace:                         target.ServiceNamespace,
			ResourceId:                               target.ResourceId,
			ScalableDimension:                        target.ScalableDimension,
			TargetTrackingScalingPolicyConfiguration: each.keep,
		}, pulumi.Parent(w)); err != nil {
			return fmt.Errorf("scaling by %s: %w", each.name, err)
		}
	}
	return nil
}

// figure is one thing that autoscaling keeps at a value.
type figure struct {
	name string
	keep tracking
}

// figures lists what the service is scaled by. AWS names a balancer's target
// group by both suffixes (Application Auto Scaling API reference,
// PredefinedMetricSpecification, ResourceLabel).
func (w *Workload) figures(args *WorkloadArgs) []figure {
	of := func(name, kind string, value int, label pulumi.StringPtrInput) figure {
		return figure{name, tracking{TargetValue: pulumi.Float64(value), PredefinedMetricSpecification: predefined{
			PredefinedMetricType: pulumi.String(kind), ResourceLabel: label,
		}}}
	}
	balancer, scaling := args.Around.balancer, args.Scaling
	group := component.Entry(balancer.TargetGroupARNSuffixes, string(args.Color)+" target groups of the edge layer", args.Service.Name)
	figures := []figure{
		of("cpu", "ECSServiceAverageCPUUtilization", scaling.CPUPercent, nil),
		of("memory", "ECSServiceAverageMemoryUtilization", scaling.MemoryPercent, nil),
		of("requests", "ALBRequestCountPerTarget", scaling.RequestsPerTarget, pulumi.Sprintf("%s/%s", balancer.ARNSuffix, group)),
	}
	if scaling.BacklogPerTask != nil {
		figures = append(figures, figure{"backlog", tracking{
			TargetValue:                   pulumi.Float64(*scaling.BacklogPerTask),
			CustomizedMetricSpecification: w.backlog(args),
		}})
	}
	return figures
}

// backlog is how many messages wait for each running task (Application Auto
// Scaling user guide, "Create a target tracking scaling policy using metric
// math").
func (w *Workload) backlog(args *WorkloadArgs) customized {
	waiting := metric{
		Namespace: pulumi.String("AWS/SQS"), MetricName: pulumi.String("ApproximateNumberOfMessagesVisible"),
		Dimensions: dimensions{dimension{Name: pulumi.String("QueueName"), Value: args.Queues[args.Service.Name].Name}},
	}
	running := metric{
		Namespace: pulumi.String("ECS/ContainerInsights"), MetricName: pulumi.String("RunningTaskCount"),
		Dimensions: dimensions{
			dimension{Name: pulumi.String("ClusterName"), Value: args.Cluster.Name},
			dimension{Name: pulumi.String("ServiceName"), Value: w.ServiceName},
		},
	}
	return customized{Metrics: queries{
		query{Id: pulumi.String("waiting"), ReturnData: pulumi.Bool(false), MetricStat: metricStat{Metric: waiting, Stat: pulumi.String("Sum")}},
		query{Id: pulumi.String("running"), ReturnData: pulumi.Bool(false), MetricStat: metricStat{Metric: running, Stat: pulumi.String("Average")}},
		query{
			Id: pulumi.String("backlog"), Expression: pulumi.String("waiting / running"),
			Label: pulumi.String("Messages that wait for each task"), ReturnData: pulumi.Bool(true),
		},
	}}
}
