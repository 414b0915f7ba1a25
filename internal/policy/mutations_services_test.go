package policy_test

import "github.com/cutover/cutover/shared/policy/graph"

// Type tokens that the faults are made in.
const (
	serviceType    = "aws:ecs/service:Service"
	ecsClusterType = "aws:ecs/cluster:Cluster"
	repositoryType = "aws:ecr/repository:Repository"

	scalingTargetType = "aws:appautoscaling/target:Target"
)

func servicesMutations() []mutation {
	const service, image, processor = "blue-payment-api", "images-payment-api", "blue-transaction-processor"
	definition := func(from, to string) []graph.Change {
		return one(graph.Rewrite(taskType, service, "containerDefinitions", from, to))
	}
	return []mutation{
		{row: "V-01", name: "public address", changes: one(graph.Set(serviceType, service, "networkConfiguration.assignPublicIp", true))},
		{row: "V-02", name: "old platform", changes: one(graph.Set(serviceType, service, "platformVersion", "1.3.0"))},
		{row: "V-02", name: "instances", changes: one(graph.Set(serviceType, service, "launchType", "EC2"))},
		{row: "V-03", name: "privileged", changes: definition(`"essential":true`, `"essential":true,"privileged":true`)},
		{row: "V-03", name: "root", changes: definition(`"user":"65532:65532"`, `"user":"0:0"`)},
		{row: "V-03", name: "capabilities", changes: definition(`"drop":["ALL"]`, `"add":["SYS_PTRACE"]`)},
		{row: "V-04", name: "writable root", changes: definition(`"readonlyRootFilesystem":true`, `"readonlyRootFilesystem":false`)},
		{row: "V-05", name: "shared processes", changes: one(graph.Set(taskType, service, "pidMode", "task"))},
		{row: "V-05", name: "bridge", changes: one(graph.Set(taskType, service, "networkMode", "bridge"))},
		{row: "V-06", name: "password in the environment", changes: definition(`"environment":[`, `"environment":[{"name":"DB_PASSWORD","value":"x"},`)},
		{row: "V-07", name: "no log", changes: definition(`"logDriver":"awslogs"`, `"logDriver":"json-file"`)},
		{row: "V-08", name: "one role", changes: one(graph.Set(taskType, service, "taskRoleArn", graph.Ref{Type: roleType, Name: "blue-payment-api-execution", Output: "arn"}))},
		{row: "V-08", name: "image of another service", changes: one(allow(policyType, ourPolicy, "policy",
			`{"Effect":"Allow","Action":"ecr:BatchGetImage","Resource":"arn:aws:ecr:us-east-1:345678901234:repository/cutover/prod/reporting"}`))},
		{row: "V-09", name: "second port", changes: definition(`"portMappings":[`, `"portMappings":[{"containerPort":9090},`)},
		{row: "V-09", name: "open to another group", changes: one(graph.Set(ingressType, "blue-payment-api-from-alb", "referencedSecurityGroupId", id(groupType, "blue-sync")))},
		{row: "V-09", name: "proxy open to a service that does not call", changes: one(graph.Set(ingressType, processor+"-from-payment-api", "referencedSecurityGroupId", id(groupType, "blue-reporting")))},
		{row: "V-09", name: "proxy open to the other colour", changes: one(graph.Set(ingressType, processor+"-from-payment-api", "referencedSecurityGroupId", id(groupType, "green-payment-api")))},
		{row: "V-09", name: "caller past the proxy", changes: one(graph.Set(ingressType, processor+"-from-payment-api", "toPort", 8444))},
		{row: "V-10", name: "commands in production", changes: one(graph.Set(serviceType, service, "enableExecuteCommand", true))},
		{row: "V-11", name: "no insights", changes: one(graph.Set(ecsClusterType, "blue", "settings", []any{}))},
		{row: "V-12", name: "no way back", changes: one(graph.Set(serviceType, service, "deploymentCircuitBreaker.rollback", false))},
		{row: "V-12", name: "alarms that change nothing", changes: one(graph.Set(serviceType, service, "alarms.rollback", false))},
		{row: "V-12", name: "alarms of nobody", changes: one(graph.Set(serviceType, service, "alarms.alarmNames", []any{}))},
		{row: "V-12", name: "alarms of another service", changes: one(graph.Set(serviceType, service, "alarms.alarmNames", []any{"cutover-prod-blue-payment-api-other"}))},
		{row: "V-12", name: "capacity lost", changes: one(graph.Set(serviceType, service, "deploymentMinimumHealthyPercent", 50))},
		{row: "V-12", name: "number of tasks never follows the load", changes: one(graph.Remove(scalingTargetType, service))},
		{row: "V-12", name: "scaling down to one task", changes: one(graph.Set(scalingTargetType, service, "minCapacity", 1))},
		{row: "V-12", name: "scaling of another service", changes: one(graph.Set(scalingTargetType, service, "resourceId", "service/cutover-prod-blue/cutover-prod-blue-other"))},
		{row: "V-12", name: "scaling undone by a deployment", changes: one(graph.Alter(serviceType, service, func(r *graph.Resource) { r.IgnoreChanges = nil }))},
		{row: "M-09", name: "work that is tried for ever", changes: one(graph.Unset("aws:sqs/queue:Queue", processor, "redrivePolicy"))},
		{row: "M-09", name: "work with keys of SQS", changes: one(graph.Unset("aws:sqs/queue:Queue", processor, "kmsMasterKeyId"))},
		{row: "M-09", name: "failed work with keys of SQS", changes: one(graph.Unset("aws:sqs/queue:Queue", processor+"-dead-letters", "kmsMasterKeyId"))},
		{row: "M-09", name: "work over plain transport", changes: one(graph.Rewrite("aws:sqs/queuePolicy:QueuePolicy", processor, "policy", `"aws:SecureTransport"`, `"aws:ViaAWSService"`))},
		{row: "V-06", name: "login by the name of its secret", changes: definition(`"valueFrom":"arn:aws:secretsmanager:`, `"valueFrom":"secret:`)},
		{row: "V-13", name: "not scanned", changes: one(graph.Set(repositoryType, image, "imageScanningConfiguration.scanOnPush", false))},
		{row: "V-14", name: "mutable tags", changes: one(graph.Set(repositoryType, image, "imageTagMutability", "MUTABLE"))},
		{row: "V-14", name: "key of AWS", changes: one(graph.Unset(repositoryType, image, "encryptionConfigurations"))},
		{row: "V-14", name: "image by tag", changes: definition("@sha256:14b9ac9cc9883f891b2e72058aadb57305ec715b54406a5521c699f0da2ec4f2", ":latest"), also: []string{"V-08"}},
	}
}
