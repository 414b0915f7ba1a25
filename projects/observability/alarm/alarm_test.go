package alarm_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

var names = naming.New("prod")

func sound() alarm.Alarm {
	return alarm.Alarm{
		Color: naming.Blue, Subject: "core.fwd", Kind: "lag", Meaning: "It lags.", Action: "Look.", Severity: alarm.Page,
		Condition: alarm.Of(estate.At(metrics.ReplicaLag, estate.Of(naming.Blue, estate.Database)), alarm.Above, 5),
		Period:    60, Periods: 5, Points: 3, Missing: alarm.Breaching, Silence: "It always sends.",
	}
}

func TestAnAlarmHasANameAndTellsWhereToReadOn(t *testing.T) {
	a := sound()
	require.NoError(t, a.Validate())
	require.Equal(t, "blue-core-fwd-lag", a.Key())
	require.Equal(t, "cutover-prod-blue-core-fwd-lag", a.Name(names))
	require.Equal(t, "It lags. Runbook: docs/alarms.md#lag", a.Description())
	require.Equal(t, "`Maximum AuroraReplicaLagMaximum` > 5, 3 of 5 times in 1 min", a.Words())
}

func TestWhatCloudWatchRefusesOrNobodyDecidedIsRefused(t *testing.T) {
	for want, spoil := range map[string]func(*alarm.Alarm){
		"kind is empty":           func(a *alarm.Alarm) { a.Kind = "" },
		"needs a meaning":         func(a *alarm.Alarm) { a.Action = "" },
		`severity "loud"`:         func(a *alarm.Alarm) { a.Severity = "loud" },
		`missing data ""`:         func(a *alarm.Alarm) { a.Missing = "" },
		"says not why":            func(a *alarm.Alarm) { a.Silence = "" },
		"period of 30 s":          func(a *alarm.Alarm) { a.Period = 30 },
		"6 of 5 periods":          func(a *alarm.Alarm) { a.Points = 6 },
		"looks back 120000 s":     func(a *alarm.Alarm) { a.Periods, a.Points = 2000, 1 },
		"description has":         func(a *alarm.Alarm) { a.Meaning = strings.Repeat("x", 1024) },
		`comparison "=" is`:       func(a *alarm.Alarm) { a.Condition.Comparison = "=" },
		"both or neither speak":   func(a *alarm.Alarm) { a.Condition.Band = 3 },
		"either terms or a query": func(a *alarm.Alarm) { a.Condition.Query = "SELECT 1" },
		`uses "m7", which is no`:  func(a *alarm.Alarm) { a.Condition.Expression = "m0+m7" },
		"2 metrics without an expr": func(a *alarm.Alarm) {
			a.Condition.Terms = append(a.Condition.Terms, alarm.Term{ID: "m1", Series: a.Condition.Terms[0].Series})
		},
		`metric id "m0", expected`: func(a *alarm.Alarm) { a.Condition.Terms = append(a.Condition.Terms, a.Condition.Terms[0]) },
		"11 metrics, expected": func(a *alarm.Alarm) {
			for len(a.Condition.Terms) < 11 {
				a.Condition.Terms = append(a.Condition.Terms, a.Condition.Terms[0])
			}
		},
		"got 0 dimension values": func(a *alarm.Alarm) { a.Condition.Terms[0].Series.Values = nil },
	} {
		a := sound()
		spoil(&a)
		require.ErrorContains(t, a.Validate(), want)
	}
}

func TestACompositeIsOnWhileAnyPartIs(t *testing.T) {
	c := alarm.Composite{Kind: "gate", Meaning: "m", Action: "a", Severity: alarm.Page, Parts: []string{sound().Key(), "other"}}
	require.Equal(t, `ALARM("cutover-prod-blue-core-fwd-lag") OR ALARM("cutover-prod-other")`, c.Rule(names))
	err := alarm.Check([]alarm.Alarm{sound(), sound()}, []alarm.Composite{c, {Kind: "empty"}}, names)
	for _, want := range []string{`part "other" is no alarm`, "blue-core-fwd-lag: is defined twice", "empty: has 0 parts, expected 1 to 100", "empty: needs a severity"} {
		require.ErrorContains(t, err, want)
	}
	c.Parts = make([]string, 101)
	require.ErrorContains(t, alarm.Check(nil, []alarm.Composite{c}, names), "has 101 parts")
}

func TestThresholdsAreReadInUnitsPeopleKnow(t *testing.T) {
	a := sound()
	a.Condition = alarm.Of(estate.At(metrics.DatabaseMemory, estate.Of(naming.Blue, estate.Database)), alarm.Below, 1<<30)
	require.Equal(t, "`Minimum FreeableMemory` < 1 GiB, 3 of 5 times in 1 min", a.Words())
	a.Condition = alarm.Unusual(a.Condition.Terms[0].Series, alarm.AboveUsual, 3)
	a.Points, a.Period = 5, 3600
	require.Equal(t, "`Minimum FreeableMemory` above usual (3 deviations), 5 times in a row in 1 h", a.Words())
}
