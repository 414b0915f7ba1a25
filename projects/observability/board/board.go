// Package board lays out the dashboards of the platform: the one that a migration is
// steered by, the one of the platform's health, the one of its business. It knows
// what to show and where; the metrics are the catalogue's, the thresholds are those
// of the alarms, the form is package dashboard's.
package board

import (
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/observability/alarm"
	"github.com/cutover/cutover/projects/observability/dashboard"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// The dashboards, by the last part of their names.
const (
	Migration = "migration"
	Platform  = "platform"
	Business  = "business"
)

// Names lists them.
func Names() []string { return []string{Migration, Platform, Business} }

// Args say what is shown.
type Args struct {
	Watch     watch.Args
	Names     naming.Namer
	AccountID string
	// Estate has the physical names.
	Estate estate.Estate
}

// Make lays out one dashboard.
func (a Args) Make(name string) (dashboard.Dashboard, error) {
	b := &builder{Args: a, thresholds: make(map[string]float64)}
	for _, each := range a.Watch.Alarms() {
		if each.Condition.Band == 0 {
			b.thresholds[each.Kind] = each.Condition.Threshold
		}
	}
	layouts := map[string]func() [][]dashboard.Widget{Migration: b.migration, Platform: b.platform, Business: b.business}
	layout, known := layouts[name]
	if !known {
		return dashboard.Dashboard{}, fmt.Errorf("dashboard %q: expected one of %v", name, Names())
	}
	return dashboard.Dashboard{Region: config.Region, Rows: layout()}, errors.Join(b.problems...)
}

// Sizes are in cells of the grid, the period in seconds.
const (
	whole   = dashboard.Columns
	half    = dashboard.Columns / 2
	third   = dashboard.Columns / 3
	quarter = dashboard.Columns / 4
	tall    = 6
	banner  = 2
	minute  = 60
)

// paint keeps each colour its own on every graph.
var paint = map[naming.Color]string{naming.Blue: "#1f77b4", naming.Green: "#2ca02c"}

// builder makes graphs and keeps what goes wrong meanwhile.
type builder struct {
	Args
	// thresholds are those of alarms, by kind.
	thresholds map[string]float64
	problems   []error
}

// lines adds the lines of one graph.
type lines func(b *builder) []dashboard.Line

func (b *builder) heading(title, text string) []dashboard.Widget {
	return []dashboard.Widget{dashboard.Text{Width: whole, Height: banner, Markdown: "# " + title + "\n" + text +
		" Written by the observability layer: changes made here are lost with its next deployment."}}
}

func (b *builder) section(title string) []dashboard.Widget {
	return []dashboard.Widget{dashboard.Text{Width: whole, Height: 1, Markdown: "## " + title}}
}

// graph is a tile of lines; kinds are alarms whose thresholds it shows.
func (b *builder) graph(width int, title string, of lines, kinds ...string) dashboard.Widget {
	graph := dashboard.Graph{Width: width, Height: tall, Title: title, View: dashboard.Lines, Period: minute, Lines: of(b)}
	for _, kind := range kinds {
		value, known := b.thresholds[kind]
		if !known {
			b.problems = append(b.problems, fmt.Errorf("graph %q: no alarm of kind %q has a threshold", title, kind))
		}
		graph.Thresholds = append(graph.Thresholds, dashboard.Threshold{Label: kind, Value: value})
	}
	return graph
}

// alarms is a tile of the states of those that are meant, at most a hundred.
func (b *builder) alarms(title string, keys []string) []dashboard.Widget {
	tile := dashboard.Alarms{Width: whole, Height: tall, Title: title}
	for _, key := range keys {
		tile.ARNs = append(tile.ARNs, "arn:aws:cloudwatch:"+config.Region+":"+b.AccountID+":alarm:"+b.Names.Name(naming.Alarm, key))
	}
	return []dashboard.Widget{tile}
}

// composites are the keys of composite alarms of a kind.
func (b *builder) composites(meant func(alarm.Composite) bool) []string {
	var keys []string
	for _, each := range b.Watch.Composites() {
		if meant(each) {
			keys = append(keys, each.Key())
		}
	}
	return keys
}

// line makes a line of one series.
func (b *builder) line(label, color string, of estate.Series) dashboard.Line {
	series, err := b.Estate.Series(of)
	if err != nil {
		b.problems = append(b.problems, fmt.Errorf("line %q: %w", label, err))
	}
	return dashboard.Line{Label: label, Color: color, Series: series}
}

func join(all ...lines) lines {
	return func(b *builder) []dashboard.Line {
		var out []dashboard.Line
		for _, each := range all {
			out = append(out, each(b)...)
		}
		return out
	}
}

// byColor makes one line a colour; suffix tells several metrics apart.
func byColor(metric metrics.Metric, suffix string, thing estate.Thing) lines {
	return func(b *builder) []dashboard.Line {
		var out []dashboard.Line
		for _, color := range naming.Colors() {
			shade := paint[color]
			if suffix != "" {
				shade = "" // two lines in one paint could not be told apart
			}
			out = append(out, b.line(string(color)+suffix, shade, estate.At(metric, estate.Of(color, thing))))
		}
		return out
	}
}

// ofColor are lines of what our own functions emit once a colour.
func ofColor(metric metrics.Metric, more ...string) lines {
	return func(b *builder) []dashboard.Line {
		var out []dashboard.Line
		for _, color := range naming.Colors() {
			values, label := []estate.Value{estate.Text(string(color))}, string(color)
			for _, value := range more {
				values, label = append(values, estate.Text(value)), label+" "+value
			}
			shade := paint[color]
			if len(more) > 0 {
				shade = ""
			}
			out = append(out, b.line(label, shade, estate.At(metric, values...)))
		}
		return out
	}
}

// byName makes one line a colour and name.
func byName(metric metrics.Metric, suffix string, names []string, values func(color naming.Color, name string) []estate.Value) lines {
	return func(b *builder) []dashboard.Line {
		var out []dashboard.Line
		for _, color := range naming.Colors() {
			for _, name := range names {
				out = append(out, b.line(string(color)+" "+name+suffix, "", estate.At(metric, values(color, name)...)))
			}
		}
		return out
	}
}

func (b *builder) targets(metric metrics.Metric) lines {
	return byName(metric, "", b.Watch.Services.Names(), func(color naming.Color, service string) []estate.Value {
		return []estate.Value{estate.Of(color, estate.TargetGroup, service), estate.Of(color, estate.Balancer)}
	})
}

func (b *builder) tasks(metric metrics.Metric, suffix string) lines {
	return byName(metric, suffix, b.Watch.Services.Names(), func(color naming.Color, service string) []estate.Value {
		return []estate.Value{estate.Of(color, estate.Cluster), estate.Of(color, estate.Service, service)}
	})
}

func (b *builder) queues(metric metrics.Metric, thing estate.Thing, suffix string) lines {
	return byName(metric, suffix, b.Watch.Services.Queues(), func(color naming.Color, owner string) []estate.Value {
		return []estate.Value{estate.Of(color, thing, owner)}
	})
}

func (b *builder) machines(metric metrics.Metric) lines {
	return byName(metric, " "+metric.Name, estate.Machines(), func(color naming.Color, machine string) []estate.Value {
		return []estate.Value{estate.Of(color, estate.Machine, machine)}
	})
}

func (b *builder) functions(metric metrics.Metric) lines {
	return join(
		byName(metric, "", estate.Functions(), func(color naming.Color, function string) []estate.Value {
			return []estate.Value{estate.Of(color, estate.Function, function)}
		}),
		byColor(metric, " rotation", estate.Rotation))
}

// tables makes a line for the control table and each table of the applications.
func tables(metric metrics.Metric, suffix string, more ...estate.Value) lines {
	return func(b *builder) []dashboard.Line {
		at := func(value estate.Value) estate.Series {
			return estate.At(metric, append([]estate.Value{value}, more...)...)
		}
		out := []dashboard.Line{b.line("control"+suffix, "", at(estate.Of("", estate.ControlTable)))}
		for _, color := range naming.Colors() {
			out = append(out,
				b.line(string(color)+" sessions"+suffix, "", at(estate.Of(color, estate.Sessions))),
				b.line(string(color)+" rate limits"+suffix, "", at(estate.Of(color, estate.RateLimits))))
		}
		return out
	}
}

// lanes makes one line a lane over the stores.
func lanes(metric metrics.Metric, suffix string, stores ...metrics.Store) lines {
	return func(b *builder) []dashboard.Line {
		var out []dashboard.Line
		for _, store := range stores {
			for _, lane := range b.Watch.Lanes {
				if lane.Store != store {
					continue
				}
				out = append(out, b.line(lane.Name+suffix, "", estate.OfLane(metric, b.Watch.Platform, lane)))
			}
		}
		return out
	}
}

// ofPlatform are the lines of what the switch and the traffic emit.
func ofPlatform(of ...metrics.Metric) lines {
	return func(b *builder) []dashboard.Line {
		var out []dashboard.Line
		for _, metric := range of {
			out = append(out, b.line(metric.Name, "", estate.At(metric, estate.Text(b.Watch.Platform))))
		}
		return out
	}
}

// search shows every series of a metric, by the values of some of its dimensions.
func search(metric metrics.Metric, label string, values map[string]estate.Value) lines {
	return func(b *builder) []dashboard.Line {
		found := make(map[string]string)
		for dimension, value := range values {
			name, err := b.Estate.Find(value)
			if err != nil {
				b.problems = append(b.problems, fmt.Errorf("search for %s: %w", metric.Name, err))
			}
			found[dimension] = name
		}
		return []dashboard.Line{{Label: label, Expression: dashboard.Search(metric, found)}}
	}
}
