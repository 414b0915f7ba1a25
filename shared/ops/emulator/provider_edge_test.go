//go:build provider

package emulator

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func TestProviderDeploysEdgeAndServices(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		vpc, subnets := addVPC(p, "green", "10.20")
		igw := p.add("aws:ec2/internetGateway:InternetGateway", "igw", pulumi.Map{"vpcId": vpc.ID()})
		group := p.add("aws:ec2/securityGroup:SecurityGroup", "alb", pulumi.Map{"vpcId": vpc.ID(), "name": str("alb"), "description": str("alb")})
		zone := p.add("aws:route53/zone:Zone", "z", pulumi.Map{"name": str("pay.example.com"), "comment": str("payments"), "forceDestroy": pulumi.Bool(true)})
		certificate := p.add("aws:acm/certificate:Certificate", "c", pulumi.Map{"domainName": str("pay.example.com"), "subjectAlternativeNames": texts(str("*.pay.example.com")), "validationMethod": str("DNS"), "keyAlgorithm": str("EC_prime256v1"), "options": pulumi.Map{"certificateTransparencyLoggingPreference": str("ENABLED")}})
		option := certificate.ValidationOptions.Index(pulumi.Int(0))
		field := func(name string) pulumi.StringOutput {
			return option.ApplyT(func(v any) string { s, _ := v.(map[string]any)[name].(string); return s }).(pulumi.StringOutput)
		}
		record := p.add("aws:route53/record:Record", "v", pulumi.Map{"zoneId": zone.ID(), "name": field("resourceRecordName"), "type": field("resourceRecordType"), "ttl": pulumi.Int(60), "records": pulumi.Array{field("resourceRecordValue")}, "allowOverwrite": pulumi.Bool(true)})
		validation := p.add("aws:acm/certificateValidation:CertificateValidation", "c", pulumi.Map{"certificateArn": certificate.Arn, "validationRecordFqdns": pulumi.Array{record.Fqdn}})
		logs := p.add("aws:s3/bucketV2:BucketV2", "logs", pulumi.Map{"bucket": str("cutover-alb-logs"), "forceDestroy": pulumi.Bool(true)})
		lb := p.add("aws:lb/loadBalancer:LoadBalancer", "green", pulumi.Map{
			"name": str("cutover-green"), "loadBalancerType": str("application"), "internal": pulumi.Bool(false), "subnets": ids(subnets), "securityGroups": pulumi.Array{group.ID()}, "enableDeletionProtection": pulumi.Bool(false), "dropInvalidHeaderFields": pulumi.Bool(true),
			"desyncMitigationMode": str("strictest"), "idleTimeout": pulumi.Int(60), "enableHttp2": pulumi.Bool(true), "enableWafFailOpen": pulumi.Bool(false), "enableTlsVersionAndCipherSuiteHeaders": pulumi.Bool(true), "preserveHostHeader": pulumi.Bool(true), "xffHeaderProcessingMode": str("append"),
			"clientKeepAlive": pulumi.Int(3600), "enableCrossZoneLoadBalancing": pulumi.Bool(true), "accessLogs": pulumi.Map{"bucket": logs.ID(), "prefix": str("green"), "enabled": pulumi.Bool(true)}, "connectionLogs": pulumi.Map{"bucket": logs.ID(), "prefix": str("green-conn"), "enabled": pulumi.Bool(true)},
			"enableZonalShift": pulumi.Bool(true),
		}, pulumi.DependsOn([]pulumi.Resource{igw}))
		target := p.add("aws:lb/targetGroup:TargetGroup", "api", pulumi.Map{"name": str("green-payment-api"), "port": pulumi.Int(8080), "protocol": str("HTTP"), "protocolVersion": str("HTTP1"), "targetType": str("ip"), "vpcId": vpc.ID(), "deregistrationDelay": pulumi.Int(30), "slowStart": pulumi.Int(30), "loadBalancingAlgorithmType": str("least_outstanding_requests"),
			"healthCheck": pulumi.Map{"path": str("/healthz"), "protocol": str("HTTP"), "port": str("traffic-port"), "matcher": str("200"), "interval": pulumi.Int(10), "timeout": pulumi.Int(5), "healthyThreshold": pulumi.Int(2), "unhealthyThreshold": pulumi.Int(3)},
			"stickiness":  pulumi.Map{"type": str("lb_cookie"), "enabled": pulumi.Bool(false), "cookieDuration": pulumi.Int(86400)}})
		https := p.add("aws:lb/listener:Listener", "https", pulumi.Map{"loadBalancerArn": lb.Arn, "port": pulumi.Int(443), "protocol": str("HTTPS"), "sslPolicy": str("ELBSecurityPolicy-TLS13-1-2-2021-06"), "certificateArn": validation.CertificateArn,
			"defaultActions": pulumi.Array{pulumi.Map{"type": str("fixed-response"), "fixedResponse": pulumi.Map{"contentType": str("text/plain"), "messageBody": str("not found"), "statusCode": str("404")}}}})
		p.add("aws:lb/listener:Listener", "http", pulumi.Map{"loadBalancerArn": lb.Arn, "port": pulumi.Int(80), "protocol": str("HTTP"), "defaultActions": pulumi.Array{pulumi.Map{"type": str("redirect"), "redirect": pulumi.Map{"port": str("443"), "protocol": str("HTTPS"), "statusCode": str("HTTP_301")}}}})
		rule := p.add("aws:lb/listenerRule:ListenerRule", "api", pulumi.Map{"listenerArn": https.Arn, "priority": pulumi.Int(10), "actions": pulumi.Array{pulumi.Map{"type": str("forward"), "targetGroupArn": target.Arn}}, "conditions": pulumi.Array{pulumi.Map{"pathPattern": pulumi.Map{"values": texts(str("/payments/*"), str("/payments"))}}}})
		p.add("aws:lb/listenerRule:ListenerRule", "hdr", pulumi.Map{"listenerArn": https.Arn, "priority": pulumi.Int(20), "actions": pulumi.Array{pulumi.Map{"type": str("forward"), "forward": pulumi.Map{"targetGroups": pulumi.Array{pulumi.Map{"arn": target.Arn, "weight": pulumi.Int(100)}}, "stickiness": pulumi.Map{"enabled": pulumi.Bool(true), "duration": pulumi.Int(600)}}}},
			"conditions": pulumi.Array{pulumi.Map{"httpHeader": pulumi.Map{"httpHeaderName": str("X-Colour"), "values": texts(str("green"))}}, pulumi.Map{"hostHeader": pulumi.Map{"values": texts(str("pay.example.com"))}}}})
		check := p.add("aws:route53/healthCheck:HealthCheck", "green", pulumi.Map{"type": str("HTTPS"), "fqdn": lb.DNSName, "port": pulumi.Int(443), "resourcePath": str("/healthz"), "failureThreshold": pulumi.Int(3), "requestInterval": pulumi.Int(10), "measureLatency": pulumi.Bool(true), "enableSni": pulumi.Bool(true), "invertHealthcheck": pulumi.Bool(false), "disabled": pulumi.Bool(false), "regions": texts(str("us-east-1"), str("us-west-2"), str("eu-west-1")), "tags": pulumi.StringMap{"Name": str("green")}})
		p.add("aws:route53/record:Record", "green", pulumi.Map{"zoneId": zone.ID(), "name": str("pay.example.com"), "type": str("A"), "setIdentifier": str("green"), "healthCheckId": check.ID(), "weightedRoutingPolicies": pulumi.Array{pulumi.Map{"weight": pulumi.Int(5)}}, "aliases": pulumi.Array{pulumi.Map{"name": lb.DNSName, "zoneId": lb.ZoneID, "evaluateTargetHealth": pulumi.Bool(true)}}})
		addServices(p, subnets, group, target, rule)
	})
}

func addServices(p *plan, subnets []*made, group, target, rule *made) {
	key := addKey(p, "ecs")
	repository := p.add("aws:ecr/repository:Repository", "api", pulumi.Map{"name": str("cutover/payment-api"), "imageTagMutability": str("IMMUTABLE"), "forceDelete": pulumi.Bool(true), "imageScanningConfiguration": pulumi.Map{"scanOnPush": pulumi.Bool(true)}, "encryptionConfigurations": pulumi.Array{pulumi.Map{"encryptionType": str("KMS"), "kmsKey": key.Arn}}})
	p.add("aws:ecr/lifecyclePolicy:LifecyclePolicy", "api", pulumi.Map{"repository": repository.Name, "policy": document(map[string]any{"rules": []any{map[string]any{"rulePriority": 1, "description": "keep", "selection": map[string]any{"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}, "action": map[string]any{"type": "expire"}}}})})
	logs := p.add("aws:cloudwatch/logGroup:LogGroup", "ecs", pulumi.Map{"name": str("/ecs/green"), "retentionInDays": pulumi.Int(90)})
	cluster := p.add("aws:ecs/cluster:Cluster", "green", pulumi.Map{"name": str("cutover-green"), "settings": pulumi.Array{pulumi.Map{"name": str("containerInsights"), "value": str("enabled")}},
		"configuration": pulumi.Map{"executeCommandConfiguration": pulumi.Map{"kmsKeyId": key.Arn, "logging": str("OVERRIDE"), "logConfiguration": pulumi.Map{"cloudWatchLogGroupName": logs.Name}}}})
	p.add("aws:ecs/clusterCapacityProviders:ClusterCapacityProviders", "green", pulumi.Map{"clusterName": cluster.Name, "capacityProviders": texts(str("FARGATE"), str("FARGATE_SPOT")), "defaultCapacityProviderStrategies": pulumi.Array{pulumi.Map{"capacityProvider": str("FARGATE"), "weight": pulumi.Int(1), "base": pulumi.Int(1)}}})
	role := addRole(p, "task", "ecs-tasks.amazonaws.com")
	task := p.add("aws:ecs/taskDefinition:TaskDefinition", "api", pulumi.Map{"family": str("payment-api"), "cpu": str("256"), "memory": str("512"), "networkMode": str("awsvpc"), "requiresCompatibilities": texts(str("FARGATE")), "executionRoleArn": role.Arn, "taskRoleArn": role.Arn, "runtimePlatform": pulumi.Map{"cpuArchitecture": str("ARM64"), "operatingSystemFamily": str("LINUX")},
		"containerDefinitions": document([]any{map[string]any{"name": "payment-api", "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/cutover/payment-api@sha256:0000000000000000000000000000000000000000000000000000000000000000", "essential": true, "readonlyRootFilesystem": true, "portMappings": []any{map[string]any{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}},
			"environment": []any{map[string]any{"name": "COLOUR", "value": "green"}}, "secrets": []any{map[string]any{"name": "DB", "valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:db"}}, "logConfiguration": map[string]any{"logDriver": "awslogs", "options": map[string]any{"awslogs-group": "/ecs/green", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "api"}},
			"linuxParameters": map[string]any{"initProcessEnabled": true}, "user": "1000"}})})
	service := p.add("aws:ecs/service:Service", "api", pulumi.Map{"name": str("payment-api"), "cluster": cluster.Arn, "taskDefinition": task.Arn, "desiredCount": pulumi.Int(3), "launchType": str("FARGATE"), "platformVersion": str("1.4.0"), "enableExecuteCommand": pulumi.Bool(false), "healthCheckGracePeriodSeconds": pulumi.Int(30), "propagateTags": str("SERVICE"), "enableEcsManagedTags": pulumi.Bool(true),
		"deploymentCircuitBreaker": pulumi.Map{"enable": pulumi.Bool(true), "rollback": pulumi.Bool(true)}, "deploymentMinimumHealthyPercent": pulumi.Int(100), "deploymentMaximumPercent": pulumi.Int(200), "availabilityZoneRebalancing": str("ENABLED"), "waitForSteadyState": pulumi.Bool(true),
		"networkConfiguration": pulumi.Map{"subnets": ids(subnets), "securityGroups": pulumi.Array{group.ID()}, "assignPublicIp": pulumi.Bool(false)},
		"loadBalancers":        pulumi.Array{pulumi.Map{"targetGroupArn": target.Arn, "containerName": str("payment-api"), "containerPort": pulumi.Int(8080)}}}, pulumi.DependsOn([]pulumi.Resource{rule}))
	scalable := p.add("aws:appautoscaling/target:Target", "api", pulumi.Map{"serviceNamespace": str("ecs"), "resourceId": pulumi.Sprintf("service/%s/%s", cluster.Name, service.Name), "scalableDimension": str("ecs:service:DesiredCount"), "minCapacity": pulumi.Int(3), "maxCapacity": pulumi.Int(30)})
	p.add("aws:appautoscaling/policy:Policy", "api", pulumi.Map{"name": str("cpu"), "policyType": str("TargetTrackingScaling"), "serviceNamespace": str("ecs"), "resourceId": scalable.ResourceID, "scalableDimension": str("ecs:service:DesiredCount"),
		"targetTrackingScalingPolicyConfiguration": pulumi.Map{"targetValue": pulumi.Float64(60), "scaleInCooldown": pulumi.Int(300), "scaleOutCooldown": pulumi.Int(30), "predefinedMetricSpecification": pulumi.Map{"predefinedMetricType": str("ECSServiceAverageCPUUtilization")}}})
}

// A zone is unsigned before its key goes, the key before the zone, whatever order the
// engine would like.
func TestProviderDeploysNames(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		pair := p.add("aws:kms/key:Key", "zone", pulumi.Map{"description": str("signs"), "customerMasterKeySpec": str("ECC_NIST_P256"), "keyUsage": str("SIGN_VERIFY"), "deletionWindowInDays": pulumi.Int(30),
			"policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": "dnssec-route53.amazonaws.com"}, "Action": []any{"kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"}, "Resource": "*"}}})})
		zone := p.add("aws:route53/zone:Zone", "z", pulumi.Map{"name": str("pay.example.com"), "comment": str("payments")})
		key := p.add("aws:route53/keySigningKey:KeySigningKey", "z", pulumi.Map{"name": str("cutover_zone"), "hostedZoneId": zone.ID(), "keyManagementServiceArn": pair.Arn, "status": str("ACTIVE")})
		p.add("aws:route53/hostedZoneDnsSec:HostedZoneDnsSec", "z", pulumi.Map{"hostedZoneId": zone.ID(), "signingStatus": str("SIGNING")}, pulumi.DependsOn([]pulumi.Resource{key}))
		blue, _ := addVPC(p, "blue", "10.10")
		green, _ := addVPC(p, "green", "10.20")
		private := p.add("aws:route53/zone:Zone", "private", pulumi.Map{"name": str("local.example.internal"), "comment": str("databases"), "forceDestroy": pulumi.Bool(true), "vpcs": pulumi.Array{pulumi.Map{"vpcId": blue.ID(), "vpcRegion": str("us-east-1")}, pulumi.Map{"vpcId": green.ID(), "vpcRegion": str("us-east-1")}}})
		p.add("aws:route53/record:Record", "writer", pulumi.Map{"zoneId": private.ID(), "name": str("writer.local.example.internal"), "type": str("CNAME"), "ttl": pulumi.Int(5), "records": texts(str("blue.cluster-abc.us-east-1.rds.amazonaws.com"))})
	})
}

func TestProviderDeploysWebACL(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		vpc, subnets := addVPC(p, "green", "10.20")
		group := p.add("aws:ec2/securityGroup:SecurityGroup", "alb", pulumi.Map{"vpcId": vpc.ID(), "name": str("alb"), "description": str("alb")})
		lb := p.add("aws:lb/loadBalancer:LoadBalancer", "green", pulumi.Map{"name": str("cutover-green"), "loadBalancerType": str("application"), "internal": pulumi.Bool(true), "subnets": ids(subnets), "securityGroups": pulumi.Array{group.ID()}})
		visible := func(name string) pulumi.Map {
			return pulumi.Map{"cloudwatchMetricsEnabled": pulumi.Bool(true), "sampledRequestsEnabled": pulumi.Bool(false), "metricName": str(name)}
		}
		managed := func(priority int, name string) pulumi.Map {
			return pulumi.Map{"name": str(name), "priority": pulumi.Int(priority), "overrideAction": pulumi.Map{"none": pulumi.Map{}}, "visibilityConfig": visible(name), "statement": pulumi.Map{"managedRuleGroupStatement": pulumi.Map{"name": str(name), "vendorName": str("AWS")}}}
		}
		acl := p.add("aws:wafv2/webAcl:WebAcl", "acl", pulumi.Map{"name": str("cutover-green"), "scope": str("REGIONAL"), "defaultAction": pulumi.Map{"allow": pulumi.Map{}}, "visibilityConfig": visible("acl"), "rules": pulumi.Array{
			managed(1, "AWSManagedRulesAmazonIpReputationList"), managed(2, "AWSManagedRulesCommonRuleSet"), managed(3, "AWSManagedRulesKnownBadInputsRuleSet"), managed(4, "AWSManagedRulesSQLiRuleSet"),
			pulumi.Map{"name": str("rate"), "priority": pulumi.Int(0), "action": pulumi.Map{"block": pulumi.Map{}}, "visibilityConfig": visible("rate"), "statement": pulumi.Map{"rateBasedStatement": pulumi.Map{"limit": pulumi.Int(2000), "aggregateKeyType": str("IP"), "evaluationWindowSec": pulumi.Int(300)}}},
		}})
		p.add("aws:wafv2/webAclAssociation:WebAclAssociation", "a", pulumi.Map{"webAclArn": acl.Arn, "resourceArn": lb.Arn})
		logs := p.add("aws:cloudwatch/logGroup:LogGroup", "waf", pulumi.Map{"name": str("aws-waf-logs-green"), "retentionInDays": pulumi.Int(90)})
		p.add("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", "l", pulumi.Map{"resourceArn": acl.Arn, "logDestinationConfigs": pulumi.Array{logs.Arn}, "redactedFields": pulumi.Array{pulumi.Map{"singleHeader": pulumi.Map{"name": str("authorization")}}, pulumi.Map{"queryString": pulumi.Map{}}}})
		p.add("aws:wafv2/ipSet:IpSet", "ips", pulumi.Map{"name": str("office"), "scope": str("REGIONAL"), "ipAddressVersion": str("IPV4"), "addresses": texts(str("192.0.2.0/24"))})
	})
}

func TestProviderDeploysAccountBaseline(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		key := addKey(p, "trail")
		bucket := p.add("aws:s3/bucketV2:BucketV2", "audit", pulumi.Map{"bucket": str("cutover-audit"), "forceDestroy": pulumi.Bool(true)})
		policy := p.add("aws:s3/bucketPolicy:BucketPolicy", "audit", pulumi.Map{"bucket": bucket.ID(), "policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::cutover-audit/*"}}})})
		logs := p.add("aws:cloudwatch/logGroup:LogGroup", "trail", pulumi.Map{"name": str("/cutover/trail"), "retentionInDays": pulumi.Int(90)})
		role := addRole(p, "trail", "cloudtrail.amazonaws.com")
		p.add("aws:cloudtrail/trail:Trail", "t", pulumi.Map{"name": str("cutover"), "s3BucketName": bucket.ID(), "isMultiRegionTrail": pulumi.Bool(true), "includeGlobalServiceEvents": pulumi.Bool(true), "enableLogFileValidation": pulumi.Bool(true), "kmsKeyId": key.Arn, "cloudWatchLogsGroupArn": pulumi.Sprintf("%s:*", logs.Arn), "cloudWatchLogsRoleArn": role.Arn,
			"eventSelectors": pulumi.Array{pulumi.Map{"readWriteType": str("All"), "includeManagementEvents": pulumi.Bool(true), "dataResources": pulumi.Array{pulumi.Map{"type": str("AWS::S3::Object"), "values": texts(str("arn:aws:s3"))}}}}, "insightSelectors": pulumi.Array{pulumi.Map{"insightType": str("ApiCallRateInsight")}}}, pulumi.DependsOn([]pulumi.Resource{policy}))
		recorderRole := addRole(p, "config", "config.amazonaws.com")
		recorder := p.add("aws:cfg/recorder:Recorder", "r", pulumi.Map{"name": str("default"), "roleArn": recorderRole.Arn, "recordingGroup": pulumi.Map{"allSupported": pulumi.Bool(true), "includeGlobalResourceTypes": pulumi.Bool(true)}})
		channel := p.add("aws:cfg/deliveryChannel:DeliveryChannel", "d", pulumi.Map{"name": str("default"), "s3BucketName": bucket.ID(), "s3KeyPrefix": str("config"), "snapshotDeliveryProperties": pulumi.Map{"deliveryFrequency": str("TwentyFour_Hours")}}, pulumi.DependsOn([]pulumi.Resource{recorder}))
		status := p.add("aws:cfg/recorderStatus:RecorderStatus", "s", pulumi.Map{"name": recorder.Name, "isEnabled": pulumi.Bool(true)}, pulumi.DependsOn([]pulumi.Resource{channel}))
		p.add("aws:cfg/rule:Rule", "enc", pulumi.Map{"name": str("rds-encrypted"), "source": pulumi.Map{"owner": str("AWS"), "sourceIdentifier": str("RDS_STORAGE_ENCRYPTED")}, "scope": pulumi.Map{"complianceResourceTypes": texts(str("AWS::RDS::DBInstance"))}, "inputParameters": str("{}")}, pulumi.DependsOn([]pulumi.Resource{status}))
		p.add("aws:cfg/conformancePack:ConformancePack", "pci", pulumi.Map{"name": str("pci"), "templateBody": str("Resources:\n  A:\n    Type: AWS::Config::ConfigRule\n    Properties:\n      ConfigRuleName: a\n      Source:\n        Owner: AWS\n        SourceIdentifier: S3_BUCKET_VERSIONING_ENABLED\n"), "inputParameters": pulumi.Array{pulumi.Map{"parameterName": str("A"), "parameterValue": str("b")}}}, pulumi.DependsOn([]pulumi.Resource{status}))
		p.add("aws:guardduty/detector:Detector", "g", pulumi.Map{"enable": pulumi.Bool(true), "findingPublishingFrequency": str("FIFTEEN_MINUTES")})
		vault := p.add("aws:backup/vault:Vault", "v", pulumi.Map{"name": str("cutover"), "kmsKeyArn": key.Arn, "forceDestroy": pulumi.Bool(true)})
		p.add("aws:backup/vaultLockConfiguration:VaultLockConfiguration", "v", pulumi.Map{"backupVaultName": vault.Name, "minRetentionDays": pulumi.Int(35)})
		p.add("aws:backup/vaultPolicy:VaultPolicy", "v", pulumi.Map{"backupVaultName": vault.Name, "policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}}})})
		plan := p.add("aws:backup/plan:Plan", "p", pulumi.Map{"name": str("cutover"), "rules": pulumi.Array{pulumi.Map{"ruleName": str("daily"), "targetVaultName": vault.Name, "schedule": str("cron(0 5 * * ? *)"), "startWindow": pulumi.Int(60), "completionWindow": pulumi.Int(180), "lifecycle": pulumi.Map{"deleteAfter": pulumi.Int(35)}}}})
		backup := addRole(p, "backup", "backup.amazonaws.com")
		p.add("aws:backup/selection:Selection", "s", pulumi.Map{"name": str("tables"), "planId": plan.ID(), "iamRoleArn": backup.Arn, "resources": texts(str("arn:aws:dynamodb:*:*:table/*"))})
		p.add("aws:ebs/encryptionByDefault:EncryptionByDefault", "e", pulumi.Map{"enabled": pulumi.Bool(true)})
		p.add("aws:servicediscovery/httpNamespace:HttpNamespace", "h", pulumi.Map{"name": str("cutover")})
	})
}
