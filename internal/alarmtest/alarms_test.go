// Package alarmtest ties together what the functions of the migration emit and what
// the alarms of the observability layer look at. It is made of tests alone.
package alarmtest

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/metrics"
)

// platform is the environment's name.
const platform = "local"

// alarms are those of lanes and switch while the migration runs.
func alarms() []alarm.Alarm {
	return (watch.Args{
		Platform: platform, Phase: watch.Running, Lanes: metrics.LanesOf(metrics.Aurora), Limits: watch.Limits{LogVolumeGiB: 100},
	}).OfMigration()
}

// key is the series that an alarm looks at.
func key(t *testing.T, a alarm.Alarm) string {
	t.Helper()
	require.True(t, a.Condition.Simple(), a.Key())
	of := a.Condition.Terms[0].Series
	found, err := estate.Estate{}.Series(of)
	require.NoError(t, err)
	return found.Metric.Namespace + "/" + found.Metric.Name + " " + strings.Join(found.Metric.Dimensions, ",") + "=" + strings.Join(found.Values, ",")
}

// on tells whether an alarm is on when each of its periods has these values
// (CloudWatch user guide, "Evaluating an alarm").
func on(t *testing.T, a alarm.Alarm, values []float64) bool {
	t.Helper()
	if len(values) == 0 {
		return a.Missing == alarm.Breaching
	}
	var value float64
	switch statistic := a.Condition.Terms[0].Series.Metric.Statistic; statistic {
	case metrics.Maximum, metrics.P99:
		value = slices.Max(values)
	case metrics.Minimum:
		value = slices.Min(values)
	case metrics.Sum:
		for _, each := range values {
			value += each
		}
	case metrics.Average:
		for _, each := range values {
			value += each / float64(len(values))
		}
	case metrics.Samples:
		value = float64(len(values))
	default:
		require.FailNow(t, "a statistic that this test does not know", string(statistic))
	}
	switch a.Condition.Comparison {
	case alarm.Above:
		return value > a.Condition.Threshold
	case alarm.AtLeast:
		return value >= a.Condition.Threshold
	case alarm.Below:
		return value < a.Condition.Threshold
	case alarm.AboveUsual, alarm.BelowUsual, alarm.OutsideNormal:
	}
	require.FailNow(t, "a comparison that this test does not know", string(a.Condition.Comparison))
	return false
}

// beyond are values at which each kind of alarm has to be on, by hand: a comparison
// that is turned round would agree with one that is computed.
var beyond = map[string]float64{
	"lane-halted": metrics.LaneHalted, "lag-high": 6, "slot-large": 21 << 30, "slot-too-large": 51 << 30, "rogue-writes": 1, "conflicts": 1,
	"divergence": 1, "quarantine": 1, "canary-lost": 11, "verify-stale": 25 * 60 * 60, "claims-lost": 4, "torn-skip-slow": 61,
	"load-throttled": 100, "authority-disagreement": 1, "switch-held": metrics.SwitchHeld, "pause-long": 3001, "sequence-low": 9,
}

func TestEveryAlarmIsOnBeyondItsThreshold(t *testing.T) {
	for _, a := range alarms() {
		if a.Kind == "lane-silent" {
			assert.True(t, on(t, a, nil), "%s: nothing is sent", a.Key())
			assert.False(t, on(t, a, []float64{math.Pi}), "%s: something is", a.Key())
			continue
		}
		value, known := beyond[a.Kind]
		require.True(t, known, a.Key())
		assert.True(t, on(t, a, []float64{value}), a.Key())
	}
}
