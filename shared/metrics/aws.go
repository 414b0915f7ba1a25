package metrics

// What Elastic Load Balancing emits for one service: the dimensions of a target group.
var (
	TargetRequests     = Metric{Namespace: "AWS/ApplicationELB", Name: "RequestCountPerTarget", Unit: Count, Dimensions: []string{"TargetGroup"}, Statistic: Sum}
	TargetAnswers      = Metric{Namespace: "AWS/ApplicationELB", Name: "RequestCount", Unit: Count, Dimensions: target, Statistic: Sum}
	ServiceErrors      = Metric{Namespace: "AWS/ApplicationELB", Name: "HTTPCode_Target_5XX_Count", Unit: Count, Dimensions: target, Statistic: Sum}
	ServiceTime        = Metric{Namespace: "AWS/ApplicationELB", Name: "TargetResponseTime", Unit: Seconds, Dimensions: target, Statistic: P99}
	ConnectionFailures = Metric{Namespace: "AWS/ApplicationELB", Name: "TargetConnectionErrorCount", Unit: Count, Dimensions: balancer, Statistic: Sum}
	HandshakeFailures  = Metric{Namespace: "AWS/ApplicationELB", Name: "ClientTLSNegotiationErrorCount", Unit: Count, Dimensions: balancer, Statistic: Sum}
	RefusedConnections = Metric{Namespace: "AWS/ApplicationELB", Name: "RejectedConnectionCount", Unit: Count, Dimensions: balancer, Statistic: Sum}
)

// What AWS WAF emits; the rule "ALL" stands for the whole ACL (AWS WAF developer
// guide, "AWS WAF core metrics and dimensions").
var (
	rule = []string{"WebACL", "Region", "Rule"}

	BlockedRequests = Metric{Namespace: "AWS/WAFV2", Name: "BlockedRequests", Unit: Count, Dimensions: rule, Statistic: Sum}
	CountedRequests = Metric{Namespace: "AWS/WAFV2", Name: "CountedRequests", Unit: Count, Dimensions: rule, Statistic: Sum}
	AllowedRequests = Metric{Namespace: "AWS/WAFV2", Name: "AllowedRequests", Unit: Count, Dimensions: rule, Statistic: Sum}
)

// EveryRule is the value of the dimension Rule that stands for a whole web ACL.
const EveryRule = "ALL"

// What AWS Certificate Manager emits twice a day (user guide, "Supported CloudWatch metrics").
var CertificateDays = Metric{Namespace: "AWS/CertificateManager", Name: "DaysToExpiry", Unit: Count, Dimensions: []string{"CertificateArn"}, Statistic: Minimum}

// What Route 53 emits of signed zones every four hours, in us-east-1 only: 1 where it
// cannot sign something, and the keys that somebody has to see to (developer guide,
// "Monitoring hosted zones using Amazon CloudWatch").
var (
	SigningFailure    = Metric{Namespace: "AWS/Route53", Name: "DNSSECInternalFailure", Unit: Count, Dimensions: []string{"HostedZoneId"}, Statistic: Sum}
	SigningKeysAiling = Metric{Namespace: "AWS/Route53", Name: "DNSSECKeySigningKeysNeedingAction", Unit: Count, Dimensions: []string{"HostedZoneId"}, Statistic: Sum}
)

// What Container Insights emits (CloudWatch user guide, "Amazon ECS Container Insights metrics").
var (
	RunningTasks  = Metric{Namespace: "ECS/ContainerInsights", Name: "RunningTaskCount", Unit: Count, Dimensions: service, Statistic: Minimum}
	WantedTasks   = Metric{Namespace: "ECS/ContainerInsights", Name: "DesiredTaskCount", Unit: Count, Dimensions: service, Statistic: Minimum}
	StartingTasks = Metric{Namespace: "ECS/ContainerInsights", Name: "PendingTaskCount", Unit: Count, Dimensions: service, Statistic: Maximum}
)

// What Amazon Aurora emits beside the metrics of every dashboard. Of metrics of
// instances, the dimension of the cluster has the worst one under the statistic.
var (
	DatabaseMemory     = Metric{Namespace: "AWS/RDS", Name: "FreeableMemory", Unit: Bytes, Dimensions: cluster, Statistic: Minimum}
	DatabaseLocalSpace = Metric{Namespace: "AWS/RDS", Name: "FreeLocalStorage", Unit: Bytes, Dimensions: cluster, Statistic: Minimum}
	DatabaseVolume     = Metric{Namespace: "AWS/RDS", Name: "VolumeBytesUsed", Unit: Bytes, Dimensions: cluster, Statistic: Maximum}
	DatabaseDeadlocks  = Metric{Namespace: "AWS/RDS", Name: "Deadlocks", Unit: Count, Dimensions: cluster, Statistic: Maximum}
	DatabaseOldestID   = Metric{Namespace: "AWS/RDS", Name: "MaximumUsedTransactionIDs", Unit: Count, Dimensions: cluster, Statistic: Maximum}
	DatabaseWrite      = Metric{Namespace: "AWS/RDS", Name: "CommitLatency", Unit: Milliseconds, Dimensions: cluster, Statistic: Average}
)

// TableSystemErrors are answers of the kind "internal server error", by operation.
var TableSystemErrors = Metric{Namespace: "AWS/DynamoDB", Name: "SystemErrors", Unit: Count, Dimensions: []string{"TableName", "Operation"}, Statistic: Sum}

// QueueAge is how long the oldest message of a queue has waited (Amazon SQS developer
// guide, "Available CloudWatch metrics for Amazon SQS").
var QueueAge = Metric{Namespace: "AWS/SQS", Name: "ApproximateAgeOfOldestMessage", Unit: Seconds, Dimensions: []string{"QueueName"}, Statistic: Maximum}

// What AWS Lambda emits about what did not run.
var (
	FunctionThrottles   = Metric{Namespace: "AWS/Lambda", Name: "Throttles", Unit: Count, Dimensions: function, Statistic: Sum}
	FunctionLostLetters = Metric{Namespace: "AWS/Lambda", Name: "DeadLetterErrors", Unit: Count, Dimensions: function, Statistic: Sum}
)

// ArchiveDelay is the age of the oldest event that Amazon Data Firehose has not
// delivered (developer guide, "Data delivery CloudWatch metrics").
var ArchiveDelay = Metric{Namespace: "AWS/Firehose", Name: "DeliveryToS3.DataFreshness", Unit: Seconds, Dimensions: []string{"DeliveryStreamName"}, Statistic: Maximum}

// LostNotifications are those that Amazon SNS could deliver to no subscriber
// (developer guide, "Monitoring Amazon SNS topics using CloudWatch").
var LostNotifications = Metric{Namespace: "AWS/SNS", Name: "NumberOfNotificationsFailed", Unit: Count, Dimensions: []string{"TopicName"}, Statistic: Sum}

// What the interface endpoints of a network emit (AWS PrivateLink guide, "CloudWatch
// metrics for AWS PrivateLink").
var (
	endpoint = []string{"Endpoint Type", "Service Name", "VPC Endpoint Id", "VPC Id"}

	EndpointBytes   = Metric{Namespace: "AWS/PrivateLinkEndpoints", Name: "BytesProcessed", Unit: Bytes, Dimensions: endpoint, Statistic: Sum}
	EndpointDropped = Metric{Namespace: "AWS/PrivateLinkEndpoints", Name: "PacketsDropped", Unit: Count, Dimensions: endpoint, Statistic: Sum}
)

// What AWS Step Functions emits of standard state machines (developer guide,
// "Monitoring Step Functions metrics using Amazon CloudWatch").
var (
	machine = []string{"StateMachineArn"}

	MachineFailures  = Metric{Namespace: "AWS/States", Name: "ExecutionsFailed", Unit: Count, Dimensions: machine, Statistic: Sum}
	MachineTimeouts  = Metric{Namespace: "AWS/States", Name: "ExecutionsTimedOut", Unit: Count, Dimensions: machine, Statistic: Sum}
	MachineThrottles = Metric{Namespace: "AWS/States", Name: "ExecutionThrottled", Unit: Count, Dimensions: machine, Statistic: Sum}
)

// observed lists the metrics above.
func observed() []Metric {
	return []Metric{
		TargetRequests, TargetAnswers, ServiceErrors, ServiceTime, ConnectionFailures, HandshakeFailures, RefusedConnections,
		BlockedRequests, CountedRequests, AllowedRequests, CertificateDays, SigningFailure, SigningKeysAiling,
		RunningTasks, WantedTasks, StartingTasks,
		DatabaseMemory, DatabaseLocalSpace, DatabaseVolume, DatabaseDeadlocks, DatabaseOldestID, DatabaseWrite,
		TableSystemErrors, QueueAge, FunctionThrottles, FunctionLostLetters, ArchiveDelay, LostNotifications, EndpointBytes, EndpointDropped,
		MachineFailures, MachineTimeouts, MachineThrottles,
	}
}
