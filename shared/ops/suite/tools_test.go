package suite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/ops/fault"
)

// withTool writes a workspace whose one integration test needs a file.
func withTool(t *testing.T) (root, file string) {
	t.Helper()
	root = files(t)
	file = filepath.Join(root, "b", "tool")
	text := "//go:build integration\n\npackage b\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n" +
		"func TestI(t *testing.T) {\n\tif _, err := os.Stat(\"tool\"); err != nil {\n\t\tt.Fatal(err)\n\t}\n}\n"
	require.NoError(t, os.WriteFile(filepath.Join(root, "b", "i_test.go"), []byte(text), 0o600))
	return root, file
}

func TestWhatTestsRunIsMadeBeforeThemAndShownWithItsTime(t *testing.T) {
	root, file := withTool(t)
	var out bytes.Buffer
	made := func(context.Context) error {
		assert.Empty(t, out.String(), "before any test")
		return os.WriteFile(file, nil, 0o600)
	}
	others := func(context.Context) error { return errors.New("of tests that are not run") }
	require.NoError(t, Run(t.Context(), Options{Root: root, Kinds: []Kind{Integration}, Out: &out, Tools: []Tool{
		{Name: "tool 1.2", Kinds: []Kind{Soak, Integration}, Make: made},
		{Name: "other", Kinds: []Kind{Unit, EndToEnd}, Make: others},
	}}), out.String())

	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Regexp(t, `^ready tool 1\.2, \d+\.\ds$`, lines[0])
	assert.Equal(t, "1 passed, 0 failed, 0 skipped", lines[len(lines)-1])
	assert.NotContains(t, out.String(), "other")
}

func TestWithoutAToolNoTestRunsAndTheErrorNamesIt(t *testing.T) {
	root, _ := withTool(t)
	var out bytes.Buffer
	err := Run(t.Context(), Options{Root: root, Kinds: []Kind{Integration}, Out: &out, Tools: []Tool{
		{Name: "tool 1.2", Kinds: []Kind{Integration}, Make: func(context.Context) error { return errors.New("no such host") }},
	}})

	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	assert.EqualError(t, err, "no test was run: make tool 1.2: no such host")
	assert.Empty(t, out.String())
}

func TestToolsAreInterruptedAsTestsAre(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	err := Run(ctx, Options{Root: files(t), Kinds: []Kind{Unit}, Out: &bytes.Buffer{}, Tools: []Tool{
		{Name: "tool", Kinds: []Kind{Unit}, Make: func(ctx context.Context) error {
			cancel(errors.New("Ctrl-C"))
			return ctx.Err()
		}},
	}})

	assert.Equal(t, fault.Cancelled, fault.CodeOf(err))
	assert.ErrorContains(t, err, "tests were interrupted: Ctrl-C")
}
