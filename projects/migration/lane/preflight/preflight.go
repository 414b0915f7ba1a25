// Package preflight asks both databases whether a lane may be made: every check
// has a number, says what it looked at, what it found and what it expected. The
// checks only read. All are run and all findings come together; a check whose
// precondition failed says by which it is blocked. The numbers are those of
// docs/sync.md, which also lists the checks that belong to other parts.
package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/shared/naming"
)

// Status is what a check came to.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Warn    Status = "warn"
	Refuse  Status = "refuse"
	Blocked Status = "blocked"
	// NotHere tells that what the check looks at does not exist in this environment.
	NotHere Status = "n/a"
	// Note is a finding's that only tells something.
	Note Status = "note"
)

// Finding is one thing that is not as expected.
type Finding struct {
	Status Status // Warn, Refuse, NotHere or Note
	Where  string // a side, a table, a role
	Found  string
	Want   string // what was expected, in words that tell what to do
}

// String is the finding on one line.
func (f Finding) String() string {
	if f.Want == "" {
		return f.Where + ": " + f.Found
	}
	return fmt.Sprintf("%s: %s, expected %s", f.Where, f.Found, f.Want)
}

// Result is one check's.
type Result struct {
	ID, Name  string
	Status    Status
	BlockedBy string
	Findings  []Finding
}

// Phase is the occasion of a preflight.
type Phase uint8

// The occasions.
const (
	Creation Phase = 1 << iota // before a lane is made
	Start                      // before an invocation follows a lane
	Switch                     // before the authority moves from source to target
)

// Subject is what is looked at. Source and Target are sessions of an
// administrator from pg.Connect.
type Subject struct {
	Source, Target *pgx.Conn
	// Reader, Apply and Builder are the lane's connection strings.
	Reader, Apply, Builder string
	Plan                   *bgsync.Plan
	// Workers is how many loaders will connect at once.
	Workers int
	// To is the target's side.
	To naming.Color
	// Facts are what no database tells.
	Facts Facts
	// Sample is how long the source's writing is looked at for its rate, at least.
	Sample time.Duration
	// RoundTrip is how old the newest canary of the opposite lane may be, and how long a
	// younger one is waited for.
	RoundTrip time.Duration
	// Load is how fast a base is loaded, at worst and at best, and what that costs.
	Load Pace

	phase   Phase
	written written
}

// check is one entry of the list.
type check struct {
	id, name string
	needs    []string
	phases   Phase
	run      func(ctx context.Context, s *Subject) ([]Finding, error)
}

// Run makes all checks of the occasion, in order.
func Run(ctx context.Context, s *Subject, phase Phase) ([]Result, error) {
	if err := s.Plan.Validate(); err != nil {
		return nil, err
	}
	s.phase = phase
	if phase&Creation != 0 {
		var err error
		if s.written, err = position(ctx, s.Source); err != nil {
			return nil, err
		}
	}
	failed := map[string]bool{}
	var results []Result
	for _, c := range checks {
		if c.phases&phase == 0 {
			continue
		}
		result := Result{ID: c.id, Name: c.name, Status: OK}
		if at := slices.IndexFunc(c.needs, func(id string) bool { return failed[id] }); at >= 0 {
			result.Status, result.BlockedBy = Blocked, c.needs[at]
			failed[c.id] = true
			results = append(results, result)
			continue
		}
		findings, err := c.run(ctx, s)
		if err != nil {
			return results, pg.Wrap(err, "preflight %s, %s", c.id, c.name)
		}
		result.Findings, result.Status = findings, worst(findings)
		failed[c.id] = result.Status == Refuse
		results = append(results, result)
	}
	return results, nil
}

// worst is the status of a check with these findings.
func worst(findings []Finding) Status {
	status := OK
	for _, graver := range []Status{NotHere, Warn, Refuse} {
		if slices.ContainsFunc(findings, func(f Finding) bool { return f.Status == graver }) {
			status = graver
		}
	}
	return status
}

// Refusal joins all that forbids the lane; nil when nothing does.
func Refusal(results []Result) error {
	var problems []error
	for _, result := range results {
		if result.Status == Blocked {
			problems = append(problems, fmt.Errorf("%s %s: blocked by %s", result.ID, result.Name, result.BlockedBy))
		}
		for _, finding := range result.Findings {
			if finding.Status == Refuse {
				problems = append(problems, fmt.Errorf("%s %s: %s", result.ID, result.Name, finding))
			}
		}
	}
	return errors.Join(problems...)
}

// refuse makes a finding.
func refuse(where, want, found string, args ...any) Finding {
	return Finding{Status: Refuse, Where: where, Found: fmt.Sprintf(found, args...), Want: want}
}

// both are the sides with their names.
func (s *Subject) both() []struct {
	name string
	conn *pgx.Conn
} {
	return []struct {
		name string
		conn *pgx.Conn
	}{{"source", s.Source}, {"target", s.Target}}
}

// names are the plan's tables as an array of quoted names.
func (s *Subject) names() []string {
	list := make([]string, len(s.Plan.Tables))
	for i, table := range s.Plan.Tables {
		list[i] = pg.Ident(table.Schema, table.Name)
	}
	return list
}

// rows asks one question on both sides; every row of the answer is a finding: its
// first column says where, its second what was found.
func rows(sql, want string, args func(*Subject) []any) func(context.Context, *Subject) ([]Finding, error) {
	return func(ctx context.Context, s *Subject) ([]Finding, error) {
		var findings []Finding
		for _, side := range s.both() {
			more, err := ask(ctx, side.conn, side.name, sql, want, args(s)...)
			if err != nil {
				return nil, err
			}
			findings = append(findings, more...)
		}
		return findings, nil
	}
}

// ask is rows for one side.
func ask(ctx context.Context, conn *pgx.Conn, side, sql, want string, args ...any) ([]Finding, error) {
	found, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("ask the %s: %w", side, err)
	}
	var findings []Finding
	var where, what string
	_, err = pgx.ForEachRow(found, []any{&where, &what}, func() error {
		findings = append(findings, refuse(strings.TrimSpace(side+" "+where), want, "%s", what))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask the %s: %w", side, err)
	}
	return findings, nil
}

// same asks one question on both sides and refuses when the answers differ. Each
// row is a name and a value.
func same(sql, want string, args func(*Subject) []any) func(context.Context, *Subject) ([]Finding, error) {
	return func(ctx context.Context, s *Subject) ([]Finding, error) {
		answers := make([]map[string]string, 2)
		var order []string
		for i, side := range s.both() {
			answers[i] = map[string]string{}
			found, err := side.conn.Query(ctx, sql, args(s)...)
			if err != nil {
				return nil, fmt.Errorf("ask the %s: %w", side.name, err)
			}
			var name, value string
			if _, err := pgx.ForEachRow(found, []any{&name, &value}, func() error {
				answers[i][name] = value
				order = append(order, name)
				return nil
			}); err != nil {
				return nil, fmt.Errorf("ask the %s: %w", side.name, err)
			}
		}
		slices.Sort(order)
		var findings []Finding
		for _, name := range slices.Compact(order) {
			if answers[0][name] != answers[1][name] {
				findings = append(findings, refuse(name, want, "is %q on the source and %q on the target", answers[0][name], answers[1][name]))
			}
		}
		return findings, nil
	}
}

func none(*Subject) []any { return nil }

func planned(s *Subject) []any { return []any{s.names()} }
