package registry_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/internal/registry"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/ops"
)

// What `mage graph` draws is committed, for those who read the repository without
// running it. The pages of the layers have tests beside the layers.
func TestTheDrawingOfTheLayersIsCurrent(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	app, err := ops.New(ops.Config{Root: root, Layers: registry.Layers(root), Environments: config.Names(), Load: registry.LoadEnvironment})
	require.NoError(t, err)
	committed, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(ops.DiagramFile)))
	require.NoError(t, err)
	assert.Equal(t, app.Drawing(), string(committed), "%s is not current: write it with go tool mage graph", ops.DiagramFile)
}
