package metrics_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/metrics"
)

// published is what others outside this repository may query: names, units and
// dimensions that a release must not change without saying so.
const published = `
LagSeconds Seconds lane
LagBytes Bytes lane
SlotRetainedBytes Bytes lane
SlotActive Count lane
CanaryRoundTripSeconds Seconds lane
LaneState None lane
AppliedTransactions Count lane
AppliedRows Count lane
AppliedBytes Bytes lane
BatchMilliseconds Milliseconds lane
CollapseRatio None lane
EchoSuppressed Count lane
DuplicatesSkipped Count lane
ClaimLost Count lane
SlotBusy Count lane
RogueTransactions Count lane
Conflicts Count lane
QuarantinedOpen Count lane
RepairsOpen Count lane
RepairedRows Count lane
LaneTorn Count lane
TornSkipSeconds Seconds lane
UniqueFallbacks Count lane
Reconnects Count lane
DutyCycle Percent lane
HandoverMilliseconds Milliseconds lane
ResidentBytes Bytes lane
LoadRows Count table
LoadBytes Bytes table
ChunksRemaining Count table
LoadEtaLowSeconds Seconds lane
LoadEtaHighSeconds Seconds lane
Throttled Percent lane
VerifyAgeSeconds Seconds lane
BucketsDirty Count lane
BucketsMismatched Count lane
BucketsUnstable Count lane
TailKeys Count lane
IteratorAgeSeconds Seconds lane
LedgerConditionFailed Count lane
LateRecords Count lane
ReplicationPending Count lane
ReplicationFailed Count lane
BacklogBytes Bytes lane
AuthorityEpoch None platform
AuthorityHolder None platform
AuthorityDisagreement Count platform
SwitchState None platform
WritePauseMilliseconds Milliseconds platform
FenceLockMilliseconds Milliseconds platform
DrainMilliseconds Milliseconds platform
CheckMilliseconds Milliseconds platform
PromoteMilliseconds Milliseconds platform
BackOuts Count platform
SequenceHeadroom Percent platform
ProofStored Count platform
LadderStep None platform
WeightPercent Percent platform
GateResult None gate
`

func TestNamesUnitsAndDimensionsOfTheSyncStay(t *testing.T) {
	dimensions := map[string]string{
		"platform": "Platform", "lane": "Platform Store Lane Direction", "table": "Platform Store Lane Direction Table", "gate": "Platform Gate",
	}
	var want, got []string
	for _, line := range strings.Split(strings.TrimSpace(published), "\n") {
		fields := strings.Fields(line)
		want = append(want, fmt.Sprintf("Cutover/Sync %s %s %s", fields[0], fields[1], dimensions[fields[2]]))
	}
	for _, metric := range metrics.Sync() {
		got = append(got, fmt.Sprintf("%s %s %s %s", metric.Namespace, metric.Name, metric.Unit, strings.Join(metric.Dimensions, " ")))
	}
	require.Equal(t, want, got)
}

func TestALaneNamesItsSeries(t *testing.T) {
	lane := metrics.LanesOf(metrics.Aurora)[1]
	require.Equal(t, metrics.Lane{Store: "aurora", Name: "core.rev", Direction: "reverse"}, lane)

	series, err := lane.Series(metrics.LagSeconds, "prod")
	require.NoError(t, err)
	require.Equal(t, []string{"prod", "aurora", "core.rev", "reverse"}, series.Values)

	series, err = lane.Series(metrics.LoadRows, "prod", "public.payment")
	require.NoError(t, err)
	require.Equal(t, []string{"prod", "aurora", "core.rev", "reverse", "public.payment"}, series.Values)

	_, err = lane.Series(metrics.SwitchStateMetric, "prod")
	require.ErrorContains(t, err, "got 4 dimension values, expected 1")
}

func TestEveryLaneGoesBothWays(t *testing.T) {
	ways := make(map[string][]metrics.Direction)
	for _, lane := range metrics.Lanes() {
		name, _, _ := strings.Cut(lane.Name, ".")
		ways[string(lane.Store)+" "+name] = append(ways[string(lane.Store)+" "+name], lane.Direction)
	}
	require.Len(t, ways, 4)
	for name, both := range ways {
		require.Equal(t, []metrics.Direction{metrics.Forward, metrics.Reverse}, both, name)
	}
}

// An alarm and a graph tell states apart by their values.
func TestStatesHaveValuesOfTheirOwn(t *testing.T) {
	for _, states := range []map[string]float64{metrics.LaneStates(), metrics.Holders(), metrics.SwitchStates()} {
		seen := make(map[float64]string)
		for name, value := range states {
			require.Empty(t, seen[value], name)
			seen[value] = name
		}
	}
	for name, value := range metrics.SwitchStates() {
		require.LessOrEqual(t, value, float64(metrics.SwitchHeld), name)
	}
}

func TestFineSamplesAreKeptByTheSecond(t *testing.T) {
	line, err := metrics.Line(time.UnixMilli(1), metrics.Sample{Series: at(t, metrics.WritePauseMilliseconds, "prod"), Value: 900, Fine: true})
	require.NoError(t, err)
	require.JSONEq(t, `{"_aws": {"Timestamp": 1, "CloudWatchMetrics": [
		{"Namespace": "Cutover/Sync", "Dimensions": [["Platform"]], "Metrics": [{"Name": "WritePauseMilliseconds", "Unit": "Milliseconds", "StorageResolution": 1}]}
	]}, "Platform": "prod", "WritePauseMilliseconds": 900}`, string(line))
}
