package checks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/policy/exceptions"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/policy/table"
)

// Status is what became of a row.
type Status string

// The statuses, the worst last.
const (
	NotApplicable Status = "not applicable" // nothing of the kind is registered, and nothing has to be
	Compliant     Status = "compliant"
	Excepted      Status = "excepted" // all that deviates is in the register
	Pending       Status = "pending"  // waits for a layer that is not finished
	Noncompliant  Status = "non-compliant"
)

// Result is the outcome of one row in one environment.
type Result struct {
	Row    table.Row
	Status Status
	// Checked are the resources that the check looked at, in graph order.
	Checked []*graph.Resource
	// Violations are the findings that nothing excuses.
	Violations []Finding
	Excepted   []Excuse
	Waiting    []Delay
}

// Excuse is a finding with the exception that covers it.
type Excuse struct {
	Finding
	Exception exceptions.Exception
}

// Delay is a finding with the pending entry that covers it.
type Delay struct {
	Finding
	Entry Wait
}

// Outcome is that of all rows in one environment.
type Outcome struct {
	Environment string
	Results     []Result
	// Resources counts those of the graph, components and providers included.
	Resources int
}

// Evaluate runs all checks over a graph. Expired exceptions excuse nothing.
func Evaluate(g *graph.Graph, register []exceptions.Exception, now time.Time) Outcome {
	outcome := Outcome{Environment: g.Environment.Name, Resources: len(g.Resources())}
	for _, check := range All() {
		outcome.Results = append(outcome.Results, evaluate(check, g, register, now))
	}
	return outcome
}

func evaluate(check Check, g *graph.Graph, register []exceptions.Exception, now time.Time) Result {
	row, _ := table.Find(check.Row)
	scope := &Scope{Graph: g, row: row, now: now, checked: make(map[*graph.Resource]bool)}
	check.Run(scope)
	if len(scope.checked) == 0 && len(scope.findings) == 0 && !check.IfUsed && !scope.notApplicable {
		scope.Missing(exists, "at least one resource to check: a row that looks at nothing proves nothing")
	}
	slices.SortFunc(scope.findings, func(a, b Finding) int { return strings.Compare(a.Key(), b.Key()) })
	result := Result{Row: row, Checked: g.Where(func(r *graph.Resource) bool { return scope.checked[r] })}
	for _, finding := range scope.findings {
		result.add(finding, g, register, now)
	}
	result.Status = result.status()
	return result
}

// exists is the clause of rows that found nothing to look at.
const exists = "exists"

func (r *Result) add(finding Finding, g *graph.Graph, register []exceptions.Exception, now time.Time) {
	if i := slices.IndexFunc(register, func(e exceptions.Exception) bool { return !e.Expired(now) && finding.coveredBy(e) }); i >= 0 {
		r.Excepted = append(r.Excepted, Excuse{finding, register[i]})
		return
	}
	if i := slices.IndexFunc(pending, func(w Wait) bool { return w.covers(finding) && !w.Over(g) }); i >= 0 {
		r.Waiting = append(r.Waiting, Delay{finding, pending[i]})
		return
	}
	r.Violations = append(r.Violations, finding)
}

func (f Finding) coveredBy(e exceptions.Exception) bool {
	return f.Resource != nil && e.Covers(f.Row.ID, f.Clause, f.Resource.Type, f.Resource.Name)
}

func (r *Result) status() Status {
	switch {
	case len(r.Violations) > 0:
		return Noncompliant
	case len(r.Waiting) > 0:
		return Pending
	case len(r.Excepted) > 0:
		return Excepted
	case len(r.Checked) == 0:
		return NotApplicable
	}
	return Compliant
}

// Result returns that of one row.
func (o Outcome) Result(row string) Result {
	i := slices.IndexFunc(o.Results, func(r Result) bool { return r.Row.ID == row })
	if i < 0 {
		return Result{}
	}
	return o.Results[i]
}

// Violations lists the violations of all rows with that severity.
func (o Outcome) Violations(severity table.Severity) []Finding {
	var found []Finding
	for _, result := range o.Results {
		if result.Row.Severity == severity {
			found = append(found, result.Violations...)
		}
	}
	return found
}

// Key names a finding within an environment.
func (f Finding) Key() string {
	resource := "-"
	if f.Resource != nil {
		resource = f.Resource.URN
	}
	return strings.Join([]string{f.Row.ID, f.Clause, resource, f.Property, f.Expected}, "|")
}

// String says what is wrong, where, and where a deviation would be registered.
func (f Finding) String() string {
	requirements := "availability"
	if len(f.Row.Requirements) > 0 {
		requirements = "PCI DSS " + strings.Join(f.Row.Requirements, ", ")
	}
	where := "no resource"
	if f.Resource != nil {
		where = fmt.Sprintf("%s (%s)", f.Resource, f.Resource.URN)
	}
	what := "found nothing"
	switch {
	case f.Property != "":
		what = f.Property + ": found " + f.Found
	case f.Resource != nil:
		what = "the resource"
	}
	return fmt.Sprintf("%s [%s], clause %s: %s: %s, expected %s; deviations are registered in %s",
		f.Row.ID, requirements, f.Clause, where, what, f.Expected, exceptions.File)
}

// Stale lists the exceptions that excuse nothing in any of the environments.
func Stale(register []exceptions.Exception, outcomes ...Outcome) []string {
	used := make(map[string]bool)
	for _, outcome := range outcomes {
		for _, result := range outcome.Results {
			for _, excuse := range result.Excepted {
				used[excuse.Exception.Key] = true
			}
		}
	}
	var stale []string
	for _, e := range register {
		if !used[e.Key] {
			stale = append(stale, fmt.Sprintf("exception %s: nothing of %q deviates from clause %q of %s any more: take the entry out", e.Key, e.Resource, e.Clause, e.Control))
		}
	}
	return stale
}
