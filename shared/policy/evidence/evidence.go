// Package evidence writes down what the checks found, for the assessor and for
// whoever has to mend something: requirement, control, resource, check, runtime
// rule, exception. The same outcomes give the same text. It neither checks nor
// decides anything.
package evidence

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/policy/checks"
	"github.com/cutover/cutover/shared/policy/exceptions"
	"github.com/cutover/cutover/shared/policy/table"
)

// Report is all that one evaluation found.
type Report struct {
	// Day is the day of the evaluation, in UTC.
	Day      time.Time
	Outcomes []checks.Outcome
	Register []exceptions.Exception
	// Problems are faults of the register; Warnings are what becomes one soon.
	Problems []string
	Warnings []string
}

// New puts a report together and judges the register.
func New(outcomes []checks.Outcome, register []exceptions.Exception, now time.Time) Report {
	problems, warnings := exceptions.Check(register, now)
	return Report{
		Day: now.UTC(), Outcomes: outcomes, Register: register,
		Problems: append(problems, checks.Stale(register, outcomes...)...), Warnings: warnings,
	}
}

// Counts are the figures of a report.
type Counts struct {
	Rows, Checks, Rules, Exceptions int
	// Resources counts what was registered, over all environments; Looks how often
	// a check looked at one.
	Resources, Looks int
	// ByStatus counts rows in environments.
	ByStatus map[checks.Status]int
	// Violations counts findings of rows that fail the build, Advice those of the
	// others.
	Violations, Advice int
}

// Counts counts.
func (r Report) Counts() Counts {
	c := Counts{Rows: len(table.Rows()), Checks: len(checks.All()), Exceptions: len(r.Register), ByStatus: make(map[checks.Status]int)}
	for _, row := range table.Rows() {
		c.Rules += len(row.Rules)
	}
	for _, outcome := range r.Outcomes {
		c.Resources += outcome.Resources
		c.Violations += len(outcome.Violations(table.Must))
		c.Advice += len(outcome.Violations(table.Should))
		for _, result := range outcome.Results {
			c.Looks += len(result.Checked)
			c.ByStatus[result.Status]++
		}
	}
	return c
}

// Statuses lists the statuses in the order of reports.
func Statuses() []checks.Status {
	return []checks.Status{checks.Compliant, checks.Excepted, checks.Pending, checks.Noncompliant, checks.NotApplicable}
}

// String is the summary in two lines.
func (c Counts) String() string {
	var rows []string
	for _, status := range Statuses() {
		rows = append(rows, fmt.Sprintf("%d %s", c.ByStatus[status], status))
	}
	return fmt.Sprintf("%d controls, %d checks, %d Config rules, %d exceptions, %d resources looked at %d times\nrows by environment: %s",
		c.Rows, c.Checks, c.Rules, c.Exceptions, c.Resources, c.Looks, strings.Join(rows, ", "))
}

// Failures are the sentences of all that fails: violations of rows that must
// hold, each with its environment, and faults of the register.
func (r Report) Failures() []string {
	var failures []string
	for _, outcome := range r.Outcomes {
		for _, finding := range outcome.Violations(table.Must) {
			failures = append(failures, outcome.Environment+": "+finding.String())
		}
	}
	return append(failures, r.Problems...)
}

// Advice are the sentences of all that should be otherwise.
func (r Report) Advice() []string {
	var advice []string
	for _, outcome := range r.Outcomes {
		for _, finding := range outcome.Violations(table.Should) {
			advice = append(advice, outcome.Environment+": "+finding.String())
		}
	}
	return append(advice, r.Warnings...)
}

// requirements are a row's, "availability" where it has none.
func requirements(row table.Row) []string {
	if len(row.Requirements) == 0 {
		return []string{"availability"}
	}
	return slices.Clone(row.Requirements)
}

// rules are the identifiers of a row's Config rules that are deployed.
func rules(row table.Row) []string {
	var names []string
	for _, rule := range row.Rules {
		if rule.Deployment == table.InPack || rule.Deployment == table.Single {
			names = append(names, rule.Identifier)
		}
	}
	return names
}

// check names a row's check.
func check(row table.Row) string { return "shared/policy/checks " + row.ID }
