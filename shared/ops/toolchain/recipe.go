package toolchain

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// recipe says how a program is built from one of the tool modules.
type recipe struct {
	what    string // for people
	module  string // the module's folder in the checkout
	pkg     string // the package to build, seen from there
	entry   string // the cache entries' prefix
	binary  string // the program's path in an entry
	ldflags string
	hint    string // how long it takes
}

// Prefixes of cache entries.
const (
	pulumiEntry = "pulumi-cli-"
	homeEntry   = "pulumi-home-"
)

func pulumiRecipe() recipe {
	return recipe{
		what:    "Pulumi CLI v" + PulumiVersion,
		module:  filepath.Join("tools", "pulumi"),
		pkg:     "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
		entry:   pulumiEntry,
		binary:  filepath.Join("bin", pulumiBinary),
		ldflags: "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v" + PulumiVersion,
		hint:    "about 4 minutes on two cores",
	}
}

func pluginRecipe() recipe {
	return recipe{
		what:    "Pulumi plugin resource aws v" + PluginVersion,
		module:  filepath.Join("tools", "provider"),
		pkg:     ".",
		entry:   homeEntry,
		binary:  pluginInHome(""),
		ldflags: "-s -w",
		hint:    "about half an hour on two cores the first time, and 8 GiB of disk for Go's build cache",
	}
}

// arguments are those of "go build" besides the output; they are part of the
// key of an entry.
func (r recipe) arguments() []string {
	return []string{"build", "-v", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags=" + r.ldflags, r.pkg}
}

// buildEnvironment is the caller's environment without what would change or
// break a build: the workspace, flags set for other builds, a C compiler.
func buildEnvironment() []string {
	return append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "CGO_ENABLED=0", "GOOS=", "GOARCH=")
}

// parallel is how many packages to compile at a time: compiling the largest
// service clients takes some 4 GiB each, and memory breaks before time does.
func parallel(availableBytes uint64) int {
	const each = 4 << 30
	n := runtime.NumCPU()
	if availableBytes > 0 {
		n = min(n, int(availableBytes/each)) //nolint:gosec // far below what a number holds
	}
	return max(n, 1)
}

// availableMemory reads what Linux says is available; 0 means unknown.
func availableMemory() uint64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kib, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}
