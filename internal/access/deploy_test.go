package access_test

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/policy/access"
)

// creation is the call that makes a resource, and what it is authorised against:
// the resource's ARN when on is empty (Service authorization reference).
type creation struct {
	action, on string
}

// creations are the calls behind the types that the pipeline deploys. A new type
// needs an entry here and, where the call is new, one in the deploy role.
func (s scene) creations() map[string]creation {
	ec2 := func(action, kind string) creation { return creation{"ec2:" + action, s.regional("ec2", kind+"/any")} }
	ofBucket := func(action string) creation { return creation{"s3:" + action, s.arn(bucketType, "blue-documents")} }
	balancer := func(action, on string) creation {
		return creation{"elasticloadbalancing:" + action, s.regional("elasticloadbalancing", on)}
	}
	function := s.regional("lambda", "function:cutover-"+s.g.Environment.Name+"-blue-any")
	return map[string]creation{
		"aws:ec2/vpc:Vpc":                                                   ec2("CreateVpc", "vpc"),
		"aws:ec2/subnet:Subnet":                                             ec2("CreateSubnet", "subnet"),
		"aws:ec2/internetGateway:InternetGateway":                           ec2("CreateInternetGateway", "internet-gateway"),
		"aws:ec2/routeTable:RouteTable":                                     ec2("CreateRouteTable", "route-table"),
		"aws:ec2/route:Route":                                               ec2("CreateRoute", "route-table"),
		"aws:ec2/routeTableAssociation:RouteTableAssociation":               ec2("AssociateRouteTable", "route-table"),
		"aws:ec2/networkAcl:NetworkAcl":                                     ec2("CreateNetworkAclEntry", "network-acl"),
		"aws:ec2/defaultNetworkAcl:DefaultNetworkAcl":                       ec2("DeleteNetworkAclEntry", "network-acl"),
		"aws:ec2/securityGroup:SecurityGroup":                               ec2("CreateSecurityGroup", "security-group"),
		"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":                 ec2("RevokeSecurityGroupEgress", "security-group"),
		"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":         ec2("AuthorizeSecurityGroupIngress", "security-group"),
		"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":           ec2("AuthorizeSecurityGroupEgress", "security-group"),
		"aws:ec2/vpcEndpoint:VpcEndpoint":                                   ec2("CreateVpcEndpoint", "vpc-endpoint"),
		"aws:ec2transitgateway/transitGateway:TransitGateway":               ec2("CreateTransitGateway", "transit-gateway"),
		"aws:ec2transitgateway/vpcAttachment:VpcAttachment":                 ec2("CreateTransitGatewayVpcAttachment", "transit-gateway-attachment"),
		"aws:ec2transitgateway/routeTable:RouteTable":                       ec2("CreateTransitGatewayRouteTable", "transit-gateway-route-table"),
		"aws:ec2transitgateway/route:Route":                                 ec2("CreateTransitGatewayRoute", "transit-gateway-route-table"),
		"aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation": ec2("AssociateTransitGatewayRouteTable", "transit-gateway-route-table"),
		"aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation": ec2("EnableTransitGatewayRouteTablePropagation", "transit-gateway-route-table"),
		"aws:ec2/vpnConnection:VpnConnection":                               ec2("CreateVpnConnection", "vpn-connection"),

		policyType:                         {action: "iam:CreatePolicy"},
		"aws:cloudwatch/logGroup:LogGroup": {action: "logs:CreateLogGroup"},
		"aws:cloudwatch/logResourcePolicy:LogResourcePolicy":             {"logs:PutResourcePolicy", "*"},
		"aws:cloudwatch/dashboard:Dashboard":                             {"cloudwatch:PutDashboard", "arn:aws:cloudwatch::" + s.account() + ":dashboard/cutover-" + s.g.Environment.Name + "-any"},
		"aws:cloudwatch/metricAlarm:MetricAlarm":                         {action: "cloudwatch:PutMetricAlarm"},
		"aws:cloudwatch/compositeAlarm:CompositeAlarm":                   {action: "cloudwatch:PutCompositeAlarm"},
		"aws:cloudwatch/eventRule:EventRule":                             {action: "events:PutRule"},
		"aws:cloudwatch/eventTarget:EventTarget":                         {"events:PutTargets", s.regional("events", "rule/cutover-"+s.g.Environment.Name+"-any")},
		"aws:cloudwatch/queryDefinition:QueryDefinition":                 {"logs:PutQueryDefinition", "*"},
		"aws:cloudwatch/logMetricFilter:LogMetricFilter":                 {"logs:PutMetricFilter", s.regional("logs", "log-group:/cutover/"+s.g.Environment.Name+"/any")},
		"aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy": {"logs:PutDataProtectionPolicy", s.regional("logs", "log-group:/cutover/"+s.g.Environment.Name+"/any")},
		"aws:sns/topicSubscription:TopicSubscription":                    {"sns:Subscribe", s.regional("sns", "cutover-"+s.g.Environment.Name+"-any")},

		bucketType:                                                                                   {action: "s3:CreateBucket"},
		"aws:s3/bucketPolicy:BucketPolicy":                                                           ofBucket("PutBucketPolicy"),
		"aws:s3/bucketVersioningV2:BucketVersioningV2":                                               ofBucket("PutBucketVersioning"),
		"aws:s3/bucketLoggingV2:BucketLoggingV2":                                                     ofBucket("PutBucketLogging"),
		"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":                                     ofBucket("PutBucketPublicAccessBlock"),
		"aws:s3/bucketOwnershipControls:BucketOwnershipControls":                                     ofBucket("PutBucketOwnershipControls"),
		"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2":                       ofBucket("PutLifecycleConfiguration"),
		"aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2":                     ofBucket("PutBucketObjectLockConfiguration"),
		"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": ofBucket("PutEncryptionConfiguration"),

		tableType:                 {action: "dynamodb:CreateTable"},
		"aws:rds/cluster:Cluster": {action: "rds:CreateDBCluster"},
		"aws:rds/clusterInstance:ClusterInstance":                  {action: "rds:CreateDBInstance"},
		"aws:rds/clusterParameterGroup:ClusterParameterGroup":      {action: "rds:CreateDBClusterParameterGroup"},
		"aws:rds/parameterGroup:ParameterGroup":                    {action: "rds:CreateDBParameterGroup"},
		"aws:rds/subnetGroup:SubnetGroup":                          {action: "rds:CreateDBSubnetGroup"},
		"aws:rds/eventSubscription:EventSubscription":              {action: "rds:CreateEventSubscription"},
		"aws:appautoscaling/target:Target":                         {"application-autoscaling:RegisterScalableTarget", s.regional("application-autoscaling", "scalable-target/any")},
		"aws:appautoscaling/policy:Policy":                         {"application-autoscaling:PutScalingPolicy", s.regional("application-autoscaling", "scalable-target/any")},
		secretType:                                                 {action: "secretsmanager:CreateSecret"},
		"aws:secretsmanager/secretPolicy:SecretPolicy":             {"secretsmanager:PutResourcePolicy", s.regional("secretsmanager", "secret:cutover/"+s.g.Environment.Name+"/any")},
		"aws:secretsmanager/secretRotation:SecretRotation":         {"secretsmanager:RotateSecret", s.regional("secretsmanager", "secret:rds!cluster-any")},
		"aws:ssm/parameter:Parameter":                              {action: "ssm:PutParameter"},
		"aws:backup/vault:Vault":                                   {action: "backup:CreateBackupVault"},
		"aws:backup/vaultPolicy:VaultPolicy":                       {"backup:PutBackupVaultAccessPolicy", s.regional("backup", "backup-vault:cutover-"+s.g.Environment.Name+"-any")},
		"aws:backup/vaultLockConfiguration:VaultLockConfiguration": {"backup:PutBackupVaultLockConfiguration", s.regional("backup", "backup-vault:cutover-"+s.g.Environment.Name+"-any")},
		"aws:backup/plan:Plan":                                     {action: "backup:CreateBackupPlan"},
		"aws:backup/selection:Selection":                           {"backup:CreateBackupSelection", s.regional("backup", "backup-plan:any")},

		"aws:lb/loadBalancer:LoadBalancer":                                {action: "elasticloadbalancing:CreateLoadBalancer"},
		"aws:lb/targetGroup:TargetGroup":                                  {action: "elasticloadbalancing:CreateTargetGroup"},
		"aws:lb/listener:Listener":                                        balancer("CreateListener", "loadbalancer/app/cutover-"+s.g.Environment.Name+"-blue/1"),
		"aws:lb/listenerRule:ListenerRule":                                balancer("CreateRule", "listener/app/cutover-"+s.g.Environment.Name+"-blue/1/2"),
		"aws:acm/certificate:Certificate":                                 {"acm:RequestCertificate", "*"},
		"aws:acm/certificateValidation:CertificateValidation":             {"acm:DescribeCertificate", s.regional("acm", "certificate/any")},
		"aws:route53/zone:Zone":                                           {"route53:CreateHostedZone", "*"},
		"aws:route53/record:Record":                                       {"route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1"},
		"aws:route53/healthCheck:HealthCheck":                             {"route53:CreateHealthCheck", "*"},
		"aws:route53/keySigningKey:KeySigningKey":                         {"route53:CreateKeySigningKey", "arn:aws:route53:::hostedzone/Z1"},
		"aws:route53/hostedZoneDnsSec:HostedZoneDnsSec":                   {"route53:EnableHostedZoneDNSSEC", "arn:aws:route53:::hostedzone/Z1"},
		"aws:route53/queryLog:QueryLog":                                   {"route53:CreateQueryLoggingConfig", "arn:aws:route53:::hostedzone/Z1"},
		"aws:wafv2/ipSet:IpSet":                                           {action: "wafv2:CreateIPSet"},
		"aws:wafv2/webAcl:WebAcl":                                         {action: "wafv2:CreateWebACL"},
		"aws:wafv2/webAclAssociation:WebAclAssociation":                   {"wafv2:AssociateWebACL", s.regional("elasticloadbalancing", "loadbalancer/app/cutover-"+s.g.Environment.Name+"-blue-alb/1")},
		"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": {"wafv2:PutLoggingConfiguration", s.regional("wafv2", "regional/webacl/cutover-"+s.g.Environment.Name+"-firewall/1")},
		"aws:cfg/rule:Rule":                                               {action: "config:PutConfigRule"},

		"aws:ecr/repository:Repository":                                  {action: "ecr:CreateRepository"},
		"aws:ecr/lifecyclePolicy:LifecyclePolicy":                        {"ecr:PutLifecyclePolicy", s.regional("ecr", "repository/cutover/"+s.g.Environment.Name+"/any")},
		"aws:appautoscaling/scheduledAction:ScheduledAction":             {"application-autoscaling:PutScheduledAction", s.regional("application-autoscaling", "scalable-target/any")},
		"aws:servicediscovery/httpNamespace:HttpNamespace":               {action: "servicediscovery:CreateHttpNamespace"},
		"aws:ecs/cluster:Cluster":                                        {action: "ecs:CreateCluster"},
		"aws:ecs/clusterCapacityProviders:ClusterCapacityProviders":      {"ecs:PutClusterCapacityProviders", s.regional("ecs", "cluster/cutover-"+s.g.Environment.Name+"-blue")},
		"aws:ecs/taskDefinition:TaskDefinition":                          {action: "ecs:RegisterTaskDefinition"},
		"aws:ecs/service:Service":                                        {"ecs:CreateService", s.regional("ecs", "service/cutover-"+s.g.Environment.Name+"-blue/any")},
		"aws:lambda/function:Function":                                   {action: "lambda:CreateFunction"},
		"aws:lambda/permission:Permission":                               {"lambda:AddPermission", function},
		"aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": {"lambda:PutFunctionEventInvokeConfig", function},
		"aws:lambda/functionRecursionConfig:FunctionRecursionConfig":     {"lambda:PutFunctionRecursionConfig", function},
		"aws:lambda/eventSourceMapping:EventSourceMapping":               {"lambda:GetEventSourceMapping", s.regional("lambda", "event-source-mapping:any")},
		"aws:scheduler/scheduleGroup:ScheduleGroup":                      {action: "scheduler:CreateScheduleGroup"},
		"aws:scheduler/schedule:Schedule":                                {action: "scheduler:CreateSchedule"},
		queueType:                                                        {action: "sqs:CreateQueue"},
		"aws:sqs/queuePolicy:QueuePolicy":                                {"sqs:SetQueueAttributes", s.regional("sqs", "cutover-"+s.g.Environment.Name+"-any")},
		topicType:                                                        {action: "sns:CreateTopic"},
		"aws:sns/topicPolicy:TopicPolicy":                                {"sns:SetTopicAttributes", s.regional("sns", "cutover-"+s.g.Environment.Name+"-any")},
		"aws:sfn/stateMachine:StateMachine":                              {action: "states:CreateStateMachine"},
		attachmentType:                                                   {},
	}
}

const attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

// deployRules: the pipeline can make whatever the layers that it deploys
// register, in their environment and in no other, and nobody else can.
func (s scene) deployRules() []access.Rule {
	deploy := s.role("", "deploy")
	on := make(map[string][]string)
	known := s.creations()
	for _, r := range s.g.Resources() {
		if r.Layer == contract.Security || !strings.HasPrefix(r.Type, "aws:") {
			continue
		}
		creation, listed := known[r.Type]
		if !assert.Truef(s.t, listed, "%s: no call is listed that makes it: add it to creations and, if it is new, to the deploy role", r) || creation.action == "" {
			continue
		}
		target := creation.on
		if target == "" {
			target = r.Output("arn")
		}
		if !slices.Contains(on[creation.action], target) {
			on[creation.action] = append(on[creation.action], target)
		}
	}
	var rules []access.Rule
	for action, targets := range on {
		for _, target := range targets {
			may := []access.Caller{deploy}
			if action == "logs:CreateLogGroup" && strings.HasSuffix(target, ":log-group:RDSOSMetrics") {
				may = append(may, s.role(naming.Blue, "database-monitoring"), s.role(naming.Green, "database-monitoring"))
			}
			if action == "logs:PutResourcePolicy" { // Step Functions lets its own deliveries in, in the machines' names
				may = append(may, s.movers([]string{"states"}, naming.Colors()...)...)
			}
			rules = append(rules, access.Rule{
				Name: "the pipeline alone deploys", Actions: []string{action}, On: []string{target}, Callers: s.everyRole(), May: may,
			})
		}
	}
	return append(rules, s.deployLimits(deploy)...)
}

// deployLimits: what belongs to the layer of keys and roles, and to another
// environment, is not the pipeline's.
func (s scene) deployLimits(deploy access.Caller) []access.Rule {
	pipeline := []access.Caller{deploy}
	return []access.Rule{
		{
			Name: "the pipeline alone says where the private zone resolves", Callers: s.everyRole(), May: pipeline,
			Actions: []string{"route53:AssociateVPCWithHostedZone", "route53:DisassociateVPCFromHostedZone"},
			On:      []string{s.arn("aws:route53/zone:Zone", "private-zone")},
		},
		{
			Name: "the pipeline leaves other environments alone", Callers: pipeline,
			Actions: []string{"rds:DeleteDBCluster", "dynamodb:DeleteTable", "lambda:UpdateFunctionCode", "sqs:DeleteQueue", "ecs:UpdateService"},
			On: []string{
				s.regional("rds", "cluster:cutover-another-blue"), s.regional("dynamodb", "table/cutover-another-control"),
				s.regional("lambda", "function:cutover-another-blue-canary"), s.regional("sqs", "cutover-another-q"),
				s.regional("ecs", "service/cutover-another-blue/x"),
			},
		},
		{
			Name: "the pipeline makes no keys, trails or detectors", Callers: pipeline, On: []string{"*"},
			Actions: []string{"kms:CreateKey", "cloudtrail:CreateTrail", "guardduty:CreateDetector", "config:PutConfigurationRecorder"},
		},
		{
			Name: "the pipeline has its state", Callers: pipeline, May: pipeline,
			Actions: []string{"s3:GetObject", "s3:PutObject"}, On: []string{"arn:aws:s3:::cutover-state-" + s.g.Environment.Name + "/.pulumi/stacks/data/x.json"},
		},
		{
			Name: "the pipeline has no other environment's state", Callers: pipeline,
			Actions: []string{"s3:GetObject", "s3:PutObject"}, On: []string{"arn:aws:s3:::cutover-state-another/.pulumi/stacks/data/x.json"},
		},
	}
}
