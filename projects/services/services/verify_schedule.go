package services

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/cutover/cutover/shared/verify"
)

// checkSchedule expects the actions of the stack file that change the lower bound by
// the clock, and no others: one that is gone leaves the bound where it was last put.
func (c *colorVerifier) checkSchedule(ctx context.Context, f *verify.Findings, service string, bounds Tasks) error {
	answer, err := c.scaling.DescribeScheduledActions(ctx, &applicationautoscaling.DescribeScheduledActionsInput{
		ServiceNamespace: types.ServiceNamespaceEcs, ResourceId: aws.String("service/" + c.cluster() + "/" + c.serviceName(service)),
	})
	if err != nil {
		return fmt.Errorf("scaling by the clock: %w", err)
	}
	found := make(map[string]types.ScheduledAction)
	for _, action := range answer.ScheduledActions {
		found[aws.ToString(action.ScheduledActionName)] = action
	}
	schedule := c.cfg.Scaling[service].schedule()
	for _, at := range slices.Sorted(maps.Keys(schedule)) {
		name := scalingName(c.names, service, at)
		action, made := found[name]
		delete(found, name)
		if !made {
			f.Expect(false, "does not change its number of tasks at %s (%s)", at, schedule[at].At)
			continue
		}
		judgeAction(f, at, action, schedule[at], bounds)
	}
	f.Expect(len(found) == 0, "changes its number of tasks by %v, which nobody configured", slices.Sorted(maps.Keys(found)))
	return nil
}

func judgeAction(f *verify.Findings, at string, action types.ScheduledAction, want Scheduled, bounds Tasks) {
	f.Expect(aws.ToString(action.Schedule) == want.At, "scales at %s by %s, expected %s", at, aws.ToString(action.Schedule), want.At)
	zone := aws.ToString(action.Timezone)
	f.Expect(zone == "UTC", "scales at %s by the clock of %q, expected UTC", at, zone)
	target := action.ScalableTargetAction
	if target == nil {
		target = &types.ScalableTargetAction{}
	}
	least, most := int(aws.ToInt32(target.MinCapacity)), int(aws.ToInt32(target.MaxCapacity))
	f.Expect(least == want.least(bounds) && most == bounds.Max, "scales at %s to %d to %d tasks, expected %d to %d", at, least, most, want.least(bounds), bounds.Max)
}
