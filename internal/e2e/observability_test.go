//go:build e2e

package e2e_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// spoiledAlarms is what somebody does who would not be disturbed.
func spoiledAlarms() []spoiled {
	return []spoiled{
		{name: "alarm that is deleted", seen: "alarms: cutover-local-core-fwd-lane-halted is missing", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatch.NewFromConfig(cfg).DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"cutover-local-core-fwd-lane-halted"}})
			return err
		}},
		{name: "alarm that is silenced", seen: "alarm cutover-local-authority-disagreement: does not act", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatch.NewFromConfig(cfg).DisableAlarmActions(ctx, &cloudwatch.DisableAlarmActionsInput{AlarmNames: []string{"cutover-local-authority-disagreement"}})
			return err
		}},
		{name: "dashboard that somebody drew over", seen: "cutover-local-platform shows something else", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatch.NewFromConfig(cfg).PutDashboard(ctx, &cloudwatch.PutDashboardInput{DashboardName: aws.String("cutover-local-platform"), DashboardBody: aws.String(`{"widgets":[]}`)})
			return err
		}},
		{name: "topic without a key", seen: "topic cutover-local-alarms-page: is not encrypted", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := sns.NewFromConfig(cfg).SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{
				TopicArn: aws.String("arn:aws:sns:us-east-1:123456789012:cutover-local-alarms-page"), AttributeName: aws.String("KmsMasterKeyId"), AttributeValue: aws.String(""),
			})
			return err
		}},
		{name: "failures that nobody reports", seen: `topic cutover-local-alarms-page: HTTPFailureFeedbackRoleArn is ""`, spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := sns.NewFromConfig(cfg).SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{
				TopicArn: aws.String("arn:aws:sns:us-east-1:123456789012:cutover-local-alarms-page"), AttributeName: aws.String("HTTPFailureFeedbackRoleArn"), AttributeValue: aws.String(""),
			})
			return err
		}},
		{name: "reports without a group", seen: "sns/us-east-1/123456789012/cutover-local-alarms-warn/Failure is missing", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("sns/us-east-1/123456789012/cutover-local-alarms-warn/Failure")})
			return err
		}},
		{name: "reports as SNS itself would keep them", seen: "log group sns/us-east-1/123456789012/cutover-local-alarms-info: is not encrypted", spoil: func(ctx context.Context, cfg aws.Config) error {
			client, group := cloudwatchlogs.NewFromConfig(cfg), aws.String("sns/us-east-1/123456789012/cutover-local-alarms-info")
			if _, err := client.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: group}); err != nil {
				return err
			}
			_, err := client.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group})
			return err
		}},
		{name: "rule that is switched off", seen: "rule cutover-local-findings-guardduty: state is DISABLED", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := eventbridge.NewFromConfig(cfg).DisableRule(ctx, &eventbridge.DisableRuleInput{Name: aws.String("cutover-local-findings-guardduty")})
			return err
		}},
		{name: "log group that forgets early", seen: "log group /cutover/local/blue/services/payment-api: keeps events for 7 days", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{
				LogGroupName: aws.String("/cutover/local/blue/services/payment-api"), RetentionInDays: aws.Int32(7),
			})
			return err
		}},
		{name: "mask that is taken off", seen: "log group /cutover/local/green/services/payment-api does not mask", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).DeleteDataProtectionPolicy(ctx, &cloudwatchlogs.DeleteDataProtectionPolicyInput{LogGroupIdentifier: aws.String("/cutover/local/green/services/payment-api")})
			return err
		}},
		{name: "filter that is deleted", seen: "cutover-local-trail-RootUse is missing from log group", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).DeleteMetricFilter(ctx, &cloudwatchlogs.DeleteMetricFilterInput{
				LogGroupName: aws.String("/cutover/local/trail"), FilterName: aws.String("cutover-local-trail-RootUse"),
			})
			return err
		}},
	}
}
