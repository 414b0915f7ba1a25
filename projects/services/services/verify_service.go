package services

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	balancertypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/verify"
)

func clusterSettings() []types.ClusterField { return []types.ClusterField{types.ClusterFieldSettings} }

// checkService expects the revision that was asked for, complete, with all its
// tasks behind the balancer.
func (c *colorVerifier) checkService(ctx context.Context, service catalog.Service) error {
	f := verify.About("%s", place(service, c.color))
	asked, err := c.asked(service.Name)
	if err != nil {
		return f.Failed(err)
	}
	found, err := c.describe(ctx, service.Name)
	if err != nil {
		return f.Failed(err)
	}
	phase, what := judge(asked, found)
	if phase == undone {
		reason, err := c.why(ctx, asked, found)
		if err != nil {
			_ = f.Failed(err) // f carries it
		}
		what += reason
	}
	f.Expect(phase == complete, "%s", what)
	f.Equal("number of running tasks", found.RunningCount, found.DesiredCount)
	checkWayBack(f, found)
	release := c.cfg.Releases(c.color)[service.Name]
	for _, check := range []func(context.Context, *verify.Findings, types.Service, Release) error{c.checkTasks, c.checkTargets} {
		if err := check(ctx, f, found, release); err != nil {
			_ = f.Failed(err) // f carries it
		}
	}
	leasts := c.cfg.Scaling[service.Name].leasts(release.Tasks)
	for _, err := range []error{
		c.checkScaling(ctx, f, found, release.Tasks, leasts), c.checkAims(ctx, f, service.Name, found),
		c.checkSchedule(ctx, f, service.Name, release.Tasks),
		c.checkDefinition(ctx, f, service, asked), c.checkConnect(ctx, f, service, found),
	} {
		if err != nil {
			_ = f.Failed(err) // f carries it
		}
	}
	return f.Err()
}

// checkWayBack expects what ends a deployment that fails.
func checkWayBack(f *verify.Findings, service types.Service) {
	deployment := service.DeploymentConfiguration
	if deployment == nil {
		f.Expect(false, "has no settings for deployments")
		return
	}
	breaker, alarms := deployment.DeploymentCircuitBreaker, deployment.Alarms
	f.Expect(breaker != nil && breaker.Enable && breaker.Rollback, "does not go back when a deployment's tasks fail")
	f.Expect(alarms != nil && alarms.Enable && alarms.Rollback && len(alarms.AlarmNames) > 0, "does not go back when an alarm rises")
	f.Expect(!service.EnableExecuteCommand, "lets commands be executed in its tasks")
}

// checkTasks expects tasks over the zones, all from the image of the release. An
// image for several processors has a digest of its own for each, so the digests
// that run are compared with each other.
func (c *colorVerifier) checkTasks(ctx context.Context, f *verify.Findings, service types.Service, release Release) error {
	tasks, err := c.tasks(ctx, aws.ToString(service.ServiceName), types.DesiredStatusRunning)
	if err != nil {
		return err
	}
	zones, digests := map[string]bool{}, map[string]bool{}
	for _, task := range tasks {
		zones[aws.ToString(task.AvailabilityZone)] = true
		id := revision(aws.ToString(task.TaskArn))
		f.Expect(aws.ToString(task.LastStatus) == "RUNNING" && task.HealthStatus != types.HealthStatusUnhealthy,
			"task %s is %s and %s", id, aws.ToString(task.LastStatus), task.HealthStatus)
		for _, container := range task.Containers {
			f.Expect(strings.HasSuffix(aws.ToString(container.Image), "@"+release.Digest), "task %s runs image %s, expected %s", id, aws.ToString(container.Image), release.Digest)
			digests[aws.ToString(container.ImageDigest)] = true
		}
	}
	f.Equal("number of tasks", len(tasks), int(service.DesiredCount))
	f.Expect(len(zones) >= min(c.cfg.Zones, len(tasks)), "tasks stand in zones %v, expected at least %d", slices.Sorted(maps.Keys(zones)), c.cfg.Zones)
	f.Expect(len(digests) <= 1, "tasks run %v, expected one image", slices.Sorted(maps.Keys(digests)))
	return nil
}

// checkTargets expects a healthy target for every task.
func (c *colorVerifier) checkTargets(ctx context.Context, f *verify.Findings, service types.Service, _ Release) error {
	f.Expect(len(service.LoadBalancers) == 1, "stands behind %d target groups, expected 1", len(service.LoadBalancers))
	for _, balancer := range service.LoadBalancers {
		answer, err := c.balancers.DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: balancer.TargetGroupArn})
		if err != nil {
			return fmt.Errorf("targets: %w", err)
		}
		healthy := 0
		for _, target := range answer.TargetHealthDescriptions {
			switch state := target.TargetHealth.State; state {
			case balancertypes.TargetHealthStateEnumHealthy:
				healthy++
			case balancertypes.TargetHealthStateEnumDraining, balancertypes.TargetHealthStateEnumUnhealthyDraining:
			default:
				f.Expect(false, "target %s is %s: %s", aws.ToString(target.Target.Id), state, aws.ToString(target.TargetHealth.Description))
			}
		}
		f.Equal("number of healthy targets", healthy, int(service.RunningCount))
	}
	return nil
}

// checkScaling expects the release's bounds, or those of the hour, and a number of tasks within them.
func (c *colorVerifier) checkScaling(ctx context.Context, f *verify.Findings, service types.Service, bounds Tasks, leasts []int) error {
	resource := "service/" + c.cluster() + "/" + aws.ToString(service.ServiceName)
	targets, err := c.scaling.DescribeScalableTargets(ctx, &applicationautoscaling.DescribeScalableTargetsInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ResourceIds: []string{resource},
	})
	if err != nil {
		return fmt.Errorf("scaling: %w", err)
	}
	if len(targets.ScalableTargets) != 1 {
		f.Expect(false, "does not scale")
		return nil
	}
	target := targets.ScalableTargets[0]
	least := int(aws.ToInt32(target.MinCapacity))
	f.Expect(slices.Contains(leasts, least), "least number of tasks is %d, expected one of %v", least, leasts)
	f.Equal("largest number of tasks", int(aws.ToInt32(target.MaxCapacity)), bounds.Max)
	desired := int(service.DesiredCount)
	f.Expect(desired >= bounds.Min && desired <= bounds.Max, "%d tasks are desired, expected %d to %d", desired, bounds.Min, bounds.Max)
	if state := target.SuspendedState; state != nil {
		suspended := aws.ToBool(state.DynamicScalingInSuspended) || aws.ToBool(state.DynamicScalingOutSuspended) || aws.ToBool(state.ScheduledScalingSuspended)
		f.Expect(!suspended, "scaling is suspended")
	}
	return nil
}
