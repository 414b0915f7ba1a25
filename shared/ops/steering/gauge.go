package steering

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/traffic"
)

// Gauge takes the measurements of the traffic.
type Gauge interface {
	// Put sends samples, at most 1,000, that were taken at that time.
	Put(ctx context.Context, at time.Time, samples ...metrics.Sample) error
}

var _ Gauge = (*CloudWatch)(nil)

// CloudWatch is the Gauge that dashboards read.
type CloudWatch struct{ client *cloudwatch.Client }

// NewCloudWatch returns the gauge for an account.
func NewCloudWatch(c aws.Config) *CloudWatch { return &CloudWatch{cloudwatch.NewFromConfig(c)} }

// Put sends samples, each under the names of its metric.
func (c *CloudWatch) Put(ctx context.Context, at time.Time, samples ...metrics.Sample) error {
	data := map[string][]cwtypes.MetricDatum{}
	for _, sample := range samples {
		metric := sample.Series.Metric
		datum := cwtypes.MetricDatum{
			MetricName: aws.String(metric.Name), Unit: cwtypes.StandardUnit(metric.Unit), Value: aws.Float64(sample.Value), Timestamp: aws.Time(at),
		}
		for i, name := range metric.Dimensions {
			datum.Dimensions = append(datum.Dimensions, cwtypes.Dimension{Name: aws.String(name), Value: aws.String(sample.Series.Values[i])})
		}
		data[metric.Namespace] = append(data[metric.Namespace], datum)
	}
	for namespace, list := range data {
		if _, err := c.client.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String(namespace), MetricData: list}); err != nil {
			return fmt.Errorf("put metrics into %s: %w", namespace, err)
		}
	}
	return nil
}

// Samples are what a platform's dashboards show of a split and of what the gates
// said: LadderStep is the number of steps reached, WeightPercent green's share.
func Samples(platform string, split traffic.Split, answers []traffic.Answer) ([]metrics.Sample, error) {
	step, err := metrics.LadderStep.At(platform)
	if err != nil {
		return nil, err
	}
	share, err := metrics.WeightPercent.At(platform)
	if err != nil {
		return nil, err
	}
	samples := []metrics.Sample{
		{Series: step, Value: float64(traffic.Steps().Reached(split))},
		{Series: share, Value: split.Share(naming.Green) * 100},
	}
	for _, answer := range answers {
		gate, err := metrics.GateResult.At(platform, answer.Gate)
		if err != nil {
			return nil, err
		}
		samples = append(samples, metrics.Sample{Series: gate, Value: value(answer.Verdict)})
	}
	return samples, nil
}

// value is a verdict as a number.
func value(v traffic.Verdict) float64 {
	switch v {
	case traffic.Pass:
		return metrics.GatePass
	case traffic.Fail:
		return metrics.GateFail
	default:
		return metrics.GateInconclusive
	}
}
