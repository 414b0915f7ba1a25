package metrics_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/metrics"
)

// CloudWatch API reference, MetricDatum and PutMetricData.
var (
	name      = regexp.MustCompile(`^[\x21-\x7e]{1,255}$`)
	namespace = regexp.MustCompile(`^[0-9A-Za-z.\-_/#:]{1,255}$`)
)

func TestCatalogueKeepsTheLimitsOfCloudWatch(t *testing.T) {
	for _, metric := range metrics.All() {
		require.Regexp(t, name, metric.Name)
		require.Regexp(t, namespace, metric.Namespace)
		require.LessOrEqual(t, len(metric.Dimensions), 30, metric.Name)
		require.Equal(t, metric.Namespace == "Cutover/Audit", len(metric.Dimensions) == 0, metric.Name)
		require.NotEmpty(t, metric.Unit, metric.Name)
		require.NotEmpty(t, metric.Statistic, metric.Name)
	}
}

// Only AWS may use namespaces that begin with AWS/ (CloudWatch user guide,
// "Namespaces"); a metric of ours there would be refused when it is emitted.
func TestOwnMetricsStayInTheOwnNamespace(t *testing.T) {
	for _, metric := range metrics.All() {
		require.True(t, strings.HasPrefix(metric.Namespace, "AWS/") || strings.HasPrefix(metric.Namespace, "Cutover/") || metric.Namespace == "ECS/ContainerInsights", metric.Namespace)
	}
	require.Equal(t, "Cutover/Migration", metrics.CanaryRoundTrip.Namespace)
	require.Equal(t, "CanaryRoundTripMs", metrics.CanaryRoundTrip.Name)
}

func TestNoMetricStandsTwiceInTheCatalogue(t *testing.T) {
	var seen []string
	for _, metric := range metrics.All() {
		key := metric.Namespace + " " + metric.Name + " " + strings.Join(metric.Dimensions, ",")
		require.NotContains(t, seen, key)
		seen = append(seen, key)
	}
}

func TestSeriesNeedsAValueForEveryDimension(t *testing.T) {
	series, err := metrics.HealthyTargets.At("targetgroup/a/1", "app/b/2")
	require.NoError(t, err)
	require.Equal(t, []string{"targetgroup/a/1", "app/b/2"}, series.Values)

	for values, want := range map[string]string{"": "is empty", "a,b": "got 2 dimension values, expected 1"} {
		_, err := metrics.CanaryRoundTrip.At(strings.Split(values, ",")...)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "Cutover/Migration/CanaryRoundTripMs")
	}
}
