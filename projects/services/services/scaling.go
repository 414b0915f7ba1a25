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
	for _, each := range args.Scaling.aims() {
		if _, err := appautoscaling.NewPolicy(ctx, name+"-"+each.name, &appautoscaling.PolicyArgs{
			Name:                                     pulumi.String(scalingName(args.Names, args.Service.Name, each.name)),
			PolicyType:                               pulumi.String("TargetTrackingScaling"),
			ServiceNamespace:                         target.ServiceNamespace,
			ResourceId:                               target.ResourceId,
			ScalableDimension:                        target.ScalableDimension,
			TargetTrackingScalingPolicyConfiguration: w.tracking(args, each),
		}, pulumi.Parent(w)); err != nil {
			return fmt.Errorf("scaling by %s: %w", each.name, err)
		}
	}
	return nil
}

// scalingName names what scales a service, by a value or by the clock.
func scalingName(names naming.Namer, service, what string) string {
	return names.Name(naming.Generic, service, what)
}

// aim is a value that autoscaling keeps.
type aim struct {
	name  string
	value int
	// kind is the metric as Application Auto Scaling names it; empty for the backlog,
	// which it does not know.
	kind string
}

// ofRequests is the metric that needs to be told of which target group.
const ofRequests = "ALBRequestCountPerTarget"

// aims lists what a service is scaled by.
func (s Scaling) aims() []aim {
	aims := []aim{
		{"cpu", s.CPUPercent, "ECSServiceAverageCPUUtilization"},
		{"memory", s.MemoryPercent, "ECSServiceAverageMemoryUtilization"},
		{"requests", s.RequestsPerTarget, ofRequests},
	}
	if s.BacklogPerTask != nil {
		aims = append(aims, aim{name: "backlog", value: *s.BacklogPerTask})
	}
	return aims
}

// tracking is how autoscaling keeps an aim. AWS names a balancer's target group by
// both suffixes (Application Auto Scaling API reference,
// PredefinedMetricSpecification, ResourceLabel).
func (w *Workload) tracking(args *WorkloadArgs, aim aim) tracking {
	kept := tracking{
		TargetValue: pulumi.Float64(aim.value), ScaleOutCooldown: pulumi.Int(scaleOutCooldown), ScaleInCooldown: pulumi.Int(scaleInCooldown),
	}
	if aim.kind == "" {
		kept.CustomizedMetricSpecification = w.backlog(args)
		return kept
	}
	metric := predefined{PredefinedMetricType: pulumi.String(aim.kind)}
	if aim.kind == ofRequests {
		group := component.Entry(args.Around.balancer.TargetGroupARNSuffixes, string(args.Color)+" target groups of the edge layer", args.Service.Name)
		metric.ResourceLabel = pulumi.Sprintf("%s/%s", args.Around.balancer.ARNSuffix, group)
	}
	kept.PredefinedMetricSpecification = metric
	return kept
}

// backlogExpression is messages that wait, by tasks that run.
const backlogExpression = "waiting / running"

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
			Id: pulumi.String("backlog"), Expression: pulumi.String(backlogExpression),
			Label: pulumi.String("Messages that wait for each task"), ReturnData: pulumi.Bool(true),
		},
	}}
}
