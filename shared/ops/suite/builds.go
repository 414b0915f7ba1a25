package suite

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// build is one way in which the code is compiled, and so read by the linters: some files
// have their place in some of them only.
type build struct {
	name   string
	system string // GOOS
	tags   []string
}

// builds are those that are read, the one with most of the files first: every kind of test
// with the long ones; for files whose place these take, without them; and what a system
// that is not Linux has in place of Linux's calls.
func builds() []build {
	short := []string{string(Integration), string(EndToEnd), string(Provider), string(Rules), "mage"}
	long := append(short[:len(short):len(short)], string(Soak))
	return []build{{"long", "linux", long}, {"short", "linux", short}, {"darwin", "darwin", long}}
}

// environment of the tools that read a build.
func (b build) environment() []string {
	return append(os.Environ(), "GOOS="+b.system)
}

// String is the build in the form that staticcheck takes.
func (b build) String() string {
	return fmt.Sprintf("%s: GOOS=%s -tags=%s", b.name, b.system, strings.Join(b.tags, ","))
}

// unit is what a build compiles of one package.
type unit struct {
	files  string
	system bool // it calls the operating system itself, other than in tests
}

// units lists what a build compiles of the modules, by the packages' folders.
func (b build) units(ctx context.Context, root string, modules []string) (map[string]unit, error) {
	const format = "{{.Dir}}\t{{.GoFiles}} {{.CgoFiles}} {{.TestGoFiles}} {{.XTestGoFiles}}\t{{join .Imports ` `}}"
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-tags=" + strings.Join(b.tags, ","), "-f", format}, below(modules)...)...) //nolint:gosec // arguments made above
	cmd.Dir, cmd.Env = root, b.environment()
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the packages of the build %s: %w", b.name, withText(err))
	}
	units := map[string]unit{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		calls := func(name string) bool { return name == "syscall" || strings.HasPrefix(name, "golang.org/x/sys/") }
		units[fields[0]] = unit{files: fields[1], system: slices.ContainsFunc(strings.Fields(fields[2]), calls)}
	}
	return units, nil
}

// reading is one run of a linter: packages in builds.
type reading struct {
	builds   []build
	packages []string
}

// readings divide the packages by the builds in which there is something to read: the first
// has all of them, another those of which it compiles other files than the first and, where
// it is for another system, those that call the system.
func readings(ctx context.Context, root string, modules []string) ([]reading, error) {
	all := builds()
	first, err := all[0].units(ctx, root, modules)
	if err != nil {
		return nil, err
	}
	read := map[string][]build{}
	for dir := range first {
		read[dir] = all[:1]
	}
	for _, b := range all[1:] {
		units, err := b.units(ctx, root, modules)
		if err != nil {
			return nil, err
		}
		for dir, u := range units {
			if u.files != first[dir].files || u.system && b.system != all[0].system {
				read[dir] = append(slices.Clip(read[dir]), b)
			}
		}
	}
	return grouped(read), nil
}

// grouped puts packages together that are read in the same builds, most packages first.
func grouped(read map[string][]build) []reading {
	var found []reading
	for dir, builds := range read {
		same := func(r reading) bool {
			return slices.EqualFunc(r.builds, builds, func(a, b build) bool { return a.name == b.name })
		}
		i := slices.IndexFunc(found, same)
		if i < 0 {
			i, found = len(found), append(found, reading{builds: builds})
		}
		found[i].packages = append(found[i].packages, dir)
	}
	for _, r := range found {
		slices.Sort(r.packages)
	}
	slices.SortFunc(found, func(a, b reading) int { return len(b.packages) - len(a.packages) })
	return found
}
