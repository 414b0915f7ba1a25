// Package exceptions is the register of deviations from the controls of
// shared/policy/table: each with an owner, a reason, what protects instead and a
// last day. A deviation that is not in the register is a violation; a comment, a
// skipped test or a wider pattern is none. The package does not decide whether a
// resource deviates; shared/policy/checks does.
package exceptions

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cutover/cutover/shared/policy/table"
)

// File is where the register stands, below the checkout root.
const File = "shared/policy/exceptions/register.go"

// Runtime says what becomes of the row's Config rules for the resource.
type Runtime string

// What becomes of Config rules.
const (
	Expected Runtime = "expected" // they report the resource, and the report is known
	Scoped   Runtime = "scoped"   // they are told to leave the resource out
	Omitted  Runtime = "omitted"  // no rule looks at it
)

// Exception lets resources deviate from one clause of one row, for a time.
type Exception struct {
	// Key names the entry: EXC-01.
	Key string
	// Control is a row's id, Clause the clause of it that may fail.
	Control string
	Clause  string
	// Resource is a type token, a space and a logical name; a type token alone
	// where the service cannot comply.
	Resource string
	// Owner is the role that answers for it.
	Owner string
	// Reason says in at least 20 characters why the control cannot or should not
	// hold here.
	Reason string
	// Compensating are the rows that check what protects instead.
	Compensating []string
	Runtime      Runtime
	// Decided and Expires are days in UTC; an exception lasts 365 days at most and
	// holds until the end of its last day.
	Decided time.Time
	Expires time.Time
}

const (
	longest       = 365 * 24 * time.Hour
	warnBefore    = 30 * 24 * time.Hour
	minReason     = 20
	lengthOfDay   = 24 * time.Hour
	dayOfCalendar = time.DateOnly
)

// On returns a day in UTC.
func On(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Covers tells whether the entry is about that clause of that row and resource.
func (e Exception) Covers(row, clause, token, name string) bool {
	return e.Control == row && e.Clause == clause && (e.Resource == token || e.Resource == token+" "+name)
}

// Expired tells whether the last day is over.
func (e Exception) Expired(now time.Time) bool { return !now.Before(e.Expires.Add(lengthOfDay)) }

// Check returns what is wrong with a register on a day, and what will be soon.
// Whether an entry excuses anything at all is found out by the checks.
func Check(register []Exception, now time.Time) (problems, warnings []string) {
	keys, subjects := make(map[string]bool), make(map[string]string)
	for _, e := range register {
		for _, problem := range e.problems(now) {
			problems = append(problems, fmt.Sprintf("exception %s: %s", e.Key, problem))
		}
		if keys[e.Key] {
			problems = append(problems, fmt.Sprintf("exception %s: the key stands twice", e.Key))
		}
		keys[e.Key] = true
		subject := strings.Join([]string{e.Control, e.Clause, e.Resource}, "|")
		if other, twice := subjects[subject]; twice {
			problems = append(problems, fmt.Sprintf("exception %s: %s, clause %q, %s has the exception %s already", e.Key, e.Control, e.Clause, e.Resource, other))
		}
		subjects[subject] = e.Key
		if left := e.Expires.Add(lengthOfDay).Sub(now); left > 0 && left <= warnBefore {
			warnings = append(warnings, fmt.Sprintf("exception %s expires on %s: %s has to renew it or mend the cause", e.Key, e.Expires.Format(dayOfCalendar), e.Owner))
		}
	}
	return problems, warnings
}

func (e Exception) problems(now time.Time) []string {
	var found []string
	expect := func(ok bool, format string, args ...any) {
		if !ok {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	row, known := table.Find(e.Control)
	expect(known, "control %q is unknown, expected the id of a row", e.Control)
	expect(e.Clause != "", "names no clause: an exception never covers a whole row")
	expect(strings.HasPrefix(e.Resource, "aws:"), "resource %q: expected a type token, or one and a logical name", e.Resource)
	expect(e.Owner != "", "has no owner")
	expect(len(e.Reason) >= minReason, "reason %q: expected at least %d characters", e.Reason, minReason)
	expect(slices.Contains([]Runtime{Expected, Scoped, Omitted}, e.Runtime), "runtime %q: expected expected, scoped or omitted", e.Runtime)
	expect(e.Runtime != Expected || !known || deployed(row), "runtime is expected, but no rule of %s is deployed", e.Control)
	expect(len(e.Compensating) > 0, "has no compensating row")
	for _, id := range e.Compensating {
		_, exists := table.Find(id)
		expect(exists && id != e.Control, "compensating row %q: expected the id of another row", id)
	}
	expect(!e.Decided.IsZero(), "has no day of its decision")
	expect(e.Expires.After(e.Decided) && e.Expires.Sub(e.Decided) <= longest, "expires on %s: expected at most 365 days after the decision", e.Expires.Format(dayOfCalendar))
	expect(!e.Expired(now), "expired on %s: %s has to renew it by a decision or mend the cause", e.Expires.Format(dayOfCalendar), e.Owner)
	return found
}

// deployed tells whether a rule of the row runs in the account.
func deployed(row table.Row) bool {
	return slices.ContainsFunc(row.Rules, func(r table.Rule) bool {
		return r.Deployment == table.InPack || r.Deployment == table.Single
	})
}
