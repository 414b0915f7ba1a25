package access_test

import (
	"slices"

	"github.com/cutover/cutover/shared/policy/access"
)

// peopleRules: auditors and operators see how things stand and no data; the
// data rules already show that neither is among the readers.
func (s scene) peopleRules() []access.Rule {
	audit, operator := s.role("", "audit"), s.role("", "operator")
	people := []access.Caller{audit, operator}
	bucket := []string{s.arn(bucketType, "blue-documents")}
	return []access.Rule{
		{Name: "auditors see policies of buckets", Actions: []string{"s3:GetBucketPolicy", "s3:GetEncryptionConfiguration"}, On: bucket, Callers: people, May: []access.Caller{audit}},
		{Name: "auditors see policies of keys", Actions: []string{"kms:GetKeyPolicy", "kms:GetKeyRotationStatus"}, On: s.arns(keyType, ""), Callers: people, May: []access.Caller{audit}},
		{Name: "auditors see roles", Actions: []string{"iam:GetRole", "iam:ListAttachedRolePolicies"}, On: s.arns(roleType, ""), Callers: people, May: []access.Caller{audit}},
		{Name: "auditors see the record of calls", Actions: []string{"cloudtrail:LookupEvents", "cloudtrail:DescribeTrails"}, On: []string{"*"}, Callers: people, May: []access.Caller{audit}},
		{Name: "operators see alarms and targets", Actions: []string{"cloudwatch:GetMetricData", "elasticloadbalancing:DescribeTargetHealth"}, On: []string{"*"}, Callers: []access.Caller{operator}, May: []access.Caller{operator}},
		{
			Name: "operators see databases", Actions: []string{"rds:DescribeDBClusters"}, Callers: people, May: people,
			On: []string{s.arn("aws:rds/cluster:Cluster", "blue-database"), s.arn("aws:rds/cluster:Cluster", "green-database")},
		},
		{
			Name: "people read no logs of workloads", Actions: []string{"logs:GetLogEvents", "logs:FilterLogEvents", "logs:StartQuery"},
			On: s.arns("aws:cloudwatch/logGroup:LogGroup", ""), Callers: people,
		},
		{
			Name: "people change nothing of a database", Callers: people, On: s.arns("aws:rds/cluster:Cluster", ""),
			Actions: []string{"rds:ModifyDBCluster", "rds:DeleteDBCluster", "rds:CreateDBClusterSnapshot", "rds:RestoreDBClusterFromSnapshot"},
		},
		{
			Name: "people read no values", Callers: people, On: slices.Concat(s.arns("aws:ssm/parameter:Parameter", ""), []string{s.regional("ssm", "parameter/any")}),
			Actions: []string{"ssm:GetParameter", "ssm:GetParametersByPath"},
		},
		{Name: "people start no function", Actions: []string{"lambda:InvokeFunction", "lambda:GetFunction", "lambda:UpdateFunctionCode"}, Callers: people, On: s.arns("aws:lambda/function:Function", "")},
	}
}
