package security_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/security/security"
	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/pulumitest"
)

const (
	flowLogType  = "aws:ec2/flowLog:FlowLog"
	logGroupType = "aws:cloudwatch/logGroup:LogGroup"
	trailType    = "aws:cloudtrail/trail:Trail"
	streamType   = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
	accountType  = "aws:cloudwatch/logAccountPolicy:LogAccountPolicy"
)

func TestTrafficOfBothNetworksAndTheGatewayIsLogged(t *testing.T) {
	recording := prod(t)
	require.Len(t, recording.OfType(flowLogType), 3)
	for _, color := range []string{"blue", "green"} {
		log := recording.Find(t, flowLogType, color).Inputs
		assert.Equal(t, "foundation/"+color+"VpcId", log["vpcId"])
		assert.Equal(t, "ALL", log["trafficType"])
	}
	gateway := recording.Find(t, flowLogType, "transit").Inputs
	assert.Equal(t, "foundation/transitGatewayId", gateway["transitGatewayId"])
	assert.NotContains(t, gateway, "trafficType", "AWS refuses a filter for a gateway, whose log holds all traffic")
	for _, log := range recording.OfType(flowLogType) {
		assert.EqualValues(t, 60, log.Inputs["maxAggregationInterval"], log.Name)
		assert.Equal(t, "cloud-watch-logs", log.Inputs["logDestinationType"])
		assert.Contains(t, log.Inputs["logDestination"], log.Name+"-flow-logs")
		assert.Contains(t, log.Inputs["iamRoleArn"], "account-flow-logs")
	}
}

func TestLogGroupsAreEncryptedWithTheirOwnersKeyFor90Days(t *testing.T) {
	recording := prod(t)
	keys := map[string]string{
		"blue-flow-logs": "blue-logs", "green-flow-logs": "green-logs",
		"transit-flow-logs": "evidence-audit", "trail": "evidence-audit", "archive-errors": "evidence-audit",
		"evidence-events-delivered": "evidence-audit", "evidence-events-failed": "evidence-audit",
	}
	require.Len(t, recording.OfType(logGroupType), len(keys))
	for group, key := range keys {
		inputs := recording.Find(t, logGroupType, group).Inputs
		assert.True(t, strings.HasSuffix(inputs["kmsKeyId"].(string), "/"+key), group)
		assert.EqualValues(t, 90, inputs["retentionInDays"], group)
	}
}

// deliveries are the roles with which AWS services deliver evidence, each with
// one policy: who takes it, and what it may do to what.
func TestDeliveryRolesMayDeliverAndNothingElse(t *testing.T) {
	recording := prod(t)
	boundary := recording.Find(t, policyType, "shared-boundary")
	deliveries := map[string]struct {
		service string
		may     map[string][]string
	}{
		"flow-logs": {"vpc-flow-logs.amazonaws.com", map[string][]string{
			"WriteEvents": {"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}, "FindGroups": {"logs:DescribeLogGroups"},
		}},
		"trail-delivery": {"cloudtrail.amazonaws.com", map[string][]string{"WriteEvents": {"logs:CreateLogStream", "logs:PutLogEvents"}}},
		"archive-delivery": {"firehose.amazonaws.com", map[string][]string{
			"WriteObjects": {"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"},
			"SeeBucket":    {"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"},
			"Encrypt":      {"kms:Decrypt", "kms:GenerateDataKey"}, "ReportErrors": {"logs:PutLogEvents"},
		}},
		"archive-forwarding": {"logs.amazonaws.com", map[string][]string{"Forward": {"firehose:PutRecord", "firehose:PutRecordBatch"}}},
	}
	for purpose, want := range deliveries {
		role := recording.Find(t, roleType, "account-"+purpose).Inputs
		assert.Equal(t, "cutover-prod-"+purpose, role["name"])
		assert.Contains(t, role["permissionsBoundary"], boundary.Name)
		trust := statements(t, role["assumeRolePolicy"])["AssumeByService"]
		assert.Equal(t, []string{want.service}, trust.Principal["Service"])
		if _, without := iamdoc.WithoutSourceAccount(want.service); !without {
			assert.Equal(t, []string{prodAccount}, trust.Condition["StringEquals"]["aws:SourceAccount"])
		}
		policy := statements(t, recording.Find(t, policyType, "account-"+purpose).Inputs["policy"])
		require.Len(t, policy, len(want.may), purpose)
		for sid, actions := range want.may {
			assert.Equal(t, actions, policy[sid].Action, "%s: %s", purpose, sid)
			assert.NotContains(t, policy[sid].Resource, "*", "%s: %s", purpose, sid)
		}
	}
	forward := statements(t, recording.Find(t, policyType, "account-archive-forwarding").Inputs["policy"])["Forward"]
	name := recording.Find(t, streamType, "archive").Inputs["name"].(string)
	assert.Equal(t, []string{"arn:aws:firehose:us-east-1:" + prodAccount + ":deliverystream/" + name}, forward.Resource)
	encrypt := statements(t, recording.Find(t, policyType, "account-archive-delivery").Inputs["policy"])["Encrypt"]
	assert.Equal(t, []string{auditKeyARN(t, recording)}, encrypt.Resource)
	assert.Equal(t, []string{"s3.us-east-1.amazonaws.com"}, encrypt.Condition["StringEquals"]["kms:ViaService"])
}

func TestTheTrailSeesAllRegionsAndIsValidatedAndEncrypted(t *testing.T) {
	recording := prod(t)
	require.Len(t, recording.OfType(trailType), 1)
	trail := recording.Find(t, trailType, "trail").Inputs
	for _, flag := range []string{"isMultiRegionTrail", "includeGlobalServiceEvents", "enableLogging", "enableLogFileValidation"} {
		assert.Equal(t, true, trail[flag], flag)
	}
	assert.Equal(t, "cutover-prod-audit", trail["name"], "key and bucket admit the trail of this name")
	assert.Equal(t, "cutover-prod-trail-"+prodAccount, trail["s3BucketName"])
	assert.Equal(t, auditKeyARN(t, recording), trail["kmsKeyId"])
	assert.True(t, strings.HasSuffix(trail["cloudWatchLogsGroupArn"].(string), "/trail:*"))
	assert.Contains(t, trail["cloudWatchLogsRoleArn"], "account-trail-delivery")
}

func TestTheTrailRecordsObjectsItemsAndInvocations(t *testing.T) {
	trail := prod(t).Find(t, trailType, "trail").Inputs
	type field = map[string]any
	found := make(map[string][]any)
	for _, each := range trail["advancedEventSelectors"].([]any) {
		selector := each.(map[string]any)
		found[selector["name"].(string)] = selector["fieldSelectors"].([]any)
	}
	data := field{"field": "eventCategory", "equals": []any{"Data"}}
	kind := func(of string) field { return field{"field": "resources.type", "equals": []any{of}} }
	assert.Equal(t, map[string][]any{
		"Management events": {field{"field": "eventCategory", "equals": []any{"Management"}}},
		"Objects":           {data, kind("AWS::S3::Object")},
		"Items of tables": {data, kind("AWS::DynamoDB::Table"), field{
			"field": "resources.ARN", "startsWiths": []any{"arn:aws:dynamodb:us-east-1:" + prodAccount + ":table/cutover-prod-"},
		}},
		"Invocations of functions": {data, kind("AWS::Lambda::Function")},
	}, found)
}

func TestEveryLogGroupOfTheAccountGoesToTheArchive(t *testing.T) {
	recording := prod(t)
	policy := recording.Find(t, accountType, "archive").Inputs
	assert.Equal(t, "SUBSCRIPTION_FILTER_POLICY", policy["policyType"])
	assert.Equal(t, "ALL", policy["scope"])
	own := recording.Find(t, logGroupType, "archive-errors").Inputs["name"].(string)
	assert.Equal(t, `LogGroupName NOT IN ["`+own+`"]`, policy["selectionCriteria"], "the stream's own errors would feed it for ever")
	var document map[string]string
	require.NoError(t, json.Unmarshal([]byte(policy["policyDocument"].(string)), &document))
	assert.Contains(t, document["DestinationArn"], streamType)
	assert.Contains(t, document["RoleArn"], "account-archive-forwarding")
	assert.Empty(t, document["FilterPattern"], "every event")
	assert.Contains(t, document, "FilterPattern")
}

func TestTheArchivesStreamIsEncryptedOnTheWayAndAtRest(t *testing.T) {
	recording := prod(t)
	stream := recording.Find(t, streamType, "archive").Inputs
	key := auditKeyARN(t, recording)
	assert.Equal(t, map[string]any{"enabled": true, "keyType": "CUSTOMER_MANAGED_CMK", "keyArn": key}, stream["serverSideEncryption"])
	to := stream["extendedS3Configuration"].(map[string]any)
	assert.Equal(t, key, to["kmsKeyArn"])
	assert.Contains(t, to["bucketArn"], "evidence-archive")
	assert.Contains(t, to["roleArn"], "account-archive-delivery")
	assert.Contains(t, to["errorOutputPrefix"], "!{firehose:error-output-type}", "Firehose demands it beside a prefix with expressions")
	assert.Equal(t, map[string]any{"enabled": true, "logGroupName": "/cutover/prod/archive-delivery", "logStreamName": "errors"},
		to["cloudwatchLoggingOptions"])
	recording.Find(t, "aws:cloudwatch/logStream:LogStream", "archive-errors")
}

func TestTheRecorderRecordsEverythingAndTellsTheTopic(t *testing.T) {
	recording := prod(t)
	recorder := recording.Find(t, "aws:cfg/recorder:Recorder", "recorder").Inputs
	assert.Equal(t, map[string]any{"allSupported": true, "includeGlobalResourceTypes": true}, recorder["recordingGroup"])
	assert.Contains(t, recorder["roleArn"], "iam/serviceLinkedRole:ServiceLinkedRole/recorder")
	role := recording.Find(t, "aws:iam/serviceLinkedRole:ServiceLinkedRole", "recorder").Inputs
	assert.Equal(t, "config.amazonaws.com", role["awsServiceName"])
	channel := recording.Find(t, "aws:cfg/deliveryChannel:DeliveryChannel", "recorder").Inputs
	assert.Equal(t, "cutover-prod-config-history-"+prodAccount, channel["s3BucketName"])
	assert.Equal(t, auditKeyARN(t, recording), channel["s3KmsKeyArn"])
	assert.Equal(t, recording.Exports["eventsTopicArn"], channel["snsTopicArn"])
	status := recording.Find(t, "aws:cfg/recorderStatus:RecorderStatus", "recorder").Inputs
	assert.Equal(t, true, status["isEnabled"])
	retention := recording.Find(t, "aws:cfg/retentionConfiguration:RetentionConfiguration", "recorder").Inputs
	assert.GreaterOrEqual(t, retention["retentionPeriodInDays"], 400.0)
}

func TestDetectionIsOn(t *testing.T) {
	recording := prod(t)
	assert.Equal(t, true, recording.Find(t, "aws:guardduty/detector:Detector", "detection").Inputs["enable"])
	features := make(map[string]pulumitest.Resource)
	for _, feature := range recording.OfType("aws:guardduty/detectorFeature:DetectorFeature") {
		features[feature.Inputs["name"].(string)] = feature
		assert.Equal(t, "ENABLED", feature.Inputs["status"], feature.Name)
	}
	require.Len(t, features, 4)
	for _, name := range []string{"S3_DATA_EVENTS", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS"} {
		assert.Contains(t, features, name)
	}
	assert.Equal(t, []any{map[string]any{"name": "ECS_FARGATE_AGENT_MANAGEMENT", "status": "ENABLED"}},
		features["RUNTIME_MONITORING"].Inputs["additionalConfigurations"])
	inspector := recording.Find(t, "aws:inspector2/enabler:Enabler", "detection").Inputs
	assert.Equal(t, []any{prodAccount}, inspector["accountIds"])
	assert.Equal(t, []any{"ECR", "LAMBDA", "LAMBDA_CODE"}, inspector["resourceTypes"])
	assert.Equal(t, "ENABLED", recording.Find(t, "aws:macie2/account:Account", "detection").Inputs["status"])
	assert.Equal(t, "ACCOUNT", recording.Find(t, "aws:accessanalyzer/analyzer:Analyzer", "detection").Inputs["type"])
	recording.Find(t, "aws:securityhub/account:Account", "detection")
	var standards []any
	for _, standard := range recording.OfType("aws:securityhub/standardsSubscription:StandardsSubscription") {
		standards = append(standards, standard.Inputs["standardsArn"])
	}
	assert.ElementsMatch(t, []any{
		"arn:aws:securityhub:us-east-1::standards/pci-dss/v/4.0.1",
		"arn:aws:securityhub:us-east-1::standards/aws-foundational-security-best-practices/v/1.0.0",
	}, standards)
}

func TestTheAccountsSwitchesAreClosed(t *testing.T) {
	recording := prod(t)
	password := recording.Find(t, "aws:iam/accountPasswordPolicy:AccountPasswordPolicy", "account").Inputs
	assert.Equal(t, map[string]any{
		"minimumPasswordLength": 14.0, "passwordReusePrevention": 24.0, "maxPasswordAge": 90.0, "allowUsersToChangePassword": true,
		"requireLowercaseCharacters": true, "requireUppercaseCharacters": true, "requireNumbers": true, "requireSymbols": true,
	}, password)
	block := recording.Find(t, "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", "account").Inputs
	for _, flag := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
		assert.Equal(t, true, block[flag], flag)
	}
	assert.Equal(t, true, recording.Find(t, "aws:ebs/encryptionByDefault:EncryptionByDefault", "account").Inputs["enabled"])
	snapshots := recording.Find(t, "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess", "account").Inputs
	assert.Equal(t, "block-all-sharing", snapshots["state"])
	sharing := recording.Find(t, "aws:ssm/serviceSetting:ServiceSetting", "account").Inputs
	assert.Equal(t, "arn:aws:ssm:us-east-1:"+prodAccount+":servicesetting/ssm/documents/console/public-sharing-permission", sharing["settingId"])
	assert.Equal(t, "Disable", sharing["settingValue"])
	contact := recording.Find(t, "aws:account/alternativeContact:AlternativeContact", "account-security").Inputs
	assert.Equal(t, "SECURITY", contact["alternateContactType"])
}

func TestPeopleTakeTheSupportRoleWithMFAAndForSupportOnly(t *testing.T) {
	const policy = "arn:aws:iam::aws:policy/AWSSupportAccess"
	recording := prod(t)
	role := recording.Find(t, roleType, "account-support").Inputs
	assert.Equal(t, policy, role["permissionsBoundary"])
	assert.Equal(t, policy, recording.Find(t, attachmentType, "account-support").Inputs["policyArn"])
	trust := statements(t, role["assumeRolePolicy"])
	require.Len(t, trust, 1)
	assert.Equal(t, []string{"arn:aws:iam::" + prodAccount + ":root"}, trust["AssumeWithMFA"].Principal["AWS"])
	assert.Equal(t, []string{"true"}, trust["AssumeWithMFA"].Condition["Bool"]["aws:MultiFactorAuthPresent"])
}

func TestControlsAreNotMadeFromWrongArguments(t *testing.T) {
	args := &security.ControlArgs{}
	wanted := []string{"account id: is empty", "boundary: is missing", "evidence: is missing"}
	makers := map[string]func(*pulumi.Context) error{
		"trail":       func(ctx *pulumi.Context) error { _, err := security.NewTrail(ctx, "x", args); return err },
		"log archive": func(ctx *pulumi.Context) error { _, err := security.NewLogArchive(ctx, "x", args); return err },
		"recorder":    func(ctx *pulumi.Context) error { _, err := security.NewRecorder(ctx, "x", args, 400); return err },
		"detection":   func(ctx *pulumi.Context) error { _, err := security.NewDetection(ctx, "x", args, nil); return err },
		"account settings": func(ctx *pulumi.Context) error {
			_, err := security.NewAccountSettings(ctx, "x", args, security.Contact{})
			return err
		},
	}
	for name, make := range makers {
		recording, err := pulumitest.Run(t, options(t, "local"), make)
		for _, want := range wanted {
			require.ErrorContains(t, err, want, name)
		}
		require.ErrorContains(t, err, name)
		assert.Empty(t, recording.Resources)
	}
	_, err := pulumitest.Run(t, options(t, "local"), func(ctx *pulumi.Context) error {
		_, err := security.NewFlowLogs(ctx, "x", &security.FlowLogsArgs{})
		return err
	})
	for _, want := range []string{"flow logs", "network of blue: is missing", "network of green: is missing", "transit gateway: is missing"} {
		require.ErrorContains(t, err, want)
	}
}

// What workloads may at most do must cover what the deliveries need, or they
// fail silently where nobody looks.
func TestTheBoundaryAllowsWhatDeliveriesNeed(t *testing.T) {
	assert.Subset(t, component.WorkloadActions(), []string{"firehose:PutRecord", "firehose:PutRecordBatch", "s3:GetBucketLocation"})
}
