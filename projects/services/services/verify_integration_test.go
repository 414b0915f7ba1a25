//go:build integration

package services

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	alarmtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	balancertypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
)

func (s *stage) verify() error { return Verify(s.t.Context(), s.args) }

// One emulator for all: each part leaves everything as it was asked for.
func TestAWSIsAskedWhatRuns(t *testing.T) {
	s := newStage(t)
	require.NoError(t, Settled(t.Context(), s.args))
	require.NoError(t, s.verify())
	t.Run("a deployment that was undone is no success", s.seesAWayBack)
	t.Run("a deployment that an alarm ended is no success", s.seesAnAlarm)
	t.Run("a stop in the middle is waited for until the time is over", s.waitsNoLongerThanItMay)
	t.Run("drift of what stands beside the deployment", s.seesDrift)
	t.Run("drift of images, calls and scaling", s.seesOpenings)
	t.Run("revisions that may do too much", s.seesDefinitions)
}

func (s *stage) seesAWayBack(t *testing.T) {
	reporting, bad := s.service("reporting"), "sha256:"+strings.Repeat("bad0", 16)
	former := s.asked["reporting"]
	for fault, reason := range map[string]string{"pull": "CannotPullContainerError", "health": "health checks", "exit": "Essential container in task exited"} {
		s.images(http.MethodPost, `{"image": "`+bad+`", "fault": "`+fault+`"}`)
		revision := s.revision(reporting, bad)
		s.update(&ecs.UpdateServiceInput{TaskDefinition: &revision}, "reporting")
		for _, err := range []error{Settled(t.Context(), s.args), s.verify()} {
			require.ErrorContains(t, err, "reporting in blue: runs cutover-local-blue-reporting:1, asked for cutover-local-blue-reporting:")
			require.ErrorContains(t, err, reason)
			require.ErrorContains(t, err, "deployment failed: tasks failed to start")
			require.NotContains(t, err.Error(), "payment-api in blue")
		}
		s.images(http.MethodDelete, "")
	}
	s.asked["reporting"] = former
	require.NoError(t, s.verify())
}

func (s *stage) seesAnAlarm(t *testing.T) {
	client := cloudwatch.NewFromConfig(s.args.AWS)
	_, err := client.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("errors"), Namespace: aws.String("n"), MetricName: aws.String("m"), Statistic: alarmtypes.StatisticSum,
		Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: alarmtypes.ComparisonOperatorGreaterThanThreshold,
	})
	require.NoError(t, err)
	set := func(state alarmtypes.StateValue) {
		_, err := client.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("errors"), StateValue: state, StateReason: aws.String("test")})
		require.NoError(t, err)
	}
	former := s.asked["payment-api"]
	revision := s.revision(s.service("payment-api"), "sha256:"+strings.Repeat("a1a1", 16))
	s.update(&ecs.UpdateServiceInput{TaskDefinition: &revision}, "payment-api")
	set(alarmtypes.StateValueAlarm)
	err = Settled(t.Context(), s.args)
	require.ErrorContains(t, err, "payment-api in blue: runs cutover-local-blue-payment-api:1, asked for cutover-local-blue-payment-api:2")
	require.ErrorContains(t, err, "deployment failed: alarm detected")
	set(alarmtypes.StateValueOk)
	s.asked["payment-api"] = former
}

func (s *stage) waitsNoLongerThanItMay(t *testing.T) {
	off := &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{}, Alarms: &types.DeploymentAlarms{AlarmNames: []string{}}}
	s.update(&ecs.UpdateServiceInput{DeploymentConfiguration: off}, "reporting")
	bad, former := "sha256:"+strings.Repeat("bad1", 16), s.asked["reporting"]
	s.images(http.MethodPost, `{"image": "`+bad+`", "fault": "exit"}`)
	revision := s.revision(s.service("reporting"), bad)
	s.update(&ecs.UpdateServiceInput{TaskDefinition: &revision}, "reporting")
	looked := func(limit time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		err := Settled(ctx, s.args)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		return err
	}
	const waits = "reporting in blue: deployment of cutover-local-blue-reporting:"
	limit := 2 * time.Second
	err := looked(limit)
	for ; !strings.Contains(err.Error(), waits) && limit < time.Minute; err = looked(limit) {
		limit *= 2 // the services before it took all of the time
	}
	require.ErrorContains(t, err, waits)
	require.ErrorContains(t, s.verify(), "reporting in blue: does not go back when a deployment's tasks fail")
	s.images(http.MethodDelete, "")
	s.asked["reporting"] = former
	on := &types.DeploymentConfiguration{
		DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true},
		Alarms:                   &types.DeploymentAlarms{Enable: true, Rollback: true, AlarmNames: []string{"errors"}},
	}
	s.update(&ecs.UpdateServiceInput{DeploymentConfiguration: on, TaskDefinition: aws.String(former.(string))}, "reporting")
	require.NoError(t, Settled(t.Context(), s.args))
}

func (s *stage) seesDrift(t *testing.T) {
	queue, letters := s.names.Name(naming.Queue, "transaction-processor"), s.names.Name(naming.Queue, "transaction-processor", "dead-letters")
	set := func(name string, attributes map[string]string) {
		found, err := s.queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &name})
		require.NoError(t, err)
		_, err = s.queues.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: found.QueueUrl, Attributes: attributes})
		require.NoError(t, err)
	}
	bounds := func(least, most int32) {
		_, err := s.scaling.RegisterScalableTarget(t.Context(), &applicationautoscaling.RegisterScalableTargetInput{
			ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
			ResourceId:  s.scaled("payment-api"),
			MinCapacity: &least, MaxCapacity: &most,
		})
		require.NoError(t, err)
	}
	for _, c := range []struct {
		seen  string
		spoil func()
	}{
		{"queue " + queue + ": visibility timeout in seconds is 5, expected 90", func() { set(queue, map[string]string{"VisibilityTimeout": "5"}) }},
		{"queue " + letters + ": retention in seconds is 60, expected 1209600", func() { set(letters, map[string]string{"MessageRetentionPeriod": "60"}) }},
		{"queue " + letters + ": key is alias/aws/sqs", func() { set(letters, map[string]string{"KmsMasterKeyId": "alias/aws/sqs"}) }},
		{"queue " + letters + ": 1 messages were given up, expected none", func() {
			found, err := s.queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &letters})
			require.NoError(t, err)
			_, err = s.queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: found.QueueUrl, MessageBody: aws.String("payment")})
			require.NoError(t, err)
		}},
		{"payment-api in blue: largest number of tasks is 9, expected 4", func() { bounds(1, 9) }},
		{"payment-api in blue: 5 tasks are desired, expected 1 to 4", func() { s.update(&ecs.UpdateServiceInput{DesiredCount: aws.Int32(5)}, "payment-api") }},
		{"reporting in blue: scales at evening to 3 to 4 tasks, expected 1 to 2", func() { s.schedule("reporting", "evening", "cron(0 23 ? * MON-FRI *)", 3, 4) }},
		{"reporting in blue: scales at working-hours by cron(0 9 ? * SUN *), expected cron(30 11 ? * MON-FRI *)", func() { s.schedule("reporting", "working-hours", "cron(0 9 ? * SUN *)", 3, 4) }},
		{"reporting in blue: does not change its number of tasks at evening", func() { s.unschedule("reporting", "evening") }},
		{"payment-api in blue: changes its number of tasks by [cutover-local-blue-payment-api-by-hand], which nobody configured", func() { s.schedule("payment-api", "by-hand", "cron(0 9 ? * SUN *)", 0, 1) }},
		{"reporting in blue: lets commands be executed in its tasks", func() { s.update(&ecs.UpdateServiceInput{EnableExecuteCommand: aws.Bool(true)}, "reporting") }},
		{"transaction-processor in blue: number of healthy targets is 0, expected 1", func() { s.loseTargets(t, "transaction-processor") }},
	} {
		require.NotContains(t, textOf(s.verify()), c.seen)
		c.spoil()
		require.ErrorContains(t, s.verify(), c.seen)
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// loseTargets takes the tasks of a service away from the balancer.
func (s *stage) loseTargets(t *testing.T, service string) {
	groups, err := s.balancers.DescribeTargetGroups(t.Context(), &elasticloadbalancingv2.DescribeTargetGroupsInput{Names: []string{service}})
	require.NoError(t, err)
	arn := groups.TargetGroups[0].TargetGroupArn
	health, err := s.balancers.DescribeTargetHealth(t.Context(), &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: arn})
	require.NoError(t, err)
	var targets []balancertypes.TargetDescription
	for _, each := range health.TargetHealthDescriptions {
		targets = append(targets, *each.Target)
	}
	_, err = s.balancers.DeregisterTargets(t.Context(), &elasticloadbalancingv2.DeregisterTargetsInput{TargetGroupArn: arn, Targets: targets})
	require.NoError(t, err)
}
