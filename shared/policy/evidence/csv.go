package evidence

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/policy/checks"
	"github.com/cutover/cutover/shared/policy/graph"
)

// header names the columns of WriteCSV.
var header = []string{
	"requirement", "control", "severity", "environment", "status", "resource", "clause", "found", "expected",
	"check", "config rules", "exception", "owner", "expires",
}

// WriteCSV writes a line for each requirement of each row and each resource that
// its check looked at, and for each finding.
func (r Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	for _, outcome := range r.Outcomes {
		for _, result := range outcome.Results {
			for _, requirement := range requirements(result.Row) {
				for _, cells := range lines(result) {
					line := append([]string{requirement, result.Row.ID, string(result.Row.Severity), outcome.Environment}, cells...)
					if err := out.Write(line); err != nil {
						return fmt.Errorf("write evidence: %w", err)
					}
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

// lines are the cells of one row from status on.
func lines(result checks.Result) [][]string {
	var all [][]string
	deviating := make(map[*graph.Resource]bool)
	add := func(status checks.Status, f checks.Finding, exception, owner, expires string) {
		deviating[f.Resource] = true
		all = append(all, []string{
			string(status), urn(f.Resource), f.Clause, f.Found, f.Expected,
			check(result.Row), strings.Join(rules(result.Row), " "), exception, owner, expires,
		})
	}
	for _, f := range result.Violations {
		add(checks.Noncompliant, f, "", "", "")
	}
	for _, e := range result.Excepted {
		add(checks.Excepted, e.Finding, e.Exception.Key, e.Exception.Owner, e.Exception.Expires.Format(time.DateOnly))
	}
	for _, d := range result.Waiting {
		add(checks.Pending, d.Finding, "", "", "")
	}
	for _, r := range result.Checked {
		if !deviating[r] {
			add(checks.Compliant, checks.Finding{Resource: r}, "", "", "")
		}
	}
	if len(all) == 0 {
		add(result.Status, checks.Finding{}, "", "", "")
	}
	return all
}

func urn(r *graph.Resource) string {
	if r == nil {
		return ""
	}
	return r.URN
}
