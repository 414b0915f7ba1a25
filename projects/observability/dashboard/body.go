package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
)

// Limits of CloudWatch ("Dashboard Body Structure and Syntax" and "CloudWatch
// service quotas"). CloudWatch states no length for the whole body; MaxBody is
// ours, far below the size of a request that the API takes.
const (
	Columns          = 24
	MaxRow           = 1000
	MaxWidgets       = 500
	MaxLines         = 500
	MaxLinesOverall  = 2500
	MaxBody          = 512 * 1024
	minPeriod        = 60
	maxTitle         = 255
	firstCell        = 1
	defaultTimeRange = "-PT3H"
)

var (
	id    = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,254}$`)
	color = regexp.MustCompile(`^#[0-9a-f]{6}$`)
)

// Dashboard is rows of widgets; those of one row stand side by side.
type Dashboard struct {
	Region string
	Rows   [][]Widget
}

// Body renders the dashboard. It joins all that CloudWatch would refuse.
func (d Dashboard) Body() (string, error) {
	if err := d.Validate(); err != nil {
		return "", err
	}
	var widgets []map[string]any
	y := 0
	for _, row := range d.Rows {
		x, tallest := 0, 0
		for _, widget := range row {
			width, height := widget.size()
			kind, properties := widget.render(d.Region)
			widgets = append(widgets, map[string]any{
				"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties,
			})
			x, tallest = x+width, max(tallest, height)
		}
		y += tallest
	}
	text, err := json.Marshal(map[string]any{"start": defaultTimeRange, "periodOverride": "inherit", "widgets": widgets})
	if err != nil {
		return "", fmt.Errorf("render dashboard: %w", err)
	}
	if len(text) > MaxBody {
		return "", fmt.Errorf("dashboard: body has %d bytes, expected at most %d", len(text), MaxBody)
	}
	return string(text), nil
}

// Validate joins all that is wrong with the dashboard and its widgets.
func (d Dashboard) Validate() error {
	var problems []error
	if d.Region == "" {
		problems = append(problems, errors.New("dashboard region: is empty"))
	}
	count, lines := 0, 0
	for number, row := range d.Rows {
		at := fmt.Sprintf("dashboard row %d", number)
		if err := fits(row); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", at, err))
		}
		for _, widget := range row {
			count++
			if graph, ok := widget.(Graph); ok {
				lines += len(graph.Lines)
			}
			for _, problem := range widget.problems() {
				problems = append(problems, fmt.Errorf("%s: %w", at, problem))
			}
		}
	}
	if count == 0 || count > MaxWidgets {
		problems = append(problems, fmt.Errorf("dashboard: has %d widgets, expected 1 to %d", count, MaxWidgets))
	}
	if lines > MaxLinesOverall {
		problems = append(problems, fmt.Errorf("dashboard: has %d metrics, expected at most %d", lines, MaxLinesOverall))
	}
	return errors.Join(problems...)
}

// fits tells whether a row stays on the grid.
func fits(row []Widget) error {
	total := 0
	for _, widget := range row {
		width, height := widget.size()
		if width < firstCell || width > Columns || height < firstCell || height > MaxRow {
			return fmt.Errorf("widget of %d x %d cells: expected 1 to %d columns and 1 to %d rows", width, height, Columns, MaxRow)
		}
		total += width
	}
	if total > Columns {
		return fmt.Errorf("is %d cells wide: expected at most %d", total, Columns)
	}
	return nil
}

func (g Graph) problems() []error {
	var problems []error
	at := fmt.Sprintf("graph %q", g.Title)
	if g.Title == "" || len(g.Title) > maxTitle {
		problems = append(problems, fmt.Errorf("%s: title has %d characters, expected 1 to %d", at, len(g.Title), maxTitle))
	}
	if g.View != Lines && g.View != Number {
		problems = append(problems, fmt.Errorf("%s: view %q, expected %q or %q", at, g.View, Lines, Number))
	}
	if g.Period < minPeriod || g.Period%minPeriod != 0 {
		problems = append(problems, fmt.Errorf("%s: period of %d s, expected a multiple of %d", at, g.Period, minPeriod))
	}
	if len(g.Lines) == 0 || len(g.Lines) > MaxLines {
		problems = append(problems, fmt.Errorf("%s: has %d lines, expected 1 to %d", at, len(g.Lines), MaxLines))
	}
	return append(problems, lineProblems(at, g.Lines)...)
}

func lineProblems(at string, lines []Line) []error {
	var problems []error
	seen := make(map[string]bool)
	for number, line := range lines {
		where := fmt.Sprintf("%s, line %d", at, number)
		if (line.Expression == "") == (line.Series.Metric.Name == "") {
			problems = append(problems, fmt.Errorf("%s: expected either a metric or an expression", where))
		}
		if len(line.Series.Values) != len(line.Series.Metric.Dimensions) {
			problems = append(problems, fmt.Errorf("%s: %d dimension values, expected %d", where, len(line.Series.Values), len(line.Series.Metric.Dimensions)))
		}
		if line.ID != "" && (!id.MatchString(line.ID) || seen[line.ID]) {
			problems = append(problems, fmt.Errorf("%s: id %q, expected a unique one that begins with a lower-case letter", where, line.ID))
		}
		if line.Color != "" && !color.MatchString(line.Color) {
			problems = append(problems, fmt.Errorf("%s: colour %q, expected a form like #1f77b4", where, line.Color))
		}
		seen[line.ID] = line.ID != ""
	}
	return append(problems, unknownIDs(at, lines)...)
}

// reference finds the ids in an expression: what is lower-case and no function.
var reference = regexp.MustCompile(`\b[a-z][a-zA-Z0-9_]*\b`)

// quoted is a text in an expression, such as what SEARCH looks for.
var quoted = regexp.MustCompile(`'[^']*'`)

// unknownIDs finds expressions over lines that the graph does not have;
// CloudWatch would show an error in place of the graph.
func unknownIDs(at string, lines []Line) []error {
	known := make(map[string]bool)
	for _, line := range lines {
		known[line.ID] = true
	}
	var problems []error
	for number, line := range lines {
		for _, used := range reference.FindAllString(quoted.ReplaceAllString(line.Expression, ""), -1) {
			if !known[used] {
				problems = append(problems, fmt.Errorf("%s, line %d: expression %q uses %q, which is no line's id", at, number, line.Expression, used))
			}
		}
	}
	return problems
}
