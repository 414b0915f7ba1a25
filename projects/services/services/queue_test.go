package services

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	queueType   = "aws:sqs/queue:Queue"
	queuePolicy = "aws:sqs/queuePolicy:QueuePolicy"
)

func TestQueuesHaveTheirOwnKeyTimesAndDeadLetters(t *testing.T) {
	recording := run(t, "prod", nil)
	require.Len(t, recording.OfType(queueType), 4, "one with its dead letters for each colour")
	for _, color := range []string{"blue", "green"} {
		name := color + "-transaction-processor"
		work, dead := recording.Find(t, queueType, name), recording.Find(t, queueType, name+"-dead-letters")
		require.Equal(t, "cutover-prod-"+name, work.Inputs["name"])
		for _, each := range []map[string]any{work.Inputs, dead.Inputs} {
			require.Equal(t, "security/"+color+"MessagingKeyArn", each["kmsMasterKeyId"])
			require.Nil(t, each["fifoQueue"])
			require.LessOrEqual(t, len(each["name"].(string)), 80, "the longest of CreateQueue")
		}
		require.True(t, work.Protect && dead.Protect, "payments wait in them")
		service := recording.Find(t, taskDefinition, name)
		require.NotNil(t, service)
		stop := theContainer(t, recording, name).StopTimeout
		require.InDelta(t, 30+stop, work.Inputs["visibilityTimeoutSeconds"], 0, "the time of one message, and to stop")
		require.InDelta(t, 20, work.Inputs["receiveWaitTimeSeconds"], 0)
		require.InDelta(t, 14*24*3600, dead.Inputs["messageRetentionSeconds"], 0)
		require.Less(t, work.Inputs["messageRetentionSeconds"], dead.Inputs["messageRetentionSeconds"])
	}
}

func TestOnlyTheQueueItselfSetsMessagesAside(t *testing.T) {
	recording := run(t, "prod", nil)
	for _, color := range []string{"blue", "green"} {
		name := color + "-transaction-processor"
		work, dead := recording.Find(t, queueType, name).Inputs, recording.Find(t, queueType, name+"-dead-letters").Inputs
		var redrive struct {
			DeadLetterTargetArn string
			MaxReceiveCount     int
		}
		require.NoError(t, json.Unmarshal([]byte(work["redrivePolicy"].(string)), &redrive))
		require.Contains(t, redrive.DeadLetterTargetArn, name+"-dead-letters")
		require.Equal(t, 5, redrive.MaxReceiveCount)
		require.JSONEq(t, `{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:345678901234:`+work["name"].(string)+`"]}`,
			dead["redriveAllowPolicy"].(string))
		require.JSONEq(t, `{"redrivePermission":"denyAll"}`, work["redriveAllowPolicy"].(string))
		require.Nil(t, dead["redrivePolicy"])
	}
}

func TestQueuesRefusePlainTransport(t *testing.T) {
	recording := run(t, "staging", nil)
	policies := recording.OfType(queuePolicy)
	require.Len(t, policies, 4)
	for _, each := range policies {
		require.Equal(t, "https://queues.example/cutover-staging-"+each.Name, each.Inputs["queueUrl"])
		var document struct{ Statement []map[string]any }
		require.NoError(t, json.Unmarshal([]byte(each.Inputs["policy"].(string)), &document))
		require.Len(t, document.Statement, 1)
		statement := document.Statement[0]
		require.Equal(t, "Deny", statement["Effect"])
		require.Equal(t, "*", statement["Principal"])
		require.Equal(t, []any{"sqs:*"}, statement["Action"])
		require.Equal(t, map[string]any{"Bool": map[string]any{"aws:SecureTransport": []any{"false"}}}, statement["Condition"])
	}
}

// What the roles may do in the end, with key policies and boundaries, the table of
// audiences tests.
func TestSendersSendAndReceiversReceive(t *testing.T) {
	recording := run(t, "local", nil)
	document := func(service string) string {
		return recording.Find(t, policy, "blue-"+service+"-queues").Inputs["policy"].(string)
	}
	send, take := document("payment-api"), document("transaction-processor")
	require.True(t, containsAll(send, "sqs:SendMessage", "kms:GenerateDataKey*", "kms:Decrypt", "security/blueMessagingKeyArn", "sqs.us-east-1.amazonaws.com"), send)
	require.NotContains(t, send, "sqs:ReceiveMessage")
	require.NotContains(t, send, "dead-letters")
	require.True(t, containsAll(take, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "kms:Decrypt", "kms:ViaService"), take)
	require.NotContains(t, take, "sqs:SendMessage")
	require.NotContains(t, take, "kms:GenerateDataKey")
	require.NotContains(t, take, "dead-letters")
	for _, each := range recording.OfType(policy) {
		require.NotContains(t, each.Name, "reporting-queues", "reporting works with no queue")
	}
	for _, service := range []string{"payment-api", "transaction-processor"} {
		role := recording.Find(t, attachment, "blue-"+service+"-queues-on-task").Inputs["role"]
		require.Equal(t, "security/blueTaskRoleNames/"+service, role)
	}
}
