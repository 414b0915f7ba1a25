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
			"topic": graph.Ref{Type: topicType, Name: topic, Output: "arn"}, "protocol": "https"}))},
		{row: "O-10", name: "widget of raw events", changes: one(graph.Set(dashboardType, "migration", "dashboardBody", `{"widgets":[{"type":"log"}]}`))},
	}
}
