package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const pluginBinary = "pulumi-resource-aws"

// pluginInHome is the plugin's path in a PULUMI_HOME.
func pluginInHome(home string) string {
	return filepath.Join(home, "plugins", "resource-aws-v"+PluginVersion, pluginBinary)
}

// plugin returns the provider plugin; its folder is the PULUMI_HOME to use.
func (f finder) plugin(ctx context.Context, cli found) (found, error) {
	home, err := officialPulumiHome()
	if err != nil {
		return found{}, err
	}
	if isOfficialPlugin(home) {
		return pluginAt(home, OriginPresent), nil
	}
	build := f.builder(pluginRecipe())
	if dir, ok, err := f.cached(ctx, build); err != nil || ok {
		return pluginAt(dir, OriginSource), err
	}
	missing := &MissingError{
		What:   "Pulumi plugin resource aws v" + PluginVersion,
		Looked: []string{filepath.Dir(pluginInHome(home)), f.CacheDir},
		Mend:   "pulumi plugin install resource aws " + PluginVersion,
	}
	if !f.obtain {
		missing.Mend += ", or let the next deployment obtain it"
		return found{}, missing
	}
	if missing.Reason = f.downloadPlugin(ctx, cli, home); missing.Reason == nil {
		return pluginAt(home, OriginDownloaded), nil
	}
	dir, err := f.fromSource(ctx, build, missing)
	return pluginAt(dir, OriginSource), err
}

func pluginAt(home, origin string) found {
	return found{dir: home, path: pluginInHome(home), origin: origin}
}

// officialPulumiHome is the ordinary PULUMI_HOME. One that this package made
// for a plugin from source is never ordinary, even if the environment names it.
func officialPulumiHome() (string, error) {
	if home := os.Getenv("PULUMI_HOME"); home != "" && !isEntry(home) {
		return home, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the home folder: %w (set HOME)", err)
	}
	return filepath.Join(home, ".pulumi"), nil
}

// isOfficialPlugin tells whether Pulumi's plugin cache has the pinned version
// in full: Pulumi keeps a file beside a plugin whose installation is not over.
func isOfficialPlugin(home string) bool {
	path := pluginInHome(home)
	if _, err := os.Stat(filepath.Dir(path) + ".partial"); err == nil {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func (f finder) downloadPlugin(ctx context.Context, cli found, home string) error {
	f.say.line("Pulumi plugin resource aws v%s: trying the official download", PluginVersion)
	if err := f.downloads.plugin(ctx, cli.path, home); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("the official download failed: %w", err))
	}
	if !isOfficialPlugin(home) {
		return fmt.Errorf("the official download left no complete plugin at %s", pluginInHome(home))
	}
	return nil
}
