package observability

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pulumitest"
)

const (
	dashboardType    = "aws:cloudwatch/dashboard:Dashboard"
	alarmType        = "aws:cloudwatch/metricAlarm:MetricAlarm"
	compositeType    = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
	topicType        = "aws:sns/topic:Topic"
	policyType       = "aws:sns/topicPolicy:TopicPolicy"
	subscriptionType = "aws:sns/topicSubscription:TopicSubscription"
	logGroupType     = "aws:cloudwatch/logGroup:LogGroup"
	filterType       = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	ruleType         = "aws:cloudwatch/eventRule:EventRule"
	targetType       = "aws:cloudwatch/eventTarget:EventTarget"
	queryType        = "aws:cloudwatch/queryDefinition:QueryDefinition"
)

func stackFile(t *testing.T, env string) string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("..", "Pulumi."+env+".yaml"))
	require.NoError(t, err)
	return file
}

func options(t *testing.T, env string) pulumitest.Options {
	t.Helper()
	migration := pulumitest.Exports[contract.MigrationOutputs](t)
	for _, color := range naming.Colors() {
		functions := make(map[string]any)
		for _, name := range estate.Functions() {
			functions[name] = "migration/" + string(color) + "SyncFunctionNames/" + name
		}
		migration[string(color)+"SyncFunctionNames"] = functions
	}
	return pulumitest.Options{
		Layer:     contract.Observability,
		Stack:     env,
		StackFile: stackFile(t, env),
		Upstream: map[contract.Layer]map[string]any{
			contract.Foundation: pulumitest.Exports[contract.FoundationOutputs](t),
			contract.Security:   pulumitest.Exports[contract.SecurityOutputs](t),
			contract.Data:       pulumitest.Exports[contract.DataOutputs](t),
			contract.Edge:       pulumitest.Exports[contract.EdgeOutputs](t),
			contract.Services:   pulumitest.Exports[contract.ServicesOutputs](t),
			contract.Migration:  migration,
		},
	}
}

func TestEveryStackFileLoads(t *testing.T) {
	for _, env := range config.Names() {
		require.NoError(t, CheckConfig(stackFile(t, env)), env)
		pulumitest.MustRun(t, options(t, env), Program)
	}
}

func TestExportsWherePeopleLookAndWhatGatesAsk(t *testing.T) {
	exports := pulumitest.MustRun(t, options(t, "prod"), Program).Exports
	for _, name := range []string{"migration", "platform", "business"} {
		require.Equal(t, "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/cutover-prod-"+name, exports[name+"DashboardUrl"])
	}
	require.Equal(t, "cutover-prod-migration", exports["migrationDashboardName"])
	require.Equal(t, naming.New("prod").CustomerImpactAlarm(), exports["customerImpactAlarmName"])
	require.Equal(t, naming.New("prod").MigrationUnsafeAlarm(), exports["migrationUnsafeAlarmName"])
	require.Len(t, exports["topicArns"], 3)
	require.Equal(t, "edge/blueTargetGroupArnSuffixes/payment-api", exports["watched"].(map[string]any)["blue.targetGroup.payment-api"])
}

// On an empty account nothing upstream exists yet.
func TestPreviewWorksBeforeAnythingIsDeployed(t *testing.T) {
	opts := options(t, "prod")
	whole := pulumitest.MustRun(t, opts, Program)
	opts.Upstream, opts.DryRun = nil, true
	empty := pulumitest.MustRun(t, opts, Program)
	for _, token := range []string{dashboardType, alarmType, compositeType, topicType, filterType, ruleType, queryType} {
		require.Len(t, empty.OfType(token), len(whole.OfType(token)), token)
	}
}

func TestUpdateNamesTheLayerThatIsMissing(t *testing.T) {
	opts := options(t, "local")
	delete(opts.Upstream, contract.Migration)
	_, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, `layer "migration", stack "organization/migration/local": has no outputs yet`)
}

func TestAnEmptyNameFromAnotherLayerIsAnErrorAndNoEmptyGraph(t *testing.T) {
	opts := options(t, "local")
	opts.Upstream[contract.Data]["greenClusterId"] = ""
	_, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, "green.database: the layer that makes it has told no name")
}

func TestAServiceThatNobodyMadeIsAnError(t *testing.T) {
	opts := options(t, "local")
	delete(opts.Upstream[contract.Services]["blueServiceNames"].(map[string]any), "reporting")
	_, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, `blue services of the services layer: has no entry "reporting"`)
}

func TestEveryAlarmTellsItsTopicAboutEveryState(t *testing.T) {
	recording := pulumitest.MustRun(t, options(t, "prod"), Program)
	alarms := append(recording.OfType(alarmType), recording.OfType(compositeType)...)
	require.Greater(t, len(alarms), 200)
	severities := make(map[string]int)
	for _, each := range alarms {
		for _, state := range []string{"alarmActions", "okActions", "insufficientDataActions"} {
			actions := each.Inputs[state].([]any)
			require.Len(t, actions, 1, each.Name)
			require.Regexp(t, "alarms-(page|warn|info)", actions[0])
			severities[regexp.MustCompile("(page|warn|info)").FindString(actions[0].(string))]++
		}
		require.Nil(t, each.Inputs["actionsEnabled"], each.Name) // true by default
		if each.Type == alarmType {
			require.Contains(t, []any{"breaching", "notBreaching", "ignore"}, each.Inputs["treatMissingData"], each.Name)
		}
	}
	require.Len(t, severities, 3)
}

func TestASimpleAlarmAsksForOneSeries(t *testing.T) {
	inputs := pulumitest.MustRun(t, options(t, "prod"), Program).Find(t, alarmType, "blue-payment-api-slow").Inputs
	require.Equal(t, "cutover-prod-blue-payment-api-slow", inputs["name"])
	require.Equal(t, "p99", inputs["extendedStatistic"])
	require.Equal(t, "ignore", inputs["evaluateLowSampleCountPercentiles"])
	require.Nil(t, inputs["statistic"])
	require.InDelta(t, 0.5, inputs["threshold"], 1e-9)
	require.Equal(t, map[string]any{"TargetGroup": "edge/blueTargetGroupArnSuffixes/payment-api", "LoadBalancer": "edge/blueLoadBalancerArnSuffix"}, inputs["dimensions"])
	require.Contains(t, inputs["alarmDescription"], "docs/alarms.md#slow")
}

func TestAnAlarmOnAShareReturnsTheShareOnly(t *testing.T) {
	inputs := pulumitest.MustRun(t, options(t, "prod"), Program).Find(t, alarmType, "green-payment-api-error-rate").Inputs
	queries := inputs["metricQueries"].([]any)
	require.Len(t, queries, 3)
	var returned []string
	for _, each := range queries {
		query := each.(map[string]any)
		if query["returnData"] == true {
			returned = append(returned, query["id"].(string))
		}
	}
	require.Equal(t, []string{"e0"}, returned)
	require.Equal(t, "IF(FILL(requests,0)>=50,100*FILL(errors,0)/requests,0)", queries[2].(map[string]any)["expression"])
	require.Nil(t, inputs["metricName"])
}

func TestAnAlarmOnWhatIsUsualComparesWithItsBand(t *testing.T) {
	recording := pulumitest.MustRun(t, options(t, "prod"), Program)
	plain := recording.Find(t, alarmType, "blocked-requests-unusual").Inputs
	require.Equal(t, "ad0", plain["thresholdMetricId"])
	require.Nil(t, plain["threshold"])
	queries := plain["metricQueries"].([]any)
	require.Len(t, queries, 2)
	require.Equal(t, "ANOMALY_DETECTION_BAND(m0, 3)", queries[1].(map[string]any)["expression"])
	for _, each := range queries {
		require.Equal(t, true, each.(map[string]any)["returnData"])
	}
	share := recording.Find(t, alarmType, "blue-declines-unusual").Inputs["metricQueries"].([]any)
	require.Equal(t, "ANOMALY_DETECTION_BAND(e0, 3)", share[len(share)-1].(map[string]any)["expression"])
}

func TestACompositeIsMadeAfterItsParts(t *testing.T) {
	recording := pulumitest.MustRun(t, options(t, "prod"), Program)
	composite := recording.Find(t, compositeType, "customer-impact")
	for _, part := range regexp.MustCompile(`ALARM\("([^"]+)"\)`).FindAllStringSubmatch(composite.Inputs["alarmRule"].(string), -1) {
		at := slices.IndexFunc(recording.OfType(alarmType), func(r pulumitest.Resource) bool { return r.Inputs["name"] == part[1] })
		require.GreaterOrEqual(t, at, 0, part[1])
		require.Contains(t, composite.Dependencies, recording.OfType(alarmType)[at].URN)
	}
}

func TestOnlyAlarmsAndRulesOfTheEnvironmentPublish(t *testing.T) {
	recording := pulumitest.MustRun(t, options(t, "prod"), Program)
	require.Len(t, recording.OfType(topicType), 3)
	for _, topic := range recording.OfType(topicType) {
		require.Equal(t, "security/eventsKeyArn", topic.Inputs["kmsMasterKeyId"])
		policy := recording.Find(t, policyType, topic.Name).Inputs["policy"].(string)
		for _, want := range []string{
			`"aws:SourceArn":["arn:aws:cloudwatch:us-east-1:345678901234:alarm:cutover-prod-*"]`, `"aws:SourceArn":["arn:aws:events:us-east-1:345678901234:rule/cutover-prod-*"]`,
			`"aws:SourceAccount":["345678901234"]`, `"aws:SecureTransport":["false"]`,
		} {
			require.Contains(t, compactLists(policy), want)
		}
	}
}

// compactLists writes single values as lists of one, as IAM reads them.
func compactLists(policy string) string {
	return regexp.MustCompile(`":("[^"\[\]]*")([,}])`).ReplaceAllString(policy, `":[$1]$2`)
}

func TestSubscribersAreThoseOfTheConfiguration(t *testing.T) {
	opts := options(t, "prod")
	opts.Config = map[string]string{"observability:subscribers": `{"page":[{"protocol":"https","endpoint":"https://alerts.payments.example/hook"},
		{"protocol":"sqs","endpoint":"arn:aws:sqs:us-east-1:345678901234:alerts"}]}`}
	recording := pulumitest.MustRun(t, opts, Program)
	require.Len(t, recording.OfType(subscriptionType), 2)
	require.Equal(t, "https", recording.Find(t, subscriptionType, "alarms-page-0").Inputs["protocol"])
	require.Equal(t, "arn:aws:sqs:us-east-1:345678901234:alerts", recording.Find(t, subscriptionType, "alarms-page-1").Inputs["endpoint"])
}

// Who is told by https or a queue may be added by hand in the night: every topic
// reports from the start.
func TestTopicsReportDeliveriesIntoGroupsThatAreThereBefore(t *testing.T) {
	recording := pulumitest.MustRun(t, options(t, "prod"), Program)
	var streams []string
	for _, severity := range alarm.Severities() {
		topic := recording.Find(t, topicType, "alarms-"+string(severity))
		for _, input := range []string{"httpSuccessFeedbackRoleArn", "httpFailureFeedbackRoleArn", "sqsSuccessFeedbackRoleArn", "sqsFailureFeedbackRoleArn"} {
			require.Equal(t, "security/reportsRoleArn", topic.Inputs[input])
		}
		require.EqualValues(t, 100, topic.Inputs["httpSuccessFeedbackSampleRate"])
		require.EqualValues(t, 100, topic.Inputs["sqsSuccessFeedbackSampleRate"])
		for end, suffix := range map[string]string{"delivered": "", "failed": "/Failure"} {
			group := recording.Find(t, logGroupType, topic.Name+"-"+end)
			require.Equal(t, "sns/us-east-1/345678901234/cutover-prod-alarms-"+string(severity)+suffix, group.Inputs["name"])
			require.EqualValues(t, 90, group.Inputs["retentionInDays"])
			require.Equal(t, "security/auditKeyArn", group.Inputs["kmsKeyId"])
			require.Contains(t, topic.Dependencies, group.URN)
			streams = append(streams, group.Computed["arn"].(string)+":*")
		}
	}
	slices.Sort(streams)
	var policy struct {
		Statement []struct{ Action, Resource []string }
	}
	require.NoError(t, json.Unmarshal([]byte(recording.Find(t, "aws:iam/policy:Policy", "alarms-reports").Inputs["policy"].(string)), &policy))
	require.Len(t, policy.Statement, 1)
	require.Equal(t, []string{"logs:CreateLogStream", "logs:PutLogEvents"}, policy.Statement[0].Action)
	require.Equal(t, streams, policy.Statement[0].Resource)
	require.Equal(t, "security/reportsRoleName", recording.Find(t, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "alarms-reports-on-topic-reports").Inputs["role"])
}

func TestPaymentsAreCountedWhereTheyAreDecided(t *testing.T) {
	recording := pulumitest.MustRun(t, options(t, "prod"), Program)
	counted := make(map[string]int)
	for _, filter := range recording.OfType(filterType) {
		if filter.Inputs["pattern"] != paymentPattern {
			continue
		}
		counted[filter.Inputs["logGroupName"].(string)]++
		transformation := filter.Inputs["metricTransformation"].(map[string]any)
		require.Equal(t, map[string]any{"Color": "$.color", "Outcome": "$.outcome"}, transformation["dimensions"])
		require.Nil(t, transformation["defaultValue"], "CloudWatch Logs takes no default together with dimensions")
	}
	require.Equal(t, map[string]int{
		"services/blueLogGroupNames/payment-api": 3, "services/blueLogGroupNames/transaction-processor": 3,
		"services/greenLogGroupNames/payment-api": 3, "services/greenLogGroupNames/transaction-processor": 3,
	}, counted)
}

// The fields that filters read are those that applications write.
func TestFiltersReadTheFieldsOfThePaymentEvent(t *testing.T) {
	text, err := json.Marshal(metrics.PaymentEvent{Event: metrics.PaymentEventName, Color: "blue", Outcome: metrics.Approved, AmountMinor: 1, DurationMs: 1})
	require.NoError(t, err)
	var event map[string]any
	require.NoError(t, json.Unmarshal(text, &event))
	fields := []string{"$.event", "$.color", "$.outcome"}
	for value := range paymentMetrics() {
		if value != "1" {
			fields = append(fields, value)
		}
	}
	for _, field := range fields {
		require.Contains(t, event, strings.TrimPrefix(field, "$."), field)
	}
}

func TestNothingOfTheTrailIsCountedWhereItIsNotOurs(t *testing.T) {
	opts := options(t, "prod")
	opts.Config = map[string]string{"observability:accountBaseline": "assume"}
	opts.Upstream[contract.Security]["trailLogGroupName"], opts.Upstream[contract.Security]["archiveStreamName"] = "", ""
	recording := pulumitest.MustRun(t, opts, Program)
	for _, filter := range recording.OfType(filterType) {
		require.NotContains(t, filter.Name, "trail")
	}
	for _, each := range recording.OfType(queryType) {
		require.NotContains(t, each.Name, "trail")
	}
}

func TestFindingsAreToldWithoutWhatTheyQuote(t *testing.T) {
	recording := pulumitest.MustRun(t, options(t, "prod"), Program)
	require.Len(t, recording.OfType(ruleType), len(findings))
	for _, target := range recording.OfType(targetType) {
		transformer := target.Inputs["inputTransformer"].(map[string]any)
		paths := transformer["inputPaths"].(map[string]any)
		for _, field := range regexp.MustCompile("<([a-z]+)>").FindAllStringSubmatch(transformer["inputTemplate"].(string), -1) {
			require.Contains(t, paths, field[1], target.Name)
		}
		require.NotContains(t, fmt.Sprint(paths), "description")
	}
}

func TestEveryRuleTellsASeverityThatExists(t *testing.T) {
	for _, each := range findings {
		require.Contains(t, alarm.Severities(), each.severity, each.name)
		pattern, err := each.pattern()
		require.NoError(t, err)
		require.Contains(t, pattern, `"`+each.source+`"`)
	}
}

func TestQueriesAskLogGroupsThatExist(t *testing.T) {
	recording := pulumitest.MustRun(t, options(t, "prod"), Program)
	var functions []any
	for _, color := range naming.Colors() {
		for _, name := range estate.Functions() {
			functions = append(functions, "/cutover/prod/"+string(color)+"/functions/"+name)
		}
	}
	require.Equal(t, functions, recording.Find(t, queryType, "lane-halts").Inputs["logGroupNames"])
	require.Equal(t, []any{"security/trailLogGroupName"}, recording.Find(t, queryType, "trail-who-changed-what").Inputs["logGroupNames"])
	for _, each := range recording.OfType(queryType) {
		require.LessOrEqual(t, len(each.Inputs["logGroupNames"].([]any)), 50, each.Name) // CloudWatch Logs API reference, PutQueryDefinition
		require.Regexp(t, "^cutover/prod/", each.Inputs["name"])
	}
}
