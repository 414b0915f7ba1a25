package metrics_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/metrics"
)

func at(t *testing.T, metric metrics.Metric, values ...string) metrics.Series {
	t.Helper()
	series, err := metric.At(values...)
	require.NoError(t, err)
	return series
}

func TestLineHoldsEverySampleUnderItsDimensions(t *testing.T) {
	instant := time.UnixMilli(1_790_000_000_123)
	line, err := metrics.Line(instant,
		metrics.Sample{Series: at(t, metrics.RotationFailures, "blue"), Value: 1},
		metrics.Sample{Series: at(t, metrics.RotationStep, "blue", "setSecret"), Value: 12.5})
	require.NoError(t, err)
	require.Equal(t, byte('\n'), line[len(line)-1])
	require.JSONEq(t, `{
		"_aws": {"Timestamp": 1790000000123, "CloudWatchMetrics": [
			{"Namespace": "Cutover/Data", "Dimensions": [["Color"]], "Metrics": [{"Name": "RotationFailures", "Unit": "Count"}]},
			{"Namespace": "Cutover/Data", "Dimensions": [["Color", "Step"]], "Metrics": [{"Name": "RotationStepMs", "Unit": "Milliseconds"}]}
		]},
		"Color": "blue", "Step": "setSecret", "RotationFailures": 1, "RotationStepMs": 12.5
	}`, string(line))
}

func TestLineHasOneValueForADimension(t *testing.T) {
	_, err := metrics.Line(time.Now(),
		metrics.Sample{Series: at(t, metrics.RotationFailures, "blue")},
		metrics.Sample{Series: at(t, metrics.RotationStep, "green", "setSecret")})
	require.ErrorContains(t, err, `dimension Color is "green" and, in the same line, "blue"`)
}
