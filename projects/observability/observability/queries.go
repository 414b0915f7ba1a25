package observability

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
)

// The ids of what an alarm with metric math returns: the expression, the band of
// what is usual.
const (
	expressionID = "e0"
	bandID       = "ad0"
)

// queries fills in an alarm with metric math or with a band (CloudWatch API
// reference, PutMetricAlarm: exactly one query returns data, and with a band the
// metric below it as well).
func (a *Alarms) queries(made *cloudwatch.MetricAlarmArgs, of alarm.Alarm, from upstream) error {
	condition, queries := of.Condition, cloudwatch.MetricAlarmMetricQueryArray{}
	shown := expressionID
	if condition.Expression == "" && condition.Query == "" {
		shown = condition.Terms[0].ID
	}
	for _, term := range condition.Terms {
		values, err := dimensions(term.Series, from)
		if err != nil {
			return err
		}
		metric := cloudwatch.MetricAlarmMetricQueryMetricArgs{
			Namespace: pulumi.String(term.Series.Metric.Namespace), MetricName: pulumi.String(term.Series.Metric.Name),
			Period: pulumi.Int(of.Period), Stat: pulumi.String(string(term.Series.Metric.Statistic)),
		}
		if len(values) > 0 {
			metric.Dimensions = values
		}
		queries = append(queries, cloudwatch.MetricAlarmMetricQueryArgs{Id: pulumi.String(term.ID), Metric: metric, ReturnData: pulumi.Bool(term.ID == shown)})
	}
	if expression := condition.Expression + condition.Query; expression != "" {
		query := cloudwatch.MetricAlarmMetricQueryArgs{
			Id: pulumi.String(expressionID), Expression: pulumi.String(expression), Label: pulumi.String(of.Kind), ReturnData: pulumi.Bool(true),
		}
		if condition.Query != "" {
			query.Period = pulumi.Int(of.Period)
		}
		queries = append(queries, query)
	}
	if condition.Band > 0 {
		queries = append(queries, cloudwatch.MetricAlarmMetricQueryArgs{
			Id: pulumi.String(bandID), Label: pulumi.String("usual"), ReturnData: pulumi.Bool(true), Expression: pulumi.String(band(shown, condition.Band)),
		})
		made.ThresholdMetricId = pulumi.String(bandID)
	}
	made.MetricQueries = queries
	return nil
}

// band is the expression for what is usual of a metric.
func band(of string, width float64) string {
	return fmt.Sprintf("ANOMALY_DETECTION_BAND(%s, %s)", of, strconv.FormatFloat(width, 'f', -1, 64))
}

// dimensions are those of a series, with the physical names put in.
func dimensions(of estate.Series, from upstream) (pulumi.StringMap, error) {
	values := pulumi.StringMap{}
	for i, dimension := range of.Metric.Dimensions {
		value, err := from.value(of.Values[i])
		if err != nil {
			return nil, fmt.Errorf("metric %s, dimension %s: %w", of.Metric.Name, dimension, err)
		}
		values[dimension] = value
	}
	return values, nil
}
