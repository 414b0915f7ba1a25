package contract

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// Outputs is implemented by the struct of each layer's outputs. Its fields are
// Pulumi outputs or nested structs of them, each tagged with its key; the keys
// of a nested struct are prefixed with the key of the field that holds it
// ("blue" and "vpcId" make "blueVpcId").
type Outputs interface {
	// Layer is the layer that exports these outputs.
	Layer() Layer
	// Version counts incompatible changes of the struct. Import refuses any
	// version but its own.
	Version() int
}

// FoundationOutputs is what the network layer promises.
type FoundationOutputs struct {
	Blue  Network `pulumi:"blue"`
	Green Network `pulumi:"green"`
	// TransitGatewayID is the id of the gateway that joins both networks.
	TransitGatewayID pulumi.StringOutput `pulumi:"transitGatewayId"`
	// Zones are the names of the three availability zones, in subnet order.
	Zones pulumi.StringArrayOutput `pulumi:"zones"`
	// SyncWindowUntil is the last day, in UTC, on which the networks are open to each
	// other for the migration, as 2027-01-31; it is empty while they are closed.
	SyncWindowUntil pulumi.StringOutput `pulumi:"syncWindowUntil"`
}

// Network describes one colour's VPC.
type Network struct {
	VpcID pulumi.StringOutput `pulumi:"vpcId"`
	// VpcCIDR, PrivateCIDR and DatabaseCIDR are IPv4 networks; the latter two
	// each cover all three subnets of their tier.
	VpcCIDR      pulumi.StringOutput `pulumi:"vpcCidr"`
	PrivateCIDR  pulumi.StringOutput `pulumi:"privateCidr"`
	DatabaseCIDR pulumi.StringOutput `pulumi:"databaseCidr"`
	// Subnet ids, one per availability zone, in the order of Zones.
	PublicSubnetIDs   pulumi.StringArrayOutput `pulumi:"publicSubnetIds"`
	PrivateSubnetIDs  pulumi.StringArrayOutput `pulumi:"privateSubnetIds"`
	DatabaseSubnetIDs pulumi.StringArrayOutput `pulumi:"databaseSubnetIds"`
	// PublicRouteTableID is the only table with a way to the internet.
	PublicRouteTableID pulumi.StringOutput `pulumi:"publicRouteTableId"`
	// ServiceSecurityGroupIDs holds the group of each service of the catalog, by
	// service name. The groups are made here so that every layer can refer to
	// them as a source; the layer that owns a port adds the rule that opens it.
	ServiceSecurityGroupIDs pulumi.StringMapOutput `pulumi:"serviceSecurityGroupIds"`
	// SyncSecurityGroupID is the group of the functions that keep both colours equal.
	SyncSecurityGroupID pulumi.StringOutput `pulumi:"syncSecurityGroupId"`
	// RotationSecurityGroupID is the group of the functions that rotate secrets.
	RotationSecurityGroupID pulumi.StringOutput `pulumi:"rotationSecurityGroupId"`
	EndpointSecurityGroupID pulumi.StringOutput `pulumi:"endpointSecurityGroupId"`
	// S3PrefixListID and DynamoDBPrefixListID name the gateway endpoints' networks.
	S3PrefixListID       pulumi.StringOutput `pulumi:"s3PrefixListId"`
	DynamoDBPrefixListID pulumi.StringOutput `pulumi:"dynamodbPrefixListId"`
}

// SecurityOutputs is what the layer of keys and roles promises.
type SecurityOutputs struct {
	Blue  Principals `pulumi:"blue"`
	Green Principals `pulumi:"green"`
	// BoundaryPolicyARN is the permission boundary of every workload role.
	BoundaryPolicyARN pulumi.StringOutput `pulumi:"boundaryPolicyArn"`
	// ImagesKeyARN is the key of the container images, which both colours share.
	ImagesKeyARN pulumi.StringOutput `pulumi:"imagesKeyArn"`
	// ControlKeyARN is the key of the control table, which outlives either colour.
	ControlKeyARN pulumi.StringOutput `pulumi:"controlKeyArn"`
	// RecordsKeyARN is the key of the proofs of switches, and of the state machines.
	RecordsKeyARN pulumi.StringOutput `pulumi:"recordsKeyArn"`
	// SigningKeyARN is the key that signs proofs (ECC_NIST_P256, ECDSA_SHA_256 over
	// digests), HashKeyARN the one of the keyed hashes in them (HMAC_256).
	SigningKeyARN pulumi.StringOutput `pulumi:"signingKeyArn"`
	HashKeyARN    pulumi.StringOutput `pulumi:"hashKeyArn"`
	// ZoneKeyARN is the pair of keys that signs the public zone: ECC_NIST_P256, for
	// Route 53 alone.
	ZoneKeyARN pulumi.StringOutput `pulumi:"zoneKeyArn"`
	// AuditKeyARN is the key of the account's evidence: trail, log archive,
	// configuration history, log groups of neither colour.
	AuditKeyARN pulumi.StringOutput `pulumi:"auditKeyArn"`
	// AccessLogsBucket names the bucket that takes the request log of every other.
	AccessLogsBucket pulumi.StringOutput `pulumi:"accessLogsBucket"`
	// ArchiveBucket names the object-locked bucket of all log events.
	ArchiveBucket pulumi.StringOutput `pulumi:"archiveBucket"`
	// EventsTopicARN is the topic of the account's events: Config, databases,
	// findings.
	EventsTopicARN pulumi.StringOutput `pulumi:"eventsTopicArn"`
	// EventsKeyARN is that topic's key; topics of alarms use it as well.
	EventsKeyARN pulumi.StringOutput `pulumi:"eventsKeyArn"`
	// ReportsRole is taken by Amazon SNS to report deliveries of topics; a layer with
	// topics attaches, by name, the policy for their reports.
	ReportsRoleARN  pulumi.StringOutput `pulumi:"reportsRoleArn"`
	ReportsRoleName pulumi.StringOutput `pulumi:"reportsRoleName"`
	// TrailLogGroupName is where the trail's events can be counted, and
	// ArchiveStreamName the delivery stream of the archive. Both are empty where the
	// organisation owns them.
	TrailLogGroupName pulumi.StringOutput `pulumi:"trailLogGroupName"`
	ArchiveStreamName pulumi.StringOutput `pulumi:"archiveStreamName"`
	// DeployRoleARN, AuditRoleARN and OperatorRoleARN are taken from other
	// accounts: by the pipeline for every layer but security, by auditors, and by
	// those who move traffic and data. Layers attach to the operator's role, by
	// name, what their part of that takes (component.OperatorActions).
	DeployRoleARN    pulumi.StringOutput `pulumi:"deployRoleArn"`
	AuditRoleARN     pulumi.StringOutput `pulumi:"auditRoleArn"`
	OperatorRoleARN  pulumi.StringOutput `pulumi:"operatorRoleArn"`
	OperatorRoleName pulumi.StringOutput `pulumi:"operatorRoleName"`
	// OperatorRoleID is the role's unique id, such as AROA…, with which AWS names who
	// has taken it: "<id>:<name of the session>", and the session has its user's name.
	OperatorRoleID pulumi.StringOutput `pulumi:"operatorRoleId"`
}

// Principals are one colour's keys, as ARNs, and roles.
type Principals struct {
	DatabaseKeyARN  pulumi.StringOutput `pulumi:"databaseKeyArn"`
	SecretsKeyARN   pulumi.StringOutput `pulumi:"secretsKeyArn"`
	LogsKeyARN      pulumi.StringOutput `pulumi:"logsKeyArn"`
	DocumentsKeyARN pulumi.StringOutput `pulumi:"documentsKeyArn"`
	SessionsKeyARN  pulumi.StringOutput `pulumi:"sessionsKeyArn"`
	MessagingKeyARN pulumi.StringOutput `pulumi:"messagingKeyArn"`
	// TaskRoleARNs and ExecutionRoleARNs are by service name. Layers that own a
	// resource attach the policy for it by role name.
	TaskRoleARNs       pulumi.StringMapOutput `pulumi:"taskRoleArns"`
	TaskRoleNames      pulumi.StringMapOutput `pulumi:"taskRoleNames"`
	ExecutionRoleARNs  pulumi.StringMapOutput `pulumi:"executionRoleArns"`
	ExecutionRoleNames pulumi.StringMapOutput `pulumi:"executionRoleNames"`
	// SyncRole is taken by the function that carries changes to this colour,
	// CanaryRole by the one that proves that the colour reaches the control table.
	SyncRoleARN       pulumi.StringOutput `pulumi:"syncRoleArn"`
	SyncRoleName      pulumi.StringOutput `pulumi:"syncRoleName"`
	CanaryRoleARN     pulumi.StringOutput `pulumi:"canaryRoleArn"`
	CanaryRoleName    pulumi.StringOutput `pulumi:"canaryRoleName"`
	SchedulerRoleARN  pulumi.StringOutput `pulumi:"schedulerRoleArn"`
	SchedulerRoleName pulumi.StringOutput `pulumi:"schedulerRoleName"`
	MonitoringRoleARN pulumi.StringOutput `pulumi:"monitoringRoleArn"`
	// RotationRole is taken by the function that rotates secrets.
	RotationRoleARN  pulumi.StringOutput `pulumi:"rotationRoleArn"`
	RotationRoleName pulumi.StringOutput `pulumi:"rotationRoleName"`
	// ReplicationRole is taken by S3 to copy this colour's objects to the other.
	ReplicationRoleARN  pulumi.StringOutput `pulumi:"replicationRoleArn"`
	ReplicationRoleName pulumi.StringOutput `pulumi:"replicationRoleName"`
	// BackupRoleARN is taken by AWS Backup for plans over this colour's data.
	BackupRoleARN pulumi.StringOutput `pulumi:"backupRoleArn"`
	// MoverRoles are taken by the functions that move data beside the lane, by
	// function: "chunk", "finalise", "install", "switch", "verify". StatesRole is taken by the
	// state machines that call them.
	MoverRoleARNs  pulumi.StringMapOutput `pulumi:"moverRoleArns" entries:"chunk,finalise,install,switch,verify"`
	MoverRoleNames pulumi.StringMapOutput `pulumi:"moverRoleNames" entries:"chunk,finalise,install,switch,verify"`
	StatesRoleARN  pulumi.StringOutput    `pulumi:"statesRoleArn"`
	StatesRoleName pulumi.StringOutput    `pulumi:"statesRoleName"`
}

// DataOutputs is what the layer of data stores promises.
type DataOutputs struct {
	Blue  Stores `pulumi:"blue"`
	Green Stores `pulumi:"green"`
	// ControlTableName names the DynamoDB table that holds the authority token.
	ControlTableName pulumi.StringOutput `pulumi:"controlTableName"`
	ControlTableARN  pulumi.StringOutput `pulumi:"controlTableArn"`
	// PrivateZoneID is the zone that holds the names of both colours' databases and
	// resolves in both networks.
	PrivateZoneID pulumi.StringOutput `pulumi:"privateZoneId"`
}

// Stores are one colour's data stores.
type Stores struct {
	ClusterID         pulumi.StringOutput `pulumi:"clusterId"`
	ClusterResourceID pulumi.StringOutput `pulumi:"clusterResourceId"`
	WriterEndpoint    pulumi.StringOutput `pulumi:"writerEndpoint"`
	ReaderEndpoint    pulumi.StringOutput `pulumi:"readerEndpoint"`
	// WriterName and ReaderName lead to these endpoints, for people and their tools.
	// The cluster's certificate does not name them, so no program connects to them,
	// and neither says who may write.
	WriterName pulumi.StringOutput `pulumi:"writerName"`
	ReaderName pulumi.StringOutput `pulumi:"readerName"`
	// WriterURL and ReaderURL are connection URIs without user and password, which
	// the secrets below hold.
	WriterURL             pulumi.StringOutput `pulumi:"writerUrl"`
	ReaderURL             pulumi.StringOutput `pulumi:"readerUrl"`
	Port                  pulumi.IntOutput    `pulumi:"port"`
	DatabaseName          pulumi.StringOutput `pulumi:"databaseName"`
	MasterSecretARN       pulumi.StringOutput `pulumi:"masterSecretArn"`
	SecurityGroupID       pulumi.StringOutput `pulumi:"securityGroupId"`
	TransactionLogsBucket pulumi.StringOutput `pulumi:"transactionLogsBucket"`
	// DocumentsBucket holds the compliance documents, locked.
	DocumentsBucket     pulumi.StringOutput `pulumi:"documentsBucket"`
	SessionsTableName   pulumi.StringOutput `pulumi:"sessionsTableName"`
	SessionsTableARN    pulumi.StringOutput `pulumi:"sessionsTableArn"`
	SessionsStreamARN   pulumi.StringOutput `pulumi:"sessionsStreamArn"`
	RateLimitsTableName pulumi.StringOutput `pulumi:"rateLimitsTableName"`
	RateLimitsTableARN  pulumi.StringOutput `pulumi:"rateLimitsTableArn"`
	RateLimitsStreamARN pulumi.StringOutput `pulumi:"rateLimitsStreamArn"`
	// ParameterPath is the root of the colour's settings in Parameter Store,
	// without a slash at the end.
	ParameterPath pulumi.StringOutput `pulumi:"parameterPath"`
	// ApplicationSecretARNs are the secrets of the services' database users, by
	// service of the catalog.
	ApplicationSecretARNs pulumi.StringMapOutput `pulumi:"applicationSecretArns"`
	// SyncSecretARNs are those of the sync functions, by database role without its
	// prefix: "apply", "ddl", "fence", "operator", "reader", "verify".
	SyncSecretARNs pulumi.StringMapOutput `pulumi:"syncSecretArns" entries:"apply,ddl,fence,operator,reader,verify"`
	// RotationFunction changes the passwords in all of them.
	RotationFunctionName pulumi.StringOutput `pulumi:"rotationFunctionName"`
	RotationFunctionARN  pulumi.StringOutput `pulumi:"rotationFunctionArn"`
}

// EdgeOutputs is what the layer of balancers and names promises.
type EdgeOutputs struct {
	Blue  Balancer `pulumi:"blue"`
	Green Balancer `pulumi:"green"`
	// PublicName is the DNS name whose weighted records split the traffic. Each has
	// its colour as set identifier.
	PublicName pulumi.StringOutput `pulumi:"publicName"`
	ZoneID     pulumi.StringOutput `pulumi:"zoneId"`
	// ReadyColors are the colours that may be given traffic, blue first.
	ReadyColors pulumi.StringArrayOutput `pulumi:"readyColors"`
	// CertificateARN names the certificate of both listeners.
	CertificateARN pulumi.StringOutput `pulumi:"certificateArn"`
	// NameServers are what the parent domain has to delegate to. It is empty
	// where the zone was given by configuration.
	NameServers pulumi.StringArrayOutput `pulumi:"nameServers"`
	// DSRecord is what the parent domain has to publish so that resolvers verify the
	// signatures of the zone: key tag, algorithm, digest type, digest. It is empty
	// where the zone was given, and where it is not signed.
	DSRecord pulumi.StringOutput `pulumi:"dsRecord"`
	// Firewall stands before both balancers.
	Firewall Firewall `pulumi:"firewall"`
}

// Firewall is the web ACL of an environment.
type Firewall struct {
	ARN  pulumi.StringOutput `pulumi:"arn"`
	Name pulumi.StringOutput `pulumi:"name"`
	// MetricName is the dimension WebACL of its metrics in AWS/WAFV2.
	MetricName pulumi.StringOutput `pulumi:"metricName"`
	// RuleMetricNames are the dimension Rule, by rule of the edge layer's
	// configuration.
	RuleMetricNames pulumi.StringMapOutput `pulumi:"ruleMetricNames"`
	LogGroupName    pulumi.StringOutput    `pulumi:"logGroupName"`
}

// Balancer is one colour's load balancer.
type Balancer struct {
	ARN             pulumi.StringOutput `pulumi:"loadBalancerArn"`
	ARNSuffix       pulumi.StringOutput `pulumi:"loadBalancerArnSuffix"`
	Endpoint        pulumi.StringOutput `pulumi:"albEndpoint"`
	SecurityGroupID pulumi.StringOutput `pulumi:"albSecurityGroupId"`
	// TargetGroupARNs and TargetGroupARNSuffixes are by service name.
	TargetGroupARNs        pulumi.StringMapOutput `pulumi:"targetGroupArns"`
	TargetGroupARNSuffixes pulumi.StringMapOutput `pulumi:"targetGroupArnSuffixes"`
	ListenerARN            pulumi.StringOutput    `pulumi:"listenerArn"`
	// EndpointZoneID is the zone of Endpoint, which records of type alias name.
	EndpointZoneID pulumi.StringOutput `pulumi:"albZoneId"`
	// Name is the DNS name that always reaches this colour, whatever the weights.
	Name pulumi.StringOutput `pulumi:"name"`
	// HealthCheckID is the DNS health check of the colour's weighted record. It is
	// healthy while the payment paths are; a colour without a share is closed by
	// inverting and disabling it, which no state of the paths undoes.
	HealthCheckID pulumi.StringOutput `pulumi:"healthCheckId"`
	// PaymentsHealthCheckID measures the same paths whether or not the colour is
	// closed.
	PaymentsHealthCheckID pulumi.StringOutput `pulumi:"paymentsHealthCheckId"`
}

// ServicesOutputs is what the layer of containers promises.
type ServicesOutputs struct {
	Blue  Workloads `pulumi:"blue"`
	Green Workloads `pulumi:"green"`
	// RepositoryURLs is where images are pushed to, by service of the catalog.
	RepositoryURLs pulumi.StringMapOutput `pulumi:"repositoryUrls"`
}

// Workloads are one colour's services.
type Workloads struct {
	ClusterName pulumi.StringOutput `pulumi:"clusterName"`
	ClusterARN  pulumi.StringOutput `pulumi:"clusterArn"`
	// ServiceNames maps a service of the catalog to its physical ECS name.
	ServiceNames pulumi.StringMapOutput `pulumi:"serviceNames"`
	// LogGroupNames is by service of the catalog.
	LogGroupNames pulumi.StringMapOutput `pulumi:"logGroupNames"`
	// NamespaceName is the Service Connect namespace, in which the services call each
	// other by their names in the catalog.
	NamespaceName pulumi.StringOutput `pulumi:"namespaceName"`
	// ScheduleNames are the scheduled actions that change a service's bounds, by
	// service and action: "reporting/work".
	ScheduleNames pulumi.StringMapOutput `pulumi:"scheduleNames"`
	// TaskDefinitionARNs is, by service, the revision that was asked for. What runs
	// may be another one: a deployment that fails goes back by itself.
	TaskDefinitionARNs pulumi.StringMapOutput `pulumi:"taskDefinitionArns"`
	// AlarmNames are the alarms that end a deployment, by service and what they
	// watch: "payment-api/errors", "payment-api/unhealthy", and where the service has
	// a queue "transaction-processor/dead-letters".
	AlarmNames pulumi.StringMapOutput `pulumi:"alarmNames"`
	// The queues are by the service that takes work from them; to the queues of dead
	// letters SQS moves what failed too often.
	QueueNames           pulumi.StringMapOutput `pulumi:"queueNames"`
	QueueARNs            pulumi.StringMapOutput `pulumi:"queueArns"`
	QueueURLs            pulumi.StringMapOutput `pulumi:"queueUrls"`
	DeadLetterQueueNames pulumi.StringMapOutput `pulumi:"deadLetterQueueNames"`
	DeadLetterQueueARNs  pulumi.StringMapOutput `pulumi:"deadLetterQueueArns"`
}

// MigrationOutputs is what the sync layer promises.
type MigrationOutputs struct {
	Blue  Sync `pulumi:"blue"`
	Green Sync `pulumi:"green"`
	// ProofsBucket names the object-locked bucket of the proofs of switches, which
	// SigningKeyARN of the security layer signs; RunsBucket takes the results of the
	// state machines' runs.
	ProofsBucket pulumi.StringOutput `pulumi:"proofsBucket"`
	RunsBucket   pulumi.StringOutput `pulumi:"runsBucket"`
	// ProofSigningKeyARN is the key that signs the proofs.
	ProofSigningKeyARN pulumi.StringOutput `pulumi:"proofSigningKeyArn"`
}

// Sync is the part of the sync layer that runs in one colour.
type Sync struct {
	// FunctionNames is by function of the layer, for example "canary".
	FunctionNames pulumi.StringMapOutput `pulumi:"syncFunctionNames"`
	FunctionARNs  pulumi.StringMapOutput `pulumi:"syncFunctionArns"`
	ScheduleNames pulumi.StringMapOutput `pulumi:"syncScheduleNames"`
	// DeadLetterQueueName is where events go that a function failed on.
	DeadLetterQueueName pulumi.StringOutput `pulumi:"syncDeadLetterQueueName"`
	// StateMachineARNs and StateMachineNames are by machine: "backfill" loads the base
	// of the lane that ends here, "verification" compares, "switch" moves the authority
	// here.
	StateMachineARNs  pulumi.StringMapOutput `pulumi:"syncStateMachineArns" entries:"backfill,switch,verification"`
	StateMachineNames pulumi.StringMapOutput `pulumi:"syncStateMachineNames" entries:"backfill,switch,verification"`
}

// ObservabilityOutputs is what the layer of dashboards and alarms promises.
type ObservabilityOutputs struct {
	MigrationDashboardName pulumi.StringOutput `pulumi:"migrationDashboardName"`
	MigrationDashboardURL  pulumi.StringOutput `pulumi:"migrationDashboardUrl"`
	PlatformDashboardURL   pulumi.StringOutput `pulumi:"platformDashboardUrl"`
	BusinessDashboardURL   pulumi.StringOutput `pulumi:"businessDashboardUrl"`
	// CustomerImpactAlarmName and MigrationUnsafeAlarmName are the composite alarms
	// that gate the traffic; shared/naming makes the same names.
	CustomerImpactAlarmName  pulumi.StringOutput `pulumi:"customerImpactAlarmName"`
	MigrationUnsafeAlarmName pulumi.StringOutput `pulumi:"migrationUnsafeAlarmName"`
	// TopicARNs are where notifications go, by severity: "page", "warn", "info".
	TopicARNs pulumi.StringMapOutput `pulumi:"topicArns"`
	// Watched are the physical names of what alarms and dashboards look at, by the
	// key of the thing ("blue.targetGroup.payment-api"); verification expects them.
	Watched pulumi.StringMapOutput `pulumi:"watched"`
}

// Layer and Version of each struct, in deployment order.

func (FoundationOutputs) Layer() Layer    { return Foundation }
func (SecurityOutputs) Layer() Layer      { return Security }
func (DataOutputs) Layer() Layer          { return Data }
func (EdgeOutputs) Layer() Layer          { return Edge }
func (ServicesOutputs) Layer() Layer      { return Services }
func (MigrationOutputs) Layer() Layer     { return Migration }
func (ObservabilityOutputs) Layer() Layer { return Observability }

func (FoundationOutputs) Version() int    { return 1 }
func (SecurityOutputs) Version() int      { return 1 }
func (DataOutputs) Version() int          { return 1 }
func (EdgeOutputs) Version() int          { return 1 }
func (ServicesOutputs) Version() int      { return 1 }
func (MigrationOutputs) Version() int     { return 1 }
func (ObservabilityOutputs) Version() int { return 1 }
