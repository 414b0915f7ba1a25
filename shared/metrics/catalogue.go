package metrics

import "slices"

// The namespaces of the metrics that the platform's own functions emit.
const (
	migration = "Cutover/Migration"
	data      = "Cutover/Data"
)

// The dimensions of what the platform's own functions emit.
const (
	// DimensionColor names the colour ("blue", "green") in which a function measured.
	DimensionColor = "Color"
	// DimensionStep names the step of a rotation ("createSecret", …).
	DimensionStep = "Step"
)

// What the migration emits.
var (
	// CanaryRoundTrip is how long a canary item took to be written and read back.
	CanaryRoundTrip = Metric{Namespace: migration, Name: "CanaryRoundTripMs", Unit: Milliseconds, Dimensions: []string{DimensionColor}, Statistic: Maximum}
)

// What the rotation of secrets emits, once a step.
var (
	// RotationFailures is 1 for a step that failed and 0 for one that did not.
	RotationFailures = Metric{Namespace: data, Name: "RotationFailures", Unit: Count, Dimensions: []string{DimensionColor}, Statistic: Sum}
	// RotationStep is how long a step took.
	RotationStep = Metric{Namespace: data, Name: "RotationStepMs", Unit: Milliseconds, Dimensions: []string{DimensionColor, DimensionStep}, Statistic: Maximum}
)

// RotationSteps are the values of DimensionStep, in the order of a rotation.
func RotationSteps() []string {
	return []string{"createSecret", "setSecret", "testSecret", "finishSecret"}
}

// What Elastic Load Balancing emits (user guide for Application Load Balancers,
// "CloudWatch metrics for your Application Load Balancer").
var (
	balancer = []string{"LoadBalancer"}
	target   = []string{"TargetGroup", "LoadBalancer"}

	Requests         = Metric{Namespace: "AWS/ApplicationELB", Name: "RequestCount", Unit: Count, Dimensions: balancer, Statistic: Sum}
	BalancerErrors   = Metric{Namespace: "AWS/ApplicationELB", Name: "HTTPCode_ELB_5XX_Count", Unit: Count, Dimensions: balancer, Statistic: Sum}
	TargetErrors     = Metric{Namespace: "AWS/ApplicationELB", Name: "HTTPCode_Target_5XX_Count", Unit: Count, Dimensions: balancer, Statistic: Sum}
	ResponseTime     = Metric{Namespace: "AWS/ApplicationELB", Name: "TargetResponseTime", Unit: Seconds, Dimensions: balancer, Statistic: P99}
	HealthyTargets   = Metric{Namespace: "AWS/ApplicationELB", Name: "HealthyHostCount", Unit: Count, Dimensions: target, Statistic: Minimum}
	UnhealthyTargets = Metric{Namespace: "AWS/ApplicationELB", Name: "UnHealthyHostCount", Unit: Count, Dimensions: target, Statistic: Maximum}
)

// HealthCheckStatus is 1 while the DNS health check passes (Route 53 developer
// guide, "Monitoring health checks using CloudWatch"). Route 53 emits it in
// us-east-1 only.
var HealthCheckStatus = Metric{Namespace: "AWS/Route53", Name: "HealthCheckStatus", Unit: None, Dimensions: []string{"HealthCheckId"}, Statistic: Minimum}

// What Amazon ECS emits (developer guide, "Amazon ECS CloudWatch metrics").
var (
	service = []string{"ClusterName", "ServiceName"}

	ServiceCPU    = Metric{Namespace: "AWS/ECS", Name: "CPUUtilization", Unit: Percent, Dimensions: service, Statistic: Average}
	ServiceMemory = Metric{Namespace: "AWS/ECS", Name: "MemoryUtilization", Unit: Percent, Dimensions: service, Statistic: Average}
)

// What Amazon Aurora emits (Aurora user guide, "Amazon CloudWatch metrics for
// Amazon Aurora").
var (
	cluster = []string{"DBClusterIdentifier"}

	DatabaseCPU         = Metric{Namespace: "AWS/RDS", Name: "CPUUtilization", Unit: Percent, Dimensions: cluster, Statistic: Average}
	DatabaseConnections = Metric{Namespace: "AWS/RDS", Name: "DatabaseConnections", Unit: Count, Dimensions: cluster, Statistic: Maximum}
	ReplicaLag          = Metric{Namespace: "AWS/RDS", Name: "AuroraReplicaLagMaximum", Unit: Milliseconds, Dimensions: cluster, Statistic: Maximum}
)

// What Amazon DynamoDB emits (developer guide, "DynamoDB metrics and dimensions").
var (
	table = []string{"TableName"}

	TableReads           = Metric{Namespace: "AWS/DynamoDB", Name: "ConsumedReadCapacityUnits", Unit: Count, Dimensions: table, Statistic: Sum}
	TableWrites          = Metric{Namespace: "AWS/DynamoDB", Name: "ConsumedWriteCapacityUnits", Unit: Count, Dimensions: table, Statistic: Sum}
	TableReadThrottling  = Metric{Namespace: "AWS/DynamoDB", Name: "ReadThrottleEvents", Unit: Count, Dimensions: table, Statistic: Sum}
	TableWriteThrottling = Metric{Namespace: "AWS/DynamoDB", Name: "WriteThrottleEvents", Unit: Count, Dimensions: table, Statistic: Sum}
)

// What AWS Lambda emits (developer guide, "Types of metrics for Lambda functions").
var (
	function = []string{"FunctionName"}

	FunctionErrors   = Metric{Namespace: "AWS/Lambda", Name: "Errors", Unit: Count, Dimensions: function, Statistic: Sum}
	FunctionDuration = Metric{Namespace: "AWS/Lambda", Name: "Duration", Unit: Milliseconds, Dimensions: function, Statistic: Maximum}
)

// WaitingMessages is how many messages of a queue can be received (Amazon SQS
// developer guide, "Available CloudWatch metrics for Amazon SQS").
var WaitingMessages = Metric{Namespace: "AWS/SQS", Name: "ApproximateNumberOfMessagesVisible", Unit: Count, Dimensions: []string{"QueueName"}, Statistic: Maximum}

// All lists the whole catalogue.
func All() []Metric {
	return slices.Concat(Sync(), basic(), observed(), []Metric{Payments, PaymentAmount, PaymentDuration}, Audit())
}

// basic lists the metrics of this file.
func basic() []Metric {
	return []Metric{
		CanaryRoundTrip,
		RotationFailures, RotationStep,
		Requests, BalancerErrors, TargetErrors, ResponseTime, HealthyTargets, UnhealthyTargets,
		HealthCheckStatus,
		ServiceCPU, ServiceMemory,
		DatabaseCPU, DatabaseConnections, ReplicaLag,
		TableReads, TableWrites, TableReadThrottling, TableWriteThrottling,
		FunctionErrors, FunctionDuration,
		WaitingMessages,
	}
}
