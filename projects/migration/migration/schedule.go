package migration

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/scheduler"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/naming"
)

// addSchedules makes a group of schedules, and those of each function.
func (s *Sync) addSchedules(ctx *pulumi.Context, name string, args *SyncArgs) error {
	physical := args.Names.Name(naming.Schedule, "sync")
	group, err := scheduler.NewScheduleGroup(ctx, name+"-sync", &scheduler.ScheduleGroupArgs{
		Name: pulumi.String(physical),
		Tags: pulumi.StringMap{"Name": pulumi.String(physical)},
	}, pulumi.Parent(s))
	if err != nil {
		return fmt.Errorf("schedule group %s: %w", physical, err)
	}
	s.group = group
	for _, f := range functions(args.Workers) {
		if len(f.timetables) == 0 {
			continue
		}
		if err := s.schedule(ctx, name, args, f); err != nil {
			return fmt.Errorf("schedules of %s: %w", f.name, err)
		}
	}
	return nil
}

// schedule lets the schedules start a function, and makes those.
func (s *Sync) schedule(ctx *pulumi.Context, name string, args *SyncArgs, f function) error {
	at := name + "-" + f.name + "-schedule"
	target := s.functions[f.name]
	policy, err := component.NewPolicy(ctx, at, &component.PolicyArgs{
		Name:        args.Names.Name(naming.Policy, "schedule", f.name),
		Description: "Start of " + f.name + " by its schedule",
		Values: pulumi.StringMap{
			"function": target.Arn, "queue": s.deadLetters.Arn, "messaging": args.Principals.MessagingKeyARN,
		},
		Write: schedulePolicy,
		Roles: map[string]pulumi.StringInput{"scheduler": args.Principals.SchedulerRoleName},
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	for _, t := range f.timetables {
		if err := s.addSchedule(ctx, name, args, f, t, policy.Attachments); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

func (s *Sync) addSchedule(ctx *pulumi.Context, name string, args *SyncArgs, f function, t timetable, after []pulumi.Resource) error {
	target := scheduler.ScheduleTargetArgs{
		Arn:              s.functions[f.name].Arn,
		RoleArn:          args.Principals.SchedulerRoleARN,
		DeadLetterConfig: scheduler.ScheduleTargetDeadLetterConfigArgs{Arn: s.deadLetters.Arn},
		RetryPolicy: scheduler.ScheduleTargetRetryPolicyArgs{
			MaximumEventAgeInSeconds: pulumi.Int(staleSeconds),
			MaximumRetryAttempts:     pulumi.Int(1),
		},
	}
	if t.event != nil {
		event, err := json.Marshal(t.event)
		if err != nil {
			return fmt.Errorf("render its event: %w", err)
		}
		target.Input = pulumi.String(event)
	}
	made, err := scheduler.NewSchedule(ctx, name+"-"+t.name+"-schedule", &scheduler.ScheduleArgs{
		Name:               pulumi.String(args.Names.Name(naming.Schedule, t.name)),
		GroupName:          s.group.Name,
		Description:        pulumi.String(f.description),
		ScheduleExpression: pulumi.String(t.rate),
		State:              pulumi.String(state(args.Active)),
		FlexibleTimeWindow: scheduler.ScheduleFlexibleTimeWindowArgs{Mode: pulumi.String("OFF")},
		Target:             target,
	}, pulumi.Parent(s), pulumi.DependsOn(after))
	if err != nil {
		return err
	}
	s.schedules[t.name] = made.Name
	return nil
}

func state(active bool) string {
	if active {
		return "ENABLED"
	}
	return "DISABLED"
}
