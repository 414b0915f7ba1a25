package mapping

// Reasons of the known differences.
const (
	// newer is what AWS provider 5.83 to 5.100 added. The plugin from source is
	// made of 5.82, the SDK belongs to 5.100; a program that sets one of these
	// needs the official plugin.
	newer = "added to the AWS provider after 5.82"
	// alias is an old name that the official plugin translates.
	alias = "a deprecated alias of dbName, which is to be used instead"
	// loosened may be left out since a newer alternative exists.
	loosened = "required by the AWS provider until its alternative was added after 5.82"
	// recursive is a type of the SDK that contains itself without end, where
	// the provider has a few levels. Write such rules as JSON (ruleJson).
	recursive = "the SDK's type contains itself; the provider ends after three levels"
)

// known are the differences that do no harm, by token. An entry that no longer
// stands for any difference fails the test.
var known = []allowance{
	{newer, "aws:accessanalyzer/analyzer:Analyzer", []string{"configuration.unusedAccess.analysisRule"}},
	{newer, "aws:autoscaling/group:Group", []string{"capacityReservationSpecification"}},
	{newer, "aws:autoscaling/policy:Policy", []string{
		"targetTrackingConfiguration.customizedMetricSpecification.metrics[].metricStat.period",
		"targetTrackingConfiguration.customizedMetricSpecification.period",
	}},
	{newer, "aws:cloudtrail/eventDataStore:EventDataStore", []string{"suspend"}},
	{newer, "aws:cloudtrail/trail:Trail", []string{"snsTopicArn"}},
	{newer, "aws:cloudwatch/eventBus:EventBus", []string{"deadLetterConfig"}},
	{newer, "aws:cloudwatch/eventConnection:EventConnection", []string{
		"invocationConnectivityParameters",
		"kmsKeyIdentifier",
	}},
	{newer, "aws:dynamodb/table:Table", []string{"pointInTimeRecovery.recoveryPeriodInDays"}},
	{newer, "aws:dynamodb/tableExport:TableExport", []string{
		"exportType",
		"incrementalExportSpecification",
	}},
	{newer, "aws:ebs/volume:Volume", []string{"createTime"}},
	{newer, "aws:ec2/ami:Ami", []string{
		"lastLaunchedTime",
		"uefiData",
	}},
	{newer, "aws:ec2/amiCopy:AmiCopy", []string{
		"lastLaunchedTime",
		"uefiData",
	}},
	{newer, "aws:ec2/amiFromInstance:AmiFromInstance", []string{
		"lastLaunchedTime",
		"uefiData",
	}},
	{newer, "aws:ec2/fleet:Fleet", []string{
		"spotOptions.maxTotalPrice",
		"spotOptions.minTargetCapacity",
		"spotOptions.singleAvailabilityZone",
		"spotOptions.singleInstanceType",
	}},
	{newer, "aws:ec2/launchTemplate:LaunchTemplate", []string{
		"blockDeviceMappings[].ebs.volumeInitializationRate",
		"networkInterfaces[].connectionTrackingSpecification",
		"networkInterfaces[].enaSrdSpecification",
	}},
	{newer, "aws:ec2/networkInsightsPath:NetworkInsightsPath", []string{
		"filterAtDestination",
		"filterAtSource",
	}},
	{newer, "aws:ec2/vpcEndpoint:VpcEndpoint", []string{
		"resourceConfigurationArn",
		"serviceNetworkArn",
	}},
	{loosened, "aws:ec2/vpcEndpoint:VpcEndpoint", []string{"serviceName"}},
	{newer, "aws:ec2/vpnConnection:VpnConnection", []string{
		"presharedKeyArn",
		"presharedKeyStorage",
	}},
	{newer, "aws:ec2transitgateway/peeringAttachment:PeeringAttachment", []string{"arn"}},
	{newer, "aws:ec2transitgateway/vpcAttachment:VpcAttachment", []string{"arn"}},
	{newer, "aws:ecr/pullThroughCacheRule:PullThroughCacheRule", []string{
		"customRoleArn",
		"upstreamRepositoryPrefix",
	}},
	{newer, "aws:ecs/service:Service", []string{"volumeConfiguration.managedEbsVolume.volumeInitializationRate"}},
	{newer, "aws:ecs/taskDefinition:TaskDefinition", []string{"enableFaultInjection"}},
	{newer, "aws:fis/experimentTemplate:ExperimentTemplate", []string{"experimentReportConfiguration"}},
	{newer, "aws:globalaccelerator/accelerator:Accelerator", []string{"arn"}},
	{newer, "aws:globalaccelerator/customRoutingAccelerator:CustomRoutingAccelerator", []string{"arn"}},
	{newer, "aws:globalaccelerator/customRoutingListener:CustomRoutingListener", []string{"arn"}},
	{newer, "aws:globalaccelerator/listener:Listener", []string{"arn"}},
	{newer, "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", []string{"mskSourceConfiguration.readFromTimestamp"}},
	{newer, "aws:kms/customKeyStore:CustomKeyStore", []string{
		"customKeyStoreType",
		"xksProxyAuthenticationCredential",
		"xksProxyConnectivity",
		"xksProxyUriEndpoint",
		"xksProxyUriPath",
		"xksProxyVpcEndpointServiceName",
	}},
	{loosened, "aws:kms/customKeyStore:CustomKeyStore", []string{"cloudHsmClusterId", "keyStorePassword", "trustAnchorCertificate"}},
	{newer, "aws:lb/listener:Listener", []string{
		"routingHttpRequestXAmznMtlsClientcertHeaderName",
		"routingHttpRequestXAmznMtlsClientcertIssuerHeaderName",
		"routingHttpRequestXAmznMtlsClientcertLeafHeaderName",
		"routingHttpRequestXAmznMtlsClientcertSerialNumberHeaderName",
		"routingHttpRequestXAmznMtlsClientcertSubjectHeaderName",
		"routingHttpRequestXAmznMtlsClientcertValidityHeaderName",
		"routingHttpRequestXAmznTlsCipherSuiteHeaderName",
		"routingHttpRequestXAmznTlsVersionHeaderName",
		"routingHttpResponseAccessControlAllowCredentialsHeaderValue",
		"routingHttpResponseAccessControlAllowHeadersHeaderValue",
		"routingHttpResponseAccessControlAllowMethodsHeaderValue",
		"routingHttpResponseAccessControlAllowOriginHeaderValue",
		"routingHttpResponseAccessControlExposeHeadersHeaderValue",
		"routingHttpResponseAccessControlMaxAgeHeaderValue",
		"routingHttpResponseContentSecurityPolicyHeaderValue",
		"routingHttpResponseServerEnabled",
		"routingHttpResponseStrictTransportSecurityHeaderValue",
		"routingHttpResponseXContentTypeOptionsHeaderValue",
		"routingHttpResponseXFrameOptionsHeaderValue",
	}},
	{newer, "aws:lb/loadBalancer:LoadBalancer", []string{
		"ipamPools",
		"minimumLoadBalancerCapacity",
	}},
	{newer, "aws:networkfirewall/firewall:Firewall", []string{"enabledAnalysisTypes"}},
	{newer, "aws:pipes/pipe:Pipe", []string{"kmsKeyIdentifier"}},
	{newer, "aws:rds/cluster:Cluster", []string{
		"clusterScalabilityType",
		"databaseInsightsMode",
		"monitoringInterval",
		"monitoringRoleArn",
	}},
	{newer, "aws:rds/instance:Instance", []string{"databaseInsightsMode"}},
	{alias, "aws:rds/instance:Instance", []string{"name"}},
	{newer, "aws:rds/integration:Integration", []string{"dataFilter"}},
	{newer, "aws:route53/healthCheck:HealthCheck", []string{"triggers"}},
	{newer, "aws:route53/trafficPolicy:TrafficPolicy", []string{"arn"}},
	{newer, "aws:route53/trafficPolicyInstance:TrafficPolicyInstance", []string{"arn"}},
	{newer, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", []string{"timeouts"}},
	{newer, "aws:s3/bucketObjectv2:BucketObjectv2", []string{"checksumCrc64nvme"}},
	{newer, "aws:s3/objectCopy:ObjectCopy", []string{
		"checksumCrc64nvme",
		"overrideProvider",
	}},
	{newer, "aws:sns/topic:Topic", []string{"fifoThroughputScope"}},
	{newer, "provider", []string{
		"endpoints[].billing",
		"endpoints[].dsql",
		"endpoints[].evs",
		"endpoints[].invoicing",
		"endpoints[].mediapackagevod",
		"endpoints[].notifications",
		"endpoints[].notificationscontacts",
	}},
	{newer, "aws:wafv2/ipSet:IpSet", []string{"namePrefix"}},
	{newer, "aws:wafv2/regexPatternSet:RegexPatternSet", []string{"namePrefix"}},
	{newer, "aws:wafv2/ruleGroup:RuleGroup", []string{
		"rules[].statement.asnMatchStatement",
		"rules[].statement.**.asnMatchStatement",
		"rules[].statement.**.customKeys[].ja3Fingerprint",
		"rules[].statement.**.customKeys[].ja4Fingerprint",
		"rules[].statement.**.fieldToMatch.ja4Fingerprint",
		"rules[].statement.**.fieldToMatch.uriFragment",
	}},
	{recursive, "aws:wafv2/ruleGroup:RuleGroup", []string{
		"rules[].statement.**.statements[].andStatement",
		"rules[].statement.**.statements[].notStatement",
		"rules[].statement.**.statements[].orStatement",
		"rules[].statement.**.statements[].rateBasedStatement",
	}},
	{newer, "aws:wafv2/webAcl:WebAcl", []string{
		"dataProtectionConfig",
		"namePrefix",
		"rules[].challengeConfig",
		"rules[].statement.asnMatchStatement",
		"rules[].statement.**.asnMatchStatement",
		"rules[].statement.**.customKeys[].ja3Fingerprint",
		"rules[].statement.**.customKeys[].ja4Fingerprint",
		"rules[].statement.**.fieldToMatch.ja4Fingerprint",
		"rules[].statement.**.fieldToMatch.uriFragment",
	}},
	{recursive, "aws:wafv2/webAcl:WebAcl", []string{
		"rules[].statement.**.statements[].andStatement",
		"rules[].statement.**.statements[].notStatement",
		"rules[].statement.**.statements[].orStatement",
		"rules[].statement.**.statements[].rateBasedStatement",
		"rules[].statement.**.statements[].managedRuleGroupStatement",
		"rules[].statement.**.statements[].ruleGroupReferenceStatement",
	}},
}
