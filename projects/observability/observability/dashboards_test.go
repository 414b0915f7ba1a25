package observability

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/observability/board"
	"github.com/cutover/cutover/projects/observability/dashboard"
	"github.com/cutover/cutover/projects/observability/estate"
	"github.com/cutover/cutover/projects/observability/watch"
	"github.com/cutover/cutover/shared/catalog"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pulumitest"
)

// watchOf is what is watched in an environment.
func watchOf(t *testing.T, env string) watch.Args {
	t.Helper()
	cfg, err := config.ReadFile[Config](stackFile(t, env))
	require.NoError(t, err)
	services, err := catalog.Load()
	require.NoError(t, err)
	return cfg.watch(env, services)
}

// widget is a tile as CloudWatch reads it.
type widget struct {
	Type                string
	X, Y, Width, Height int
	Properties          struct {
		Title   string
		Metrics [][]any
		Alarms  []string
	}
}

// bodies are the widgets of every dashboard, as registered.
func bodies(t *testing.T, env string) map[string][]widget {
	t.Helper()
	found := make(map[string][]widget)
	for _, each := range pulumitest.MustRun(t, options(t, env), Program).OfType(dashboardType) {
		var body struct{ Widgets []widget }
		text := each.Inputs["dashboardBody"].(string)
		require.LessOrEqual(t, len(text), dashboard.MaxBody)
		require.NoError(t, json.Unmarshal([]byte(text), &body))
		found[each.Name] = body.Widgets
	}
	require.Len(t, found, 3)
	return found
}

// everyLane are the bodies on a platform that has every lane of the catalogue.
func everyLane(t *testing.T) map[string][]widget {
	t.Helper()
	what := watchOf(t, "local")
	what.Lanes = metrics.Lanes()
	found := make(map[string][]widget)
	for _, which := range board.Names() {
		made, err := board.Args{Watch: what, Names: naming.New("local"), AccountID: "123456789012", Estate: estate.Sample(what.Services)}.Make(which)
		require.NoError(t, err)
		text, err := made.Body()
		require.NoError(t, err)
		var body struct{ Widgets []widget }
		require.NoError(t, json.Unmarshal([]byte(text), &body))
		found[which] = body.Widgets
	}
	return found
}

// A lane that an environment does not have is on no graph of it.
func TestOnlyLanesThatAreThereAreShown(t *testing.T) {
	lanes := make(map[string]bool)
	for _, widgets := range bodies(t, "prod") {
		for _, each := range widgets {
			for _, line := range each.Properties.Metrics {
				for i, part := range line {
					if part == metrics.DimensionLane {
						lanes[line[i+1].(string)] = true
					}
				}
			}
		}
	}
	require.Equal(t, map[string]bool{"core.fwd": true, "core.rev": true}, lanes)
}

// CloudWatch API reference, "Dashboard Body Structure and Syntax", and the quotas:
// 24 columns, 500 widgets, 500 metrics a widget and 2,500 a dashboard.
func TestDashboardsKeepTheLimitsOfCloudWatch(t *testing.T) {
	for name, widgets := range bodies(t, "prod") {
		require.LessOrEqual(t, len(widgets), dashboard.MaxWidgets)
		taken, lines := make(map[[2]int]bool), 0
		for _, w := range widgets {
			require.LessOrEqual(t, w.X+w.Width, dashboard.Columns, "%s: %s", name, w.Properties.Title)
			require.LessOrEqual(t, len(w.Properties.Metrics), dashboard.MaxLines)
			require.LessOrEqual(t, len(w.Properties.Alarms), 100)
			lines += len(w.Properties.Metrics)
			for x := w.X; x < w.X+w.Width; x++ {
				for y := w.Y; y < w.Y+w.Height; y++ {
					require.False(t, taken[[2]int{x, y}], "%s: %s overlaps at %d,%d", name, w.Properties.Title, x, y)
					taken[[2]int{x, y}] = true
				}
			}
		}
		require.LessOrEqual(t, lines, dashboard.MaxLinesOverall)
	}
}

// searched names the metrics that a SEARCH expression looks for.
func searched(line []any) (string, bool) {
	show, _ := line[0].(map[string]any)
	expression, _ := show["expression"].(string)
	_, rest, found := strings.Cut(expression, "SEARCH('{")
	if !found {
		return "", false
	}
	namespace, _, _ := strings.Cut(rest, ",")
	_, name, _ := strings.Cut(rest, `MetricName="`)
	name, _, _ = strings.Cut(name, `"`)
	return namespace + " " + name, true
}

// A metric that no catalogue lists is one that nothing emits; one that no graph
// shows is one that nobody sees.
func TestEveryLineIsOfTheCatalogueAndEveryMetricIsShown(t *testing.T) {
	known := make(map[string][]metrics.Metric)
	for _, metric := range metrics.All() {
		key := metric.Namespace + " " + metric.Name
		known[key] = append(known[key], metric)
	}
	shown := make(map[string]bool)
	for name, widgets := range everyLane(t) {
		for _, each := range widgets {
			for _, line := range each.Properties.Metrics {
				if len(line) == 1 {
					if key, search := searched(line); search {
						require.Contains(t, known, key, "%s: %s", name, each.Properties.Title)
						shown[key] = true
					}
					continue
				}
				key := line[0].(string) + " " + line[1].(string)
				require.Contains(t, known, key, "%s: %s", name, each.Properties.Title)
				require.True(t, fits(line, known[key]), "%s: %s: %v", name, each.Properties.Title, line)
				shown[key] = true
			}
		}
	}
	for key := range known {
		require.True(t, shown[key], "%s stands in the catalogue and on no graph", key)
	}
}

// fits tells whether a line has the dimensions of one of the metrics, each with a value.
func fits(line []any, metrics []metrics.Metric) bool {
	for _, metric := range metrics {
		if len(line) != 3+2*len(metric.Dimensions) {
			continue
		}
		fits := true
		for i, dimension := range metric.Dimensions {
			fits = fits && line[2+2*i] == dimension && line[3+2*i] != ""
		}
		if fits {
			return true
		}
	}
	return false
}

// CloudWatch shows nothing for a value under the wrong dimension, and a line of the
// wrong colour misleads.
func TestEveryDimensionHasAValueOfItsKindAndColour(t *testing.T) {
	kinds := map[string]string{
		"Color": "^(blue|green)$", "LoadBalancer": "^edge/(blue|green)LoadBalancerArnSuffix$", "TargetGroup": "^edge/(blue|green)TargetGroupArnSuffixes/",
		"HealthCheckId": "^edge/(blue|green)PaymentsHealthCheckId$", "ClusterName": "^services/(blue|green)ClusterName$", "ServiceName": "^services/(blue|green)ServiceNames/",
		"DBClusterIdentifier": "^data/(blue|green)ClusterId$", "TableName": "^data/(controlTableName|(blue|green)(Sessions|RateLimits)TableName)$",
		"FunctionName": "^(migration/(blue|green)SyncFunctionNames/|data/(blue|green)RotationFunctionName)", "QueueName": "^(services/(blue|green)(DeadLetter)?QueueNames/|migration/(blue|green)SyncDeadLetterQueueName)",
		"WebACL": "^edge/firewallMetricName$", "CertificateArn": "^edge/certificateArn$", "DeliveryStreamName": "^security/archiveStreamName$",
		"Platform": "^local$", "Lane": `^(core|sessions|transaction-logs|documents)\.(fwd|rev)$`, "Direction": "^(forward|reverse)$",
	}
	for _, widgets := range bodies(t, "local") {
		for _, each := range widgets {
			for _, line := range each.Properties.Metrics {
				for i := 2; i+1 < len(line); i += 2 {
					kind, checked := kinds[line[i].(string)]
					if checked {
						require.Regexp(t, kind, line[i+1], each.Properties.Title)
					}
					label, _ := line[len(line)-1].(map[string]any)["label"].(string)
					for _, color := range naming.Colors() {
						if strings.HasPrefix(label, string(color)) && checked && strings.Contains(kind, "blue") {
							require.Contains(t, strings.ToLower(line[i+1].(string)), string(color), "%s: line %q", each.Properties.Title, label)
						}
					}
				}
			}
		}
	}
}

func TestTilesOfAlarmsShowAlarmsThatExist(t *testing.T) {
	what := watchOf(t, "prod")
	exists := make(map[string]bool)
	names := naming.New("prod")
	for _, each := range what.Alarms() {
		exists[each.Name(names)] = true
	}
	for _, each := range what.Composites() {
		exists[each.Name(names)] = true
	}
	tiles := 0
	for _, widgets := range bodies(t, "prod") {
		for _, each := range widgets {
			for _, arn := range each.Properties.Alarms {
				tiles++
				require.True(t, exists[arn[strings.LastIndex(arn, ":")+1:]], arn)
			}
		}
	}
	require.Positive(t, tiles)
}

func TestTrafficShareIsComputedFromBothBalancers(t *testing.T) {
	for _, each := range bodies(t, "local")["migration"] {
		if each.Properties.Title != "Share of traffic, %" {
			continue
		}
		lines := each.Properties.Metrics
		require.Len(t, lines, 4)
		require.Equal(t, "edge/blueLoadBalancerArnSuffix", lines[0][3])
		require.Equal(t, "edge/greenLoadBalancerArnSuffix", lines[1][3])
		require.Equal(t, "100*FILL(m0,0)/(FILL(m0,0)+FILL(m1,0))", lines[2][0].(map[string]any)["expression"])
		require.Equal(t, "100*FILL(m1,0)/(FILL(m0,0)+FILL(m1,0))", lines[3][0].(map[string]any)["expression"])
		return
	}
	t.Fatal("no widget shows the share of traffic")
}
