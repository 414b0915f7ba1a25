package suite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// files writes a workspace of two modules, one inside the other's folder.
func files(t *testing.T) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for path, text := range map[string]string{
		"go.work":       "go 1.26\nuse (\n.\n./b\n)\n",
		"go.mod":        "module example.com/a\n\ngo 1.26\n",
		"a_test.go":     "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Run(\"sub\", func(*testing.T) {}) }\nfunc TestSkip(t *testing.T) { t.Skip() }\n",
		"b/go.mod":      "module example.com/b\n\ngo 1.26\n",
		"b/b_test.go":   "package b\n\nimport \"testing\"\n\nfunc TestB(t *testing.T) { t.Error(\"broken b\") }\n",
		"b/e_test.go":   "//go:build e2e\n\npackage b\n\nimport \"testing\"\n\nfunc TestE(t *testing.T) {}\n",
		"b/c/c.go":      "package c\n\nvar _ int = \"text\"\n",
		"b/c/c_test.go": "package c\n",
	} {
		full := filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(full), 0o750))
		require.NoError(t, os.WriteFile(full, []byte(text), 0o600))
	}
	t.Setenv("GOWORK", "")
	t.Setenv("GOFLAGS", "")
	return root
}

func TestUnitTestsOfAllModulesAreCountedAndFailuresShown(t *testing.T) {
	var out bytes.Buffer
	err := Run(t.Context(), Options{Root: files(t), Kinds: []Kind{Unit}, Out: &out})

	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	// TestA and its subtest; TestB and the package that does not build; TestSkip.
	assert.Equal(t, "2 passed, 2 failed, 1 skipped", lines[len(lines)-1])
	assert.Contains(t, out.String(), "broken b")
	assert.Contains(t, out.String(), "cannot use \"text\"")
}

// Between two runs of `go test` a processor would wait for the last package of the first, and
// Go's own limit of ten minutes ends more than what hangs.
func TestUnitTestsOfAllModulesAreOneRunWithTheUsualLimit(t *testing.T) {
	root := files(t)
	jobs, err := plan(t.Context(), root, Unit)
	require.NoError(t, err)

	require.Len(t, jobs, 1)
	assert.ElementsMatch(t, []string{filepath.Join(root, "..."), filepath.Join(root, "b", "...")}, jobs[0].packages)
	assert.Contains(t, jobs[0].command(t.Context()).Args, "-timeout="+usualLimit)
}

func TestOtherKindsRunTheTaggedTestsOnly(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, Run(t.Context(), Options{Root: files(t), Kinds: []Kind{EndToEnd, Integration}, Out: &out}))

	assert.True(t, strings.HasSuffix(out.String(), "1 passed, 0 failed, 0 skipped\n"), out.String())
}

// meeting is a test that ends when the other one has begun.
const meeting = `//go:build %s

package b

import (
	"os"
	"testing"
	"time"
)

func TestMeet%s(t *testing.T) {
	if err := os.WriteFile("%[1]s.txt", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 6000 { // the other one may still have to be compiled
		if _, err := os.Stat("%[3]s.txt"); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("nobody came")
}
`

func TestADeploymentRunsBesideTheOtherTests(t *testing.T) {
	root := files(t)
	for path, text := range map[string]string{
		"b/e_test.go": fmt.Sprintf(meeting, "e2e", "E", "integration"),
		"b/i_test.go": fmt.Sprintf(meeting, "integration", "I", "e2e"),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(root, path), []byte(text), 0o600))
	}
	var out bytes.Buffer
	require.NoError(t, Run(t.Context(), Options{Root: root, Kinds: []Kind{Integration, EndToEnd}, Out: &out}), out.String())

	assert.True(t, strings.HasSuffix(out.String(), "2 passed, 0 failed, 0 skipped\n"), out.String())
}

// Long tests may be integration tests with other numbers.
func TestLongTestsAreThoseOfAPackageWithBothTags(t *testing.T) {
	root := files(t)
	for path, text := range map[string]string{
		"b/i_test.go":     "//go:build integration\n\npackage b\n\nimport \"testing\"\n\nfunc TestI(t *testing.T) {\n\tif !soak {\n\t\tt.Error(\"short\")\n\t}\n}\n",
		"b/short_test.go": "//go:build integration && !soak\n\npackage b\n\nconst soak = false\n",
		"b/long_test.go":  "//go:build integration && soak\n\npackage b\n\nconst soak = true\n",
		"b/b_test.go":     "package b\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(root, path), []byte(text), 0o600))
	}
	var out bytes.Buffer
	require.NoError(t, Run(t.Context(), Options{Root: root, Kinds: []Kind{Soak}, Out: &out}), out.String())

	assert.True(t, strings.HasSuffix(out.String(), "1 passed, 0 failed, 0 skipped\n"), out.String())
}

func TestATagIsReadFromTheBuildConstraint(t *testing.T) {
	for source, want := range map[string]bool{
		"//go:build e2e\n\npackage x\n":             true,
		"//go:build linux && e2e\n\npackage x\n":    false, // also needs another tag: not this kind alone
		"//go:build !e2e\n\npackage x\n":            false,
		"// a comment\n\npackage x\n//go:build e2e": false,
		"package x\n": false,
	} {
		assert.Equal(t, want, needs([]byte(source), "e2e"), source)
	}
}

func TestPythonsSummaryIsCounted(t *testing.T) {
	count, err := readUnittest("....\n----\nRan 12 tests in 3.1s\n\nFAILED (failures=1, errors=2, skipped=3)\n")
	require.NoError(t, err)
	assert.Equal(t, Count{Passed: 6, Failed: 3, Skipped: 3}, count)

	_, err = readUnittest("Traceback …")
	assert.Error(t, err)
}
