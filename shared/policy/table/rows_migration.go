package table

import "github.com/cutover/cutover/shared/contract"

var migrationRows = []Row{
	{
		ID: "M-01", Severity: Must, Layer: contract.Migration,
		Title:        "Functions run on the agreed runtime",
		Controls:     []string{"Lambda.2"},
		Requirements: []string{"6.3.3", "12.3.4"},
		Rules: []Rule{
			{Identifier: "LAMBDA_FUNCTION_SETTINGS_CHECK", Parameters: []Parameter{set("runtime", "provided.al2023")}},
		},
	},
	{
		ID: "M-02", Severity: Must, Layer: contract.Migration,
		Title:        "Functions stand in private subnets of two zones",
		Controls:     []string{"Lambda.3", "Lambda.5"},
		Requirements: []string{"1.3.1", "1.4.4"},
		Rules: []Rule{
			{Identifier: "LAMBDA_INSIDE_VPC"},
			{Identifier: "LAMBDA_VPC_MULTI_AZ_CHECK", Parameters: []Parameter{set("availabilityZones", "2")}},
		},
	},
	{
		ID: "M-03", Severity: Must, Layer: contract.Migration,
		Title:        "Functions are called by named callers of this account only",
		Controls:     []string{"Lambda.1"},
		Requirements: []string{"7.2.1", "1.4.4"},
		Rules: []Rule{
			{Identifier: "LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED"},
		},
	},
	{
		ID: "M-04", Severity: Must, Layer: contract.Migration,
		Title:        "Functions' environments are encrypted and hold no credential",
		Requirements: []string{"3.5.1", "8.6.2"},
	},
	{
		ID: "M-05", Severity: Must, Layer: contract.Migration,
		Title:        "Functions log to declared groups, are traced and never log data",
		Requirements: []string{"10.2.1", "3.5.1"},
	},
	{
		ID: "M-06", Severity: Should, Layer: contract.Migration,
		Title: "Functions have a dead-letter target, a limit and pinned code",
		Rules: []Rule{
			{Identifier: "LAMBDA_DLQ_CHECK"},
			{Identifier: "LAMBDA_CONCURRENCY_CHECK"},
		},
	},
	{
		ID: "M-07", Severity: Must, Layer: contract.Migration,
		Title:        "Sync roles read the source and write the target, with users of their own",
		Requirements: []string{"7.2.5", "8.6.1", "4.2.1"},
	},
	{
		ID: "M-08", Severity: Must, Layer: contract.Migration,
		Title:        "Sync is active in the sync window only",
		Requirements: []string{"1.2.5", "7.2.5"},
	},
	{
		ID: "M-09", Severity: Must, Layer: contract.Migration,
		Title:        "Every queue is encrypted, has a dead-letter queue and no open principal",
		Controls:     []string{"SQS.1", "SQS.3"},
		Requirements: []string{"3.5.1", "7.2.5"},
		Rules: []Rule{
			{Identifier: "SQS_QUEUE_NO_PUBLIC_ACCESS"},
		},
	},
	{
		ID: "M-10", Severity: Must, Layer: contract.Migration,
		Title:        "Buses, streams and state machines are closed, encrypted and logged",
		Controls:     []string{"EventBridge.3", "Kinesis.1", "StepFunctions.1"},
		Requirements: []string{"10.3.1", "10.4.2", "3.5.1"},
		Rules: []Rule{
			{Identifier: "CUSTOM_EVENTBUS_POLICY_ATTACHED", Deployment: Unconfirmed},
			{Identifier: "KINESIS_STREAM_ENCRYPTED"},
			{Identifier: "STEP_FUNCTIONS_STATE_MACHINE_LOGGING_ENABLED"},
		},
	},
	{
		ID: "M-11", Severity: Must, Layer: contract.Migration,
		Title:        "Delivery streams are encrypted end to end with a role of their own",
		Controls:     []string{"DataFirehose.1"},
		Requirements: []string{"3.5.1", "10.3.3"},
	},
	{
		ID: "M-12", Severity: Should, Layer: contract.Migration,
		Title:        "No managed replication or shifting service stands beside ours",
		Controls:     []string{"DMS.1", "DMS.6", "DMS.7", "DMS.8", "DMS.9"},
		Requirements: []string{"1.4.4", "4.2.1"},
		Rules: []Rule{
			{Identifier: "DMS_REPLICATION_NOT_PUBLIC", Deployment: IfUsed},
			{Identifier: "DMS_ENDPOINT_SSL_CONFIGURED", Deployment: IfUsed},
			{Identifier: "CODEDEPLOY_LAMBDA_ALLATONCE_TRAFFIC_SHIFT_DISABLED", Deployment: IfUsed},
		},
	},
}
