package observability

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

func testVerifier(t *testing.T) *verifier {
	t.Helper()
	cfg, err := config.ReadFile[Config](stackFile(t, "prod"))
	require.NoError(t, err)
	what := watchOf(t, "prod")
	return &verifier{
		cfg: cfg, names: naming.New("prod"), watch: what, estate: estate.Sample(what.Services), now: time.Unix(10_000, 0),
		topics: map[string]string{"page": "arn:aws:sns:page", "warn": "arn:aws:sns:warn", "info": "arn:aws:sns:info"},
	}
}

func definition(t *testing.T, v *verifier, key string) alarm.Alarm {
	t.Helper()
	for _, each := range v.watch.Alarms() {
		if each.Key() == key {
			return each
		}
	}
	t.Fatalf("no alarm %s", key)
	return alarm.Alarm{}
}

// slow is the alarm blue-payment-api-slow as CloudWatch has it.
func slow() types.MetricAlarm {
	to := []string{"arn:aws:sns:warn"}
	return types.MetricAlarm{
		AlarmName: aws.String("slow"), ActionsEnabled: aws.Bool(true), AlarmActions: to, OKActions: to, InsufficientDataActions: to,
		ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold, TreatMissingData: aws.String("notBreaching"),
		EvaluationPeriods: aws.Int32(5), DatapointsToAlarm: aws.Int32(5), Threshold: aws.Float64(0.5), Period: aws.Int32(60),
		Namespace: aws.String("AWS/ApplicationELB"), MetricName: aws.String("TargetResponseTime"), ExtendedStatistic: aws.String("p99"),
		Dimensions: []types.Dimension{
			{Name: aws.String("LoadBalancer"), Value: aws.String("blue.balancer")}, {Name: aws.String("TargetGroup"), Value: aws.String("blue.targetGroup.payment-api")},
		},
	}
}

func TestVerifySeesAnAlarmThatWasChanged(t *testing.T) {
	v := testVerifier(t)
	want := definition(t, v, "blue-payment-api-slow")
	require.NoError(t, v.judgeAlarm(want, slow()))
	for finding, spoil := range map[string]func(*types.MetricAlarm){
		"alarm slow: does not act":                               func(a *types.MetricAlarm) { a.ActionsEnabled = aws.Bool(false) },
		"tells [] of ALARM, expected the topic of severity warn": func(a *types.MetricAlarm) { a.AlarmActions = nil },
		"tells [x] of OK":                                        func(a *types.MetricAlarm) { a.OKActions = []string{"x"} },
		"of INSUFFICIENT_DATA":                                   func(a *types.MetricAlarm) { a.InsufficientDataActions = nil },
		"comparison is LessThanThreshold":                        func(a *types.MetricAlarm) { a.ComparisonOperator = "LessThanThreshold" },
		"missing data is breaching":                              func(a *types.MetricAlarm) { a.TreatMissingData = aws.String("breaching") },
		"number of periods is 50, expected 5":                    func(a *types.MetricAlarm) { a.EvaluationPeriods = aws.Int32(50) },
		"number of periods in breach is 1, expected 5":           func(a *types.MetricAlarm) { a.DatapointsToAlarm = aws.Int32(1) },
		"threshold is 60, expected 0.5":                          func(a *types.MetricAlarm) { a.Threshold = aws.Float64(60) },
		"period is 3600, expected 60":                            func(a *types.MetricAlarm) { a.Period = aws.Int32(3600) },
		"metric is AWS/ApplicationELB Other":                     func(a *types.MetricAlarm) { a.MetricName = aws.String("Other") },
		"statistic is p50, expected p99":                         func(a *types.MetricAlarm) { a.ExtendedStatistic = aws.String("p50") },
		"dimensions is LoadBalancer=other, expected LoadBalancer=blue.balance": func(a *types.MetricAlarm) {
			a.Dimensions = []types.Dimension{{Name: aws.String("LoadBalancer"), Value: aws.String("other")}}
		},
	} {
		got := slow()
		spoil(&got)
		require.ErrorContains(t, v.judgeAlarm(want, got), finding)
	}
}

func TestVerifySeesMetricMathThatWasChanged(t *testing.T) {
	v := testVerifier(t)
	want := definition(t, v, "blue-declines-unusual")
	err := v.judgeAlarm(want, types.MetricAlarm{AlarmName: aws.String("declines"), Metrics: []types.MetricDataQuery{
		{Id: aws.String("e0"), Expression: aws.String("0")}, {Id: aws.String("ad0"), Expression: aws.String("ANOMALY_DETECTION_BAND(e0, 9)")},
	}})
	for _, finding := range []string{`has no metric "approved"`, "expression is 0, expected IF(", "band is ANOMALY_DETECTION_BAND(e0, 9), expected ANOMALY_DETECTION_BAND(e0, 3)", "metric of the threshold is , expected ad0"} {
		require.ErrorContains(t, err, finding)
	}
}

func TestVerifyWaitsAnHourForAMetricWhoseSilenceIsAFault(t *testing.T) {
	v := testVerifier(t)
	at := func(missing string, age time.Duration) types.MetricAlarm {
		return types.MetricAlarm{TreatMissingData: aws.String(missing), AlarmConfigurationUpdatedTimestamp: aws.Time(v.now.Add(-age))}
	}
	require.True(t, v.overdue(at("breaching", 2*time.Hour)))
	require.False(t, v.overdue(at("breaching", time.Minute)))
	require.False(t, v.overdue(at("notBreaching", 2*time.Hour)))
}

func TestVerifyLooksAtEveryMetricOfAnAlarm(t *testing.T) {
	require.Len(t, lookedAt(slow()), 1)
	metric := &types.Metric{MetricName: aws.String("m")}
	require.Len(t, lookedAt(types.MetricAlarm{Metrics: []types.MetricDataQuery{
		{MetricStat: &types.MetricStat{Metric: metric}}, {Expression: aws.String("m0")}, {MetricStat: &types.MetricStat{Metric: metric}},
	}}), 2)
}

// soundTopic is what SNS says of a topic that is as it should be.
func soundTopic(t *testing.T, v *verifier) map[string]string {
	t.Helper()
	policy, err := topicPolicy("arn:aws:sns:page", v.cfg.Environment.AccountID, v.names).JSON()
	require.NoError(t, err)
	attributes := map[string]string{"KmsMasterKeyId": "arn:key", "Policy": policy}
	for _, protocol := range []string{"HTTP", "SQS"} {
		attributes[protocol+"SuccessFeedbackSampleRate"] = "100"
		for _, outcome := range []string{"Success", "Failure"} {
			attributes[protocol+outcome+"FeedbackRoleArn"] = "arn:aws:iam::345678901234:role/cutover/security/cutover-prod-topic-reports"
		}
	}
	return attributes
}

func TestVerifySeesATopicThatReachesNobody(t *testing.T) {
	v := testVerifier(t)
	subscribed := func(arn string) []snstypes.Subscription {
		return []snstypes.Subscription{{Protocol: aws.String("email"), Endpoint: aws.String("oncall@payments.example"), SubscriptionArn: aws.String(arn)}}
	}
	require.NoError(t, v.judgeTopic(alarm.Page, soundTopic(t, v), subscribed("arn:aws:sns:1")))
	require.ErrorContains(t, v.judgeTopic(alarm.Page, soundTopic(t, v), subscribed("PendingConfirmation")), "waits for email oncall@payments.example to confirm")
	require.ErrorContains(t, v.judgeTopic(alarm.Page, soundTopic(t, v), nil), "topic cutover-prod-alarms-page: does not tell email oncall@payments.example")
	for _, c := range []struct{ attribute, value, seen string }{
		{"KmsMasterKeyId", "", "is not encrypted with a key of ours"},
		{"KmsMasterKeyId", "alias/aws/sns", "is not encrypted with a key of ours"},
		{"Policy", "{}", "has another policy"},
		{"HTTPSuccessFeedbackRoleArn", "", `HTTPSuccessFeedbackRoleArn is "": what becomes of messages is not reported`},
		{"HTTPFailureFeedbackRoleArn", "arn:aws:iam::345678901234:role/other", `HTTPFailureFeedbackRoleArn is "arn:aws:iam::345678901234:role/other"`},
		{"SQSSuccessFeedbackRoleArn", "", "SQSSuccessFeedbackRoleArn"},
		{"SQSFailureFeedbackRoleArn", "", "SQSFailureFeedbackRoleArn"},
		{"HTTPSuccessFeedbackSampleRate", "5", "HTTPSuccessFeedbackSampleRate is 5, expected 100"},
		{"SQSSuccessFeedbackSampleRate", "", "SQSSuccessFeedbackSampleRate is , expected 100"},
	} {
		attributes := soundTopic(t, v)
		attributes[c.attribute] = c.value
		require.ErrorContains(t, v.judgeTopic(alarm.Page, attributes, subscribed("arn:1")), c.seen)
	}
}

func TestVerifySeesALogGroupThatForgetsOrIsOpen(t *testing.T) {
	group := func(days int32, key string) logtypes.LogGroup {
		return logtypes.LogGroup{LogGroupName: aws.String("g"), RetentionInDays: aws.Int32(days), KmsKeyId: aws.String(key)}
	}
	require.NoError(t, judgeGroup(group(90, "arn:key")))
	require.ErrorContains(t, judgeGroup(group(0, "arn:key")), "log group g: keeps events for 0 days, expected 90")
	require.ErrorContains(t, judgeGroup(group(90, "")), "log group g: is not encrypted with a key of ours")
}

func TestVerifySeesARuleThatIsOffOrTellsNobody(t *testing.T) {
	v := testVerifier(t)
	pattern, err := findings[0].pattern()
	require.NoError(t, err)
	rule := func(state eventtypes.RuleState, pattern string) *eventbridge.DescribeRuleOutput {
		return &eventbridge.DescribeRuleOutput{Name: aws.String("guardduty"), State: state, EventPattern: aws.String(pattern)}
	}
	told := []eventtypes.Target{{Arn: aws.String("arn:aws:sns:page")}}
	require.NoError(t, v.judgeRule(findings[0], rule("ENABLED", pattern), told))
	require.ErrorContains(t, v.judgeRule(findings[0], rule("DISABLED", pattern), told), "rule guardduty: state is DISABLED, expected ENABLED")
	require.ErrorContains(t, v.judgeRule(findings[0], rule("ENABLED", `{"source":["x"]}`), told), "matches")
	require.ErrorContains(t, v.judgeRule(findings[0], rule("ENABLED", pattern), nil), "does not tell the topic")
}

func TestVerifySeesAFilterThatCountsSomethingElse(t *testing.T) {
	want := counted{"g", "trail-RootUse", "{ $.a = 1 }", "1", metrics.RootUse}
	got := logtypes.MetricFilter{FilterPattern: aws.String("{ $.a = 1 }"), MetricTransformations: []logtypes.MetricTransformation{
		{MetricNamespace: aws.String("Cutover/Audit"), MetricName: aws.String("RootUse"), MetricValue: aws.String("1")},
	}}
	require.NoError(t, want.judge(got))
	got.FilterPattern, got.MetricTransformations[0].MetricValue = aws.String("x"), aws.String("0")
	require.ErrorContains(t, want.judge(got), "metric filter trail-RootUse: pattern is x")
	require.ErrorContains(t, want.judge(got), "value is 0, expected 1")
	got.MetricTransformations = nil
	require.ErrorContains(t, want.judge(got), "makes 0 metrics")
}

func TestVerifyExpectsEveryFilterThatIsMade(t *testing.T) {
	v := testVerifier(t)
	require.Len(t, v.filters(), 2*2*3+len(metrics.Audit()))
	v.watch.Baseline = false
	require.Len(t, v.filters(), 12)
}
