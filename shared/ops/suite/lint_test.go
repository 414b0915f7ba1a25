package suite

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/ops/fault"
)

// linted writes a workspace of two modules for staticcheck to read.
func linted(t *testing.T) (root string, read func() (string, error), write func(name, text string)) {
	t.Helper()
	program, err := tool(t.Context(), "", "staticcheck")
	require.NoError(t, err)
	root, err = filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	t.Setenv("GOWORK", "")
	write = func(name, text string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
	}
	write("go.work", "go 1.26\n\nuse (\n\t./one\n\t./two\n)\n")
	write("one/go.mod", "module example.com/one\n\ngo 1.26\n")
	write("one/one.go", "package one\n\n// One is one.\nfunc One() int { return 1 }\n")
	write("two/go.mod", "module example.com/two\n\ngo 1.26\n")
	write("two/two.go", "package two\n")
	read = func() (string, error) {
		var out bytes.Buffer
		err := lint(t.Context(), root, &out, func(r reading) error { return r.staticcheck(t.Context(), program, root, &out) })
		return out.String(), err
	}
	return root, read, write
}

// A finding in any module, and in a test of any kind, fails with its place.
func TestLintFindsWhatIsWrongInAnyModuleAndKindOfTest(t *testing.T) {
	_, read, write := linted(t)
	out, err := read()
	require.NoError(t, err, out)
	assert.Equal(t, "2 modules, no findings\n", out)

	for constraint, builds := range map[string]string{
		"integration": "long", "integration && !soak": "short", "integration && soak": "long",
	} {
		write("two/two_test.go", "//go:build "+constraint+"\n\npackage two\n\nfunc never() {}\n")
		out, err = read()
		assert.Equal(t, fault.Failed, fault.CodeOf(err))
		assert.Contains(t, out, "two_test.go:5:6: func never is unused ["+builds+"] (U1000)")
	}
}

// What other systems compile in place of Linux's files is read too, and what cannot be
// compiled there is a finding, also where no file says that it is Linux's alone.
func TestLintReadsWhatOtherSystemsCompile(t *testing.T) {
	_, read, write := linted(t)
	write("two/here_linux.go", "package two\n\n// Here is used in the other file.\nfunc Here() { both() }\n\nfunc both() {}\n")
	write("two/here_other.go", "//go:build !linux\n\npackage two\n\n// Here is used in the other file.\nfunc Here() { both() }\n\nfunc both() {}\n")
	out, err := read()
	require.NoError(t, err, out)

	write("two/here_other.go", "//go:build !linux\n\npackage two\n\nfunc never() {}\n")
	out, err = read()
	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	assert.Contains(t, out, "here_other.go:5:6: func never is unused [darwin] (U1000)")

	write("two/here_other.go", "//go:build !linux\n\npackage two\n")
	write("one/end.go", "package one\n\nimport \"syscall\"\n\n// End is the signal at a parent's death.\nvar End = syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}\n")
	out, err = read()
	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	assert.Regexp(t, `one/end\.go:6:\d+: unknown field Pdeathsig in struct literal.* \[darwin\] \(compile\)`, out)
}

func TestAPackageIsReadInTheBuildsThatHaveFilesOfTheirOwn(t *testing.T) {
	root, _, write := linted(t)
	write("one/call.go", "package one\n\nimport _ \"syscall\"\n")
	write("one/brief/brief_test.go", "//go:build integration && !soak\n\npackage brief\n")
	write("one/other/other.go", "//go:build darwin\n\npackage other\n")
	modules, err := workspace(t.Context(), root)
	require.NoError(t, err)
	found, err := readings(t.Context(), root, modules)
	require.NoError(t, err)

	builds := map[string]string{}
	for _, r := range found {
		for _, dir := range r.packages {
			for _, b := range r.builds {
				builds[strings.TrimPrefix(dir, root)] += b.name + " "
			}
		}
	}
	assert.Equal(t, map[string]string{"/one": "long darwin ", "/two": "long ", "/one/brief": "short ", "/one/other": "darwin "}, builds)
}
