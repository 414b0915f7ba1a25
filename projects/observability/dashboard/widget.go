// Package dashboard writes CloudWatch dashboards from typed widgets and refuses
// what CloudWatch would refuse or silently not show. It knows the form of a
// dashboard and no metric; those come from the catalogue in shared/metrics.
package dashboard

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cutover/cutover/shared/metrics"
)

// Widget is one tile. Its size is in cells of the dashboard's grid.
type Widget interface {
	size() (width, height int)
	// render returns type and properties as CloudWatch reads them (CloudWatch API
	// reference, "Dashboard Body Structure and Syntax").
	render(region string) (kind string, properties map[string]any)
	// problems says what is wrong with the widget by itself.
	problems() []error
}

// Text is a tile of Markdown.
type Text struct {
	Width, Height int
	Markdown      string
}

func (t Text) size() (int, int) { return t.Width, t.Height }

func (t Text) render(string) (string, map[string]any) {
	return "text", map[string]any{"markdown": t.Markdown}
}

func (t Text) problems() []error {
	if t.Markdown == "" {
		return []error{fmt.Errorf("text widget: is empty, expected Markdown")}
	}
	return nil
}

// View is how a graph shows its lines.
type View string

// The views in use.
const (
	Lines  View = "timeSeries"
	Number View = "singleValue"
)

// Graph is a tile of metrics.
type Graph struct {
	Width, Height int
	Title         string
	View          View
	// Stacked fills the area below each line and adds them up.
	Stacked bool
	// Period is in seconds: 60 or a multiple of it.
	Period int
	Lines  []Line
	// Thresholds are drawn across the graph.
	Thresholds []Threshold
	// Left is the axis; nil lets CloudWatch choose its bounds.
	Left *Axis
}

// Threshold is a line across a graph, where an alarm begins.
type Threshold struct {
	Label string
	Value float64
}

// Axis bounds the values of a graph.
type Axis struct {
	Min, Max float64
	Label    string
}

// Line is one line of a graph: a series of the catalogue, or an expression over
// the lines with an ID before it.
type Line struct {
	// ID names the line for expressions: a lower-case letter, then letters,
	// digits and underscores. It may be empty where no expression uses the line.
	ID    string
	Label string
	// Color is "#rrggbb", or empty.
	Color string
	// Hidden lines feed expressions only.
	Hidden bool
	// Series is the metric; unset for an expression.
	Series metrics.Series
	// Expression is metric math; empty for a metric.
	Expression string
}

func (g Graph) size() (int, int) { return g.Width, g.Height }

func (g Graph) render(region string) (string, map[string]any) {
	lines := make([]any, len(g.Lines))
	for i, line := range g.Lines {
		lines[i] = line.render(region)
	}
	properties := map[string]any{
		"title":   g.Title,
		"view":    string(g.View),
		"stacked": g.Stacked,
		"region":  region,
		"period":  g.Period,
		"metrics": lines,
	}
	if g.Left != nil {
		properties["yAxis"] = map[string]any{"left": map[string]any{"min": g.Left.Min, "max": g.Left.Max, "label": g.Left.Label, "showUnits": false}}
	}
	if len(g.Thresholds) > 0 {
		marks := make([]any, len(g.Thresholds))
		for i, each := range g.Thresholds {
			marks[i] = map[string]any{"label": each.Label, "value": each.Value, "color": alarmColor}
		}
		properties["annotations"] = map[string]any{"horizontal": marks}
	}
	return "metric", properties
}

// alarmColor is the paint of thresholds.
const alarmColor = "#d62728"

// Alarms is a tile with the states of alarms.
type Alarms struct {
	Width, Height int
	Title         string
	// ARNs are of metric and composite alarms.
	ARNs []string
}

func (a Alarms) size() (int, int) { return a.Width, a.Height }

func (a Alarms) render(string) (string, map[string]any) {
	return "alarm", map[string]any{"title": a.Title, "alarms": a.ARNs}
}

// maxAlarms is the most that one tile shows (CloudWatch API reference, "Dashboard
// Body Structure and Syntax").
const maxAlarms = 100

func (a Alarms) problems() []error {
	if a.Title == "" || len(a.ARNs) == 0 || len(a.ARNs) > maxAlarms {
		return []error{fmt.Errorf("alarm widget %q: has %d alarms, expected a title and 1 to %d", a.Title, len(a.ARNs), maxAlarms)}
	}
	return nil
}

// render writes a line: namespace, name, dimensions, then how to show it.
func (l Line) render(region string) []any {
	show := map[string]any{"region": region}
	for key, value := range map[string]string{"id": l.ID, "label": l.Label, "color": l.Color} {
		if value != "" {
			show[key] = value
		}
	}
	if l.Hidden {
		show["visible"] = false
	}
	if l.Expression != "" {
		show["expression"] = l.Expression
		return []any{show}
	}
	show["stat"] = string(l.Series.Metric.Statistic)
	out := []any{l.Series.Metric.Namespace, l.Series.Metric.Name}
	for i, dimension := range l.Series.Metric.Dimensions {
		out = append(out, dimension, l.Series.Values[i])
	}
	return append(out, show)
}

// Share is the expression for the percentage that the line with the first id has
// of the sum of all: no data where nothing was counted.
func Share(of string, all ...string) string {
	sum := ""
	for i, id := range all {
		if i > 0 {
			sum += "+"
		}
		sum += "FILL(" + id + ",0)"
	}
	return "100*FILL(" + of + ",0)/(" + sum + ")"
}

// Search is the expression for every series of a metric that has these values
// under dimensions, however many there are; it names all dimensions of the series
// (CloudWatch user guide, "Using search expressions in graphs").
func Search(metric metrics.Metric, values map[string]string) string {
	terms := []string{metric.Namespace}
	for _, dimension := range metric.Dimensions {
		terms = append(terms, quote(dimension))
	}
	found := "SEARCH('{" + strings.Join(terms, ",") + `} MetricName="` + metric.Name + `"`
	for _, dimension := range metric.Dimensions {
		if value := values[dimension]; value != "" {
			found += " " + quote(dimension) + `="` + value + `"`
		}
	}
	return found + "', '" + string(metric.Statistic) + "')"
}

// quote writes a name of a dimension, which may hold blanks.
func quote(dimension string) string {
	if strings.Contains(dimension, " ") {
		return `"` + dimension + `"`
	}
	return dimension
}

// ID makes ids of lines: a prefix and a number.
func ID(prefix string, number int) string { return prefix + strconv.Itoa(number) }
