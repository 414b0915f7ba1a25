//go:build provider

package emulator

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func addFunction(p *plan, name string, more pulumi.Map) *made {
	role := addRole(p, name+"-role", "lambda.amazonaws.com")
	args := pulumi.Map{
		"name": str(name), "role": role.Arn, "runtime": str("provided.al2023"), "handler": str("bootstrap"), "architectures": texts(str("arm64")), "timeout": pulumi.Int(60), "memorySize": pulumi.Int(256), "publish": pulumi.Bool(true),
		"reservedConcurrentExecutions": pulumi.Int(2), "environment": pulumi.Map{"variables": pulumi.StringMap{"LANE": str("ledger")}}, "tracingConfig": pulumi.Map{"mode": str("Active")}, "ephemeralStorage": pulumi.Map{"size": pulumi.Int(512)},
		"loggingConfig": pulumi.Map{"logFormat": str("JSON"), "applicationLogLevel": str("INFO"), "systemLogLevel": str("WARN")},
		"code":          pulumi.NewAssetArchive(map[string]any{"bootstrap": pulumi.NewStringAsset("#!/bin/sh\n")}),
	}
	for k, v := range more {
		args[k] = v
	}
	return p.add("aws:lambda/function:Function", name, args)
}

func TestProviderDeploysFunctionsAndSchedules(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		key := addKey(p, "sync")
		vpc, subnets := addVPC(p, "green", "10.20")
		group := p.add("aws:ec2/securityGroup:SecurityGroup", "fn", pulumi.Map{"vpcId": vpc.ID(), "name": str("fn"), "description": str("functions")})
		dlq := p.add("aws:sqs/queue:Queue", "dlq", pulumi.Map{"name": str("sync-dlq"), "messageRetentionSeconds": pulumi.Int(1209600), "kmsMasterKeyId": key.KeyID, "kmsDataKeyReusePeriodSeconds": pulumi.Int(300)})
		queue := p.add("aws:sqs/queue:Queue", "q", pulumi.Map{"name": str("sync.fifo"), "fifoQueue": pulumi.Bool(true), "contentBasedDeduplication": pulumi.Bool(true), "visibilityTimeoutSeconds": pulumi.Int(300), "sqsManagedSseEnabled": pulumi.Bool(true)})
		p.add("aws:sqs/queuePolicy:QueuePolicy", "q", pulumi.Map{"queueUrl": dlq.ID(), "policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}}}})})
		function := addFunction(p, "sync", pulumi.Map{"vpcConfig": pulumi.Map{"subnetIds": ids(subnets), "securityGroupIds": pulumi.Array{group.ID()}}, "deadLetterConfig": pulumi.Map{"targetArn": dlq.Arn}, "kmsKeyArn": key.Arn, "description": str("lane")})
		p.add("aws:lambda/alias:Alias", "live", pulumi.Map{"name": str("live"), "functionName": function.Name, "functionVersion": function.Version})
		p.add("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", "inv", pulumi.Map{"functionName": function.Name, "maximumRetryAttempts": pulumi.Int(1), "maximumEventAgeInSeconds": pulumi.Int(600), "destinationConfig": pulumi.Map{"onFailure": pulumi.Map{"destination": dlq.Arn}}})
		p.add("aws:lambda/functionRecursionConfig:FunctionRecursionConfig", "again", pulumi.Map{"functionName": function.Name, "recursiveLoop": str("Allow")})
		p.add("aws:lambda/eventSourceMapping:EventSourceMapping", "q", pulumi.Map{"functionName": function.Arn, "eventSourceArn": queue.Arn, "batchSize": pulumi.Int(10), "functionResponseTypes": texts(str("ReportBatchItemFailures"))})
		table := p.add("aws:dynamodb/table:Table", "t", pulumi.Map{"name": str("sessions"), "billingMode": str("PAY_PER_REQUEST"), "hashKey": str("pk"), "streamEnabled": pulumi.Bool(true), "streamViewType": str("NEW_AND_OLD_IMAGES"), "attributes": pulumi.Array{pulumi.Map{"name": str("pk"), "type": str("S")}}})
		p.add("aws:lambda/eventSourceMapping:EventSourceMapping", "s", pulumi.Map{"functionName": function.Arn, "eventSourceArn": table.StreamArn, "startingPosition": str("TRIM_HORIZON"), "batchSize": pulumi.Int(100), "bisectBatchOnFunctionError": pulumi.Bool(true), "maximumRetryAttempts": pulumi.Int(10),
			"destinationConfig": pulumi.Map{"onFailure": pulumi.Map{"destinationArn": dlq.Arn}}})
		role := addRole(p, "scheduler", "scheduler.amazonaws.com")
		group2 := p.add("aws:scheduler/scheduleGroup:ScheduleGroup", "g", pulumi.Map{"name": str("sync")})
		p.add("aws:scheduler/schedule:Schedule", "tick", pulumi.Map{"name": str("tick"), "groupName": group2.Name, "scheduleExpression": str("rate(1 minutes)"), "state": str("DISABLED"), "flexibleTimeWindow": pulumi.Map{"mode": str("OFF")}, "kmsKeyArn": key.Arn,
			"target": pulumi.Map{"arn": function.Arn, "roleArn": role.Arn, "input": str(`{"lane":"ledger"}`), "retryPolicy": pulumi.Map{"maximumRetryAttempts": pulumi.Int(2), "maximumEventAgeInSeconds": pulumi.Int(300)}, "deadLetterConfig": pulumi.Map{"arn": dlq.Arn}}})
		rule := p.add("aws:cloudwatch/eventRule:EventRule", "r", pulumi.Map{"name": str("failover"), "description": str("failover"), "eventPattern": str(`{"source":["aws.rds"]}`)})
		p.add("aws:cloudwatch/eventTarget:EventTarget", "r", pulumi.Map{"rule": rule.Name, "targetId": str("fn"), "arn": function.Arn, "deadLetterConfig": pulumi.Map{"arn": dlq.Arn}})
		p.add("aws:lambda/permission:Permission", "r", pulumi.Map{"statementId": str("events"), "function": function.Name, "action": str("lambda:InvokeFunction"), "principal": str("events.amazonaws.com"), "sourceArn": rule.Arn})
		logs := p.add("aws:cloudwatch/logGroup:LogGroup", "sfn", pulumi.Map{"name": str("/aws/vendedlogs/states/backfill"), "retentionInDays": pulumi.Int(90)})
		states := addRole(p, "states", "states.amazonaws.com")
		p.add("aws:sfn/stateMachine:StateMachine", "b", pulumi.Map{"name": str("backfill"), "roleArn": states.Arn, "type": str("STANDARD"), "tracingConfiguration": pulumi.Map{"enabled": pulumi.Bool(true)},
			"definition":           document(map[string]any{"StartAt": "A", "States": map[string]any{"A": map[string]any{"Type": "Succeed"}}}),
			"loggingConfiguration": pulumi.Map{"level": str("ALL"), "includeExecutionData": pulumi.Bool(false), "logDestination": pulumi.Sprintf("%s:*", logs.Arn)}})
	})
}

func TestProviderDeploysObservability(t *testing.T) {
	proveThroughProvider(t, func(p *plan) {
		key := addKey(p, "alarms")
		topic := p.add("aws:sns/topic:Topic", "page", pulumi.Map{"name": str("page"), "kmsMasterKeyId": key.KeyID, "displayName": str("Cutover")})
		p.add("aws:sns/topicPolicy:TopicPolicy", "page", pulumi.Map{"arn": topic.Arn, "policy": document(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Sid": "alarms", "Effect": "Allow", "Principal": map[string]any{"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": "*"}}})})
		queue := p.add("aws:sqs/queue:Queue", "q", pulumi.Map{"name": str("pages")})
		p.add("aws:sns/topicSubscription:TopicSubscription", "q", pulumi.Map{"topic": topic.Arn, "protocol": str("sqs"), "endpoint": queue.Arn, "rawMessageDelivery": pulumi.Bool(true), "filterPolicy": str(`{"severity":["page"]}`)})
		p.add("aws:sns/topicSubscription:TopicSubscription", "m", pulumi.Map{"topic": topic.Arn, "protocol": str("email"), "endpoint": str("ops@example.com")})
		p.add("aws:cloudwatch/dashboard:Dashboard", "d", pulumi.Map{"dashboardName": str("migration"), "dashboardBody": document(map[string]any{"widgets": []any{map[string]any{"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": map[string]any{"markdown": "lanes"}}}})})
		alarm := p.add("aws:cloudwatch/metricAlarm:MetricAlarm", "lag", pulumi.Map{"name": str("lag"), "comparisonOperator": str("GreaterThanThreshold"), "evaluationPeriods": pulumi.Int(3), "datapointsToAlarm": pulumi.Int(2), "metricName": str("Lag"), "namespace": str("Cutover"), "period": pulumi.Int(60), "statistic": str("Maximum"), "threshold": pulumi.Float64(30),
			"treatMissingData": str("breaching"), "alarmActions": pulumi.Array{topic.Arn}, "okActions": pulumi.Array{topic.Arn}, "dimensions": pulumi.StringMap{"Lane": str("ledger"), "Colour": str("green")}, "alarmDescription": str("lag")})
		p.add("aws:cloudwatch/metricAlarm:MetricAlarm", "math", pulumi.Map{"name": str("errors"), "comparisonOperator": str("GreaterThanThreshold"), "evaluationPeriods": pulumi.Int(1), "threshold": pulumi.Float64(1), "metricQueries": pulumi.Array{
			pulumi.Map{"id": str("rate"), "expression": str("m1/m2*100"), "label": str("rate"), "returnData": pulumi.Bool(true)},
			pulumi.Map{"id": str("m1"), "metric": pulumi.Map{"metricName": str("HTTPCode_Target_5XX_Count"), "namespace": str("AWS/ApplicationELB"), "period": pulumi.Int(60), "stat": str("Sum"), "unit": str("Count"), "dimensions": pulumi.StringMap{"LoadBalancer": str("app/x/1")}}},
			pulumi.Map{"id": str("m2"), "metric": pulumi.Map{"metricName": str("RequestCount"), "namespace": str("AWS/ApplicationELB"), "period": pulumi.Int(60), "stat": str("Sum"), "unit": str("Count"), "dimensions": pulumi.StringMap{"LoadBalancer": str("app/x/1")}}},
		}})
		p.add("aws:cloudwatch/metricAlarm:MetricAlarm", "p99", pulumi.Map{"name": str("p99"), "comparisonOperator": str("GreaterThanThreshold"), "evaluationPeriods": pulumi.Int(1), "threshold": pulumi.Float64(1.5), "metricName": str("TargetResponseTime"), "namespace": str("AWS/ApplicationELB"), "period": pulumi.Int(60), "extendedStatistic": str("p99"), "evaluateLowSampleCountPercentiles": str("ignore")})
		p.add("aws:cloudwatch/compositeAlarm:CompositeAlarm", "c", pulumi.Map{"alarmName": str("payments-down"), "alarmRule": pulumi.Sprintf("ALARM(%s)", alarm.Name), "alarmActions": pulumi.Array{topic.Arn}, "alarmDescription": str("either"), "tags": pulumi.StringMap{"layer": str("observability")},
			"actionsSuppressor": pulumi.Map{"alarm": str("maintenance"), "waitPeriod": pulumi.Int(60), "extensionPeriod": pulumi.Int(120)}})
	})
}
