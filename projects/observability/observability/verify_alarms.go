package observability

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/verify"
)

// patience is how long a metric may be missing after its alarm was made: what is
// sent at all is sent within it.
const patience = time.Hour

// described asks for the alarms of one type of the environment, by name.
func (v *verifier) described(ctx context.Context, kind types.AlarmType) (*cloudwatch.DescribeAlarmsOutput, error) {
	all := &cloudwatch.DescribeAlarmsOutput{}
	pages := cloudwatch.NewDescribeAlarmsPaginator(v.metrics, &cloudwatch.DescribeAlarmsInput{
		AlarmNamePrefix: aws.String(v.names.Name(naming.Alarm) + "-"), AlarmTypes: []types.AlarmType{kind},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("alarms: %w", err)
		}
		all.MetricAlarms = append(all.MetricAlarms, page.MetricAlarms...)
		all.CompositeAlarms = append(all.CompositeAlarms, page.CompositeAlarms...)
	}
	return all, nil
}

// checkAlarms compares every alarm with its definition.
func (v *verifier) checkAlarms(ctx context.Context) error {
	found, err := v.described(ctx, types.AlarmTypeMetricAlarm)
	if err != nil {
		return err
	}
	by := make(map[string]types.MetricAlarm)
	for _, each := range found.MetricAlarms {
		by[aws.ToString(each.AlarmName)] = each
	}
	all := verify.About("alarms")
	for _, want := range v.watch.Alarms() {
		got, there := by[want.Name(v.names)]
		if !there {
			all.Expect(false, "%s is missing", want.Name(v.names))
			continue
		}
		all.Include(v.judgeAlarm(want, got))
	}
	return all.Err()
}

// judgeAlarm joins what differs from the definition.
func (v *verifier) judgeAlarm(want alarm.Alarm, got types.MetricAlarm) error {
	f := verify.About("alarm %s", aws.ToString(got.AlarmName))
	v.judgeActions(f, string(want.Severity), aws.ToBool(got.ActionsEnabled), got.AlarmActions, got.OKActions, got.InsufficientDataActions)
	f.Equal("comparison", string(got.ComparisonOperator), string(want.Condition.Comparison))
	f.Equal("missing data", aws.ToString(got.TreatMissingData), string(want.Missing))
	f.Equal("number of periods", int(aws.ToInt32(got.EvaluationPeriods)), want.Periods)
	f.Equal("number of periods in breach", int(aws.ToInt32(got.DatapointsToAlarm)), want.Points)
	if want.Condition.Band == 0 {
		f.Equal("threshold", aws.ToFloat64(got.Threshold), want.Condition.Threshold)
	} else {
		f.Equal("metric of the threshold", aws.ToString(got.ThresholdMetricId), bandID)
	}
	if want.Condition.Simple() {
		f.Equal("period", int(aws.ToInt32(got.Period)), want.Period)
		f.Include(v.judgeSeries(f, want.Condition.Terms[0], types.Metric{Namespace: got.Namespace, MetricName: got.MetricName, Dimensions: got.Dimensions},
			string(got.Statistic)+aws.ToString(got.ExtendedStatistic)))
		return f.Err()
	}
	v.judgeQueries(f, want, got.Metrics)
	return f.Err()
}

// judgeActions wants an alarm to tell the topic of its severity of every state.
func (v *verifier) judgeActions(f *verify.Findings, severity string, enabled bool, actions ...[]string) {
	f.Expect(enabled, "does not act, expected its actions enabled")
	for i, state := range []string{"ALARM", "OK", "INSUFFICIENT_DATA"} {
		f.Expect(slices.Equal(actions[i], []string{v.topics[severity]}), "tells %v of %s, expected the topic of severity %s (%s)",
			actions[i], state, severity, v.topics[severity])
	}
}

// judgeSeries compares one metric with the term that it stands for.
func (v *verifier) judgeSeries(f *verify.Findings, want alarm.Term, got types.Metric, statistic string) error {
	series, err := v.estate.Series(want.Series)
	if err != nil {
		return err
	}
	f.Equal("metric", aws.ToString(got.Namespace)+" "+aws.ToString(got.MetricName), series.Metric.Namespace+" "+series.Metric.Name)
	f.Equal("statistic", statistic, string(series.Metric.Statistic))
	var wanted []string
	for i, dimension := range series.Metric.Dimensions {
		wanted = append(wanted, dimension+"="+series.Values[i])
	}
	slices.Sort(wanted)
	f.Equal("dimensions", strings.Join(spelled(got.Dimensions), ", "), strings.Join(wanted, ", "))
	return nil
}

// spelled writes dimensions as text, sorted.
func spelled(dimensions []types.Dimension) []string {
	var all []string
	for _, each := range dimensions {
		all = append(all, aws.ToString(each.Name)+"="+aws.ToString(each.Value))
	}
	slices.Sort(all)
	return all
}

// judgeQueries compares metric math.
func (v *verifier) judgeQueries(f *verify.Findings, want alarm.Alarm, got []types.MetricDataQuery) {
	by := make(map[string]types.MetricDataQuery)
	for _, each := range got {
		by[aws.ToString(each.Id)] = each
	}
	for _, term := range want.Condition.Terms {
		query, there := by[term.ID]
		if !there || query.MetricStat == nil || query.MetricStat.Metric == nil {
			f.Expect(false, "has no metric %q", term.ID)
			continue
		}
		f.Equal("period", int(aws.ToInt32(query.MetricStat.Period)), want.Period)
		f.Include(v.judgeSeries(f, term, *query.MetricStat.Metric, aws.ToString(query.MetricStat.Stat)))
	}
	if expression := want.Condition.Expression + want.Condition.Query; expression != "" {
		f.Equal("expression", aws.ToString(by[expressionID].Expression), expression)
	}
	if want.Condition.Band > 0 {
		shown := expressionID
		if want.Condition.Expression == "" {
			shown = want.Condition.Terms[0].ID
		}
		f.Equal("band", aws.ToString(by[bandID].Expression), band(shown, want.Condition.Band))
	}
}

// checkComposites compares every composite with its definition.
func (v *verifier) checkComposites(ctx context.Context) error {
	found, err := v.described(ctx, types.AlarmTypeCompositeAlarm)
	if err != nil {
		return err
	}
	by := make(map[string]types.CompositeAlarm)
	for _, each := range found.CompositeAlarms {
		by[aws.ToString(each.AlarmName)] = each
	}
	all := verify.About("composite alarms")
	for _, want := range v.watch.Composites() {
		got, there := by[want.Name(v.names)]
		if !there {
			all.Expect(false, "%s is missing", want.Name(v.names))
			continue
		}
		f := verify.About("composite alarm %s", want.Name(v.names))
		v.judgeActions(f, string(want.Severity), aws.ToBool(got.ActionsEnabled), got.AlarmActions, got.OKActions, got.InsufficientDataActions)
		f.Equal("rule", aws.ToString(got.AlarmRule), want.Rule(v.names))
		all.Include(f.Err())
	}
	return all.Err()
}

// checkMetrics looks for alarms over metrics that nobody sends: those whose silence
// is a fault and whose metric CloudWatch does not know, an hour after they were made.
func (v *verifier) checkMetrics(ctx context.Context) error {
	found, err := v.described(ctx, types.AlarmTypeMetricAlarm)
	if err != nil {
		return err
	}
	all := verify.About("alarms")
	for _, each := range found.MetricAlarms {
		if !v.overdue(each) {
			continue
		}
		for _, metric := range lookedAt(each) {
			known, err := v.known(ctx, metric)
			if err != nil {
				return all.Failed(err)
			}
			all.Expect(known, "%s looks at %s %s with %s, which nobody sends", aws.ToString(each.AlarmName),
				aws.ToString(metric.Namespace), aws.ToString(metric.MetricName), strings.Join(spelled(metric.Dimensions), ", "))
		}
	}
	return all.Err()
}

// overdue tells whether the alarm waits for data that should have come.
func (v *verifier) overdue(each types.MetricAlarm) bool {
	return aws.ToString(each.TreatMissingData) == string(alarm.Breaching) && v.now.Sub(aws.ToTime(each.AlarmConfigurationUpdatedTimestamp)) > patience
}

// lookedAt are the metrics of an alarm.
func lookedAt(each types.MetricAlarm) []types.Metric {
	if each.MetricName != nil {
		return []types.Metric{{Namespace: each.Namespace, MetricName: each.MetricName, Dimensions: each.Dimensions}}
	}
	var all []types.Metric
	for _, query := range each.Metrics {
		if query.MetricStat != nil && query.MetricStat.Metric != nil {
			all = append(all, *query.MetricStat.Metric)
		}
	}
	return all
}

func (v *verifier) known(ctx context.Context, metric types.Metric) (bool, error) {
	var filters []types.DimensionFilter
	for _, each := range metric.Dimensions {
		filters = append(filters, types.DimensionFilter{Name: each.Name, Value: each.Value})
	}
	found, err := v.metrics.ListMetrics(ctx, &cloudwatch.ListMetricsInput{Namespace: metric.Namespace, MetricName: metric.MetricName, Dimensions: filters})
	if err != nil {
		return false, fmt.Errorf("list metric %s: %w", aws.ToString(metric.MetricName), err)
	}
	return slices.ContainsFunc(found.Metrics, func(m types.Metric) bool { return slices.Equal(spelled(m.Dimensions), spelled(metric.Dimensions)) }), nil
}
