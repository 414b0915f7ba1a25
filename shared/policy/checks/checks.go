// Package checks has one check for each row of shared/policy/table. A check looks
// at the resources of one environment's graph (shared/policy/graph), at type
// tokens and properties only, and notes what it looked at and what is not as it
// has to be. It knows nothing of Pulumi's SDK for AWS and calls no API.
//
// # To add or change a row's check
//
//  1. The row is data: shared/policy/table/rows_<layer>.go.
//  2. The check is a function of a *Scope in <layer>_<subject>.go here, listed
//     under the row's id in the layer's list (every.go, foundation.go, …). It takes
//     its resources by Scope.Each, which notes them as checked, and states every
//     clause by Scope.Expect, each with a name of its own: exceptions name it. A
//     clause about something that has to exist beside a resource fails on that
//     resource. A row that checks no resource at all fails, unless the list says
//     IfUsed.
//  3. What a layer cannot have yet is an entry of pending.go, with the types that
//     end the delay: once one of them is registered, the same finding fails.
//  4. A deviation is an entry of shared/policy/exceptions/register.go.
//  5. The check has to be seen passing and failing, in internal/policy: on the
//     recorded production graph and by a mutation of it (mutations_<layer>_test.go),
//     or, where production has no such resource yet, on a pair of small graphs
//     (fixtures_<layer>_test.go). A test refuses rows that have neither.
package checks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/policy/table"
)

// Check is the check of one row.
type Check struct {
	// Row is the id of the row.
	Row string
	// IfUsed tells that there may be no resource to check.
	IfUsed bool
	Run    func(*Scope)
}

// All lists the checks.
func All() []Check {
	return slices.Concat(everyChecks, foundationChecks, securityChecks, dataChecks, edgeChecks, servicesChecks, observabilityChecks, migrationChecks)
}

// Finding is one clause of a row that does not hold for one resource.
type Finding struct {
	Row    table.Row
	Clause string
	// Resource is nil where a whole kind of resources is missing.
	Resource *graph.Resource
	// Property is a path in the resource's inputs, empty where it is the
	// resource itself, or one beside it, that is wrong.
	Property string
	Found    string
	Expected string
}

// Scope is what a check sees: the graph, and what it has noted so far.
type Scope struct {
	*graph.Graph

	row      table.Row
	now      time.Time
	checked  map[*graph.Resource]bool
	findings []Finding
	// notApplicable is set where the row has nothing to prove here.
	notApplicable bool
}

// Production tells whether the environment is the production one.
func (s *Scope) Production() bool { return s.Environment.Name == "prod" }

// Each lists the resources of the types and notes them as checked.
func (s *Scope) Each(tokens ...string) []*graph.Resource {
	return s.See(s.OfType(tokens...)...)
}

// See notes resources as checked and returns them.
func (s *Scope) See(resources ...*graph.Resource) []*graph.Resource {
	for _, r := range resources {
		s.checked[r] = true
	}
	return resources
}

// Expect notes a finding unless ok: the clause does not hold for the value at
// property of r, where expected stands for what has to be there.
func (s *Scope) Expect(ok bool, r *graph.Resource, clause, property, expected string, args ...any) {
	if ok {
		return
	}
	finding := Finding{Row: s.row, Clause: clause, Resource: r, Property: property, Expected: fmt.Sprintf(expected, args...)}
	if r != nil && property != "" {
		finding.Found = found(r, property)
	}
	s.findings = append(s.findings, finding)
}

// Missing notes that a kind of resource that has to be there is not.
func (s *Scope) Missing(clause, expected string, args ...any) {
	s.Expect(false, nil, clause, "", expected, args...)
}

// maxFound is how much of a wrong value a message shows.
const maxFound = 160

// found shows the value at property; that of a secret input stays hidden.
func found(r *graph.Resource, property string) string {
	input, _, _ := strings.Cut(property, ".")
	input, _, _ = strings.Cut(input, "[")
	if slices.Contains(r.Secrets, input) {
		return "a secret"
	}
	value, set := r.Get(property)
	if !set {
		return "nothing"
	}
	text := fmt.Sprint(value)
	if quoted, isText := value.(string); isText {
		text = `"` + quoted + `"`
	}
	if len(text) > maxFound {
		return text[:maxFound] + "…"
	}
	return text
}
