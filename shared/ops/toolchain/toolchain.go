// Package toolchain finds, or obtains, the two programs that a deployment needs
// besides Go: the Pulumi CLI and Pulumi's provider plugin for AWS, both at
// pinned versions.
//
// The order is: what is present already (the CLI on PATH or where Pulumi
// installs it, the plugin in Pulumi's plugin cache); what an earlier run built
// from source; the official download; and at last a build from the modules in
// tools/pulumi and tools/provider, which needs only a Go module proxy. Real
// environments stop before the builds: they accept the official programs only.
//
// Builds live outside the checkout, in the user's cache folder, under a key of
// everything that went into them, so a fresh clone does not build again. A
// plugin from source has a PULUMI_HOME of its own and cannot be taken for the
// official one.
//
// The package does not run deployments; package ops does.
package toolchain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// The pinned versions. PluginVersion is also the version of the Pulumi SDK for
// AWS in go.mod, which is what makes the engine ask for this plugin.
const (
	PulumiVersion = "3.230.0"
	PluginVersion = "6.83.2"
)

// Origins of a program.
const (
	OriginPresent    = "present"
	OriginDownloaded = "downloaded"
	OriginSource     = "built from source"
)

// Options says where to look and what is allowed.
type Options struct {
	// RepoRoot is the checkout that holds tools/pulumi and tools/provider.
	RepoRoot string
	// OfficialOnly refuses programs built from source: staging and prod.
	OfficialOnly bool
	// CacheDir holds what is built from source; "" stands for the folder
	// cutover in the user's cache folder.
	CacheDir string
	// Progress receives lines for a person to read; nil discards them.
	Progress io.Writer
}

// Toolchain is where the programs are and what a process that uses them needs.
type Toolchain struct {
	// PulumiRoot is a folder with bin/pulumi, as the Automation API wants it.
	PulumiRoot    string
	PulumiVersion string
	PulumiOrigin  string
	PluginVersion string
	// PluginPath is the plugin's program.
	PluginPath   string
	PluginOrigin string
	// PulumiHome is the PULUMI_HOME whose plugin cache holds the plugin.
	PulumiHome string
	// Env are environment variables for every run of the CLI.
	Env map[string]string
}

// Ensure finds both programs and obtains what is missing. A first build takes
// about half an hour on two cores; it is reported on Progress, and cancelling
// ctx stops it without leaving a half-made entry.
func Ensure(ctx context.Context, o Options) (Toolchain, error) {
	return run(ctx, o, official{}, true)
}

// Check is Ensure without obtaining anything: it names all that is missing, and
// it reads cached builds in full to compare them with their checksums.
func Check(ctx context.Context, o Options) (Toolchain, error) {
	return run(ctx, o, official{}, false)
}

func run(ctx context.Context, o Options, from downloads, obtain bool) (Toolchain, error) {
	o, err := withDefaults(o)
	if err != nil {
		return Toolchain{}, err
	}
	f := finder{Options: o, downloads: from, obtain: obtain, say: newSpeaker(o.Progress)}
	cli, cliErr := f.pulumi(ctx)
	if cliErr != nil && obtain {
		return Toolchain{}, cliErr
	}
	plugin, pluginErr := f.plugin(ctx, cli)
	if err := errors.Join(cliErr, pluginErr); err != nil {
		return Toolchain{}, err
	}
	return assemble(cli, plugin), nil
}

// found is one program: the folder that stands for it (the CLI's root, the
// plugin's PULUMI_HOME), the program itself, and where it came from.
type found struct {
	dir    string
	path   string
	origin string
}

func assemble(cli, plugin found) Toolchain {
	return Toolchain{
		PulumiRoot:    cli.dir,
		PulumiVersion: PulumiVersion,
		PulumiOrigin:  cli.origin,
		PluginVersion: PluginVersion,
		PluginPath:    plugin.path,
		PluginOrigin:  plugin.origin,
		PulumiHome:    plugin.dir,
		Env: map[string]string{
			"PULUMI_HOME":              plugin.dir,
			"PULUMI_SKIP_UPDATE_CHECK": "1",
			// The engine must neither take a plugin that happens to lie on PATH
			// for the pinned one nor fetch another.
			"PULUMI_IGNORE_AMBIENT_PLUGINS":               "1",
			"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
		},
	}
}

func withDefaults(o Options) (Options, error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.CacheDir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return o, fmt.Errorf("find the user's cache folder: %w (set HOME or XDG_CACHE_HOME)", err)
		}
		o.CacheDir = filepath.Join(base, "cutover")
	}
	for _, dir := range []*string{&o.CacheDir, &o.RepoRoot} {
		absolute, err := filepath.Abs(*dir)
		if err != nil {
			return o, fmt.Errorf("make %q absolute: %w", *dir, err)
		}
		*dir = absolute
	}
	return o, nil
}
