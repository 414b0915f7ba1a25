package component

import (
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/iamdoc"
)

// WorkloadActions is the ceiling of every role that a workload takes: the
// permission boundary of the security layer allows these actions and no other.
// An action that is not listed stays without effect whatever a policy says, so
// NewPolicy refuses it when the layer runs instead of letting AWS refuse it when
// the workload does.
func WorkloadActions() []string {
	return []string{
		"cloudwatch:GetMetricData", "cloudwatch:PutMetricData",
		"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
		"dynamodb:DescribeStream", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:GetRecords",
		"dynamodb:GetShardIterator", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem",
		"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
		"ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
		"ec2:UnassignPrivateIpAddresses",
		"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer",
		"firehose:PutRecord", "firehose:PutRecordBatch",
		"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:GenerateMac", "kms:GetPublicKey",
		"kms:ReEncrypt*", "kms:Sign", "kms:Verify",
		"lambda:GetFunctionConcurrency", "lambda:GetFunctionConfiguration", "lambda:InvokeFunction",
		"logs:CreateLogDelivery", "logs:CreateLogStream", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeLogStreams",
		"logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutLogEvents", "logs:PutResourcePolicy",
		"logs:UpdateLogDelivery",
		"rds-db:connect", "rds:DescribeDBClusters", "rds:DescribeDBInstances",
		"s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:GetObject*", "s3:GetReplicationConfiguration", "s3:ListBucket*",
		"s3:ListMultipartUploadParts", "s3:PutObject", "s3:PutObjectTagging", "s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags",
		"secretsmanager:DescribeSecret", "secretsmanager:GetRandomPassword", "secretsmanager:GetSecretValue",
		"secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage",
		"sns:Publish",
		"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage",
		"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath",
		"states:DescribeExecution", "states:RedriveExecution", "states:SendTaskFailure", "states:SendTaskHeartbeat",
		"states:SendTaskSuccess", "states:StartExecution", "states:StopExecution",
		"xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
	}
}

// OperatorActions is what layers may grant to the operator's role, and no more than they
// do: moving traffic, items of the control table, starting and stopping what moves data,
// reading proofs, results and logs of that. Its boundary refuses customers' data besides.
func OperatorActions() []string {
	return []string{
		"cloudwatch:PutMetricData",
		"dynamodb:GetItem", "dynamodb:PutItem",
		"kms:Decrypt", "kms:GenerateDataKey", "kms:GetPublicKey",
		"lambda:InvokeFunction",
		"logs:FilterLogEvents",
		"route53:ChangeResourceRecordSets", "route53:UpdateHealthCheck",
		"s3:GetObject",
		"states:DescribeExecution", "states:GetExecutionHistory", "states:ListExecutions", "states:StartExecution", "states:StopExecution",
	}
}

// aboveCeiling lists the allowed actions of a document that no role under the
// boundary can use.
func aboveCeiling(document iamdoc.Document, ceiling []string) []string {
	var above []string
	for _, statement := range document.Statements {
		if statement.Deny {
			continue
		}
		for _, action := range statement.Actions {
			if !slices.ContainsFunc(ceiling, func(allowed string) bool { return covers(allowed, action) }) {
				above = append(above, action)
			}
		}
	}
	return above
}

// covers tells whether the pattern allowed matches all that action matches.
func covers(allowed, action string) bool {
	prefix, open := strings.CutSuffix(allowed, "*")
	return allowed == action || open && strings.HasPrefix(action, prefix)
}
