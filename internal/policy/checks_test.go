package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/policy/checks"
	"github.com/cutover/cutover/shared/policy/evidence"
	"github.com/cutover/cutover/shared/policy/exceptions"
	"github.com/cutover/cutover/shared/policy/table"
)

// environments are those whose controls count.
var environments = []string{"staging", "prod"}

func report(t *testing.T) evidence.Report {
	t.Helper()
	now := time.Now()
	var outcomes []checks.Outcome
	for _, environment := range environments {
		outcomes = append(outcomes, checks.Evaluate(record(t, environment), exceptions.Register(), now))
	}
	return evidence.New(outcomes, exceptions.Register(), now)
}

func TestControls(t *testing.T) {
	r := report(t)
	assert.Empty(t, r.Problems)
	for _, outcome := range r.Outcomes {
		for _, result := range outcome.Results {
			t.Run(outcome.Environment+"/"+result.Row.ID, func(t *testing.T) {
				for _, violation := range result.Violations {
					if result.Row.Severity == table.Must {
						t.Error(violation)
					} else {
						t.Log(violation)
					}
				}
			})
		}
	}
}

func TestEachRowHasExactlyOneCheck(t *testing.T) {
	var rows, checked []string
	for _, row := range table.Rows() {
		rows = append(rows, row.ID)
	}
	for _, check := range checks.All() {
		checked = append(checked, check.Row)
	}
	slices.Sort(rows)
	slices.Sort(checked)
	assert.Equal(t, rows, checked)
}

// A check that was never seen failing proves nothing, nor does one that was
// never seen passing.
func TestEachCheckHasBeenSeenFailing(t *testing.T) {
	var seen []string
	for _, m := range mutations() {
		seen = append(seen, m.row)
	}
	for _, f := range fixtures() {
		seen = append(seen, f.row)
	}
	var never []string
	for _, row := range table.Rows() {
		if !slices.Contains(seen, row.ID) {
			never = append(never, row.ID)
		}
	}
	assert.Empty(t, never, "rows without a fault that their check finds")
}

func TestPendingEntriesNameARowAndWhatEndsThem(t *testing.T) {
	g := record(t, "prod")
	for _, wait := range checks.Waits() {
		_, known := table.Find(wait.Row)
		assert.True(t, known, wait.Row)
		assert.NotEmpty(t, wait.Missing, wait.Row)
		require.NotEmpty(t, wait.Until, wait.Row)
		for _, token := range wait.Until {
			assert.True(t, strings.HasPrefix(token, "aws:"), "%s: %s is no type", wait.Row, token)
		}
		assert.False(t, wait.Over(g), "%s waits for %v, which production registers: take the entry out", wait.Row, wait.Until)
	}
}

// An entry that covers nothing would hide what comes later.
func TestPendingEntriesCoverSomething(t *testing.T) {
	covered := make(map[string]bool)
	for _, outcome := range report(t).Outcomes {
		for _, result := range outcome.Results {
			for _, delay := range result.Waiting {
				covered[delay.Entry.Row+delay.Entry.Clause] = true
			}
		}
	}
	for _, wait := range checks.Waits() {
		assert.True(t, covered[wait.Row+wait.Clause], "%s %s: nothing waits any more, take the entry out", wait.Row, wait.Clause)
	}
}

func TestTheReportIsTheSameEveryTime(t *testing.T) {
	first, second := report(t), report(t)
	second.Day = first.Day
	assert.Equal(t, first.Markdown(), second.Markdown())
	var one, other strings.Builder
	require.NoError(t, first.WriteCSV(&one))
	require.NoError(t, second.WriteCSV(&other))
	assert.Equal(t, one.String(), other.String())
}
