package steering_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/ops/steering/steeringtest"
	"github.com/cutover/cutover/shared/traffic"
)

// A gate that the dashboards do not know would have no graph, and a graph that no
// gate feeds would stay empty.
func TestGatesAndDashboardsKnowEachOther(t *testing.T) {
	s := newStage(t, traffic.At(1))
	var names []string
	for _, gate := range s.FirstGates(s.look(t), &steeringtest.Eyes{}, nil) {
		names = append(names, gate.Name)
	}
	assert.Equal(t, metrics.Gates(), names)
}

func TestSamplesTellStepShareAndGates(t *testing.T) {
	for split, step := range map[traffic.Split]float64{
		traffic.All(naming.Blue): 0, traffic.At(1): 1, traffic.At(25): 4, traffic.All(naming.Green): 6, {Blue: 70, Green: 30}: 4, {Blue: 999, Green: 1}: 0,
	} {
		samples, err := steering.Samples("prod", split, nil)
		require.NoError(t, err)
		require.Len(t, samples, 2)
		assert.InDelta(t, step, samples[0].Value, 0, "%s", split)
		assert.InDelta(t, split.Share(naming.Green)*100, samples[1].Value, 1e-9)
	}
	samples, err := steering.Samples("prod", traffic.At(1), []traffic.Answer{
		{Gate: "dns", Reading: traffic.Reading{Verdict: traffic.Pass}}, {Gate: "targets", Reading: traffic.Reading{Verdict: traffic.Fail}}, {Gate: "alarms"},
	})
	require.NoError(t, err)
	var values []float64
	for _, s := range samples[2:] {
		assert.Equal(t, metrics.GateResult, s.Series.Metric)
		values = append(values, s.Value)
	}
	assert.Equal(t, []float64{metrics.GatePass, metrics.GateFail, metrics.GateInconclusive}, values)
}
