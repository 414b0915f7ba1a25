package suite

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/ops/fault"
)

// A finding in any module, and in a test of any kind, fails with its place.
func TestLintFindsWhatIsWrongInAnyModuleAndKindOfTest(t *testing.T) {
	path, err := exec.CommandContext(t.Context(), "go", "tool", "-n", "staticcheck").Output()
	require.NoError(t, err)
	tool, root := strings.TrimSpace(string(path)), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
	}
	write("go.work", "go 1.26\n\nuse (\n\t./one\n\t./two\n)\n")
	write("one/go.mod", "module example.com/one\n\ngo 1.26\n")
	write("one/one.go", "package one\n\n// One is one.\nfunc One() int { return 1 }\n")
	write("two/go.mod", "module example.com/two\n\ngo 1.26\n")
	write("two/two.go", "package two\n")
	var out bytes.Buffer
	require.NoError(t, lint(t.Context(), tool, root, &out), out.String())
	assert.Equal(t, "2 modules, no findings\n", out.String())

	write("two/two_test.go", "//go:build integration\n\npackage two\n\nfunc never() {}\n")
	out.Reset()
	assert.Equal(t, fault.Failed, fault.CodeOf(lint(t.Context(), tool, root, &out)))
	assert.Contains(t, out.String(), "two_test.go:5:6: func never is unused [long,short] (U1000)")

	write("two/two_test.go", "//go:build integration && !soak\n\npackage two\n\nfunc never() {}\n")
	out.Reset()
	assert.Equal(t, fault.Failed, fault.CodeOf(lint(t.Context(), tool, root, &out)))
	assert.Contains(t, out.String(), "two_test.go:5:6: func never is unused [short] (U1000)")

	write("two/two_test.go", "//go:build integration && soak\n\npackage two\n\nfunc never() {}\n")
	out.Reset()
	assert.Equal(t, fault.Failed, fault.CodeOf(lint(t.Context(), tool, root, &out)))
	assert.Contains(t, out.String(), "two_test.go:5:6: func never is unused [long] (U1000)")
}
