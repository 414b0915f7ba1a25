package toolchain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// finder looks for the programs in order and, where it may, obtains them.
type finder struct {
	Options
	downloads downloads
	obtain    bool
	say       *speaker
}

const pulumiBinary = "pulumi"

// pulumi returns the CLI; its folder holds bin/pulumi.
func (f finder) pulumi(ctx context.Context) (found, error) {
	installed, err := officialPulumiRoot()
	if err != nil {
		return found{}, err
	}
	if root, ok := f.pulumiOnPath(ctx); ok {
		return pulumiAt(root, OriginPresent), nil
	}
	if f.isPulumi(ctx, filepath.Join(installed, "bin", pulumiBinary)) {
		return pulumiAt(installed, OriginPresent), nil
	}
	build := f.builder(pulumiRecipe())
	if dir, ok, err := f.cached(ctx, build); err != nil || ok {
		return pulumiAt(dir, OriginSource), err
	}
	missing := &MissingError{
		What:   "Pulumi CLI v" + PulumiVersion,
		Looked: []string{"PATH", installed, f.CacheDir},
		Mend:   "install Pulumi v" + PulumiVersion + " (curl -fsSL https://get.pulumi.com | sh -s -- --version " + PulumiVersion + ")",
	}
	if !f.obtain {
		missing.Mend += ", or let the next deployment obtain it"
		return found{}, missing
	}
	if missing.Reason = f.downloadPulumi(ctx, installed); missing.Reason == nil {
		return pulumiAt(installed, OriginDownloaded), nil
	}
	dir, err := f.fromSource(ctx, build, missing)
	return pulumiAt(dir, OriginSource), err
}

func pulumiAt(root, origin string) found {
	return found{dir: root, path: filepath.Join(root, "bin", pulumiBinary), origin: origin}
}

// pulumiOnPath returns the root of a CLI on PATH at the pinned version. The
// Automation API wants it in a folder named bin; a link elsewhere is followed.
func (f finder) pulumiOnPath(ctx context.Context) (string, bool) {
	path, err := exec.LookPath(pulumiBinary)
	if err != nil {
		return "", false
	}
	for _, candidate := range []string{path, resolved(path)} {
		bin := filepath.Dir(candidate)
		if filepath.Base(bin) == "bin" && filepath.Base(candidate) == pulumiBinary && f.isPulumi(ctx, candidate) {
			return filepath.Dir(bin), true
		}
	}
	f.say.line("pulumi at %s is passed over: v%s in a folder named bin is expected", path, PulumiVersion)
	return "", false
}

func resolved(path string) string {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path
	}
	return target
}

// isPulumi tells whether a program is the CLI at the pinned version.
func (f finder) isPulumi(ctx context.Context, path string) bool {
	if _, err := os.Stat(path); err != nil {
		return false
	}
	version, err := versionOf(ctx, path, "version")
	if err != nil {
		f.say.line("%s is passed over: %v", path, err)
		return false
	}
	return version == "v"+PulumiVersion
}

// versionOf runs a program for its version.
func versionOf(ctx context.Context, path string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, path, args...) //nolint:gosec // the program that was found or built
	command.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=1")
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("run %s %s: %w: %s", path, strings.Join(args, " "), err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// officialPulumiRoot is where Pulumi's own installer for the Automation API
// puts the pinned version.
func officialPulumiRoot() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the home folder: %w (set HOME)", err)
	}
	return filepath.Join(home, ".pulumi", "versions", PulumiVersion), nil
}

func (f finder) downloadPulumi(ctx context.Context, root string) error {
	f.say.line("Pulumi CLI v%s: trying the official download", PulumiVersion)
	if err := f.downloads.pulumi(ctx, root); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("the official download failed: %w", err))
	}
	if !f.isPulumi(ctx, filepath.Join(root, "bin", pulumiBinary)) {
		return fmt.Errorf("the official download left no Pulumi v%s in %s", PulumiVersion, root)
	}
	return nil
}

// cached returns what an earlier run built, where that is acceptable.
func (f finder) cached(ctx context.Context, b builder) (string, bool, error) {
	if f.OfficialOnly {
		return "", false, nil
	}
	return b.cached(ctx, !f.obtain)
}

// fromSource builds, or says why it must not.
func (f finder) fromSource(ctx context.Context, b builder, missing *MissingError) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("obtain %s: %w", missing.What, err)
	}
	if f.OfficialOnly {
		missing.Reason = fmt.Errorf("%w; staging and prod accept the official program only, so it is not built from source", missing.Reason)
		return "", missing
	}
	f.say.line("%s: %v; building it from source", missing.What, missing.Reason)
	return b.obtain(ctx)
}
