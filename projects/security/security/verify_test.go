package security

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	guardtypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	objecttypes "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
)

func TestVerifyFindsAKeyThatDoesNotRotate(t *testing.T) {
	require.NoError(t, judgeRotation("k", &kms.GetKeyRotationStatusOutput{KeyRotationEnabled: true, RotationPeriodInDays: aws.Int32(365)}))
	require.ErrorContains(t, judgeRotation("blueLogsKeyArn", &kms.GetKeyRotationStatusOutput{}), "key blueLogsKeyArn: does not rotate")
	require.ErrorContains(t, judgeRotation("k", &kms.GetKeyRotationStatusOutput{KeyRotationEnabled: true, RotationPeriodInDays: aws.Int32(366)}),
		"rotates every 366 days, expected at most 365")
}

func TestVerifyFindsATrailThatIsNotWhole(t *testing.T) {
	whole := func() (trailtypes.Trail, *cloudtrail.GetTrailStatusOutput) {
		return trailtypes.Trail{
			Name: aws.String("audit"), IsMultiRegionTrail: aws.Bool(true), LogFileValidationEnabled: aws.Bool(true),
			KmsKeyId: aws.String("arn:key"), CloudWatchLogsLogGroupArn: aws.String("arn:group"),
		}, &cloudtrail.GetTrailStatusOutput{IsLogging: aws.Bool(true)}
	}
	trail, status := whole()
	require.NoError(t, judgeTrail(trail, status))
	for want, spoil := range map[string]func(*trailtypes.Trail, *cloudtrail.GetTrailStatusOutput){
		"trail audit: is stopped":     func(_ *trailtypes.Trail, s *cloudtrail.GetTrailStatusOutput) { s.IsLogging = aws.Bool(false) },
		"sees one region":             func(t *trailtypes.Trail, _ *cloudtrail.GetTrailStatusOutput) { t.IsMultiRegionTrail = nil },
		"does not validate its files": func(t *trailtypes.Trail, _ *cloudtrail.GetTrailStatusOutput) { t.LogFileValidationEnabled = nil },
		"has no key":                  func(t *trailtypes.Trail, _ *cloudtrail.GetTrailStatusOutput) { t.KmsKeyId = nil },
		"writes to no log group":      func(t *trailtypes.Trail, _ *cloudtrail.GetTrailStatusOutput) { t.CloudWatchLogsLogGroupArn = nil },
		"cannot deliver: AccessDenied: key": func(_ *trailtypes.Trail, s *cloudtrail.GetTrailStatusOutput) {
			s.LatestDeliveryError = aws.String("AccessDenied: key")
		},
	} {
		trail, status := whole()
		spoil(&trail, status)
		require.ErrorContains(t, judgeTrail(trail, status), want)
	}
}

func TestVerifyFindsALogGroupThatNobodyDeclared(t *testing.T) {
	require.NoError(t, judgeLogGroup(logtypes.LogGroup{RetentionInDays: aws.Int32(90), KmsKeyId: aws.String("arn:key")}))
	err := judgeLogGroup(logtypes.LogGroup{LogGroupName: aws.String("/aws/lambda/stray")})
	require.EqualError(t, err, "log group /aws/lambda/stray: keeps events for 0 days, expected 90 and has no key")
	require.ErrorContains(t, judgeLogGroup(logtypes.LogGroup{RetentionInDays: aws.Int32(365), KmsKeyId: aws.String("k")}), "for 365 days")
}

func TestVerifyFindsAFlowLogThatIsMissingOrFails(t *testing.T) {
	v := &verifier{names: naming.New("prod")}
	log := func(group, status, delivery string) types.FlowLog {
		return types.FlowLog{LogGroupName: aws.String(group), FlowLogStatus: aws.String(status), DeliverLogsStatus: aws.String(delivery)}
	}
	blue, green, gateway := "/cutover/prod/blue/flow-logs", "/cutover/prod/green/flow-logs", "/cutover/prod/transit/flow-logs"
	require.NoError(t, v.judgeFlowLogs([]types.FlowLog{log(blue, "ACTIVE", "SUCCESS"), log(green, "ACTIVE", ""), log(gateway, "ACTIVE", "SUCCESS")}))
	err := v.judgeFlowLogs([]types.FlowLog{log(blue, "ACTIVE", "FAILED"), log(green, "DELETED", "SUCCESS")})
	for _, want := range []string{
		"flow log to " + blue + ": cannot deliver", "flow log to " + green + ": is DELETED, expected ACTIVE", "flow log to " + gateway + ": is missing",
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestVerifyFindsAnotherLockThanConfigured(t *testing.T) {
	want := Retention{LockMode: "COMPLIANCE", LockDays: 400}
	lock := func(mode objecttypes.ObjectLockRetentionMode, days int32) *objecttypes.ObjectLockConfiguration {
		return &objecttypes.ObjectLockConfiguration{Rule: &objecttypes.ObjectLockRule{
			DefaultRetention: &objecttypes.DefaultRetention{Mode: mode, Days: aws.Int32(days)},
		}}
	}
	require.NoError(t, judgeLock("b", lock("COMPLIANCE", 400), want))
	require.ErrorContains(t, judgeLock("b", nil, want), "bucket b: locks no objects, expected COMPLIANCE for 400 days")
	require.ErrorContains(t, judgeLock("b", &objecttypes.ObjectLockConfiguration{}, want), "locks no objects")
	require.ErrorContains(t, judgeLock("b", lock("GOVERNANCE", 400), want), "in mode GOVERNANCE for 400 days")
	require.ErrorContains(t, judgeLock("b", lock("COMPLIANCE", 399), want), "for 399 days, expected COMPLIANCE for 400")
}

func TestVerifyFindsARecorderThatDoesNotRecord(t *testing.T) {
	require.ErrorContains(t, judgeRecorders(nil), "recorder: is missing")
	status := configtypes.ConfigurationRecorderStatus{Name: aws.String("r"), Recording: true, LastStatus: configtypes.RecorderStatusSuccess}
	require.NoError(t, judgeRecorders([]configtypes.ConfigurationRecorderStatus{status}))
	status.Recording, status.LastStatus, status.LastErrorCode = false, configtypes.RecorderStatusFailure, aws.String("NoSuchBucket")
	err := judgeRecorders([]configtypes.ConfigurationRecorderStatus{status})
	require.ErrorContains(t, err, "recorder r: does not record")
	require.ErrorContains(t, err, "recorder r: cannot deliver: NoSuchBucket")
}

func TestVerifyFindsAPackThatIsNotComplete(t *testing.T) {
	names := []string{"a", "b", "c"}
	err := judgePacks(names, []configtypes.ConformancePackStatusDetail{
		{ConformancePackName: aws.String("a"), ConformancePackState: configtypes.ConformancePackStateCreateComplete},
		{ConformancePackName: aws.String("b"), ConformancePackState: configtypes.ConformancePackStateCreateFailed, ConformancePackStatusReason: aws.String("limit")},
	})
	require.ErrorContains(t, err, "conformance pack b: is CREATE_FAILED, expected CREATE_COMPLETE: limit")
	require.ErrorContains(t, err, "conformance pack c: is missing")
	assert.NotContains(t, err.Error(), "pack a")
}

func TestVerifyFindsADetectorThatLooksAway(t *testing.T) {
	whole := func() *guardduty.GetDetectorOutput {
		detector := &guardduty.GetDetectorOutput{Status: guardtypes.DetectorStatusEnabled}
		for _, feature := range detectorFeatures() {
			detector.Features = append(detector.Features, guardtypes.DetectorFeatureConfigurationResult{
				Name: guardtypes.DetectorFeatureResult(feature), Status: guardtypes.FeatureStatusEnabled,
			})
		}
		detector.Features[0].AdditionalConfiguration = []guardtypes.DetectorAdditionalConfigurationResult{
			{Name: fargateAgent, Status: guardtypes.FeatureStatusEnabled},
		}
		return detector
	}
	require.NoError(t, judgeDetector(whole()))
	stopped := whole()
	stopped.Status = guardtypes.DetectorStatusDisabled
	require.ErrorContains(t, judgeDetector(stopped), "GuardDuty: is DISABLED")
	blind := whole()
	blind.Features[1].Status = guardtypes.FeatureStatusDisabled
	require.ErrorContains(t, judgeDetector(blind), `feature RDS_LOGIN_EVENTS: is "DISABLED", expected ENABLED`)
	agentless := whole()
	agentless.Features[0].AdditionalConfiguration = nil
	require.ErrorContains(t, judgeDetector(agentless), `feature ECS_FARGATE_AGENT_MANAGEMENT: is ""`)
}
