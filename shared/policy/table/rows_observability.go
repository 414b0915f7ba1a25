package table

import "github.com/cutover/cutover/shared/contract"

var observabilityRows = []Row{
	{
		ID: "O-01", Severity: Must, Layer: contract.Observability,
		Title:        "Every topic is encrypted with the key for messages",
		Controls:     []string{"SNS.1"},
		Requirements: []string{"3.5.1", "10.7.2"},
		Rules: []Rule{
			{Identifier: "SNS_ENCRYPTED_KMS"},
		},
	},
	{
		ID: "O-02", Severity: Must, Layer: contract.Observability,
		Title:        "The key for messages admits the services that publish alarms",
		Requirements: []string{"10.7.2"},
	},
	{
		ID: "O-03", Severity: Must, Layer: contract.Observability,
		Title:        "Every topic has named publishers and refuses plain transport",
		Controls:     []string{"SNS.4"},
		Requirements: []string{"7.2.5", "4.2.1"},
		Rules: []Rule{
			{Identifier: "SNS_TOPIC_NO_PUBLIC_ACCESS"},
		},
	},
	{
		ID: "O-04", Severity: Should, Layer: contract.Observability,
		Title:        "Topics report deliveries",
		Controls:     []string{"SNS.2"},
		Requirements: []string{"10.2.1"},
		Rules: []Rule{
			{Identifier: "SNS_TOPIC_MESSAGE_DELIVERY_NOTIFICATION_ENABLED"},
		},
	},
	{
		ID: "O-05", Severity: Must, Layer: contract.Observability,
		Title:        "Every alarm acts, on missing data too",
		Controls:     []string{"CloudWatch.15", "CloudWatch.17"},
		Requirements: []string{"10.4.1.1", "10.7.2"},
		Rules: []Rule{
			{Identifier: "CLOUDWATCH_ALARM_ACTION_CHECK", Parameters: []Parameter{
				set("alarmActionRequired", "true"),
				set("insufficientDataActionRequired", "true"),
				set("okActionRequired", "false"),
			}},
			{Identifier: "CLOUDWATCH_ALARM_ACTION_ENABLED_CHECK"},
		},
	},
	{
		ID: "O-06", Severity: Must, Layer: contract.Observability,
		Title:        "Whatever can fail has its alarms",
		Requirements: []string{"10.7.2", "12.10.5"},
	},
	{
		ID: "O-07", Severity: Must, Layer: contract.Observability,
		Title:        "Changes of security settings raise alarms from the trail",
		Controls:     []string{"CloudWatch.1", "CloudWatch.2", "CloudWatch.3", "CloudWatch.4", "CloudWatch.5", "CloudWatch.6", "CloudWatch.7", "CloudWatch.8", "CloudWatch.9", "CloudWatch.10", "CloudWatch.11", "CloudWatch.12", "CloudWatch.13", "CloudWatch.14"},
		Requirements: []string{"10.4.1.1", "11.5.2"},
	},
	{
		ID: "O-08", Severity: Must, Layer: contract.Observability,
		Title:        "Findings and broken rules reach people",
		Requirements: []string{"10.7.2", "11.5.1", "12.10.5"},
	},
	{
		ID: "O-09", Severity: Must, Layer: contract.Observability,
		Title:        "The failure of a control raises an alarm",
		Requirements: []string{"10.7.2"},
	},
	{
		ID: "O-10", Severity: Should, Layer: contract.Observability,
		Title:        "Card numbers are masked in logs and on dashboards",
		Requirements: []string{"3.4.1", "3.5.1"},
	},
}
