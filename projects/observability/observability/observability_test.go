package observability

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/pulumitest"
)

const dashboardType = "aws:cloudwatch/dashboard:Dashboard"

func stackFile(t *testing.T, env string) string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("..", "Pulumi."+env+".yaml"))
	require.NoError(t, err)
	return file
}

func options(t *testing.T, env string) pulumitest.Options {
	t.Helper()
	return pulumitest.Options{
		Layer:     contract.Observability,
		Stack:     env,
		StackFile: stackFile(t, env),
		Upstream: map[contract.Layer]map[string]any{
			contract.Data:      pulumitest.Exports[contract.DataOutputs](t),
			contract.Edge:      pulumitest.Exports[contract.EdgeOutputs](t),
			contract.Services:  pulumitest.Exports[contract.ServicesOutputs](t),
			contract.Migration: pulumitest.Exports[contract.MigrationOutputs](t),
		},
	}
}

// widget is a tile as CloudWatch reads it.
type widget struct {
	Type       string
	Properties struct {
		Title   string
		Metrics [][]any
	}
}

func widgets(t *testing.T, recording *pulumitest.Recording) []widget {
	t.Helper()
	var body struct{ Widgets []widget }
	text := recording.Find(t, dashboardType, "migration").Inputs["dashboardBody"].(string)
	require.NoError(t, json.Unmarshal([]byte(text), &body))
	return body.Widgets
}

func TestEveryStackFileLoads(t *testing.T) {
	for _, env := range config.Names() {
		require.NoError(t, CheckConfig(stackFile(t, env)), env)
		pulumitest.MustRun(t, options(t, env), Program)
	}
}

func TestExportsTheDashboardsURL(t *testing.T) {
	recording := pulumitest.MustRun(t, options(t, "prod"), Program)
	require.Equal(t, "cutover-prod-migration", recording.Exports["migrationDashboardName"])
	require.Equal(t, "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/cutover-prod-migration",
		recording.Exports["migrationDashboardUrl"])
	// CloudWatch API reference, PutDashboard.
	require.Regexp(t, `^[A-Za-z0-9_-]{1,255}$`, recording.Exports["migrationDashboardName"])
}

// On an empty account nothing upstream exists yet.
func TestPreviewWorksBeforeAnythingIsDeployed(t *testing.T) {
	opts := options(t, "prod")
	opts.Upstream, opts.DryRun = nil, true
	require.Len(t, pulumitest.MustRun(t, opts, Program).OfType(dashboardType), 1)
}

func TestUpdateNamesTheLayerThatIsMissing(t *testing.T) {
	opts := options(t, "local")
	delete(opts.Upstream, contract.Migration)
	_, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, `layer "migration", stack "organization/migration/local": has no outputs yet`)
}

// A metric that no catalogue lists is one that nothing emits.
func TestEveryLineIsAMetricOfTheCatalogueWithAllItsDimensions(t *testing.T) {
	known := make(map[string]metrics.Metric)
	for _, metric := range metrics.All()[len(metrics.Sync()):] {
		known[metric.Namespace+" "+metric.Name] = metric
	}
	shown := make(map[string]bool)
	for _, each := range widgets(t, pulumitest.MustRun(t, options(t, "local"), Program)) {
		for _, line := range each.Properties.Metrics {
			if len(line) == 1 {
				continue
			}
			key := fmt.Sprintf("%v %v", line[0], line[1])
			metric, found := known[key]
			require.True(t, found, "%s: %s", each.Properties.Title, key)
			require.Len(t, line, 3+2*len(metric.Dimensions), key)
			for i, dimension := range metric.Dimensions {
				require.Equal(t, dimension, line[2+2*i], key)
				require.NotEmpty(t, line[3+2*i], key)
			}
			shown[key] = true
		}
	}
	for key := range known {
		require.True(t, shown[key], "%s stands in the catalogue and on no graph", key)
	}
}

// CloudWatch shows nothing for a value under the wrong dimension.
func TestEveryDimensionHasAValueOfItsKind(t *testing.T) {
	kinds := map[string]string{
		"Color": "^(blue|green)$", "LoadBalancer": "^edge/(blue|green)LoadBalancerArnSuffix$", "TargetGroup": "^edge/(blue|green)TargetGroupArnSuffixes/",
		"Step":          "^(createSecret|setSecret|testSecret|finishSecret)$",
		"HealthCheckId": "^edge/(blue|green)HealthCheckId$", "ClusterName": "^services/(blue|green)ClusterName$", "ServiceName": "^services/(blue|green)ServiceNames/",
		"DBClusterIdentifier": "^data/(blue|green)ClusterId$", "TableName": "^data/controlTableName$", "FunctionName": "^migration/(blue|green)SyncFunctionNames/",
	}
	for _, each := range widgets(t, pulumitest.MustRun(t, options(t, "local"), Program)) {
		for _, line := range each.Properties.Metrics {
			for i := 2; i+1 < len(line); i += 2 {
				kind, known := kinds[line[i].(string)]
				require.True(t, known, "%s: dimension %v", each.Properties.Title, line[i])
				require.Regexp(t, kind, line[i+1], each.Properties.Title)
				if line[i] == metrics.DimensionStep {
					continue // a part of both colours' rotations
				}
				label := line[len(line)-1].(map[string]any)["label"].(string)
				for _, color := range []string{"blue", "green"} {
					if strings.HasPrefix(label, color) {
						require.Contains(t, line[i+1], color, "%s: line %q", each.Properties.Title, label)
					}
				}
			}
		}
	}
}

func TestDashboardShowsBothColoursOfEverything(t *testing.T) {
	for _, each := range widgets(t, pulumitest.MustRun(t, options(t, "local"), Program)) {
		if each.Type != "metric" || strings.HasPrefix(each.Properties.Title, "Control table") {
			continue
		}
		text := fmt.Sprint(each.Properties.Metrics)
		require.Contains(t, text, "blue", each.Properties.Title)
		require.Contains(t, text, "green", each.Properties.Title)
	}
}

func TestTrafficShareIsComputedFromBothBalancers(t *testing.T) {
	for _, each := range widgets(t, pulumitest.MustRun(t, options(t, "local"), Program)) {
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

func TestEmptyNameFromAnotherLayerIsAnErrorAndNoEmptyGraph(t *testing.T) {
	opts := options(t, "local")
	opts.Upstream[contract.Data]["greenClusterId"] = ""
	_, err := pulumitest.Run(t, opts, Program)
	require.ErrorContains(t, err, `green: metric AWS/RDS/CPUUtilization: value of dimension "DBClusterIdentifier" is empty`)
}

func TestMissingColourIsAnError(t *testing.T) {
	_, err := pulumitest.Run(t, options(t, "local"), func(ctx *pulumi.Context) error {
		_, err := NewMigrationDashboard(ctx, "migration", &MigrationDashboardArgs{})
		require.ErrorContains(t, err, "migration dashboard: colour blue is missing")
		return nil
	})
	require.NoError(t, err)
}
