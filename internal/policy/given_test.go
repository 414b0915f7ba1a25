package policy_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/internal/registry"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/checks"
	"github.com/cutover/cutover/shared/policy/exceptions"
	"github.com/cutover/cutover/shared/policy/graph"
)

// givenCertificate is one that this platform does not order.
const givenCertificate = "arn:aws:acm:us-east-1:345678901234:certificate/0f5c5f5e-0000-4000-8000-000000000000"

// recordGiven records production with a certificate and a zone that were given.
func recordGiven(t *testing.T) *graph.Graph {
	t.Helper()
	var layers []graph.Layer
	for _, each := range registry.Layers(root) {
		file := filepath.Join(each.Dir, "Pulumi.prod.yaml")
		if each.Name == contract.Edge {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			text = append(text, "  edge:certificateArn: "+givenCertificate+"\n  edge:zoneId: Z0123456789ABC\n"...)
			file = filepath.Join(t.TempDir(), "Pulumi.prod.yaml")
			require.NoError(t, os.WriteFile(file, text, 0o600))
		}
		layers = append(layers, graph.Layer{Name: each.Name, Program: each.Program, StackFile: file})
	}
	g, err := graph.Record(graph.Environment{Name: "prod", AccountID: "345678901234", Region: "us-east-1"}, layers)
	require.NoError(t, err)
	return g
}

// What was given is held to the same controls, as far as this side can see it; the rest
// verification asks AWS.
func TestCertificateAndZoneThatWereGivenAreWatched(t *testing.T) {
	g := recordGiven(t)
	require.Empty(t, g.OfType(certificateType))
	violations := func(g *graph.Graph, row string) []string {
		var keys []string
		for _, each := range checks.Evaluate(g, exceptions.Register(), time.Now()).Result(row).Violations {
			keys = append(keys, each.Clause)
		}
		return keys
	}
	for _, row := range []string{"E-03", "E-15"} {
		assert.Empty(t, violations(g, row), row)
	}
	for name, change := range map[string]graph.Change{
		"watched": graph.Remove(alarmType, "certificate-ends"),
		"ours":    graph.Set(listenerType, "blue-https", "certificateArn", "arn:aws:acm:us-east-1:999999999999:certificate/x"),
	} {
		changes := []graph.Change{change}
		if name == "watched" {
			changes = append(changes, graph.Remove(alarmType, "certificate-ends-soon"))
		}
		faulty, err := g.With(changes...)
		require.NoError(t, err)
		assert.Contains(t, violations(faulty, "E-03"), name)
	}
}
