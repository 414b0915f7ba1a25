package verify

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/metrics"
)

func TestEveryFigureIsInTheCatalogue(t *testing.T) {
	var names []string
	for _, metric := range metrics.Sync() {
		names = append(names, metric.Name)
	}
	figures := Status{Dirty: 3, Mismatched: 1, Unstable: 2, TailKeys: 5, RepairsOpen: 4, Age: time.Minute}.Metrics()
	for name := range figures {
		assert.True(t, slices.Contains(names, name), name)
	}
	assert.InDelta(t, 60, figures["VerifyAgeSeconds"], 0)
	assert.InDelta(t, 3, figures["BucketsDirty"], 0)
	_, known := Status{Age: -1}.Metrics()["VerifyAgeSeconds"]
	assert.False(t, known, "what was never compared has no age")
}

func TestProgressTellsRateAndRest(t *testing.T) {
	p := Progress{Units: 10, UnitsDone: 4, Rows: 2_000, Took: 8 * time.Second}
	assert.InDelta(t, 250, p.Rate(), 0)
	assert.Equal(t, 12*time.Second, p.ETA())
	assert.Zero(t, Progress{Units: 3}.ETA(), "nothing is known yet")
	assert.Zero(t, Progress{}.Rate())
}

func TestAReportIsReadAsItWasWritten(t *testing.T) {
	report := Report{Lane: "core.fwd", Kind: Full, Pass: 7, Done: true, Buckets: 9, Equal: 8, Unstable: 1, Rows: 100, Took: time.Second}
	text, err := json.Marshal(report)
	require.NoError(t, err)
	var again Report
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, report, again)
}

func TestTheSummaryKeepsTheWidestPositions(t *testing.T) {
	var s TableSummary
	for _, at := range []string{"0/20", "0/10", "1/5", "0/F0"} {
		s.span(at)
	}
	assert.Equal(t, "0/10", s.From)
	assert.Equal(t, "1/5", s.To)
}
