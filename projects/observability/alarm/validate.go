package alarm

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/cutover/cutover/shared/naming"
)

// Limits of CloudWatch (API reference, PutMetricAlarm and PutCompositeAlarm; user
// guide, "CloudWatch service quotas" and "Using math expressions").
const (
	maxDescription = 1024
	maxTerms       = 10
	maxDay         = 24 * 60 * 60
	minPeriod      = 60
	hour           = 60 * 60
	maxRule        = 10240
	maxParts       = 100
)

var id = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,254}$`)

// Validate joins all that is wrong with the alarm.
func (a Alarm) Validate() error {
	var problems []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf("alarm %s: "+format, append([]any{a.Key()}, args...)...))
		}
	}
	check(a.Kind != "", "kind is empty")
	check(a.Meaning != "" && a.Action != "", "needs a meaning and an action for those who are told")
	check(len(a.Description()) <= maxDescription, "description has %d characters, expected at most %d", len(a.Description()), maxDescription)
	check(slices.Contains(Severities(), a.Severity), "severity %q, expected one of %v", a.Severity, Severities())
	check(a.Missing == Breaching || a.Missing == NotBreaching || a.Missing == Ignore, "missing data %q, expected a decision", a.Missing)
	check(a.Silence != "", "says not why missing data are %q", a.Missing)
	check(a.Period >= minPeriod && a.Period%minPeriod == 0, "period of %d s, expected a multiple of %d", a.Period, minPeriod)
	check(a.Points >= 1 && a.Points <= a.Periods, "%d of %d periods, expected at least one and no more than there are", a.Points, a.Periods)
	span := maxDay
	if a.Period >= hour {
		span = 7 * maxDay
	}
	check(a.Period*a.Periods <= span, "looks back %d s, expected at most %d", a.Period*a.Periods, span)
	for _, problem := range a.Condition.problems() {
		check(false, "%v", problem)
	}
	return errors.Join(problems...)
}

func (c Condition) problems() []error {
	var problems []error
	if c.Comparison.words() == "" {
		problems = append(problems, fmt.Errorf("comparison %q is unknown", c.Comparison))
	}
	if c.Comparison.usual() != (c.Band > 0) {
		problems = append(problems, fmt.Errorf("comparison %s with a band of %g: both or neither speak of what is usual", c.Comparison, c.Band))
	}
	if (c.Query == "") == (len(c.Terms) == 0) || c.Query != "" && (c.Expression != "" || c.Band > 0) {
		problems = append(problems, errors.New("expected either terms or a query alone"))
	}
	if len(c.Terms) > maxTerms {
		problems = append(problems, fmt.Errorf("%d metrics, expected at most %d", len(c.Terms), maxTerms))
	}
	if c.Expression == "" && len(c.Terms) > 1 {
		problems = append(problems, fmt.Errorf("%d metrics without an expression over them", len(c.Terms)))
	}
	return append(problems, c.termProblems()...)
}

// reference finds ids in an expression.
var reference = regexp.MustCompile(`\b[a-z][a-zA-Z0-9_]*\b`)

func (c Condition) termProblems() []error {
	var problems []error
	var known []string
	for _, term := range c.Terms {
		if !id.MatchString(term.ID) || slices.Contains(known, term.ID) {
			problems = append(problems, fmt.Errorf("metric id %q, expected a unique one that begins with a lower-case letter", term.ID))
		}
		known = append(known, term.ID)
		if err := term.Series.Validate(); err != nil {
			problems = append(problems, err)
		}
	}
	for _, used := range reference.FindAllString(c.Expression, -1) {
		if !slices.Contains(known, used) {
			problems = append(problems, fmt.Errorf("expression %q uses %q, which is no metric's id", c.Expression, used))
		}
	}
	return problems
}

// Check validates a whole set: each alarm, each composite, and that composites speak
// of alarms that exist, and not in a circle.
func Check(alarms []Alarm, composites []Composite, names naming.Namer) error {
	var problems []error
	known := make(map[string]bool)
	add := func(key string) {
		if known[key] {
			problems = append(problems, fmt.Errorf("alarm %s: is defined twice", key))
		}
		known[key] = true
	}
	for _, a := range alarms {
		problems = append(problems, a.Validate())
		add(a.Key())
	}
	for _, c := range composites {
		// A composite is made after its parts, so it may only name what stands before it.
		for _, part := range c.Parts {
			if !known[part] {
				problems = append(problems, fmt.Errorf("composite alarm %s: part %q is no alarm that stands before it", c.Key(), part))
			}
		}
		if len(c.Parts) == 0 || len(c.Parts) > maxParts {
			problems = append(problems, fmt.Errorf("composite alarm %s: has %d parts, expected 1 to %d", c.Key(), len(c.Parts), maxParts))
		}
		if rule := c.Rule(names); len(rule) > maxRule {
			problems = append(problems, fmt.Errorf("composite alarm %s: rule has %d characters, expected at most %d", c.Key(), len(rule), maxRule))
		}
		if !slices.Contains(Severities(), c.Severity) || c.Meaning == "" || c.Action == "" {
			problems = append(problems, fmt.Errorf("composite alarm %s: needs a severity, a meaning and an action", c.Key()))
		}
		add(c.Key())
	}
	return errors.Join(problems...)
}
