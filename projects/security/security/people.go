package security

import (
	"slices"

	"github.com/cutover/cutover/shared/component"
	"github.com/cutover/cutover/shared/iamdoc"
	"github.com/cutover/cutover/shared/naming"
)

// noData is refused to people: what shows or changes what the platform holds for
// its customers. The control table, the histories and results of the state machines and
// the proofs of switches hold nothing of theirs.
func noData(at place) []iamdoc.Statement {
	return []iamdoc.Statement{
		{Sid: "NoData", Deny: true, Resources: everything(), Actions: []string{
			"lambda:GetFunction", "rds-data:BatchExecuteStatement", "rds-data:ExecuteStatement", "rds-db:connect",
			"s3:DeleteObject*", "secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
			"sqs:ReceiveMessage", "ssm:GetParameter*",
		}},
		{Sid: "NoObjects", Deny: true, ExceptResources: slices.Concat(at.recorded(), at.documents()), Actions: []string{"s3:GetObject*"}},
		noWrites(at),
		{Sid: "NoItems", Deny: true, ExceptResources: at.controlTable(), Actions: []string{
			"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:GetRecords",
			"dynamodb:PartiQL*", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem",
		}},
		// A call of KMS itself names no service: the operator matches what is absent.
		{
			Sid: "NoDecryption", Deny: true, Resources: everything(), Actions: []string{"kms:Decrypt", "kms:ReEncryptFrom"},
			Conditions: iamdoc.Conditions{"StringNotEquals": {"kms:ViaService": endpoints([]string{"dynamodb", "s3", "states"})}},
		},
	}
}

// noWrites refuses to put objects, but for the documents beside the state.
func noWrites(at place) iamdoc.Statement {
	refused := iamdoc.Statement{Sid: "NoWrites", Deny: true, Actions: []string{"s3:PutObject*"}}
	if refused.ExceptResources = at.documents(); len(refused.ExceptResources) == 0 {
		refused.Resources = everything()
	}
	return refused
}

// noLogs is refused to auditors besides: what the workloads write. They see the
// record of calls instead.
func noLogs() iamdoc.Statement {
	return iamdoc.Statement{Sid: "NoLogs", Deny: true, Resources: everything(), Actions: []string{
		"logs:FilterLogEvents", "logs:GetLogEvents", "logs:GetLogRecord", "logs:GetQueryResults", "logs:StartLiveTail",
		"logs:StartQuery", "logs:Unmask",
	}}
}

// peopleBoundary is the ceiling of auditors and operators: of what reads the verbs, of
// what writes the actions.
func peopleBoundary(at place) iamdoc.Document {
	ceiling := append(verbs(append(auditReads(at), operatorReads(at)...)...), component.OperatorActions()...)
	for _, written := range trafficDocuments(at) {
		ceiling = append(ceiling, written.Actions...)
	}
	slices.Sort(ceiling)
	statements := []iamdoc.Statement{{Sid: "Ceiling", Actions: slices.Compact(ceiling), Resources: everything()}}
	statements = append(statements, noData(at)...)
	statements = append(statements, recordsForOperators(at))
	statements = append(statements, safeguards()...)
	return iamdoc.Document{Statements: append(statements, keepPolicies(everything()))}
}

// recordsForOperators refuses the proofs of switches, the results of runs and the
// documents about the traffic to everybody else under the ceiling: operators check the
// first after a switch, read in the second why a load has failed, and move traffic.
func recordsForOperators(at place) iamdoc.Statement {
	return iamdoc.Statement{
		Sid: "RecordsForOperators", Deny: true, Resources: slices.Concat(at.recorded(), at.documents()), Actions: []string{"s3:GetObject*", "s3:PutObject*"},
		Conditions: iamdoc.Conditions{"ArnNotEquals": {"aws:PrincipalArn": at.global("iam", "role/"+naming.System+"/security/"+naming.New(at.environment).Name(naming.Role, operator))}},
	}
}

// auditPolicy lets auditors read configuration and evidence.
func auditPolicy(at place) iamdoc.Document {
	statements := append(auditReads(at), noData(at)...)
	return iamdoc.Document{Statements: append(statements, noLogs())}
}

func auditReads(at place) []iamdoc.Statement {
	return []iamdoc.Statement{
		{Sid: "Account", Resources: everything(), Actions: []string{
			"acm:ListCertificates", "application-autoscaling:Describe*", "cloudtrail:DescribeTrails", "cloudtrail:LookupEvents",
			"cloudwatch:Describe*", "config:Describe*", "config:GetCompliance*", "dynamodb:ListTables", "ec2:Describe*",
			"ecs:DescribeTaskDefinition", "ecs:ListServices", "elasticloadbalancing:Describe*", "guardduty:GetFindings",
			"guardduty:ListDetectors", "guardduty:ListFindings",
			"iam:GetAccountPasswordPolicy", "iam:GetAccountSummary", "iam:ListPolicies", "iam:ListRoles", "kms:ListAliases",
			"kms:ListKeys", "lambda:ListFunctions", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
			"route53:ListHealthChecks", "route53:ListHostedZones", "s3:ListAllMyBuckets", "secretsmanager:ListSecrets",
			"sns:ListTopics", "sqs:ListQueues", "ssm:DescribeParameters", "states:ListStateMachines", "sts:GetCallerIdentity",
			"tag:GetResources", "wafv2:ListWebACLs",
		}},
		{Sid: "Identities", Resources: at.global("iam", "role/*", "policy/*"), Actions: []string{
			"iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListEntitiesForPolicy",
			"iam:ListPolicyVersions", "iam:ListRolePolicies",
		}},
		{Sid: "Keys", Resources: at.arn("kms", "key/*"), Actions: []string{
			"kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:GetPublicKey", "kms:ListGrants", "kms:ListResourceTags",
		}},
		{Sid: "Buckets", Resources: []string{at.buckets("")}, Actions: []string{
			"s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration",
		}},
		{Sid: "Stores", Actions: []string{
			"dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource",
			"rds:DescribeDBClusterParameterGroups", "rds:DescribeDBClusterParameters", "rds:DescribeDBClusterSnapshotAttributes",
			"rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters", "rds:DescribeDBInstances", "rds:DescribeDBSubnetGroups",
			"rds:DescribeEventSubscriptions", "rds:ListTagsForResource",
			"secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "secretsmanager:ListSecretVersionIds",
		}, Resources: slices.Concat(at.arn("dynamodb", "table/*"), at.arn("rds", "*"), at.arn("secretsmanager", "secret:*"))},
		{Sid: "Backups", Resources: at.arn("backup", "backup-plan:*", "backup-vault:*"), Actions: []string{
			"backup:DescribeBackupVault", "backup:GetBackupPlan", "backup:GetBackupSelection", "backup:GetBackupVaultAccessPolicy",
			"backup:ListBackupSelections", "backup:ListRecoveryPointsByBackupVault",
		}},
		{Sid: "Workloads", Actions: []string{
			"ecr:DescribeImageScanFindings", "ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy",
			"ecs:DescribeClusters", "ecs:DescribeServices", "ecs:DescribeTasks", "ecs:ListTasks",
			"lambda:GetFunctionConfiguration", "lambda:GetPolicy", "states:DescribeStateMachine",
		}, Resources: slices.Concat(
			at.arn("ecr", "repository/*"), at.arn("ecs", "cluster/*", "service/*", "task/*", "container-instance/*"),
			at.arn("lambda", "function:*"), at.arn("states", "stateMachine:*"))},
		{Sid: "Messages", Resources: slices.Concat(at.arn("sns", "*"), at.arn("sqs", "*")), Actions: []string{
			"sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sqs:GetQueueAttributes",
		}},
		{Sid: "Names", Resources: []string{"arn:aws:route53:::hostedzone/*", "arn:aws:route53:::healthcheck/*"}, Actions: []string{
			"route53:GetHealthCheck", "route53:GetHealthCheckStatus", "route53:GetHostedZone", "route53:ListResourceRecordSets",
		}},
		{Sid: "Evidence", Actions: []string{
			"cloudtrail:GetEventSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus",
			"guardduty:GetDetector",
			"logs:DescribeMetricFilters", "logs:DescribeSubscriptionFilters", "logs:ListTagsForResource",
			"wafv2:GetLoggingConfiguration", "wafv2:GetWebACL",
		}, Resources: slices.Concat(
			at.arn("cloudtrail", "trail/*"), at.arn("guardduty", "detector/*"), at.arn("logs", "log-group:*"),
			at.arn("wafv2", "regional/webacl/*"))},
	}
}

// operatorPolicy lets operators see how traffic, containers and data stand. What
// they may change the layers grant that own it: the weights, the control table,
// the state machines.
func operatorPolicy(at place) iamdoc.Document {
	return iamdoc.Document{Statements: append(trafficDocuments(at), operatorReads(at)...)}
}

func operatorReads(at place) []iamdoc.Statement {
	return []iamdoc.Statement{
		{Sid: "Account", Resources: everything(), Actions: []string{
			"cloudwatch:Describe*", "cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics",
			"ec2:Describe*", "ecs:DescribeTaskDefinition", "ecs:ListServices", "elasticloadbalancing:Describe*", "lambda:ListFunctions",
			"rds:DescribeEvents", "route53:GetChange", "route53:ListHealthChecks", "route53:ListHostedZones",
			"route53:ListHostedZonesByName", "states:ListStateMachines", "sts:GetCallerIdentity",
		}},
		{Sid: "Databases", Actions: []string{"rds:DescribeDBClusters", "rds:DescribeDBInstances"}, Resources: at.arn("rds", "cluster:{-}", "db:{-}")},
		{Sid: "Containers", Actions: []string{
			"ecs:DescribeClusters", "ecs:DescribeServices", "ecs:DescribeTasks", "ecs:ListTasks",
		}, Resources: at.arn("ecs", "cluster/{-}", "service/{-}/*", "task/{-}/*", "container-instance/{-}/*")},
		{Sid: "Names", Resources: []string{"arn:aws:route53:::hostedzone/*", "arn:aws:route53:::healthcheck/*"}, Actions: []string{
			"route53:GetHealthCheck", "route53:GetHealthCheckStatus", "route53:GetHostedZone", "route53:ListResourceRecordSets",
		}},
		{Sid: "Dashboards", Actions: []string{"cloudwatch:GetDashboard"}, Resources: []string{
			"arn:aws:cloudwatch::" + at.accountID + ":dashboard/" + at.fill("{-}"),
		}},
	}
}

// trafficDocuments are what the commands about traffic keep beside Pulumi's state. The
// state itself is the pipeline's.
func trafficDocuments(at place) []iamdoc.Statement {
	if at.stateBucket == "" {
		return nil
	}
	return []iamdoc.Statement{
		{Sid: "Documents", Resources: at.documents(), Actions: []string{"s3:GetObject", "s3:PutObject"}},
		{
			Sid: "ListDocuments", Resources: []string{"arn:aws:s3:::" + at.stateBucket}, Actions: []string{"s3:ListBucket"},
			Conditions: iamdoc.Conditions{"StringLike": {"s3:prefix": {at.documentsFolder() + "*"}}},
		},
	}
}
