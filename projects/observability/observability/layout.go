package observability

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cutover/cutover/projects/observability/dashboard"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

// platform is what the dashboard shows, by physical name.
type platform struct {
	Colors       map[naming.Color]color
	ControlTable string
}

// color is one colour's resources as CloudWatch's dimensions name them.
type color struct {
	// Balancer is the ARN suffix, HealthCheck the id of the DNS health check.
	Balancer, HealthCheck string
	// TargetGroups are ARN suffixes, Services physical names; both by service of
	// the catalogue.
	TargetGroups, Services map[string]string
	Cluster, Database      string
	// Functions are the sync functions' names by purpose.
	Functions map[string]string
}

// Sizes are in cells of the grid, the period in seconds.
const (
	half   = dashboard.Columns / 2
	third  = dashboard.Columns / 3
	tall   = 6
	banner = 2
	minute = 60
)

// paint keeps each colour its own on every graph.
var paint = map[naming.Color]string{naming.Blue: "#1f77b4", naming.Green: "#2ca02c"}

const heading = "# Migration\nTraffic between blue and green, health of both, and how the data follows. " +
	"Written by the observability layer: changes made here are lost with its next deployment."

// migrationDashboard lays the dashboard out.
func migrationDashboard(p platform) (dashboard.Dashboard, error) {
	b := &builder{platform: p}
	rows := [][]dashboard.Widget{
		{dashboard.Text{Width: dashboard.Columns, Height: banner, Markdown: heading}},
		{b.trafficShare(), b.graph(half, "Requests per minute", balancerLines(metrics.Requests, ""))},
		{
			b.graph(third, "Errors (5xx) per minute", join(balancerLines(metrics.TargetErrors, " services"), balancerLines(metrics.BalancerErrors, " balancer"))),
			b.graph(third, "Response time, p99, s", balancerLines(metrics.ResponseTime, "")),
			b.graph(third, "DNS health of the payment paths", healthLines(metrics.HealthCheckStatus)),
		},
		{b.graph(half, "Healthy targets", targetLines(metrics.HealthyTargets)), b.graph(half, "Unhealthy targets", targetLines(metrics.UnhealthyTargets))},
		{b.graph(half, "Services: CPU, %", serviceLines(metrics.ServiceCPU)), b.graph(half, "Services: memory, %", serviceLines(metrics.ServiceMemory))},
		{
			b.graph(third, "Database: CPU, %", databaseLines(metrics.DatabaseCPU)),
			b.graph(third, "Database: connections", databaseLines(metrics.DatabaseConnections)),
			b.graph(third, "Database: replica lag, ms", databaseLines(metrics.ReplicaLag)),
		},
		{
			b.graph(third, "Canary round trip, ms", colorLines(metrics.CanaryRoundTrip)),
			b.graph(third, "Control table: used capacity", tableLines(metrics.TableReads, metrics.TableWrites)),
			b.graph(third, "Control table: throttled requests", tableLines(metrics.TableReadThrottling, metrics.TableWriteThrottling)),
		},
		{b.graph(half, "Sync functions: errors", functionLines(metrics.FunctionErrors)), b.graph(half, "Sync functions: duration, ms", functionLines(metrics.FunctionDuration))},
		{b.graph(half, "Rotation of secrets: failed steps", colorLines(metrics.RotationFailures)), b.graph(half, "Rotation of secrets: duration, ms", rotationLines(metrics.RotationStep))},
	}
	return dashboard.Dashboard{Region: config.Region, Rows: rows}, errors.Join(b.problems...)
}

// builder makes graphs and keeps what goes wrong meanwhile.
type builder struct {
	platform platform
	problems []error
}

// lines adds the lines of one graph.
type lines func(b *builder) []dashboard.Line

func (b *builder) graph(width int, title string, of lines) dashboard.Graph {
	return dashboard.Graph{Width: width, Height: tall, Title: title, View: dashboard.Lines, Period: minute, Lines: of(b)}
}

// line makes a line of one series.
func (b *builder) line(of naming.Color, label string, metric metrics.Metric, values ...string) dashboard.Line {
	series, err := metric.At(values...)
	if err != nil {
		b.problems = append(b.problems, fmt.Errorf("%s: %w", label, err))
	}
	return dashboard.Line{Label: label, Color: paint[of], Series: series}
}

// trafficShare shows which part of the requests each colour's balancer got.
func (b *builder) trafficShare() dashboard.Graph {
	graph := b.graph(half, "Share of traffic, %", func(b *builder) []dashboard.Line {
		var counts, shares []dashboard.Line
		var ids []string
		for number := range naming.Colors() {
			ids = append(ids, dashboard.ID("m", number))
		}
		for number, each := range naming.Colors() {
			count := b.line(each, string(each), metrics.Requests, b.platform.Colors[each].Balancer)
			count.ID, count.Hidden = ids[number], true
			counts = append(counts, count)
			shares = append(shares, dashboard.Line{
				ID: dashboard.ID("e", number), Label: string(each), Color: paint[each], Expression: dashboard.Share(ids[number], ids...),
			})
		}
		return append(counts, shares...)
	})
	graph.Stacked = true
	graph.Left = &dashboard.Axis{Min: 0, Max: 100, Label: "%"}
	return graph
}

// byColor makes one line a colour.
func byColor(metric metrics.Metric, suffix string, value func(of naming.Color, c color) string) lines {
	return func(b *builder) []dashboard.Line {
		var out []dashboard.Line
		for _, of := range naming.Colors() {
			out = append(out, b.line(of, string(of)+suffix, metric, value(of, b.platform.Colors[of])))
		}
		return out
	}
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

func balancerLines(metric metrics.Metric, suffix string) lines {
	return byColor(metric, suffix, func(_ naming.Color, c color) string { return c.Balancer })
}

func healthLines(metric metrics.Metric) lines {
	return byColor(metric, "", func(_ naming.Color, c color) string { return c.HealthCheck })
}

func databaseLines(metric metrics.Metric) lines {
	return byColor(metric, "", func(_ naming.Color, c color) string { return c.Database })
}

// colorLines are those of what our own functions emit once a colour.
func colorLines(metric metrics.Metric) lines {
	return byColor(metric, "", func(of naming.Color, _ color) string { return string(of) })
}

func rotationLines(metric metrics.Metric) lines {
	var steps []lines
	for _, step := range metrics.RotationSteps() {
		steps = append(steps, func(b *builder) []dashboard.Line {
			var out []dashboard.Line
			for _, of := range naming.Colors() {
				out = append(out, b.line("", string(of)+" "+step, metric, string(of), step))
			}
			return out
		})
	}
	return join(steps...)
}

// byKey makes one line a colour and entry of a map, in a fixed order.
func byKey(metric metrics.Metric, entries func(color) map[string]string, values func(c color, key string) []string) lines {
	return func(b *builder) []dashboard.Line {
		var out []dashboard.Line
		for _, of := range naming.Colors() {
			c := b.platform.Colors[of]
			for _, key := range slices.Sorted(maps.Keys(entries(c))) {
				line := b.line(of, string(of)+" "+key, metric, values(c, key)...)
				// Three lines in one paint could not be told apart.
				line.Color = ""
				out = append(out, line)
			}
		}
		return out
	}
}

func targetLines(metric metrics.Metric) lines {
	return byKey(metric, func(c color) map[string]string { return c.TargetGroups },
		func(c color, service string) []string { return []string{c.TargetGroups[service], c.Balancer} })
}

func serviceLines(metric metrics.Metric) lines {
	return byKey(metric, func(c color) map[string]string { return c.Services },
		func(c color, service string) []string { return []string{c.Cluster, c.Services[service]} })
}

func functionLines(metric metrics.Metric) lines {
	return byKey(metric, func(c color) map[string]string { return c.Functions },
		func(c color, function string) []string { return []string{c.Functions[function]} })
}

func tableLines(of ...metrics.Metric) lines {
	return func(b *builder) []dashboard.Line {
		var out []dashboard.Line
		for _, metric := range of {
			out = append(out, b.line("", metric.Name, metric, b.platform.ControlTable))
		}
		return out
	}
}
