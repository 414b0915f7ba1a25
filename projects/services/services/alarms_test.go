package services

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const metricAlarm = "aws:cloudwatch/metricAlarm:MetricAlarm"

func TestDeploymentsEndWhenAnAlarmOfTheServiceRises(t *testing.T) {
	recording := run(t, "prod", nil)
	require.Len(t, recording.OfType(metricAlarm), 2*(2*len(listed(t))+1), "two for each service, one more for the dead letters")
	for _, color := range []string{"blue", "green"} {
		for _, each := range listed(t) {
			keys := []any{"errors", "unhealthy"}
			if each.Queue != nil {
				keys = []any{"dead-letters", "errors", "unhealthy"}
			}
			names := []any{}
			for _, key := range keys {
				alarm := recording.Find(t, metricAlarm, color+"-"+each.Name+"-"+key.(string)).Inputs
				require.Equal(t, "cutover-prod-"+color+"-"+each.Name+"-"+key.(string), alarm["name"])
				require.Equal(t, "notBreaching", alarm["treatMissingData"])
				for _, actions := range []string{"alarmActions", "okActions", "insufficientDataActions"} {
					require.Equal(t, []any{"security/eventsTopicArn"}, alarm[actions])
				}
				require.Equal(t, alarm["name"], recording.Exports[color+"AlarmNames"].(map[string]any)[each.Name+"/"+key.(string)])
				names = append(names, alarm["name"])
			}
			service := recording.Find(t, ecsService, color+"-"+each.Name).Inputs
			require.Equal(t, map[string]any{"alarmNames": names, "enable": true, "rollback": true}, service["alarms"])
		}
	}
}

func TestAlarmsWatchTheServicesOwnTargets(t *testing.T) {
	recording := run(t, "local", nil)
	target := map[string]any{"TargetGroup": "edge/greenTargetGroupArnSuffixes/payment-api", "LoadBalancer": "edge/greenLoadBalancerArnSuffix"}
	unhealthy := recording.Find(t, metricAlarm, "green-payment-api-unhealthy").Inputs
	require.Equal(t, "UnHealthyHostCount", unhealthy["metricName"])
	require.Equal(t, target, unhealthy["dimensions"])
	queries := recording.Find(t, metricAlarm, "green-payment-api-errors").Inputs["metricQueries"].([]any)
	require.Len(t, queries, 3)
	for at, name := range []string{"HTTPCode_Target_5XX_Count", "RequestCount"} {
		metric := queries[at].(map[string]any)["metric"].(map[string]any)
		require.Equal(t, name, metric["metricName"])
		require.Equal(t, "Sum", metric["stat"])
		require.Equal(t, target, metric["dimensions"])
	}
	require.Equal(t, "IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)", queries[2].(map[string]any)["expression"])
	letters := recording.Find(t, metricAlarm, "green-transaction-processor-dead-letters").Inputs
	require.Equal(t, map[string]any{"QueueName": "cutover-local-green-transaction-processor-dead-letters"}, letters["dimensions"])
	require.InDelta(t, 1, letters["threshold"], 0)
}
