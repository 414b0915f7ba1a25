package lambdazip_test

import (
	"archive/zip"
	"bytes"
	"context"
	"debug/elf"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/ops/lambdazip"
)

// module writes a small function into a folder of its own.
func module(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "lambda", "hello")
	require.NoError(t, os.MkdirAll(folder, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/hello\n\ngo 1.26\n"), 0o600))
	source := "package main\n\nimport \"os\"\n\nfunc main() { _, _ = os.Stdout.WriteString(" + text + ") }\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte(source), 0o600))
	return dir
}

func build(t *testing.T, dir string) []byte {
	t.Helper()
	out := filepath.Join(dir, "dist", "hello.zip")
	require.NoError(t, lambdazip.Build(context.Background(), dir, "./lambda/hello", out))
	content, err := os.ReadFile(out)
	require.NoError(t, err)
	return content
}

func TestSameSourcesInTwoFoldersGiveTheSameBytes(t *testing.T) {
	first, second := module(t, `"hello"`), module(t, `"hello"`)
	require.NotEqual(t, first, second)
	require.Equal(t, build(t, first), build(t, second))
}

func TestForeignSettingsDoNotChangeTheBytes(t *testing.T) {
	dir := module(t, `"hello"`)
	plain := build(t, dir)
	t.Setenv("GOFLAGS", "-mod=mod -tags=other")
	t.Setenv("GOARCH", "amd64")
	t.Setenv("CGO_ENABLED", "1")
	t.Setenv("GOARM64", "v9.0")
	require.Equal(t, plain, build(t, dir))
}

func TestChangedSourcesGiveOtherBytes(t *testing.T) {
	require.NotEqual(t, build(t, module(t, `"hello"`)), build(t, module(t, `"goodbye"`)))
}

func TestZipHoldsOneExecutableForArm64WithoutATimeOfItsOwn(t *testing.T) {
	content := build(t, module(t, `"hello"`))
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	require.Len(t, archive.File, 1)
	file := archive.File[0]
	require.Equal(t, "bootstrap", file.Name)
	require.Equal(t, os.FileMode(0o755), file.Mode())
	require.Equal(t, time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), file.Modified.UTC())

	reader, err := file.Open()
	require.NoError(t, err)
	binary, err := io.ReadAll(reader)
	require.NoError(t, err)
	executable, err := elf.NewFile(bytes.NewReader(binary))
	require.NoError(t, err)
	require.Equal(t, elf.EM_AARCH64, executable.Machine)
	imported, err := executable.ImportedLibraries()
	require.NoError(t, err)
	require.Empty(t, imported, "the runtime offers no C library")
}

func TestUnchangedZipIsNotWrittenAgain(t *testing.T) {
	dir := module(t, `"hello"`)
	build(t, dir)
	out := filepath.Join(dir, "dist", "hello.zip")
	old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	require.NoError(t, os.Chtimes(out, old, old))
	build(t, dir)
	info, err := os.Stat(out)
	require.NoError(t, err)
	require.Equal(t, old, info.ModTime().UTC())
}

func TestFailedBuildTellsTheCompilersWordsAndKeepsTheFormerZip(t *testing.T) {
	dir := module(t, `"hello"`)
	before := build(t, dir)
	main := filepath.Join(dir, "lambda", "hello", "main.go")
	require.NoError(t, os.WriteFile(main, []byte("package main\n\nfunc main() { nonsense() }\n"), 0o600))
	out := filepath.Join(dir, "dist", "hello.zip")
	err := lambdazip.Build(context.Background(), dir, "./lambda/hello", out)
	require.ErrorContains(t, err, "./lambda/hello in "+dir)
	require.ErrorContains(t, err, "undefined: nonsense")
	after, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestCancelledBuildReturnsTheCancellation(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := module(t, `"hello"`)
	out := filepath.Join(dir, "dist", "hello.zip")
	require.ErrorIs(t, lambdazip.Build(ctx, dir, "./lambda/hello", out), context.Canceled)
	require.NoFileExists(t, out)
}
