package toolchain

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPinsAreThoseOfTheModules(t *testing.T) {
	assert.Equal(t, PulumiVersion, sdk.Version.String(), "the Automation API")
	assert.Equal(t, "v"+PluginVersion, moduleVersion(t, "github.com/pulumi/pulumi-aws/sdk/v6"))
	tool, err := os.ReadFile(filepath.Join("..", "..", "..", "tools", "pulumi", "go.mod"))
	require.NoError(t, err)
	assert.Contains(t, string(tool), "github.com/pulumi/pulumi/pkg/v3 v"+PulumiVersion+" ")
}

func moduleVersion(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", module).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}
