package policy_test

import (
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/graph"
)

// Type tokens that the faults are made in.
const (
	queueType       = "aws:sqs/queue:Queue"
	queuePolicyType = "aws:sqs/queuePolicy:QueuePolicy"
	deliveryType    = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
)

func migrationMutations() []mutation {
	const function, queue = "blue-canary", "blue-dead-letters"
	return []mutation{
		{row: "M-01", name: "old runtime", changes: one(graph.Set(functionType, function, "runtime", "go1.x"))},
		{row: "M-02", name: "one zone", changes: one(graph.Set(functionType, function, "vpcConfig.subnetIds", []any{id(subnetType, "blue-private-us-east-1a")}))},
		{row: "M-02", name: "group of a service", changes: one(graph.Set(functionType, function, "vpcConfig.securityGroupIds", []any{id(groupType, "blue-payment-api")}))},
		{row: "M-03", name: "any source", changes: one(graph.Unset(permissionType, "blue-payment-api-rotation", "sourceArn"))},
		{row: "M-03", name: "address for everybody", changes: one(add("aws:lambda/functionUrl:FunctionUrl", "x", nil))},
		{row: "M-04", name: "environment with the key of AWS", changes: one(graph.Unset(functionType, function, "kmsKeyArn"))},
		{row: "M-04", name: "password in the environment", also: []string{"X-02"}, changes: one(graph.Set(functionType, function, "environment.variables.DB_PASSWORD", "x"))},
		{row: "M-05", name: "no traces", changes: one(graph.Set(functionType, function, "tracingConfig.mode", "PassThrough"))},
		{row: "M-06", name: "failures lost", changes: one(graph.Unset(functionType, function, "deadLetterConfig"))},
		{row: "M-06", name: "no limit", changes: one(graph.Unset(functionType, function, "reservedConcurrentExecutions"))},
		{row: "M-07", name: "administration of databases", changes: one(allow(policyType, function, "policy", `{"Effect":"Allow","Action":"rds:ModifyDBCluster","Resource":"arn:aws:rds:us-east-1:345678901234:cluster:x"}`))},
		{row: "M-08", name: "after the window", also: []string{"F-11", "F-12"}, changes: one(graph.Configure(contract.Foundation, "foundation:syncWindow", `{"open":false}`))},
		{row: "M-09", name: "key of AWS", changes: one(graph.Unset(queueType, queue, "kmsMasterKeyId"))},
		{row: "M-09", name: "queue without dead-letter queue", also: []string{"O-06"}, changes: one(add(queueType, "x", map[string]any{"name": "x", "kmsMasterKeyId": graph.Ref{Type: keyType, Name: "blue-messaging", Output: "arn"}}))},
		{row: "M-09", name: "open principal", changes: one(allow(queuePolicyType, queue, "policy", `{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}`))},
		{row: "M-09", name: "plain transport", changes: one(graph.Rewrite(queuePolicyType, queue, "policy", "aws:SecureTransport", "aws:ViaAWSService"))},
		{row: "M-10", name: "state machine without log", changes: one(add("aws:sfn/stateMachine:StateMachine", "x", nil))},
		{row: "M-10", name: "plain stream", changes: one(add("aws:kinesis/stream:Stream", "x", nil))},
		{row: "M-11", name: "key of AWS", changes: one(graph.Set(deliveryType, "archive", "serverSideEncryption.keyType", "AWS_OWNED_CMK"))},
		{row: "M-12", name: "replication by DMS", changes: one(add("aws:dms/replicationTask:ReplicationTask", "x", nil))},
	}
}
