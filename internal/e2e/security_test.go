//go:build e2e

package e2e_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// spoiledWatch is what somebody does who would not be watched.
func spoiledWatch() []spoiled {
	return []spoiled{
		{name: "trail that is stopped", seen: "trail cutover-local-audit: is stopped", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudtrail.NewFromConfig(cfg).StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: aws.String("cutover-local-audit")})
			return err
		}},
		{name: "recorder that is stopped", seen: ": does not record", spoil: func(ctx context.Context, cfg aws.Config) error {
			client := configservice.NewFromConfig(cfg)
			found, err := client.DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{})
			if err != nil {
				return err
			}
			for _, recorder := range found.ConfigurationRecorders {
				if _, err := client.StopConfigurationRecorder(ctx, &configservice.StopConfigurationRecorderInput{ConfigurationRecorderName: recorder.Name}); err != nil {
					return err
				}
			}
			return nil
		}},
		{name: "log group that somebody made by hand", seen: "log group by-hand: ", spoil: func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("by-hand")})
			return err
		}, undo: func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("by-hand")})
			return err
		}},
		{name: "key that does not rotate", seen: ": does not rotate, expected new material", spoil: func(ctx context.Context, cfg aws.Config) error {
			client := kms.NewFromConfig(cfg)
			key, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/cutover/local/blue/database")})
			if err != nil {
				return err
			}
			_, err = client.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: key.KeyMetadata.KeyId})
			return err
		}},
	}
}
