package security

import (
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// monitoringBoundary is the ceiling of enhanced monitoring: the log group that
// RDS writes the operating system's metrics to (Aurora user guide, "Viewing OS
// metrics using CloudWatch Logs").
func monitoringBoundary(accountID string) iamdoc.Document {
	group := "arn:aws:logs:" + config.Region + ":" + accountID + ":log-group:RDSOSMetrics"
	return iamdoc.Document{Statements: append([]iamdoc.Statement{
		{Sid: "Group", Resources: []string{group, group + ":*"}, Actions: []string{"logs:CreateLogGroup", "logs:PutRetentionPolicy"}},
		{Sid: "Streams", Resources: []string{group + ":log-stream:*"}, Actions: []string{
			"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents",
		}},
	}, safeguards()...)}
}

// backupBoundary is the ceiling of AWS Backup in one colour: of what the two
// managed policies allow for every data store of the account, the calls for this
// colour's databases, tables and buckets, and for the table that both colours
// share. Recovery points get names of AWS Backup's.
func backupBoundary(accountID string, names naming.Namer, color naming.Color) iamdoc.Document {
	own := names.In(color)
	arn := func(service, resource string) string {
		return "arn:aws:" + service + ":" + config.Region + ":" + accountID + ":" + resource
	}
	var tables, recoveryPoints []string
	for _, table := range []string{own.Name(naming.Table, "*"), names.Name(naming.Table, "control")} {
		tables = append(tables, arn("dynamodb", "table/"+table))
		recoveryPoints = append(recoveryPoints, arn("dynamodb", "table/"+table+"/backup/*"))
	}
	bucket := "arn:aws:s3:::" + own.Name(naming.Bucket, "*")
	return iamdoc.Document{Statements: append([]iamdoc.Statement{
		{Sid: "Tables", Resources: tables, Actions: []string{
			"dynamodb:CreateBackup", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable",
			"dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob",
		}},
		{Sid: "BackupsOfTables", Resources: recoveryPoints, Actions: []string{"dynamodb:DeleteBackup", "dynamodb:DescribeBackup"}},
		{Sid: "Databases", Actions: []string{
			"rds:AddTagsToResource", "rds:CopyDBClusterSnapshot", "rds:CreateDBClusterSnapshot", "rds:DeleteDBClusterSnapshot",
			"rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters", "rds:ListTagsForResource",
			"rds:ModifyDBCluster", "rds:ModifyDBClusterSnapshotAttribute",
		}, Resources: []string{
			arn("rds", "cluster:"+own.Name(naming.Cluster, "*")), arn("rds", "cluster-snapshot:*"),
		}},
		{Sid: "Buckets", Resources: []string{bucket}, Actions: []string{
			"s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketNotification", "s3:GetBucketTagging", "s3:GetBucketVersioning",
			"s3:GetInventoryConfiguration", "s3:ListBucket", "s3:ListBucketVersions", "s3:PutBucketNotification",
			"s3:PutInventoryConfiguration",
		}},
		{Sid: "Objects", Resources: []string{bucket + "/*"}, Actions: []string{
			"s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionAcl",
			"s3:GetObjectVersionTagging",
		}},
		// Which of the account's keys it may use the keys' own policies say.
		{Sid: "Keys", Resources: []string{arn("kms", "key/*")}, Actions: []string{
			"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey",
		}},
		{Sid: "ChangesOfBuckets", Resources: []string{arn("events", "rule/AwsBackupManagedRule*")}, Actions: []string{
			"events:DeleteRule", "events:DescribeRule", "events:DisableRule", "events:EnableRule", "events:ListTargetsByRule",
			"events:PutRule", "events:PutTargets", "events:RemoveTargets",
		}},
		{Sid: "Vaults", Resources: []string{arn("backup", "backup-vault:*")}, Actions: []string{
			"backup:CopyIntoBackupVault", "backup:DescribeBackupVault",
		}},
		{Sid: "Account", Resources: everything(), Actions: []string{
			"cloudwatch:GetMetricData", "events:ListRules", "s3:ListAllMyBuckets", "tag:GetResources",
		}},
	}, safeguards()...)}
}
