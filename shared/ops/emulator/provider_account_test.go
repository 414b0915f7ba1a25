//go:build provider

package emulator

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// agents lists those of GuardDuty as the provider reads them back.
func agents(states ...string) pulumi.Array {
	var list pulumi.Array
	for i, name := range []string{"EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT"} {
		list = append(list, pulumi.Map{"name": str(name), "status": str(states[i])})
	}
	return list
}

func TestProviderDeploysDetection(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		detector := p.add("aws:guardduty/detector:Detector", "g", pulumi.Map{"enable": pulumi.Bool(true), "findingPublishingFrequency": str("FIFTEEN_MINUTES")})
		for _, feature := range []string{"S3_DATA_EVENTS", "RDS_LOGIN_EVENTS"} {
			p.add("aws:guardduty/detectorFeature:DetectorFeature", feature, pulumi.Map{"detectorId": detector.ID(), "name": str(feature), "status": str("ENABLED")})
		}
		p.add("aws:guardduty/detectorFeature:DetectorFeature", "runtime", pulumi.Map{
			"detectorId": detector.ID(), "name": str("RUNTIME_MONITORING"), "status": str("ENABLED"), "additionalConfigurations": agents("DISABLED", "ENABLED", "DISABLED"),
		})
		hub := p.add("aws:securityhub/account:Account", "h", pulumi.Map{"enableDefaultStandards": pulumi.Bool(false), "autoEnableControls": pulumi.Bool(false), "controlFindingGenerator": str("SECURITY_CONTROL")})
		p.add("aws:securityhub/standardsSubscription:StandardsSubscription", "pci", pulumi.Map{"standardsArn": str("arn:aws:securityhub:us-east-1::standards/pci-dss/v/4.0.1")}, pulumi.DependsOn([]pulumi.Resource{hub}))
		p.add("aws:macie2/account:Account", "m", pulumi.Map{"status": str("ENABLED"), "findingPublishingFrequency": str("FIFTEEN_MINUTES")})
		p.add("aws:inspector2/enabler:Enabler", "i", pulumi.Map{"accountIds": texts(str("123456789012")), "resourceTypes": texts(str("ECR"), str("LAMBDA"))})
		p.add("aws:accessanalyzer/analyzer:Analyzer", "a", pulumi.Map{"analyzerName": str("ours"), "type": str("ACCOUNT")})
	})
}

func TestProviderSetsTheAccountsSwitches(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		p.add("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", "s", pulumi.Map{
			"accountId": str("123456789012"), "blockPublicAcls": pulumi.Bool(true), "blockPublicPolicy": pulumi.Bool(true), "ignorePublicAcls": pulumi.Bool(true), "restrictPublicBuckets": pulumi.Bool(true),
		})
		p.add("aws:ebs/encryptionByDefault:EncryptionByDefault", "e", pulumi.Map{"enabled": pulumi.Bool(true)})
		p.add("aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess", "e", pulumi.Map{"state": str("block-all-sharing")})
		p.add("aws:ssm/serviceSetting:ServiceSetting", "d", pulumi.Map{"settingId": str("arn:aws:ssm:us-east-1:123456789012:servicesetting/ssm/documents/console/public-sharing-permission"), "settingValue": str("Disable")})
		p.add("aws:iam/accountPasswordPolicy:AccountPasswordPolicy", "p", pulumi.Map{"minimumPasswordLength": pulumi.Int(14), "requireSymbols": pulumi.Bool(true), "maxPasswordAge": pulumi.Int(90)})
		p.add("aws:account/alternativeContact:AlternativeContact", "c", pulumi.Map{"alternateContactType": str("SECURITY"), "name": str("n"), "title": str("t"), "emailAddress": str("a@b.example"), "phoneNumber": str("+1 555 0100")})
		role := addRole(p, "config", "config.amazonaws.com")
		recorder := p.add("aws:cfg/recorder:Recorder", "r", pulumi.Map{"name": str("default"), "roleArn": role.Arn})
		p.add("aws:cfg/rule:Rule", "lock", pulumi.Map{
			"name": str("lock"), "source": pulumi.Map{"owner": str("AWS"), "sourceIdentifier": str("S3_BUCKET_DEFAULT_LOCK_ENABLED")},
			"scope": pulumi.Map{"tagKey": str("Retention"), "tagValue": str("locked")},
		}, pulumi.DependsOn([]pulumi.Resource{recorder}))
		p.add("aws:cfg/retentionConfiguration:RetentionConfiguration", "r", pulumi.Map{"retentionPeriodInDays": pulumi.Int(400)}, pulumi.DependsOn([]pulumi.Resource{recorder}))
	})
}

func TestProviderDeploysTheLogArchive(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		key := addKey(p, "logs")
		group := p.add("aws:cloudwatch/logGroup:LogGroup", "flows", pulumi.Map{"name": str("/flows"), "retentionInDays": pulumi.Int(90)})
		vpc, _ := addVPC(p, "blue", "10.30")
		role := addRole(p, "flows", "vpc-flow-logs.amazonaws.com")
		p.add("aws:ec2/flowLog:FlowLog", "vpc", pulumi.Map{"vpcId": vpc.ID(), "trafficType": str("ALL"), "maxAggregationInterval": pulumi.Int(60), "logDestinationType": str("cloud-watch-logs"), "logDestination": group.Arn, "iamRoleArn": role.Arn})
		logs := p.add("aws:s3/bucketV2:BucketV2", "logs", pulumi.Map{"bucket": str("access-logs"), "forceDestroy": pulumi.Bool(true)})
		admitted := p.add("aws:s3/bucketPolicy:BucketPolicy", "logs", pulumi.Map{"bucket": logs.ID(), "policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"Service": []any{"logging.s3.amazonaws.com"}}, "Action": []any{"s3:PutObject"}, "Resource": []any{"arn:aws:s3:::access-logs/*"},
		}}})})
		archive := p.add("aws:s3/bucketV2:BucketV2", "archive", pulumi.Map{"bucket": str("log-archive")})
		p.add("aws:s3/bucketLoggingV2:BucketLoggingV2", "archive", pulumi.Map{"bucket": archive.ID(), "targetBucket": logs.ID(), "targetPrefix": str("log-archive/")}, pulumi.DependsOn([]pulumi.Resource{admitted}))
		delivery := addRole(p, "delivery", "firehose.amazonaws.com")
		stream := p.add("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", "archive", pulumi.Map{
			"name": str("archive"), "destination": str("extended_s3"),
			"serverSideEncryption":    pulumi.Map{"enabled": pulumi.Bool(true), "keyType": str("CUSTOMER_MANAGED_CMK"), "keyArn": key.Arn},
			"extendedS3Configuration": pulumi.Map{"roleArn": delivery.Arn, "bucketArn": archive.Arn, "kmsKeyArn": key.Arn, "bufferingInterval": pulumi.Int(300), "bufferingSize": pulumi.Int(64), "prefix": str("logs/!{timestamp:yyyy/MM/dd/HH}/"), "errorOutputPrefix": str("failed/!{firehose:error-output-type}/")},
		})
		p.add("aws:cloudwatch/logAccountPolicy:LogAccountPolicy", "archive", pulumi.Map{
			"policyName": str("archive"), "policyType": str("SUBSCRIPTION_FILTER_POLICY"), "scope": str("ALL"), "selectionCriteria": str(`LogGroupName NOT IN ["/own"]`),
			"policyDocument": pulumi.Sprintf(`{"DestinationArn":%q,"RoleArn":%q,"FilterPattern":"","Distribution":"Random"}`, stream.Arn, delivery.Arn),
		})
	})
}
