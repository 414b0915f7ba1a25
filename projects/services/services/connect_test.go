package services

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/catalog"
)

const (
	egressRule = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	namespace  = "aws:servicediscovery/httpNamespace:HttpNamespace"
)

func TestServicesCallEachOtherByNameThroughAProxyOfTheirColour(t *testing.T) {
	recording := run(t, "prod", nil)
	for _, color := range []string{"blue", "green"} {
		require.Equal(t, "cutover-prod-"+color, recording.Find(t, namespace, color).Inputs["name"])
		require.Equal(t, "cutover-prod-"+color, recording.Exports[color+"NamespaceName"])
		called := recording.Find(t, ecsService, color+"-transaction-processor").Inputs["serviceConnectConfiguration"].(map[string]any)
		require.Contains(t, called["namespace"], "httpNamespace:HttpNamespace/"+color, "the ARN, which names the region, too")
		require.Equal(t, []any{map[string]any{
			"portName": "transaction-processor", "discoveryName": "transaction-processor", "ingressPortOverride": float64(catalog.ConnectPort),
			"clientAlias": []any{map[string]any{"dnsName": "transaction-processor", "port": 8444.0}},
		}}, called["services"])
		logs := called["logConfiguration"].(map[string]any)
		require.Equal(t, "awslogs", logs["logDriver"])
		require.Equal(t, "/cutover/prod/"+color+"/services/transaction-processor", logs["options"].(map[string]any)["awslogs-group"])

		caller := recording.Find(t, ecsService, color+"-payment-api").Inputs["serviceConnectConfiguration"].(map[string]any)
		require.Equal(t, true, caller["enabled"])
		require.Nil(t, caller["services"], "nobody calls it")
		require.Nil(t, recording.Find(t, ecsService, color+"-reporting").Inputs["serviceConnectConfiguration"])

		address := told(t, theContainer(t, recording, color+"-payment-api"))["TRANSACTION_PROCESSOR_URL"]
		require.Equal(t, "https://transaction-processor:8444", address)
		require.NotContains(t, told(t, theContainer(t, recording, color+"-reporting")), "TRANSACTION_PROCESSOR_URL")
	}
}

// A proxy knows only the services that were there when its task started.
func TestACalledServiceIsThereFirst(t *testing.T) {
	recording := run(t, "local", nil)
	require.Contains(t, recording.Find(t, ecsService, "blue-payment-api").Dependencies, recording.Find(t, ecsService, "blue-transaction-processor").URN)
}

func TestOnlyCallersReachTheProxy(t *testing.T) {
	recording := run(t, "local", nil)
	in := recording.Find(t, ingressRule, "green-transaction-processor-from-payment-api").Inputs
	out := recording.Find(t, egressRule, "green-transaction-processor-calls-of-payment-api").Inputs
	require.Len(t, recording.OfType(egressRule), 2)
	const caller, called = "foundation/greenServiceSecurityGroupIds/payment-api", "foundation/greenServiceSecurityGroupIds/transaction-processor"
	for _, rule := range []map[string]any{in, out} {
		require.Equal(t, "tcp", rule["ipProtocol"])
		require.InDelta(t, catalog.ConnectPort, rule["fromPort"], 0)
		require.InDelta(t, catalog.ConnectPort, rule["toPort"], 0)
		require.Nil(t, rule["cidrIpv4"])
	}
	require.Equal(t, []any{called, caller}, []any{in["securityGroupId"], in["referencedSecurityGroupId"]})
	require.Equal(t, []any{caller, called}, []any{out["securityGroupId"], out["referencedSecurityGroupId"]})
}

func TestReportingHasMoreTasksInWorkingHours(t *testing.T) {
	const action = "aws:appautoscaling/scheduledAction:ScheduledAction"
	recording := run(t, "prod", nil)
	require.Len(t, recording.OfType(action), 4)
	for name, least := range map[string]float64{"working-hours": 6, "evening": 3} {
		inputs := recording.Find(t, action, "blue-reporting-"+name).Inputs
		require.Equal(t, "UTC", inputs["timezone"])
		require.Equal(t, map[string]any{"minCapacity": least, "maxCapacity": 9.0}, inputs["scalableTargetAction"])
		require.Equal(t, "cutover-prod-blue-reporting-"+name, inputs["name"])
		require.Equal(t, inputs["name"], recording.Exports["blueScheduleNames"].(map[string]any)["reporting/"+name])
	}
	require.Equal(t, []string{"minCapacity"}, recording.Find(t, scalingTarget, "blue-reporting").IgnoreChanges, "the clock moves it")
	require.Empty(t, recording.Find(t, scalingTarget, "blue-payment-api").IgnoreChanges)
}

func TestTheLeastOfAReleaseHoldsAtAnyTime(t *testing.T) {
	bounds := Tasks{Min: 3, Max: 9}
	for percent, least := range map[int]int{0: 3, 33: 3, 34: 4, 60: 6, 100: 9} {
		require.Equal(t, least, Scheduled{PercentOfMax: percent}.least(bounds), percent)
	}
	require.Equal(t, 0, Scheduled{PercentOfMax: 100}.least(Tasks{}))
}
