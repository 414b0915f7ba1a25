package exceptions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/policy/exceptions"
)

var today = exceptions.On(2027, time.March, 1)

// sound is an entry without fault on that day.
func sound() exceptions.Exception {
	return exceptions.Exception{
		Key: "EXC-90", Control: "X-14", Clause: "own-key", Resource: "aws:s3/bucketV2:BucketV2 logs", Owner: "security engineering",
		Reason: "the writer of the logs cannot use a key", Compensating: []string{"X-13"}, Runtime: exceptions.Expected,
		Decided: today.AddDate(0, -3, 0), Expires: today.AddDate(0, 6, 0),
	}
}

func TestAFaultOfAnEntryIsNamed(t *testing.T) {
	for want, change := range map[string]func(*exceptions.Exception){
		"EXC-90: expired on 2027-02-28: security engineering has to renew it": func(e *exceptions.Exception) { e.Expires = today.AddDate(0, 0, -1) },
		"has no compensating row":           func(e *exceptions.Exception) { e.Compensating = nil },
		`compensating row "X-14": expected`: func(e *exceptions.Exception) { e.Compensating = []string{"X-14"} },
		`compensating row "X-99": expected`: func(e *exceptions.Exception) { e.Compensating = []string{"X-99"} },
		`control "X-99" is unknown`:         func(e *exceptions.Exception) { e.Control = "X-99" },
		"names no clause":                   func(e *exceptions.Exception) { e.Clause = "" },
		"has no owner":                      func(e *exceptions.Exception) { e.Owner = "" },
		`reason "too short": expected`:      func(e *exceptions.Exception) { e.Reason = "too short" },
		`runtime "maybe": expected`:         func(e *exceptions.Exception) { e.Runtime = "maybe" },
		"no rule of X-06 is deployed":       func(e *exceptions.Exception) { e.Control = "X-06" },
		`resource "bucket logs": expected`:  func(e *exceptions.Exception) { e.Resource = "bucket logs" },
		"expected at most 365 days after":   func(e *exceptions.Exception) { e.Expires = e.Decided.AddDate(1, 0, 1) },
		"has no day of its decision":        func(e *exceptions.Exception) { e.Decided = time.Time{} },
	} {
		entry := sound()
		change(&entry)
		problems, _ := exceptions.Check([]exceptions.Exception{entry}, today)
		assert.Contains(t, strings.Join(problems, "\n"), want)
	}
	problems, warnings := exceptions.Check([]exceptions.Exception{sound()}, today)
	assert.Empty(t, problems)
	assert.Empty(t, warnings)
}

func TestTwoEntriesForOneClauseAndResource(t *testing.T) {
	other := sound()
	other.Key = "EXC-91"
	problems, _ := exceptions.Check([]exceptions.Exception{sound(), other}, today)
	require.Len(t, problems, 1)
	assert.Contains(t, problems[0], "has the exception EXC-90 already")
	other.Resource = "aws:s3/bucketV2:BucketV2 others"
	problems, _ = exceptions.Check([]exceptions.Exception{sound(), other}, today)
	assert.Empty(t, problems)
	problems, _ = exceptions.Check([]exceptions.Exception{other, other}, today)
	assert.Contains(t, strings.Join(problems, "\n"), "the key stands twice")
}

func TestItWarnsForThirtyDaysAndHoldsUntilTheEndOfTheLast(t *testing.T) {
	entry := sound()
	for name, tc := range map[string]struct {
		now            time.Time
		warns, expired bool
	}{
		"31 days before":     {entry.Expires.AddDate(0, 0, -30), false, false},
		"30 days before":     {entry.Expires.AddDate(0, 0, -29), true, false},
		"the end of the day": {entry.Expires.Add(24*time.Hour - time.Second), true, false},
		"midnight after it":  {entry.Expires.Add(24 * time.Hour), false, true},
	} {
		problems, warnings := exceptions.Check([]exceptions.Exception{entry}, tc.now)
		assert.Equal(t, tc.warns, len(warnings) == 1, name)
		assert.Equal(t, tc.expired, len(problems) == 1, name)
		assert.Equal(t, tc.expired, entry.Expired(tc.now), name)
	}
}

func TestCoversOneClauseOfOneRow(t *testing.T) {
	entry := sound()
	assert.True(t, entry.Covers("X-14", "own-key", "aws:s3/bucketV2:BucketV2", "logs"))
	assert.False(t, entry.Covers("X-14", "own-key", "aws:s3/bucketV2:BucketV2", "logs2"))
	assert.False(t, entry.Covers("X-14", "one-rule", "aws:s3/bucketV2:BucketV2", "logs"))
	assert.False(t, entry.Covers("X-15", "own-key", "aws:s3/bucketV2:BucketV2", "logs"))
	entry.Resource = "aws:s3/bucketV2:BucketV2"
	assert.True(t, entry.Covers("X-14", "own-key", "aws:s3/bucketV2:BucketV2", "any"))
}

func TestTheRegisterIsSoundToday(t *testing.T) {
	problems, _ := exceptions.Check(exceptions.Register(), time.Now())
	assert.Empty(t, problems)
}
