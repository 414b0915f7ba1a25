package observability

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
)

func TestPagesAreCurrent(t *testing.T) {
	pages, err := Pages(stackFile(t, "prod"), "prod")
	require.NoError(t, err)
	require.Len(t, pages, 5)
	for path, want := range pages {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", filepath.FromSlash(path)))
		require.NoError(t, err, "%s: write it with mage graph", path)
		require.Equal(t, want, string(text), "%s is not current: write it with mage graph", path)
	}
}

func TestTheRunbookHasASectionForEveryAlarm(t *testing.T) {
	pages, err := Pages(stackFile(t, "prod"), "prod")
	require.NoError(t, err)
	what := watchOf(t, "prod")
	for _, each := range what.Alarms() {
		require.Contains(t, pages["docs/alarms.md"], "\n### "+each.Kind+"\n", each.Key())
		require.Contains(t, pages["docs/alarms.md"], "`"+each.Key()+"`")
	}
	for _, each := range what.Composites() {
		require.Contains(t, pages["docs/alarms.md"], "\n### "+each.Kind+"\n", each.Key())
	}
	require.NotContains(t, pages["docs/alarms.md"], naming.System+"-prod")
}
