package table

import "github.com/cutover/cutover/shared/contract"

var dataRows = []Row{
	{
		ID: "D-01", Severity: Must, Layer: contract.Data,
		Title:        "The database is encrypted with its own key and no snapshot is shared",
		Controls:     []string{"RDS.1", "RDS.3", "RDS.4", "RDS.27"},
		CIS:          []string{"2.3.1"},
		Requirements: []string{"1.4.4", "3.5.1"},
		Rules: []Rule{
			{Identifier: "RDS_CLUSTER_ENCRYPTED_AT_REST"},
			{Identifier: "RDS_STORAGE_ENCRYPTED"},
			{Identifier: "RDS_SNAPSHOT_ENCRYPTED"},
			{Identifier: "RDS_SNAPSHOTS_PUBLIC_PROHIBITED"},
		},
	},
	{
		ID: "D-02", Severity: Must, Layer: contract.Data,
		Title:        "No database instance is public and all stand in data subnets",
		Controls:     []string{"RDS.2", "RDS.46"},
		CIS:          []string{"2.3.3"},
		Requirements: []string{"1.4.4"},
		Rules: []Rule{
			{Identifier: "RDS_INSTANCE_PUBLIC_ACCESS_CHECK"},
			{Identifier: "RDS_INSTANCE_SUBNET_IGW_CHECK"},
			{Identifier: "RDS_DB_SECURITY_GROUP_NOT_ALLOWED"},
		},
	},
	{
		ID: "D-03", Severity: Must, Layer: contract.Data,
		Title:        "The database admits named groups only and starts no connection",
		Requirements: []string{"1.3.1", "1.3.2"},
	},
	{
		ID: "D-04", Severity: Must, Layer: contract.Data,
		Title:        "The master user has a name and a port of its own and a managed, encrypted password",
		Controls:     []string{"RDS.23", "RDS.24", "RDS.25"},
		Requirements: []string{"2.2.2", "8.6.2"},
		Rules: []Rule{
			{Identifier: "RDS_CLUSTER_DEFAULT_ADMIN_CHECK", Parameters: []Parameter{set("validAdminUserNames", "cutover_master")}},
			{Identifier: "RDS_INSTANCE_DEFAULT_ADMIN_CHECK", Parameters: []Parameter{set("validAdminUserNames", "cutover_master")}},
		},
	},
	{
		ID: "D-05", Severity: Must, Layer: contract.Data,
		Title:        "The database accepts IAM authentication",
		Controls:     []string{"RDS.10", "RDS.12"},
		Requirements: []string{"7.2.5", "8.2.1"},
		Rules: []Rule{
			{Identifier: "RDS_CLUSTER_IAM_AUTHENTICATION_ENABLED"},
			{Identifier: "RDS_INSTANCE_IAM_AUTHENTICATION_ENABLED"},
		},
	},
	{
		ID: "D-06", Severity: Must, Layer: contract.Data,
		Title:        "The database refuses connections without TLS 1.2",
		Requirements: []string{"4.2.1", "2.2.7"},
	},
	{
		ID: "D-07", Severity: Must, Layer: contract.Data,
		Title:        "The database exports its log to a declared group",
		Controls:     []string{"RDS.9", "RDS.37"},
		Requirements: []string{"10.2.1", "10.4.2"},
		Rules: []Rule{
			{Identifier: "RDS_LOGGING_ENABLED"},
			{Identifier: "RDS_AURORA_POSTGRESQL_LOGS_TO_CLOUDWATCH", Deployment: Unconfirmed},
		},
	},
	{
		ID: "D-08", Severity: Must, Layer: contract.Data,
		Title:        "The database audits roles, definitions and writes without parameters of statements",
		Requirements: []string{"10.2.1.1", "10.2.1.2", "3.5.1"},
	},
	{
		ID: "D-09", Severity: Must, Layer: contract.Data,
		Title:        "The database runs the chosen release",
		Controls:     []string{"RDS.13"},
		CIS:          []string{"2.3.2"},
		Requirements: []string{"6.3.3"},
		Rules: []Rule{
			{Identifier: "RDS_AUTOMATIC_MINOR_VERSION_UPGRADE_ENABLED"},
		},
	},
	{
		ID: "D-10", Severity: Must, Layer: contract.Data,
		Title:        "The database is backed up for 35 days and leaves a final snapshot",
		Controls:     []string{"RDS.11", "RDS.16"},
		Requirements: []string{"10.3.3", "12.10.1"},
		Rules: []Rule{
			{Identifier: "DB_INSTANCE_BACKUP_ENABLED", Parameters: []Parameter{set("backupRetentionPeriod", "7")}},
		},
	},
	{
		ID: "D-11", Severity: Must, Layer: contract.Data,
		Title:    "The database is protected from deletion and spread over zones",
		Controls: []string{"RDS.5", "RDS.7", "RDS.15"},
		Rules: []Rule{
			{Identifier: "RDS_CLUSTER_DELETION_PROTECTION_ENABLED"},
			{Identifier: "RDS_CLUSTER_MULTI_AZ_ENABLED"},
		},
	},
	{
		ID: "D-12", Severity: Must, Layer: contract.Data,
		Title:        "The database is watched closely and its performance data encrypted",
		Controls:     []string{"RDS.6"},
		Requirements: []string{"10.2.1"},
		Rules: []Rule{
			{Identifier: "RDS_ENHANCED_MONITORING_ENABLED", Parameters: []Parameter{set("monitoringInterval", "30")}},
		},
	},
	{
		ID: "D-13", Severity: Must, Layer: contract.Data,
		Title:        "Events of the database reach the alarm topic",
		Controls:     []string{"RDS.19", "RDS.20", "RDS.21", "RDS.22"},
		Requirements: []string{"11.5.2"},
	},
	{
		ID: "D-14", Severity: Must, Layer: contract.Data,
		Title:        "Cluster, tables and data buckets are backed up daily for 35 days",
		Controls:     []string{"RDS.26", "DynamoDB.4"},
		Requirements: []string{"10.3.3", "12.10.1"},
		Rules: []Rule{
			{Identifier: "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK", Parameters: []Parameter{
				set("requiredFrequencyUnit", "days"),
				set("requiredFrequencyValue", "1"),
				set("requiredRetentionDays", "35"),
			}},
			{Identifier: "AURORA_RESOURCES_PROTECTED_BY_BACKUP_PLAN"},
			{Identifier: "DYNAMODB_RESOURCES_PROTECTED_BY_BACKUP_PLAN"},
			{Identifier: "S3_RESOURCES_PROTECTED_BY_BACKUP_PLAN"},
		},
	},
	{
		ID: "D-15", Severity: Must, Layer: contract.Data,
		Title:        "Backups are encrypted, locked and cannot be deleted by hand",
		Controls:     []string{"Backup.1"},
		Requirements: []string{"3.5.1", "10.3.2"},
		Rules: []Rule{
			{Identifier: "BACKUP_RECOVERY_POINT_ENCRYPTED"},
			{Identifier: "BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED"},
			{Identifier: "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK", Parameters: []Parameter{set("requiredRetentionDays", "35")}},
		},
	},
	{
		ID: "D-16", Severity: Must, Layer: contract.Data,
		Title:        "Every table is encrypted, restorable and protected from deletion",
		Controls:     []string{"DynamoDB.2", "DynamoDB.6"},
		Requirements: []string{"3.5.1", "10.3.3"},
		Rules: []Rule{
			{Identifier: "DYNAMODB_TABLE_ENCRYPTED_KMS", Parameters: []Parameter{given("kmsKeyArns", "TableKeyArns")}},
			{Identifier: "DYNAMODB_PITR_ENABLED"},
			{Identifier: "DYNAMODB_TABLE_DELETION_PROTECTION_ENABLED"},
		},
	},
	{
		ID: "D-17", Severity: Should, Layer: contract.Data,
		Title:        "Every table and data bucket has a class of the migration; tables scale, and items expire where their class demands it",
		Controls:     []string{"DynamoDB.1"},
		Requirements: []string{"3.2.1"},
		Rules: []Rule{
			{Identifier: "DYNAMODB_AUTOSCALING_ENABLED"},
		},
	},
	{
		ID: "D-18", Severity: Must, Layer: contract.Data,
		Title:        "Every secret is encrypted, recoverable, read by somebody and never public",
		Controls:     []string{"SecretsManager.3"},
		Requirements: []string{"7.2.5", "8.2.6", "8.3.2"},
		Rules: []Rule{
			{Identifier: "SECRETSMANAGER_USING_CMK", Parameters: []Parameter{given("kmsKeyArns", "SecretKeyArns")}},
			{Identifier: "SECRETSMANAGER_SECRET_UNUSED", Parameters: []Parameter{set("unusedForDays", "90")}},
		},
	},
	{
		ID: "D-19", Severity: Must, Layer: contract.Data,
		Title:        "Every secret rotates every 30 days",
		Controls:     []string{"SecretsManager.1", "SecretsManager.4"},
		Requirements: []string{"8.3.9", "8.6.3"},
		Rules: []Rule{
			{Identifier: "SECRETSMANAGER_ROTATION_ENABLED_CHECK", Parameters: []Parameter{set("maximumAllowedRotationFrequency", "30")}},
			{Identifier: "SECRETSMANAGER_SECRET_PERIODIC_ROTATION", Parameters: []Parameter{set("maxDaysSinceRotation", "31")}},
		},
	},
	{
		ID: "D-20", Severity: Must, Layer: contract.Data,
		Title:        "The rotation function reaches database and secrets and may be called by Secrets Manager only",
		Controls:     []string{"SecretsManager.2"},
		Requirements: []string{"8.6.3"},
		Rules: []Rule{
			{Identifier: "SECRETSMANAGER_SCHEDULED_ROTATION_SUCCESS_CHECK"},
		},
	},
	{
		ID: "D-21", Severity: Must, Layer: contract.Data,
		Title:        "No password stands in a program or in an output",
		Requirements: []string{"8.6.2"},
	},
	{
		ID: "D-22", Severity: Must, Layer: contract.Data,
		Title:        "Confidential parameters are encrypted",
		Requirements: []string{"3.5.1", "8.3.2"},
	},
	{
		ID: "D-23", Severity: Must, Layer: contract.Data,
		Title:        "Names of databases resolve inside our networks only, and each leads to one cluster's endpoint",
		Requirements: []string{"1.4.5"},
	},
}
