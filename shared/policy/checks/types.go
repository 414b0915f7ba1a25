package checks

// Type tokens that several checks ask for.
const (
	providerType   = "pulumi:providers:aws"
	roleType       = "aws:iam/role:Role"
	policyType     = "aws:iam/policy:Policy"
	attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	keyType        = "aws:kms/key:Key"
	aliasType      = "aws:kms/alias:Alias"

	bucketType           = "aws:s3/bucketV2:BucketV2"
	bucketPolicyType     = "aws:s3/bucketPolicy:BucketPolicy"
	bucketLockType       = "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2"
	bucketLifecycleType  = "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	bucketLoggingType    = "aws:s3/bucketLoggingV2:BucketLoggingV2"
	bucketVersioningType = "aws:s3/bucketVersioningV2:BucketVersioningV2"
	bucketBlockType      = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	bucketOwnershipType  = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	bucketEncryptionType = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"

	groupType   = "aws:ec2/securityGroup:SecurityGroup"
	ingressType = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressType  = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"

	vpcType                   = "aws:ec2/vpc:Vpc"
	subnetType                = "aws:ec2/subnet:Subnet"
	routeType                 = "aws:ec2/route:Route"
	routeTableType            = "aws:ec2/routeTable:RouteTable"
	routeTableAssociationType = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	internetGatewayType       = "aws:ec2/internetGateway:InternetGateway"
	aclType                   = "aws:ec2/networkAcl:NetworkAcl"
	endpointType              = "aws:ec2/vpcEndpoint:VpcEndpoint"
	flowLogType               = "aws:ec2/flowLog:FlowLog"

	gatewayType            = "aws:ec2transitgateway/transitGateway:TransitGateway"
	gatewayAttachmentType  = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
	gatewayTableType       = "aws:ec2transitgateway/routeTable:RouteTable"
	gatewayRouteType       = "aws:ec2transitgateway/route:Route"
	gatewayAssociationType = "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation"
	gatewayPropagationType = "aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation"

	balancerType    = "aws:lb/loadBalancer:LoadBalancer"
	clusterType     = "aws:rds/cluster:Cluster"
	subnetGroupType = "aws:rds/subnetGroup:SubnetGroup"
	functionType    = "aws:lambda/function:Function"
	taskType        = "aws:ecs/taskDefinition:TaskDefinition"
	logGroupType    = "aws:cloudwatch/logGroup:LogGroup"
	deliveryType    = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
	trailType       = "aws:cloudtrail/trail:Trail"
)
