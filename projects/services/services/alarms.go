package services

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// When a deployment counts as failed. Amazon ECS goes on watching for as long as
// the slowest of these takes (developer guide, "How CloudWatch alarms detect
// Amazon ECS deployment failures"), which is what a deployment lasts longer.
const (
	alarmPeriod = 60 // seconds
	// errorPercent of a minute's answers may fail, once there are errorRequests of
	// them: fewer say nothing.
	errorPercent  = 5
	errorRequests = 20
	// failedMinutes is how many of watchedMinutes have to be bad.
	failedMinutes  = 2
	watchedMinutes = 3
)

// The keys of a service's alarms.
const (
	errorsAlarm      = "errors"
	unhealthyAlarm   = "unhealthy"
	deadLettersAlarm = "dead-letters"
)

// addAlarms makes what ends a deployment of the service: answers that fail,
// targets that are unhealthy, and, for a service with a queue, messages that were
// given up. They belong to this layer because they have to exist before the
// service does; people hear of them through the topic of the account's events.
func (w *Workload) addAlarms(ctx *pulumi.Context, name string, args *WorkloadArgs) error {
	group := component.Entry(args.Around.balancer.TargetGroupARNSuffixes, string(args.Color)+" target groups of the edge layer", args.Service.Name)
	target := pulumi.StringMap{
		metrics.UnhealthyTargets.Dimensions[0]: group,
		metrics.UnhealthyTargets.Dimensions[1]: args.Around.balancer.ARNSuffix,
	}
	alarms := map[string]*cloudwatch.MetricAlarmArgs{
		errorsAlarm: w.errors(target),
		unhealthyAlarm: watching(metrics.UnhealthyTargets, target, &cloudwatch.MetricAlarmArgs{
			AlarmDescription:  pulumi.String("Targets of the service do not answer their health check"),
			EvaluationPeriods: pulumi.Int(watchedMinutes), DatapointsToAlarm: pulumi.Int(watchedMinutes), Threshold: pulumi.Float64(1),
		}),
	}
	if queue := args.Queues[args.Service.Name]; args.Service.Queue != nil {
		alarms[deadLettersAlarm] = watching(metrics.WaitingMessages, pulumi.StringMap{metrics.WaitingMessages.Dimensions[0]: queue.DeadLetterName}, &cloudwatch.MetricAlarmArgs{
			AlarmDescription:  pulumi.String("Work of the service was given up and waits among the dead letters"),
			EvaluationPeriods: pulumi.Int(1), Threshold: pulumi.Float64(1),
		})
	}
	for _, key := range slices.Sorted(maps.Keys(alarms)) {
		if err := w.addAlarm(ctx, name, key, args, alarms[key]); err != nil {
			return err
		}
	}
	return nil
}

// addAlarm completes an alarm and makes it. No data is no failure: a balancer
// counts requests only when there are some, and tasks that never start are what
// the circuit breaker ends.
func (w *Workload) addAlarm(ctx *pulumi.Context, name, key string, args *WorkloadArgs, alarm *cloudwatch.MetricAlarmArgs) error {
	alarm.Name = pulumi.String(args.Names.Name(naming.Alarm, args.Service.Name, key))
	alarm.ComparisonOperator = pulumi.String("GreaterThanOrEqualToThreshold")
	alarm.TreatMissingData = pulumi.String("notBreaching")
	topic := pulumi.Array{args.Around.eventsTopic}
	alarm.AlarmActions, alarm.OkActions, alarm.InsufficientDataActions = topic, topic, topic
	made, err := cloudwatch.NewMetricAlarm(ctx, name+"-"+key, alarm, pulumi.Parent(w))
	if err != nil {
		return fmt.Errorf("alarm %s: %w", key, err)
	}
	w.AlarmNames[args.Service.Name+"/"+key] = made.Name
	w.alarms, w.before = append(w.alarms, made.Name), append(w.before, made)
	return nil
}

// watching fills in a metric of the catalogue.
func watching(m metrics.Metric, dimensions pulumi.StringMap, alarm *cloudwatch.MetricAlarmArgs) *cloudwatch.MetricAlarmArgs {
	alarm.Namespace, alarm.MetricName = pulumi.String(m.Namespace), pulumi.String(m.Name)
	alarm.Statistic, alarm.Period, alarm.Dimensions = pulumi.String(string(m.Statistic)), pulumi.Int(alarmPeriod), dimensions
	return alarm
}

// errors is the share of the answers that the service itself failed.
func (w *Workload) errors(target pulumi.StringMap) *cloudwatch.MetricAlarmArgs {
	sum := func(id string, m metrics.Metric) cloudwatch.MetricAlarmMetricQueryArgs {
		return cloudwatch.MetricAlarmMetricQueryArgs{Id: pulumi.String(id), Metric: cloudwatch.MetricAlarmMetricQueryMetricArgs{
			Namespace: pulumi.String(m.Namespace), MetricName: pulumi.String(m.Name), Dimensions: target,
			Stat: pulumi.String(string(m.Statistic)), Period: pulumi.Int(alarmPeriod),
		}}
	}
	return &cloudwatch.MetricAlarmArgs{
		AlarmDescription:  pulumi.String(fmt.Sprintf("%d %% of the service's answers or more are errors of the server", errorPercent)),
		EvaluationPeriods: pulumi.Int(watchedMinutes), DatapointsToAlarm: pulumi.Int(failedMinutes), Threshold: pulumi.Float64(errorPercent),
		MetricQueries: cloudwatch.MetricAlarmMetricQueryArray{
			sum("errors", metrics.TargetErrors),
			sum("requests", metrics.Requests),
			cloudwatch.MetricAlarmMetricQueryArgs{
				Id: pulumi.String("share"), Label: pulumi.String("Failed answers in percent"), ReturnData: pulumi.Bool(true),
				Expression: pulumi.String(fmt.Sprintf("IF(requests >= %d, 100 * FILL(errors, 0) / requests, 0)", errorRequests)),
			},
		},
	}
}
