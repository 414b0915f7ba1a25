package evidence_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/checks"
	"github.com/cutover/cutover/shared/policy/evidence"
	"github.com/cutover/cutover/shared/policy/exceptions"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/policy/table"
	"github.com/cutover/cutover/shared/recording"
)

const keyType = "aws:kms/key:Key"

var today = exceptions.On(2027, time.March, 1)

// report is about two keys, one of which is deleted too soon and one excepted.
func report(register ...exceptions.Exception) evidence.Report {
	key := func(name string, days int) recording.Resource {
		return recording.Resource{Type: keyType, Name: name, Protect: true, Inputs: map[string]any{"deletionWindowInDays": days}}
	}
	g := graph.New(graph.Environment{Name: "prod", AccountID: "345678901234", Region: "us-east-1"}, contract.Security,
		key("sound", 30), key("hasty", 7), key("excused", 7))
	return evidence.New([]checks.Outcome{checks.Evaluate(g, register, today)}, register, today)
}

func excuse() exceptions.Exception {
	return exceptions.Exception{
		Key: "EXC-90", Control: "S-02", Clause: "window", Resource: keyType + " excused", Owner: "security engineering",
		Reason: "the key is for tests of restoring only", Compensating: []string{"S-03"}, Runtime: exceptions.Expected,
		Decided: today.AddDate(0, -1, 0), Expires: today.AddDate(0, 1, 0),
	}
}

func TestLinesNameRequirementResourceCheckRuleAndException(t *testing.T) {
	var text strings.Builder
	require.NoError(t, report(excuse()).WriteCSV(&text))
	lines, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
	require.NoError(t, err)
	byResource := make(map[string][]string)
	for _, line := range lines[1:] {
		if line[1] == "S-02" {
			byResource[line[5][strings.LastIndex(line[5], ":")+1:]] = line
		}
	}
	urn := "urn:pulumi:prod::security::" + keyType + "::"
	assert.Equal(t, []string{"3.7.5", "S-02", "must", "prod", "compliant", urn + "sound", "", "", "", "shared/policy/checks S-02", "KMS_CMK_NOT_SCHEDULED_FOR_DELETION", "", "", ""}, byResource["sound"])
	assert.Equal(t, []string{"3.7.5", "S-02", "must", "prod", "non-compliant", urn + "hasty", "window", "7", "30", "shared/policy/checks S-02", "KMS_CMK_NOT_SCHEDULED_FOR_DELETION", "", "", ""}, byResource["hasty"])
	assert.Equal(t, []string{"3.7.5", "S-02", "must", "prod", "excepted", urn + "excused", "window", "7", "30", "shared/policy/checks S-02", "KMS_CMK_NOT_SCHEDULED_FOR_DELETION", "EXC-90", "security engineering", "2027-04-01"}, byResource["excused"])
}

func TestEveryRowHasALine(t *testing.T) {
	var text strings.Builder
	require.NoError(t, report().WriteCSV(&text))
	for _, check := range checks.All() {
		assert.Contains(t, text.String(), ","+check.Row+",", check.Row)
	}
}

func TestThePageShowsMatrixExceptionsAndRequirements(t *testing.T) {
	page := report(excuse()).Markdown()
	row, _ := table.Find("S-02")
	assert.Contains(t, page, "| S-02 | "+row.Title+" | must | non-compliant | 3 | 3.7.5 | KMS_CMK_NOT_SCHEDULED_FOR_DELETION | EXC-90 |")
	assert.Contains(t, page, "| EXC-90 | S-02 | window | `"+keyType+" excused` | security engineering |")
	assert.Contains(t, page, "| 3.7.5 | S-02 | non-compliant |")
	assert.Less(t, strings.Index(page, "\n| 2.2.5 |"), strings.Index(page, "\n| 10.2.1 |"), "requirements in the order of the standard")
}

func TestFailuresJoinViolationsAndFaultsOfTheRegister(t *testing.T) {
	stale := excuse()
	stale.Key, stale.Resource = "EXC-91", keyType+" gone"
	r := report(excuse(), stale)
	var deletions, register []string
	for _, failure := range r.Failures() {
		switch {
		case strings.HasPrefix(failure, "prod: S-02 "):
			deletions = append(deletions, failure)
		case strings.HasPrefix(failure, "exception "):
			register = append(register, failure)
		}
	}
	require.Len(t, deletions, 1)
	assert.Contains(t, deletions[0], `prod: S-02 [PCI DSS 3.7.5], clause window: aws:kms/key:Key "hasty"`)
	require.Len(t, register, 1)
	assert.Contains(t, register[0], "exception EXC-91: nothing of")
	counts := r.Counts()
	assert.Equal(t, 137, counts.Rows)
	assert.Equal(t, 3, counts.Resources)
	assert.Equal(t, 2, counts.Exceptions)
	assert.Positive(t, counts.Violations)
}
