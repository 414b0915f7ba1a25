package table

var everyRows = []Row{
	{
		ID: "X-01", Severity: Must,
		Title:        "Every provider tags all it makes, with allowed values and nothing that changes from run to run",
		Requirements: []string{"6.5.3", "12.5.1"},
		Rules: []Rule{
			{Identifier: "REQUIRED_TAGS", Parameters: []Parameter{
				set("tag1Key", "Environment"),
				set("tag1Value", "prod,staging"),
				set("tag2Key", "Layer"),
				set("tag3Key", "Owner"),
				set("tag4Key", "DataClass"),
			}},
		},
	},
	{
		ID: "X-02", Severity: Must,
		Title:        "No input holds a credential, and what is named like one is a Pulumi secret",
		Requirements: []string{"8.3.2", "8.6.2"},
	},
	{
		ID: "X-03", Severity: Must,
		Title:        "Nothing is registered of services that the platform does not run",
		Controls:     []string{"EC2.8", "EC2.25", "EC2.170", "EC2.180", "AutoScaling.3", "AutoScaling.5", "DynamoDB.7"},
		Requirements: []string{"2.2.4"},
	},
	{
		ID: "X-04", Severity: Must,
		Title:        "Permissions stand in managed policies only, never inline",
		Controls:     []string{"IAM.2", "KMS.2"},
		CIS:          []string{"1.15"},
		Requirements: []string{"7.2.2", "7.2.5"},
		Rules: []Rule{
			{Identifier: "IAM_NO_INLINE_POLICY_CHECK"},
			{Identifier: "IAM_INLINE_POLICY_BLOCKED_KMS_ACTIONS", Parameters: []Parameter{set("blockedActionsPatterns", "kms:Decrypt,kms:ReEncryptFrom")}},
		},
	},
	{
		ID: "X-05", Severity: Must,
		Title:        "No policy allows all actions, or all of a service, or all but some",
		Controls:     []string{"IAM.1", "IAM.21"},
		CIS:          []string{"1.16"},
		Requirements: []string{"7.2.1", "7.2.2", "7.2.5"},
		Rules: []Rule{
			{Identifier: "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS", Parameters: []Parameter{set("excludePermissionBoundaryPolicy", "true")}},
			{Identifier: "IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS", Parameters: []Parameter{set("excludePermissionBoundaryPolicy", "true")}},
		},
	},
	{
		ID: "X-06", Severity: Must,
		Title:        "No policy allows all resources, except for listed actions without a resource level",
		Requirements: []string{"7.2.5", "7.3.2"},
	},
	{
		ID: "X-07", Severity: Must,
		Title:        "Decryption is allowed on named keys of the security layer only, through the service that asks",
		Controls:     []string{"KMS.1"},
		Requirements: []string{"3.6.1.3", "7.2.5"},
		Rules: []Rule{
			{Identifier: "IAM_CUSTOMER_POLICY_BLOCKED_KMS_ACTIONS", Parameters: []Parameter{
				set("blockedActionsPatterns", "kms:Decrypt,kms:ReEncryptFrom"),
				set("excludePermissionBoundaryPolicy", "true"),
			}},
		},
	},
	{
		ID: "X-08", Severity: Must,
		Title:        "A role may be passed on by name and to a named service only",
		Requirements: []string{"7.2.5"},
	},
	{
		ID: "X-09", Severity: Must,
		Title:        "Every trust policy names its principals and guards against the confused deputy",
		Requirements: []string{"7.2.5", "7.3.2"},
	},
	{
		ID: "X-10", Severity: Must,
		Title:        "Every role has a boundary, a path and short sessions, and serves one workload",
		Requirements: []string{"7.2.5", "8.2.8"},
	},
	{
		ID: "X-11", Severity: Must,
		Title:        "Attached policies are ours or on a short list of AWS-managed ones",
		Requirements: []string{"7.2.2"},
	},
	{
		ID: "X-12", Severity: Must,
		Title:        "Every bucket blocks public access in all four ways",
		Controls:     []string{"S3.2", "S3.3", "S3.8", "S3.19", "S3.24"},
		CIS:          []string{"2.1.4"},
		Requirements: []string{"1.4.4"},
		Rules: []Rule{
			{Identifier: "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED"},
			{Identifier: "S3_BUCKET_PUBLIC_READ_PROHIBITED"},
			{Identifier: "S3_BUCKET_PUBLIC_WRITE_PROHIBITED"},
			{Identifier: "S3_ACCESS_POINT_PUBLIC_ACCESS_BLOCKS"},
		},
	},
	{
		ID: "X-13", Severity: Must,
		Title:        "Every bucket refuses plain transport and TLS older than 1.2",
		Controls:     []string{"S3.5"},
		CIS:          []string{"2.1.1"},
		Requirements: []string{"4.2.1", "2.2.7"},
		Rules: []Rule{
			{Identifier: "S3_BUCKET_SSL_REQUESTS_ONLY"},
		},
	},
	{
		ID: "X-14", Severity: Must,
		Title:        "Every bucket encrypts with a key of ours and a bucket key",
		Controls:     []string{"S3.17"},
		Requirements: []string{"3.5.1"},
		Rules: []Rule{
			{Identifier: "S3_DEFAULT_ENCRYPTION_KMS", Parameters: []Parameter{given("kmsKeyArns", "BucketKeyArns")}},
			{Identifier: "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"},
		},
	},
	{
		ID: "X-15", Severity: Must,
		Title:        "Every bucket keeps versions",
		Controls:     []string{"S3.14", "S3.20"},
		CIS:          []string{"2.1.2"},
		Requirements: []string{"10.3.4"},
		Rules: []Rule{
			{Identifier: "S3_BUCKET_VERSIONING_ENABLED"},
		},
	},
	{
		ID: "X-16", Severity: Must,
		Title:        "Every bucket logs its accesses to the access-log bucket",
		Controls:     []string{"S3.9"},
		Requirements: []string{"10.2.1"},
		Rules: []Rule{
			{Identifier: "S3_BUCKET_LOGGING_ENABLED", Parameters: []Parameter{given("targetBucket", "AccessLogsBucket")}},
		},
	},
	{
		ID: "X-17", Severity: Must,
		Title:        "Every bucket is its owner's alone, without ACLs and without dangerous rights for other accounts",
		Controls:     []string{"S3.6", "S3.12"},
		Requirements: []string{"7.2.5", "7.3.2"},
		Rules: []Rule{
			{Identifier: "S3_BUCKET_ACL_PROHIBITED"},
			{Identifier: "S3_BUCKET_BLACKLISTED_ACTIONS_PROHIBITED", Parameters: []Parameter{
				set("blacklistedActionPattern", "s3:DeleteBucketPolicy,s3:PutBucketAcl,s3:PutBucketPolicy,s3:PutEncryptionConfiguration,s3:PutObjectAcl"),
			}},
		},
	},
	{
		ID: "X-18", Severity: Must,
		Title:        "Every bucket ends unfinished uploads and old versions, and expires or archives by its data class",
		Controls:     []string{"S3.13"},
		Requirements: []string{"3.2.1", "10.5.1"},
		Rules: []Rule{
			{Identifier: "S3_LIFECYCLE_POLICY_CHECK"},
		},
	},
	{
		ID: "X-19", Severity: Must,
		Title:        "Security group rules stand alone, with one source and a description each",
		Requirements: []string{"1.2.5", "1.2.7"},
		Rules: []Rule{
			{Identifier: "EC2_SECURITY_GROUP_ATTACHED_TO_ENI_PERIODIC"},
		},
	},
	{
		ID: "X-20", Severity: Must,
		Title:        "Nothing is open to the world but port 443 of the public balancer",
		Controls:     []string{"EC2.13", "EC2.14", "EC2.18", "EC2.19", "EC2.53", "EC2.54"},
		CIS:          []string{"5.2", "5.3"},
		Requirements: []string{"1.3.1", "1.4.2"},
		Rules: []Rule{
			{Identifier: "INCOMING_SSH_DISABLED"},
			{Identifier: "RESTRICTED_INCOMING_TRAFFIC", Parameters: []Parameter{
				set("blockedPort1", "20"),
				set("blockedPort2", "21"),
				set("blockedPort3", "3389"),
				set("blockedPort4", "5432"),
				set("blockedPort5", "5433"),
			}},
			{Identifier: "VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS", Parameters: []Parameter{set("authorizedTcpPorts", "443")}},
		},
	},
	{
		ID: "X-21", Severity: Must,
		Title:        "Nothing may leave to the world: destinations are prefix lists, groups or a named peer",
		Requirements: []string{"1.3.2"},
	},
	{
		ID: "X-22", Severity: Must,
		Title:        "Every log group is encrypted with the key for logs and declared before its writer",
		Requirements: []string{"3.5.1", "10.3.2"},
		Rules: []Rule{
			{Identifier: "CLOUDWATCH_LOG_GROUP_ENCRYPTED"},
		},
	},
	{
		ID: "X-23", Severity: Must,
		Title:        "Every log group keeps 90 days at hand and everything in the locked archive",
		Controls:     []string{"CloudWatch.16"},
		Requirements: []string{"10.5.1"},
		Rules: []Rule{
			{Identifier: "CW_LOGGROUP_RETENTION_PERIOD_CHECK", Parameters: []Parameter{set("MinRetentionTime", "90")}},
		},
	},
}
