package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// keyLength is how much of the SHA-256 a folder name shows.
const keyLength = 16

// key is a checksum of everything that decides what a build comes to: the Go
// toolchain, its target, the flags, and the tool module's sources with go.mod
// and go.sum (which hold the checksums of all dependencies). Tests are left
// out.
func (b builder) key(ctx context.Context) (string, error) {
	goVersion, err := b.goEnv(ctx)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n", goVersion, strings.Join(b.arguments(), " "))
	if err := hashSources(sum, b.moduleDir()); err != nil {
		return "", fmt.Errorf("make the cache key of %s from %s: %w", b.what, b.moduleDir(), err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:keyLength], nil
}

func (b builder) goEnv(ctx context.Context) (string, error) {
	command := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOOS", "GOARCH")
	command.Dir = b.moduleDir()
	command.Env = buildEnvironment()
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("ask Go for its version in %s: %w (Go must be on PATH)", b.moduleDir(), err)
	}
	return strings.Join(strings.Fields(string(out)), " "), nil
}

// hashSources adds every source file of a module by its name and content, in
// the order of names.
func hashSources(sum hash.Hash, dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isSource(entry.Name()) {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return hashFile(sum, filepath.ToSlash(name), path)
	})
}

func isSource(name string) bool {
	if strings.HasSuffix(name, "_test.go") {
		return false
	}
	return strings.HasSuffix(name, ".go") || name == "go.mod" || name == "go.sum"
}

func hashFile(sum hash.Hash, name, path string) error {
	file, err := os.Open(path) //nolint:gosec // a file of the checkout
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	info, err := file.Stat()
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "%s %d\n", name, info.Size())
	_, err = io.Copy(sum, file)
	return err
}
