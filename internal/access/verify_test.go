package access_test

import "github.com/cutover/cutover/shared/policy/access"

// verifyRules: the pipeline checks what it has deployed of the migration, as
// verify:migration does after a deployment. The calls are those of the layer's Verify
// (Service authorization reference has an object lock's configuration under its bucket).
func (s scene) verifyRules() []access.Rule {
	pipeline := []access.Caller{s.role("", "deploy")}
	reads := func(on []string, actions ...string) access.Rule {
		return access.Rule{Name: "the pipeline checks the migration", Actions: actions, On: on, Callers: pipeline, May: pipeline}
	}
	return []access.Rule{
		reads(s.arns("aws:lambda/function:Function", ""),
			"lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency", "lambda:GetFunctionEventInvokeConfig"),
		reads(s.arns("aws:scheduler/schedule:Schedule", ""), "scheduler:GetSchedule"),
		reads(s.arns("aws:sfn/stateMachine:StateMachine", ""), "states:DescribeStateMachine"),
		reads([]string{s.arn(queueType, "blue-dead-letters"), s.arn(queueType, "green-dead-letters")}, "sqs:GetQueueUrl", "sqs:GetQueueAttributes"),
		reads([]string{s.arn(bucketType, "records-proofs"), s.arn(bucketType, "records-runs")},
			"s3:GetBucketObjectLockConfiguration", "s3:GetBucketVersioning", "s3:GetEncryptionConfiguration"),
		reads([]string{s.arn(keyType, "shared-records")}, "kms:DescribeKey"),
	}
}
