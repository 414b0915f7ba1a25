// Package lambdazip builds Go functions into the zip that AWS Lambda takes: one
// executable called bootstrap for the runtime provided.al2023 on arm64. The same
// sources and the same Go release give the same bytes on every machine and in
// every folder, so that a deployment without changes changes nothing. It
// uploads nothing.
package lambdazip

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Executable is the file that the runtime starts (AWS Lambda developer guide,
// "Define Lambda function handlers in Go").
const Executable = "bootstrap"

// flags leave out what differs between machines: paths, the state of version
// control, the linker's build id, symbols. The tag drops the code for the older
// runtime go1.x.
func flags() []string {
	return []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-tags=lambda.norpc"}
}

// settings override what a developer or a machine may have set, and take the
// module by itself: in a workspace its dependencies would follow other modules'.
func settings() map[string]string {
	return map[string]string{
		"GOOS": "linux", "GOARCH": "arm64", "GOARM64": "v8.0", "CGO_ENABLED": "0",
		"GOFLAGS": "-mod=readonly", "GOWORK": "off", "GOEXPERIMENT": "", "GODEBUG": "",
	}
}

// stamp is every file's time: the first that a zip can hold.
var stamp = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// Build compiles the main package pkg ("./lambda/canary") of the module in
// moduleDir and writes it to outZip, whose folder is made when it is missing. A
// zip that is already right is left alone; a failure leaves the former one.
func Build(ctx context.Context, moduleDir, pkg, outZip string) (err error) {
	work, err := os.MkdirTemp("", "lambdazip-")
	if err != nil {
		return fmt.Errorf("build %s of %s: make work folder: %w", pkg, moduleDir, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	binary := filepath.Join(work, Executable)
	if err := compile(ctx, moduleDir, pkg, binary); err != nil {
		return err
	}
	archive, err := pack(binary)
	if err != nil {
		return fmt.Errorf("pack %s of %s: %w", pkg, moduleDir, err)
	}
	if err := write(outZip, archive); err != nil {
		return fmt.Errorf("write %s: %w", outZip, err)
	}
	return nil
}

func compile(ctx context.Context, moduleDir, pkg, binary string) error {
	args := append([]string{"build", "-o", binary}, flags()...)
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...) //nolint:gosec // the package of a function of this checkout
	cmd.Dir = moduleDir
	cmd.Env = environ(os.Environ())
	output, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("go build %s in %s: %w", pkg, moduleDir, ctx.Err())
	}
	return fmt.Errorf("go build %s in %s: %w\n%s", pkg, moduleDir, err, bytes.TrimSpace(output))
}

// environ replaces the settings in the environment of the build.
func environ(environ []string) []string {
	override := settings()
	kept := slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		_, replaced := override[name]
		return replaced
	})
	for name, value := range override {
		kept = append(kept, name+"="+value)
	}
	return kept
}

// pack makes a zip with nothing but the executable.
func pack(binary string) ([]byte, error) {
	content, err := os.ReadFile(binary) //nolint:gosec // the file just built
	if err != nil {
		return nil, fmt.Errorf("read executable: %w", err)
	}
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	header := &zip.FileHeader{Name: Executable, Method: zip.Deflate, Modified: stamp}
	header.SetMode(0o755)
	file, err := archive.CreateHeader(header)
	if err != nil {
		return nil, fmt.Errorf("add %s: %w", Executable, err)
	}
	if _, err := file.Write(content); err != nil {
		return nil, fmt.Errorf("compress %s: %w", Executable, err)
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("finish archive: %w", err)
	}
	return out.Bytes(), nil
}

// write replaces outZip in one step, so that nobody reads half an archive.
func write(outZip string, archive []byte) (err error) {
	if present, err := os.ReadFile(outZip); err == nil && bytes.Equal(present, archive) { //nolint:gosec // a build product of this checkout
		return nil
	}
	folder := filepath.Dir(outZip)
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // a build product, no secret
		return fmt.Errorf("make folder: %w", err)
	}
	file, err := os.CreateTemp(folder, ".lambdazip-*")
	if err != nil {
		return fmt.Errorf("make temporary file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, writeErr := file.Write(archive)
	if err := errors.Join(writeErr, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), outZip)
}
