package watch_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

func args(t *testing.T, phase watch.Phase) watch.Args {
	t.Helper()
	services, err := catalog.Load()
	require.NoError(t, err)
	return watch.Args{Platform: "prod", Services: services, Phase: phase, Lanes: metrics.Lanes(), Baseline: true, Limits: watch.Limits{
		ErrorPercent: 1, LatencyMs: 500, ReportMs: 5000, Connections: 1500, LogVolumeGiB: 100, QueueAgeSeconds: 300,
	}}
}

func find(t *testing.T, all []alarm.Alarm, key string) alarm.Alarm {
	t.Helper()
	at := slices.IndexFunc(all, func(a alarm.Alarm) bool { return a.Key() == key })
	require.GreaterOrEqual(t, at, 0, key)
	return all[at]
}

func TestEveryAlarmIsOneThatCloudWatchTakesAndSomebodyDecided(t *testing.T) {
	for _, phase := range watch.Phases() {
		a := args(t, phase)
		require.NoError(t, alarm.Check(a.Alarms(), a.Composites(), naming.New("prod")))
	}
}

// Two alarms of one kind share a section of the runbook, so they have to ask for
// the same.
func TestAlarmsOfAKindHaveOneRunbook(t *testing.T) {
	actions := make(map[string]string)
	for _, each := range args(t, watch.Running).Alarms() {
		if former, known := actions[each.Kind]; known {
			require.Equal(t, former, each.Action, each.Kind)
		}
		actions[each.Kind] = each.Action
	}
}

func TestEveryValueIsATextOrAThingOfTheEstate(t *testing.T) {
	a := args(t, watch.Running)
	sample := estate.Sample(a.Services)
	looked := make(map[string]bool)
	for _, each := range a.Alarms() {
		for _, term := range each.Condition.Terms {
			_, err := sample.Series(term.Series)
			require.NoError(t, err, each.Key())
			for _, value := range term.Series.Values {
				if key, named := value.Key(); named {
					looked[key.String()] = true
				}
			}
		}
	}
	for _, key := range estate.Keys(a.Services) {
		switch key.Thing {
		case estate.LogGroup, estate.FirewallLogs, estate.TrailLogs, estate.Network:
			continue // looked at by filters, queries and graphs
		default:
			require.True(t, looked[key.String()], "%s: no alarm looks at it", key)
		}
	}
}

func TestSilenceOfALaneIsAFaultWhileItRuns(t *testing.T) {
	always := []string{"core-fwd-lane-silent", "core-fwd-lane-halted", "core-fwd-slot-too-large"}
	later := []string{"core-fwd-lag-high", "core-fwd-canary-lost", "core-fwd-verify-stale", "core-rev-lane-silent", "core-rev-lag-high", "authority-disagreement", "documents-rev-replication-late"}
	for phase, faults := range map[watch.Phase][]string{
		watch.Planned: nil, watch.Loading: always, watch.Running: slices.Concat(always, later), watch.Finished: nil,
	} {
		all := args(t, phase).Alarms()
		for _, key := range slices.Concat(always, later) {
			want := alarm.NotBreaching
			if slices.Contains(faults, key) {
				want = alarm.Breaching
			}
			require.Equal(t, want, find(t, all, key).Missing, "%s %s", phase, key)
		}
		require.Equal(t, alarm.NotBreaching, find(t, all, "core-fwd-conflicts").Missing)
	}
}

// A lane that a platform does not have sends nothing: it has no alarms, and none of
// them is part of what closes the gates.
func TestOnlyLanesThatAreThereHaveAlarms(t *testing.T) {
	a := args(t, watch.Running)
	a.Lanes = metrics.LanesOf(metrics.Aurora)
	subjects := make(map[string]bool)
	for _, each := range a.Alarms() {
		subjects[each.Subject] = true
	}
	require.True(t, subjects["core.fwd"] && subjects["core.rev"])
	require.False(t, subjects["sessions.fwd"] || subjects["documents.rev"])
	require.NoError(t, alarm.Check(a.Alarms(), a.Composites(), naming.New("prod")), "no composite names an alarm that is not made")
}

func TestLanesHaveTheAlarmsOfTheirStore(t *testing.T) {
	count := make(map[string]int)
	for _, each := range args(t, watch.Running).Alarms() {
		count[each.Subject]++
	}
	for _, lane := range metrics.Lanes() {
		want := map[metrics.Store]int{metrics.Aurora: 14, metrics.DynamoDB: 10, metrics.S3: 6}[lane.Store]
		require.Equal(t, want, count[lane.Name], lane.Name)
	}
}

// Where the organisation owns trail and archive, nothing of them is ours to count.
func TestNoAlarmLooksAtATrailThatIsNotOurs(t *testing.T) {
	a := args(t, watch.Running)
	whole := len(a.Alarms())
	a.Baseline = false
	for _, each := range a.Alarms() {
		require.NotEqual(t, "trail", each.Subject)
		require.NotContains(t, each.Kind, "archive")
	}
	require.Len(t, a.Alarms(), whole-len(watch.Filters())-3)
	require.NoError(t, alarm.Check(a.Alarms(), a.Composites(), naming.New("prod")))
}

func TestThresholdsComeFromTheLimits(t *testing.T) {
	all := args(t, watch.Running).Alarms()
	require.InDelta(t, 0.5, find(t, all, "blue-payment-api-slow").Condition.Threshold, 1e-9)
	require.InDelta(t, 5, find(t, all, "green-reporting-slow").Condition.Threshold, 1e-9)
	require.InDelta(t, 1500, find(t, all, "blue-database-connections-high").Condition.Threshold, 1e-9)
	require.InDelta(t, 20<<30, find(t, all, "core-fwd-slot-large").Condition.Threshold, 1)
	require.InDelta(t, 50<<30, find(t, all, "core-fwd-slot-too-large").Condition.Threshold, 1)
	require.InDelta(t, 300, find(t, all, "blue-transaction-processor-queue-old").Condition.Threshold, 1e-9)
}

func composite(t *testing.T, key string) alarm.Composite {
	t.Helper()
	for _, each := range args(t, watch.Running).Composites() {
		if each.Key() == key {
			return each
		}
	}
	t.Fatalf("no composite alarm %s", key)
	return alarm.Composite{}
}

func TestThePairHasTheNamesThatCommandsAskFor(t *testing.T) {
	names := naming.New("prod")
	require.Equal(t, names.CustomerImpactAlarm(), composite(t, watch.CustomerImpact).Name(names))
	require.Equal(t, names.MigrationUnsafeAlarm(), composite(t, watch.MigrationUnsafe).Name(names))
}

// A colour without traffic, such as one that is being built up, must not close the
// gates: nothing that is on without traffic is part of it.
func TestCustomerImpactNeedsCustomers(t *testing.T) {
	all := args(t, watch.Running).Alarms()
	parts := composite(t, watch.CustomerImpact).Parts
	require.Contains(t, parts, "blue-payment-api-error-rate")
	require.Contains(t, parts, "green-transaction-processor-slow")
	require.Contains(t, parts, "green-payments-failing")
	require.NotContains(t, parts, "blue-reporting-error-rate")
	for _, key := range parts {
		require.Equal(t, alarm.NotBreaching, find(t, all, key).Missing, key)
	}
}

func TestEveryAlarmOfALaneThatPagesMakesTheMigrationUnsafe(t *testing.T) {
	parts := composite(t, watch.MigrationUnsafe).Parts
	lanes := make(map[string]bool)
	for _, lane := range metrics.Lanes() {
		lanes[lane.Name] = true
	}
	for _, each := range args(t, watch.Running).Alarms() {
		if lanes[each.Subject] && each.Severity == alarm.Page {
			require.Contains(t, parts, each.Key())
		}
	}
	require.Contains(t, parts, "core-fwd-verify-stale")
	require.NotContains(t, parts, "core-fwd-claims-lost")
}

func TestEachServiceHasACompositeOfItsAlarms(t *testing.T) {
	parts := composite(t, "green-payment-api-degraded").Parts
	require.Len(t, parts, 7)
	require.Contains(t, parts, "green-payment-api-no-healthy-target")
}

// CloudWatch Logs user guide, "CloudWatch Logs quotas": a pattern has at most 1,024
// characters; a metric that is counted twice would be counted wrong.
func TestFiltersKeepTheLimitsOfCloudWatchLogs(t *testing.T) {
	seen := make(map[string]bool)
	for _, filter := range watch.Filters() {
		require.LessOrEqual(t, len(filter.Pattern), 1024, filter.Metric.Name)
		require.False(t, seen[filter.Metric.Name], filter.Metric.Name)
		seen[filter.Metric.Name] = true
	}
	for _, metric := range metrics.Audit() {
		require.True(t, seen[metric.Name], "%s: no filter counts it", metric.Name)
	}
}
