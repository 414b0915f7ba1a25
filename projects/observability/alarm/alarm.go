// Package alarm defines CloudWatch alarms: what is asked of which metric, how long
// it has to hold, what silence means, who is told and what they do first. It refuses
// what CloudWatch would refuse, and what nobody has decided. It knows the form of
// alarms and none of ours; those are in package watch.
package alarm

import (
	"strings"

	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/shared/naming"
)

// Severity is how soon somebody has to know. Each has a topic of its own.
type Severity string

// The severities.
const (
	// Page wakes somebody up.
	Page Severity = "page"
	// Warn waits for the working day.
	Warn Severity = "warn"
	// Info is a record.
	Info Severity = "info"
)

// Severities lists them, the most urgent first.
func Severities() []Severity { return []Severity{Page, Warn, Info} }

// Missing is what CloudWatch makes of missing data (CloudWatch user guide,
// "Configuring how CloudWatch alarms treat missing data").
type Missing string

// The ways.
const (
	// Breaching takes silence for the fault.
	Breaching Missing = "breaching"
	// NotBreaching takes silence for health: nothing happened, nothing was counted.
	NotBreaching Missing = "notBreaching"
	// Ignore keeps the state, for what is measured seldom or ends with the fault.
	Ignore Missing = "ignore"
)

// Comparison is how a value is compared with the threshold, or with the band of what
// is usual.
type Comparison string

// The comparisons (CloudWatch API reference, PutMetricAlarm).
const (
	Above         Comparison = "GreaterThanThreshold"
	AtLeast       Comparison = "GreaterThanOrEqualToThreshold"
	Below         Comparison = "LessThanThreshold"
	AboveUsual    Comparison = "GreaterThanUpperThreshold"
	BelowUsual    Comparison = "LessThanLowerThreshold"
	OutsideNormal Comparison = "LessThanLowerOrGreaterThanUpperThreshold"
)

// usual tells whether the comparison is with a band.
func (c Comparison) usual() bool { return c == AboveUsual || c == BelowUsual || c == OutsideNormal }

// words are how people read a comparison.
func (c Comparison) words() string {
	return map[Comparison]string{
		Above: ">", AtLeast: "≥", Below: "<", AboveUsual: "above usual", BelowUsual: "below usual", OutsideNormal: "out of usual",
	}[c]
}

// Term is a metric that an expression speaks of.
type Term struct {
	// ID is the metric's name in expressions: a lower-case letter, then letters,
	// digits and underscores.
	ID     string
	Series estate.Series
}

// Condition is what is asked: of one series, of an expression over several, or of a
// query of CloudWatch Metrics Insights, which stands alone.
type Condition struct {
	Terms []Term
	// Expression is metric math over the terms; empty for a single one.
	Expression string
	// Query is of Metrics Insights.
	Query      string
	Comparison Comparison
	// Threshold is in the unit of the metric; unused with a band.
	Threshold float64
	// Band is the width in standard deviations of what is usual; 0 without a band.
	Band float64
}

// Of is a condition on one series.
func Of(series estate.Series, comparison Comparison, threshold float64) Condition {
	return Condition{Terms: []Term{{"m0", series}}, Comparison: comparison, Threshold: threshold}
}

// Unusual is a condition on one series that has no known threshold: anomaly
// detection learns one.
func Unusual(series estate.Series, comparison Comparison, band float64) Condition {
	return Condition{Terms: []Term{{"m0", series}}, Comparison: comparison, Band: band}
}

// Simple tells whether the condition is on one series with a threshold, which
// CloudWatch takes without metric math.
func (c Condition) Simple() bool { return c.Expression == "" && c.Query == "" && c.Band == 0 }

// Alarm is one alarm.
type Alarm struct {
	// Color is empty for what both colours share; Subject is what the alarm is
	// about (a service, a lane), and may be empty; Kind is what can be wrong and the
	// key of the runbook.
	Color   naming.Color
	Subject string
	Kind    string

	// Meaning is what has gone wrong, Action what to do first.
	Meaning, Action string
	Severity        Severity
	Condition       Condition
	// Period is in seconds; Points of Periods have to be in breach.
	Period, Periods, Points int
	Missing                 Missing
	// Silence says why missing data mean that.
	Silence string
}

// Key is the alarm's logical name: "blue-payment-api-errors".
func (a Alarm) Key() string {
	var parts []string
	for _, part := range []string{string(a.Color), a.Subject, a.Kind} {
		if part != "" {
			parts = append(parts, strings.ReplaceAll(part, ".", "-"))
		}
	}
	return strings.Join(parts, "-")
}

// Name is the physical name.
func (a Alarm) Name(names naming.Namer) string { return names.Name(naming.Alarm, a.Key()) }

// Runbook is the page that says what to do, with an anchor for each kind.
const Runbook = "docs/alarms.md"

// Description is what a notification says: what, and where to read on; no values.
func (a Alarm) Description() string {
	return a.Meaning + " Runbook: " + Runbook + "#" + a.Kind
}

// Composite is an alarm that is on while any of its parts is.
type Composite struct {
	// Kind is the key of the runbook, and the logical name's end.
	Color           naming.Color
	Subject         string
	Kind            string
	Meaning, Action string
	Severity        Severity
	// Parts are keys of alarms or of other composites.
	Parts []string
}

// Key is the composite's logical name.
func (c Composite) Key() string {
	return Alarm{Color: c.Color, Subject: c.Subject, Kind: c.Kind}.Key()
}

// Name is the physical name.
func (c Composite) Name(names naming.Namer) string { return names.Name(naming.Alarm, c.Key()) }

// Description is what a notification says.
func (c Composite) Description() string {
	return c.Meaning + " Runbook: " + Runbook + "#" + c.Kind
}

// Rule is what CloudWatch evaluates (user guide, "Creating a composite alarm").
func (c Composite) Rule(names naming.Namer) string {
	terms := make([]string, len(c.Parts))
	for i, part := range c.Parts {
		terms[i] = `ALARM("` + names.Name(naming.Alarm, part) + `")`
	}
	return strings.Join(terms, " OR ")
}
