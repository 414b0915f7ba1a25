package policy_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/internal/policy"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/document"
	"github.com/cutover/cutover/shared/policy/graph"
)

// root is the checkout.
const root = "../.."

func record(t *testing.T, environment string) *graph.Graph {
	t.Helper()
	g, err := policy.Record(root, environment)
	require.NoError(t, err)
	return g
}

func TestEveryEnvironmentIsRecordedWhole(t *testing.T) {
	for _, environment := range config.Names() {
		t.Run(environment, func(t *testing.T) {
			g := record(t, environment)
			layers := make(map[contract.Layer]int)
			for _, r := range g.Resources() {
				layers[r.Layer]++
			}
			for _, layer := range contract.Layers() {
				assert.Positive(t, layers[layer], layer)
				assert.NotEmpty(t, g.Exports(layer), layer)
			}
		})
	}
}

func TestEveryPolicyDocumentIsKnown(t *testing.T) {
	policies, problems := document.All(record(t, "prod"))
	assert.Empty(t, problems)
	assert.NotEmpty(t, policies)
}

func TestReferencesLeadAcrossLayers(t *testing.T) {
	g := record(t, "prod")
	cluster := g.Find("aws:rds/cluster:Cluster", "blue-database")
	require.NotNil(t, cluster)
	assert.Equal(t, "blue-database", cluster.Reference("kmsKeyId", "aws:kms/key:Key").Name)
	assert.Equal(t, "blue-secrets", cluster.Reference("masterUserSecretKmsKeyId", "aws:kms/key:Key").Name)
}
