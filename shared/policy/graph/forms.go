package graph

// forms holds the ids and ARNs of the types that the layers register (AWS
// Service Authorization Reference, "Resource types defined by", and the import
// sections of the provider's documentation for the ids).
var forms = merge(networkForms, identityForms, storeForms, computeForms, watchForms)

func merge(all ...map[string]form) map[string]form {
	merged := make(map[string]form)
	for _, each := range all {
		for token, form := range each {
			merged[token] = form
		}
	}
	return merged
}

// ec2 is the form of a thing of EC2 with an id of its prefix.
func ec2(prefix, kind string) form {
	id := prefix + "-{hex}"
	return form{id: id, outputs: map[string]string{"arn": "arn:aws:ec2:{region}:{account}:" + kind + "/" + id}}
}

// arn is the form of a thing whose id is its ARN.
func arn(template string) form {
	return form{id: template, outputs: map[string]string{"arn": template}}
}

// named is the form of a thing whose id is its name.
func named(template string) form {
	return form{id: "{name}", outputs: map[string]string{"arn": template}}
}

// with adds outputs to a form.
func (f form) with(outputs map[string]string) form {
	for output, template := range f.outputs {
		outputs[output] = template
	}
	return form{id: f.id, outputs: outputs}
}

var networkForms = map[string]form{
	"aws:ec2/vpc:Vpc":                                           ec2("vpc", "vpc").with(map[string]string{"defaultNetworkAclId": "acl-{hex}", "defaultRouteTableId": "rtb-{hex}", "mainRouteTableId": "rtb-{hex}", "defaultSecurityGroupId": "sg-{hex}"}),
	"aws:ec2/subnet:Subnet":                                     ec2("subnet", "subnet"),
	"aws:ec2/internetGateway:InternetGateway":                   ec2("igw", "internet-gateway"),
	"aws:ec2/natGateway:NatGateway":                             {id: "nat-{hex}"},
	"aws:ec2/eip:Eip":                                           {id: "eipalloc-{hex}", outputs: map[string]string{"allocationId": "eipalloc-{hex}"}},
	"aws:ec2/routeTable:RouteTable":                             ec2("rtb", "route-table"),
	"aws:ec2/route:Route":                                       {id: "r-{hex}"},
	"aws:ec2/routeTableAssociation:RouteTableAssociation":       {id: "rtbassoc-{hex}"},
	"aws:ec2/networkAcl:NetworkAcl":                             ec2("acl", "network-acl"),
	"aws:ec2/networkAclAssociation:NetworkAclAssociation":       {id: "aclassoc-{hex}"},
	"aws:ec2/securityGroup:SecurityGroup":                       ec2("sg", "security-group"),
	"aws:ec2/flowLog:FlowLog":                                   ec2("fl", "vpc-flow-log"),
	"aws:ec2/vpcEndpoint:VpcEndpoint":                           ec2("vpce", "vpc-endpoint").with(map[string]string{"prefixListId": "pl-{hex}"}),
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ec2("sgr", "security-group-rule").with(map[string]string{"securityGroupRuleId": "sgr-{hex}"}),
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":   ec2("sgr", "security-group-rule").with(map[string]string{"securityGroupRuleId": "sgr-{hex}"}),
	"aws:ec2/vpnConnection:VpnConnection":                       ec2("vpn", "vpn-connection").with(map[string]string{"transitGatewayAttachmentId": "tgw-attach-{hex}"}),
	"aws:ec2transitgateway/transitGateway:TransitGateway":       ec2("tgw", "transit-gateway"),
	"aws:ec2transitgateway/vpcAttachment:VpcAttachment":         ec2("tgw-attach", "transit-gateway-attachment"),
	"aws:ec2transitgateway/routeTable:RouteTable":               ec2("tgw-rtb", "transit-gateway-route-table"),
	"aws:lb/loadBalancer:LoadBalancer": arn("arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{hex16}").with(map[string]string{
		"arnSuffix": "app/{name}/{hex16}", "dnsName": "{name}-{hex16}.{region}.elb.amazonaws.com", "zoneId": "Z{UPPER}"}),
	"aws:lb/listener:Listener":         arn("arn:aws:elasticloadbalancing:{region}:{account}:listener/app/of/{hex16}/{short}"),
	"aws:lb/listenerRule:ListenerRule": arn("arn:aws:elasticloadbalancing:{region}:{account}:listener-rule/app/of/{hex16}/{short}"),
	"aws:lb/targetGroup:TargetGroup": arn("arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{hex16}").with(map[string]string{
		"arnSuffix": "targetgroup/{name}/{hex16}"}),
	"aws:acm/certificate:Certificate":                     arn("arn:aws:acm:{region}:{account}:certificate/{uuid}"),
	"aws:acm/certificateValidation:CertificateValidation": {id: "{hex}"},
	"aws:route53/zone:Zone":                               {id: "Z{UPPER}", outputs: map[string]string{"zoneId": "Z{UPPER}", "arn": "arn:aws:route53:::hostedzone/Z{UPPER}"}},
	"aws:route53/record:Record":                           {id: "record-{hex}", outputs: map[string]string{"fqdn": "{in:name}"}},
	"aws:route53/healthCheck:HealthCheck":                 {id: "{uuid}", outputs: map[string]string{"arn": "arn:aws:route53:::healthcheck/{uuid}"}},
	"aws:wafv2/ipSet:IpSet":                               {id: "{uuid}", outputs: map[string]string{"arn": "arn:aws:wafv2:{region}:{account}:regional/ipset/{name}/{uuid}"}},
	"aws:wafv2/webAcl:WebAcl":                             {id: "{uuid}", outputs: map[string]string{"arn": "arn:aws:wafv2:{region}:{account}:regional/webacl/{name}/{uuid}"}},
}

var identityForms = map[string]form{
	"aws:iam/role:Role":                                 named("arn:aws:iam::{account}:role{in:path}{name}").with(map[string]string{"uniqueId": "AROA{UPPER}"}),
	"aws:iam/policy:Policy":                             arn("arn:aws:iam::{account}:policy{in:path}{name}").with(map[string]string{"policyId": "ANPA{UPPER}"}),
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment": {id: "{in:role}-{hex}"},
	"aws:iam/serviceLinkedRole:ServiceLinkedRole": arn("arn:aws:iam::{account}:role/aws-service-role/{in:awsServiceName}/AWSServiceRole-{hex}").with(
		map[string]string{"name": "AWSServiceRole-{hex}"}),
	"aws:kms/key:Key":                                  {id: "{uuid}", outputs: map[string]string{"arn": "arn:aws:kms:{region}:{account}:key/{uuid}", "keyId": "{uuid}"}},
	"aws:kms/alias:Alias":                              named("arn:aws:kms:{region}:{account}:{name}"),
	"aws:secretsmanager/secret:Secret":                 arn("arn:aws:secretsmanager:{region}:{account}:secret:{name}-{short}"),
	"aws:secretsmanager/secretVersion:SecretVersion":   {id: "{in:secretId}|{uuid}", outputs: map[string]string{"versionId": "{uuid}"}},
	"aws:secretsmanager/secretRotation:SecretRotation": {id: "rotation-{hex}"},
	"aws:ssm/parameter:Parameter":                      named("arn:aws:ssm:{region}:{account}:parameter{name}"),
	"aws:accessanalyzer/analyzer:Analyzer":             named("arn:aws:access-analyzer:{region}:{account}:analyzer/{name}"),
}

var storeForms = map[string]form{
	"aws:s3/bucketV2:BucketV2": named("arn:aws:s3:::{name}").with(map[string]string{
		"bucket": "{name}", "bucketDomainName": "{name}.s3.amazonaws.com", "bucketRegionalDomainName": "{name}.s3.{region}.amazonaws.com"}),
	"aws:s3/bucketPolicy:BucketPolicy": {id: "bucketpolicy-{hex}"},
	"aws:dynamodb/table:Table": named("arn:aws:dynamodb:{region}:{account}:table/{name}").with(map[string]string{
		"streamArn": "arn:aws:dynamodb:{region}:{account}:table/{name}/stream/2026-01-01T00:00:00.000"}),
	"aws:rds/cluster:Cluster": named("arn:aws:rds:{region}:{account}:cluster:{name}").with(map[string]string{
		"endpoint": "{name}.cluster-{hex}.{region}.rds.amazonaws.com", "readerEndpoint": "{name}.cluster-ro-{hex}.{region}.rds.amazonaws.com",
		"clusterResourceId": "cluster-{UPPER}"}),
	"aws:rds/clusterInstance:ClusterInstance": named("arn:aws:rds:{region}:{account}:db:{name}").with(map[string]string{
		"dbiResourceId": "db-{UPPER}", "endpoint": "{name}.{hex}.{region}.rds.amazonaws.com"}),
	"aws:rds/clusterParameterGroup:ClusterParameterGroup": named("arn:aws:rds:{region}:{account}:cluster-pg:{name}"),
	"aws:rds/parameterGroup:ParameterGroup":               named("arn:aws:rds:{region}:{account}:pg:{name}"),
	"aws:rds/subnetGroup:SubnetGroup":                     named("arn:aws:rds:{region}:{account}:subgrp:{name}"),
	"aws:rds/eventSubscription:EventSubscription":         named("arn:aws:rds:{region}:{account}:es:{name}"),
	"aws:backup/vault:Vault":                              named("arn:aws:backup:{region}:{account}:backup-vault:{name}"),
	"aws:backup/plan:Plan":                                {id: "{uuid}", outputs: map[string]string{"arn": "arn:aws:backup:{region}:{account}:backup-plan:{uuid}"}},
	"aws:ecr/repository:Repository": named("arn:aws:ecr:{region}:{account}:repository/{name}").with(map[string]string{
		"repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{name}"}),
}

var computeForms = map[string]form{
	"aws:ecs/cluster:Cluster":               arn("arn:aws:ecs:{region}:{account}:cluster/{name}"),
	"aws:ecs/service:Service":               {id: "arn:aws:ecs:{region}:{account}:service/of/{name}"},
	"aws:ecs/taskDefinition:TaskDefinition": {id: "{name}", outputs: map[string]string{"arn": "arn:aws:ecs:{region}:{account}:task-definition/{name}:1", "arnWithoutRevision": "arn:aws:ecs:{region}:{account}:task-definition/{name}"}},
	"aws:lambda/function:Function": named("arn:aws:lambda:{region}:{account}:function:{name}").with(map[string]string{
		"qualifiedArn": "arn:aws:lambda:{region}:{account}:function:{name}:1", "version": "1",
		"invokeArn": "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/arn:aws:lambda:{region}:{account}:function:{name}/invocations"}),
	"aws:lambda/alias:Alias":                           arn("arn:aws:lambda:{region}:{account}:function:{in:functionName}:{name}"),
	"aws:lambda/eventSourceMapping:EventSourceMapping": {id: "{uuid}", outputs: map[string]string{"arn": "arn:aws:lambda:{region}:{account}:event-source-mapping:{uuid}"}},
	"aws:sqs/queue:Queue": {id: "https://sqs.{region}.amazonaws.com/{account}/{name}", outputs: map[string]string{
		"arn": "arn:aws:sqs:{region}:{account}:{name}", "url": "https://sqs.{region}.amazonaws.com/{account}/{name}"}},
	"aws:sns/topic:Topic":                                       arn("arn:aws:sns:{region}:{account}:{name}"),
	"aws:sfn/stateMachine:StateMachine":                         arn("arn:aws:states:{region}:{account}:stateMachine:{name}"),
	"aws:scheduler/schedule:Schedule":                           {id: "{in:groupName}/{name}", outputs: map[string]string{"arn": "arn:aws:scheduler:{region}:{account}:schedule/{in:groupName}/{name}"}},
	"aws:scheduler/scheduleGroup:ScheduleGroup":                 named("arn:aws:scheduler:{region}:{account}:schedule-group/{name}"),
	"aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": arn("arn:aws:firehose:{region}:{account}:deliverystream/{name}"),
	"aws:appautoscaling/target:Target":                          {id: "{in:resourceId}|{in:scalableDimension}"},
}

var watchForms = map[string]form{
	"aws:cloudwatch/logGroup:LogGroup":             named("arn:aws:logs:{region}:{account}:log-group:{name}"),
	"aws:cloudwatch/metricAlarm:MetricAlarm":       named("arn:aws:cloudwatch:{region}:{account}:alarm:{name}"),
	"aws:cloudwatch/compositeAlarm:CompositeAlarm": named("arn:aws:cloudwatch:{region}:{account}:alarm:{name}"),
	"aws:cloudwatch/dashboard:Dashboard":           {id: "{name}", outputs: map[string]string{"dashboardArn": "arn:aws:cloudwatch::{account}:dashboard/{name}"}},
	"aws:cloudwatch/eventRule:EventRule":           named("arn:aws:events:{region}:{account}:rule/{name}"),
	"aws:cloudwatch/eventBus:EventBus":             named("arn:aws:events:{region}:{account}:event-bus/{name}"),
	"aws:cloudwatch/eventTarget:EventTarget":       {id: "eventtarget-{hex}"},
	"aws:cloudtrail/trail:Trail":                   arn("arn:aws:cloudtrail:{region}:{account}:trail/{name}"),
	"aws:cfg/recorder:Recorder":                    {id: "{name}"},
	"aws:cfg/deliveryChannel:DeliveryChannel":      {id: "{name}"},
	"aws:cfg/rule:Rule":                            named("arn:aws:config:{region}:{account}:config-rule/config-rule-{short}").with(map[string]string{"ruleId": "config-rule-{short}"}),
	"aws:cfg/conformancePack:ConformancePack":      named("arn:aws:config:{region}:{account}:conformance-pack/{name}/conformance-pack-{short}"),
	"aws:guardduty/detector:Detector":              {id: "{hex}", outputs: map[string]string{"arn": "arn:aws:guardduty:{region}:{account}:detector/{hex}"}},
}
