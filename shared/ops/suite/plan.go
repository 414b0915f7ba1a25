package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/build/constraint"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// job is one run of `go test` in one module.
type job struct {
	dir      string   // of the module
	packages []string // "./..." or folders
	tag      string   // build tag; empty for unit tests
	pattern  string   // pattern of the tests; empty for all
	limit    string   // of the time; empty for the usual one
	alone    bool     // the module stands outside the workspace
}

// plan lists the runs for one kind. Unit tests are those of all packages; for the
// other kinds only the packages and tests with the kind's tag are run, so that
// no test runs twice.
func plan(ctx context.Context, root string, kind Kind) ([]job, error) {
	modules, err := workspace(ctx, root)
	if err != nil {
		return nil, err
	}
	if kind == Unit {
		// One run for all modules: between two runs a processor would wait for the last package.
		return []job{{dir: root, packages: below(modules)}}, nil
	}
	var jobs []job
	for _, dir := range modules {
		search := func() ([]job, error) { return find(dir, string(kind), modules) }
		if kind == Soak {
			search = func() ([]job, error) { return long(dir, modules) }
		}
		tagged, err := search()
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, tagged...)
	}
	if kind != Integration {
		return jobs, nil
	}
	tools, err := outside(root)
	return append(jobs, tools...), err
}

// workspace lists the folders of the workspace's modules.
func workspace(ctx context.Context, root string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the workspace's modules: %w", err)
	}
	return strings.Fields(string(out)), nil
}

// below are the patterns of all packages of modules.
func below(modules []string) []string {
	patterns := make([]string, len(modules))
	for i, dir := range modules {
		patterns[i] = filepath.Join(dir, "...")
	}
	return patterns
}

// outside lists the tests of the tools' own modules. They compile the AWS
// provider, with the flags of its build so that the results are shared; that
// takes what a first deployment takes, so they are no unit tests.
func outside(root string) ([]job, error) {
	manifests, err := filepath.Glob(filepath.Join(root, "tools", "*", "go.mod"))
	if err != nil {
		return nil, fmt.Errorf("list the tools' modules: %w", err)
	}
	var jobs []job
	for _, manifest := range manifests {
		dir := filepath.Dir(manifest)
		packages, err := tested(dir)
		if err != nil {
			return nil, err
		}
		if len(packages) > 0 {
			jobs = append(jobs, job{dir: dir, packages: packages, alone: true})
		}
	}
	return jobs, nil
}

// tested lists the packages of a module that have tests. `./...` would build and
// vet the others too, and with them the whole AWS provider.
func tested(module string) ([]string, error) {
	var packages []string
	err := walkTests(module, nil, func(path string) error {
		relative, err := filepath.Rel(module, filepath.Dir(path))
		if err != nil {
			return fmt.Errorf("place package of %s: %w", path, err)
		}
		packages = append(packages, "./"+filepath.ToSlash(relative))
		return nil
	})
	slices.Sort(packages)
	return slices.Compact(packages), err
}

// long lists the runs of long tests: all tests of each package that has a file for
// them, since some are the integration tests with other numbers.
func long(module string, modules []string) ([]job, error) {
	packages := map[string]bool{}
	err := walkTests(module, modules, func(path string) error {
		source, err := os.ReadFile(path) //nolint:gosec // a file of the checkout
		if err != nil {
			return fmt.Errorf("read test: %w", err)
		}
		if needs(source, string(Soak), string(Integration)) {
			packages[filepath.Dir(path)] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var jobs []job
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		relative, err := filepath.Rel(module, dir)
		if err != nil {
			return nil, fmt.Errorf("place package %s: %w", dir, err)
		}
		jobs = append(jobs, job{
			dir: module, packages: []string{"./" + filepath.ToSlash(relative)}, tag: string(Integration) + "," + string(Soak), limit: soakLimit,
		})
	}
	return jobs, nil
}

// find lists the runs for a tag: one per package that has tests with it.
func find(module, tag string, modules []string) ([]job, error) {
	tests := map[string][]string{}
	err := walkTests(module, modules, func(path string) error {
		source, err := os.ReadFile(path) //nolint:gosec // a file of the checkout
		if err != nil {
			return fmt.Errorf("read test: %w", err)
		}
		if needs(source, tag) {
			dir := filepath.Dir(path)
			tests[dir] = append(tests[dir], declared(source)...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var jobs []job
	for dir, names := range tests {
		if len(names) == 0 {
			continue
		}
		relative, err := filepath.Rel(module, dir)
		if err != nil {
			return nil, fmt.Errorf("place package %s: %w", dir, err)
		}
		slices.Sort(names)
		jobs = append(jobs, job{
			dir: module, packages: []string{"./" + filepath.ToSlash(relative)}, tag: tag,
			pattern: "^(" + strings.Join(names, "|") + ")$",
		})
	}
	slices.SortFunc(jobs, func(a, b job) int { return strings.Compare(a.packages[0], b.packages[0]) })
	return jobs, nil
}

// walkTests visits the test files of a module, without those of modules inside it.
func walkTests(module string, modules []string, visit func(path string) error) error {
	err := filepath.WalkDir(module, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			name := entry.Name()
			hidden := strings.HasPrefix(name, ".") || name == "testdata" || name == "vendor"
			inner := slices.Contains(modules, path) || exists(filepath.Join(path, "go.mod"))
			if path != module && (hidden || inner) {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(path, "_test.go") {
			return visit(path)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for tests in %s: %w", module, err)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// needs reports whether a file is compiled with the tag only, where the others may
// be set as well.
func needs(source []byte, tag string, others ...string) bool {
	for line := range bytes.Lines(source) {
		text := strings.TrimSpace(string(line))
		if strings.HasPrefix(text, "package ") {
			return false
		}
		if expr, err := constraint.Parse(text); err == nil {
			other := func(t string) bool { return slices.Contains(others, t) }
			return expr.Eval(func(t string) bool { return t == tag || other(t) }) && !expr.Eval(other)
		}
	}
	return false
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w*)\(\w+ \*testing\.T\)`)

// declared lists the tests of a file.
func declared(source []byte) []string {
	var names []string
	for _, m := range testFunc.FindAllSubmatch(source, -1) {
		if name := string(m[1]); name != "TestMain" {
			names = append(names, name)
		}
	}
	return names
}
