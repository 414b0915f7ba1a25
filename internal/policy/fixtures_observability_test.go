package policy_test

import (
	"fmt"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/recording"
)

// Type tokens of alarms.
const (
	alarmType       = "aws:cloudwatch/metricAlarm:MetricAlarm"
	compositeType   = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
	filterType      = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	eventRuleType   = "aws:cloudwatch/eventRule:EventRule"
	eventTargetType = "aws:cloudwatch/eventTarget:EventTarget"
)

// topic is where alarms go.
func topic() recording.Resource {
	return recording.Resource{Type: topicType, Name: "alarms", Inputs: map[string]any{"name": "alarms"}}
}

// alarm acts on a topic; more adds inputs.
func alarm(name string, more map[string]any) recording.Resource {
	to := []any{graph.Ref{Type: topicType, Name: "alarms", Output: "arn"}}
	inputs := map[string]any{"name": name, "alarmActions": to, "insufficientDataActions": to, "treatMissingData": "breaching"}
	for key, value := range more {
		inputs[key] = value
	}
	return recording.Resource{Type: alarmType, Name: name, Inputs: inputs}
}

// trailSigns are what patterns over the trail look for.
var trailSigns = []string{
	"Root", "UnauthorizedOperation", "MFAUsed", "PutRolePolicy", "StopLogging", "StopConfigurationRecorder", "ScheduleKeyDeletion", "PutBucketPolicy",
	"AuthorizeSecurityGroupIngress", "CreateNetworkAclEntry", "AttachInternetGateway", "CreateRoute", "CreateVpc",
}

// trailWatch is a trail whose group has a filter and an alarm for each sign.
func trailWatch() []recording.Resource {
	resources := []recording.Resource{
		topic(),
		{Type: logGroupType, Name: "trail", Inputs: map[string]any{"name": "/cutover/prod/trail"}},
		{Type: trailType, Name: "trail", Inputs: map[string]any{"name": "audit", "cloudWatchLogsGroupArn": graph.Ref{Type: logGroupType, Name: "trail", Output: "arn"}}},
	}
	for i, sign := range trailSigns {
		metric := fmt.Sprintf("metric-%02d", i)
		resources = append(resources, alarm(metric, map[string]any{"metricName": metric}), recording.Resource{Type: filterType, Name: metric, Inputs: map[string]any{
			"logGroupName": "/cutover/prod/trail", "pattern": "{ $.eventName = " + sign + " }", "metricTransformation": map[string]any{"name": metric},
		}})
	}
	return resources
}

// findings sends the findings of each source to the topic.
func findings() []recording.Resource {
	resources := []recording.Resource{topic()}
	for _, source := range []string{"guardduty", "securityhub", "inspector2", "macie", "config"} {
		resources = append(resources,
			recording.Resource{Type: eventRuleType, Name: source, Inputs: map[string]any{"name": "findings-" + source, "eventPattern": `{"source":["aws.` + source + `"]}`}},
			recording.Resource{Type: eventTargetType, Name: source, Inputs: map[string]any{"rule": "findings-" + source, "arn": graph.Ref{Type: topicType, Name: "alarms", Output: "arn"}}})
	}
	return resources
}

func observabilityFixtures() []fixture {
	acting := []recording.Resource{topic(), alarm("errors", nil)}
	covered := []recording.Resource{
		topic(), {Type: functionType, Name: "sync", Inputs: map[string]any{"name": "sync-function"}}, alarm("errors", map[string]any{"dimensions": map[string]any{"FunctionName": "sync-function"}}),
		{Type: compositeType, Name: "gate", Inputs: map[string]any{"alarmName": "cutover-prod-customer-impact"}},
		{Type: compositeType, Name: "unsafe", Inputs: map[string]any{"alarmName": "cutover-prod-migration-unsafe"}},
	}
	controls := []recording.Resource{
		topic(), alarm("late", map[string]any{"metricName": "DeliveryToS3.DataFreshness"}), alarm("lost", map[string]any{"metricName": "DeliveryErrors"}),
		{Type: filterType, Name: "stopped", Inputs: map[string]any{"pattern": "StopConfigurationRecorder StopLogging RotationFailed DisassociateWebACL"}},
	}
	of := func(row, name string, sound []recording.Resource, fault graph.Change) fixture {
		return fixture{row: row, name: name, layer: contract.Observability, sound: sound, fault: one(fault)}
	}
	return []fixture{
		of("O-05", "switched off", acting, graph.Set(alarmType, "errors", "actionsEnabled", false)),
		of("O-05", "missing data ignored without a decision", acting, graph.Unset(alarmType, "errors", "treatMissingData")),
		of("O-05", "alarm for nobody", acting, graph.Unset(alarmType, "errors", "alarmActions")),
		of("O-06", "function without alarm", covered, graph.Remove(alarmType, "errors")),
		of("O-06", "no composite", covered, graph.Remove(compositeType, "gate")),
		of("O-07", "root unseen", trailWatch(), graph.Remove(filterType, "metric-00")),
		of("O-07", "filter without alarm", trailWatch(), graph.Remove(alarmType, "metric-04")),
		of("O-08", "no findings of GuardDuty", findings(), graph.Remove(eventRuleType, "guardduty")),
		of("O-08", "rule switched off", findings(), graph.Set(eventRuleType, "config", "state", "DISABLED")),
		of("O-09", "archive may be late", controls, graph.Remove(alarmType, "late")),
		of("O-09", "rotation may fail", controls, graph.Rewrite(filterType, "stopped", "pattern", "RotationFailed ", "")),
	}
}
