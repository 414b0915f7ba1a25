package policy_test

import "github.com/cutover/cutover/shared/policy/graph"

// Type tokens that the faults are made in.
const (
	topicType       = "aws:sns/topic:Topic"
	topicPolicyType = "aws:sns/topicPolicy:TopicPolicy"
	dashboardType   = "aws:cloudwatch/dashboard:Dashboard"
)

func observabilityMutations() []mutation {
	const topic = "evidence-events"
	return []mutation{
		{row: "O-01", name: "key of AWS", changes: one(graph.Set(topicType, topic, "kmsMasterKeyId", "alias/aws/sns"))},
		{row: "O-02", name: "alarms shut out", changes: one(graph.Rewrite(keyType, "blue-messaging", "policy", `"cloudwatch.amazonaws.com",`, ""))},
		{row: "O-03", name: "no policy", changes: one(graph.Remove(topicPolicyType, topic))},
		{row: "O-03", name: "open principal", changes: one(allow(topicPolicyType, topic, "policy", `{"Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"*"}`))},
		{row: "O-03", name: "plain transport", changes: one(graph.Rewrite(topicPolicyType, topic, "policy", "aws:SecureTransport", "aws:ViaAWSService"))},
		{row: "O-04", name: "deliveries unseen", changes: one(add("aws:sns/topicSubscription:TopicSubscription", "x", map[string]any{
			"topic": graph.Ref{Type: topicType, Name: topic, Output: "arn"}, "protocol": "lambda"}))},
		{row: "O-04", name: "failures unseen", changes: one(graph.Unset(topicType, topic, "httpFailureFeedbackRoleArn"))},
		{row: "O-04", name: "pages into nowhere unseen", changes: one(graph.Unset(topicType, "alarms-page", "sqsSuccessFeedbackRoleArn"))},
		{row: "O-04", name: "reports without end", changes: one(graph.Remove(logGroupType, "alarms-warn-failed"))},
		{row: "O-01", name: "no key for pages", changes: one(graph.Unset(topicType, "alarms-page", "kmsMasterKeyId"))},
		{row: "O-03", name: "pages over plain transport", changes: one(graph.Rewrite(topicPolicyType, "alarms-page", "policy", "aws:SecureTransport", "aws:ViaAWSService"))},
		{row: "O-03", name: "alarms of other accounts", changes: one(graph.Rewrite(topicPolicyType, "alarms-page", "policy", `"aws:SourceAccount":["345678901234"]`, `"aws:SourceAccount":["*"]`))},
		{row: "O-04", name: "deliveries of pages unseen", changes: one(add("aws:sns/topicSubscription:TopicSubscription", "x", map[string]any{
			"topic": graph.Ref{Type: topicType, Name: "alarms-page", Output: "arn"}, "protocol": "firehose"}))},
		{row: "O-05", name: "silenced", changes: one(graph.Set(alarmType, "core-fwd-lane-halted", "actionsEnabled", false))},
		{row: "O-05", name: "silence without a decision", changes: one(graph.Unset(alarmType, "core-fwd-lane-halted", "treatMissingData"))},
		{row: "O-05", name: "gate for nobody", changes: one(graph.Unset(compositeType, "customer-impact", "alarmActions"))},
		{row: "O-05", name: "silence reaches nobody", changes: one(graph.Unset(alarmType, "archive-late", "insufficientDataActions"))},
		{row: "O-06", name: "another table watched", changes: []graph.Change{
			graph.Remove(alarmType, "control-table-table-throttled"), graph.Remove(alarmType, "control-table-table-failing")}},
		{row: "O-06", name: "dead letters unread", changes: one(graph.Remove(alarmType, "blue-events-lost"))},
		{row: "O-06", name: "gate gone", changes: one(graph.Remove(compositeType, "migration-unsafe"))},
		{row: "O-06", name: "service not summed up", changes: one(graph.Remove(compositeType, "green-reporting-degraded"))},
		{row: "E-03", name: "certificate unwatched", changes: []graph.Change{
			graph.Remove(alarmType, "certificate-ends"), graph.Remove(alarmType, "certificate-ends-soon")}},
		{row: "O-07", name: "root unseen", changes: one(graph.Remove(filterType, "trail-RootUse"))},
		{row: "O-07", name: "filter of another group", changes: one(graph.Set(filterType, "trail-KeyDeletions", "logGroupName", "/cutover/prod/other"))},
		{row: "O-07", name: "counted and not told", changes: one(graph.Remove(alarmType, "trail-policies-changed"))},
		{row: "O-08", name: "findings dropped", changes: one(graph.Remove(eventTargetType, "findings-guardduty"))},
		{row: "O-08", name: "rule switched off", changes: one(graph.Set(eventRuleType, "findings-config", "state", "DISABLED"))},
		{row: "O-09", name: "archive may be late", changes: one(graph.Remove(alarmType, "archive-late"))},
		{row: "O-09", name: "web ACL may go", changes: one(graph.Remove(filterType, "trail-FirewallChanges"))},
		{row: "O-10", name: "cards readable", changes: one(graph.Remove("aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy", "blue-payment-api"))},
		{row: "O-10", name: "numbers not masked", changes: one(graph.Rewrite("aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy", "green-payment-api", "policyDocument", "CreditCardNumber", "Address"))},
		{row: "O-10", name: "widget of raw events", changes: one(graph.Set(dashboardType, "migration", "dashboardBody", `{"widgets":[{"type":"log"}]}`))},
	}
}
