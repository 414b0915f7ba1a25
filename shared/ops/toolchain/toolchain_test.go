package toolchain

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPresentProgramsAreTakenAsTheyAre(t *testing.T) {
	m := newMachine(t)
	m.installPulumi(m.bin, "v"+PulumiVersion)
	m.installPlugin(m.pulumiHome())

	tc := m.mustEnsure()

	assert.Equal(t, filepath.Dir(m.bin), tc.PulumiRoot)
	assert.Equal(t, OriginPresent, tc.PulumiOrigin)
	assert.Equal(t, OriginPresent, tc.PluginOrigin)
	assert.Equal(t, m.pulumiHome(), tc.PulumiHome)
	assert.Equal(t, pluginInHome(m.pulumiHome()), tc.PluginPath)
	assert.Empty(t, m.network.asked)
	assert.Empty(t, m.builds())
}

func TestCLIWherePulumiInstallsItIsPresent(t *testing.T) {
	m := newMachine(t)
	root := filepath.Join(m.pulumiHome(), "versions", PulumiVersion)
	m.installPulumi(filepath.Join(root, "bin"), "v"+PulumiVersion)
	m.installPlugin(m.pulumiHome())

	tc := m.mustEnsure()

	assert.Equal(t, root, tc.PulumiRoot)
	assert.Equal(t, OriginPresent, tc.PulumiOrigin)
}

func TestOtherVersionsArePassedOver(t *testing.T) {
	m := newMachine(t)
	m.installPulumi(m.bin, "v3.229.0")
	m.write(filepath.Join(m.pulumiHome(), "plugins", "resource-aws-v6.83.1", pluginBinary), "an older plugin")

	tc := m.mustEnsure()

	assert.Equal(t, OriginSource, tc.PulumiOrigin)
	assert.Equal(t, OriginSource, tc.PluginOrigin)
	assert.Contains(t, m.said.String(), m.bin+"/pulumi is passed over")
}

func TestPluginWhoseInstallationIsNotOverIsNotPresent(t *testing.T) {
	m := newMachine(t)
	m.installPlugin(m.pulumiHome())
	m.write(filepath.Dir(pluginInHome(m.pulumiHome()))+".partial", "")

	assert.Equal(t, OriginSource, m.mustEnsure().PluginOrigin)
}

func TestDownloadComesBeforeTheBuild(t *testing.T) {
	m := newMachine(t)
	m.network.refused = nil
	m.network.deliver = func(what, dir string) {
		if what == "plugin" {
			m.installPlugin(dir)
			return
		}
		m.installPulumi(filepath.Join(dir, "bin"), "v"+PulumiVersion)
	}

	tc := m.mustEnsure()

	assert.Equal(t, OriginDownloaded, tc.PulumiOrigin)
	assert.Equal(t, OriginDownloaded, tc.PluginOrigin)
	assert.Equal(t, m.pulumiHome(), tc.PulumiHome)
	assert.Empty(t, m.builds())
}

func TestDownloadThatDeliversNothingIsFollowedByTheBuild(t *testing.T) {
	m := newMachine(t)
	m.network.refused = nil
	m.network.deliver = func(string, string) {}

	tc := m.mustEnsure()

	assert.Equal(t, OriginSource, tc.PulumiOrigin)
	assert.Equal(t, OriginSource, tc.PluginOrigin)
}

func TestBuildIsNotDisturbedByTheUsersEnvironment(t *testing.T) {
	m := newMachine(t)

	m.mustEnsure()

	require.Len(t, m.builds(), 2)
	for _, line := range m.builds() {
		assert.Contains(t, line, "-mod=readonly -buildvcs=false -trimpath")
		assert.Contains(t, line, " | GOFLAGS=-mod=readonly | GOWORK=off | CGO_ENABLED=0")
	}
	assert.Contains(t, m.builds()[0], "version.Version=v"+PulumiVersion)
}

func TestSourcePluginHasAPulumiHomeOfItsOwn(t *testing.T) {
	m := newMachine(t)

	tc := m.mustEnsure()

	assert.Equal(t, m.options.CacheDir, filepath.Dir(tc.PulumiHome))
	assert.Equal(t, pluginInHome(tc.PulumiHome), tc.PluginPath)
	assert.FileExists(t, tc.PluginPath)
	assert.Equal(t, map[string]string{
		"PULUMI_HOME":                                 tc.PulumiHome,
		"PULUMI_SKIP_UPDATE_CHECK":                    "1",
		"PULUMI_IGNORE_AMBIENT_PLUGINS":               "1",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
	}, tc.Env)
	assert.NoFileExists(t, pluginInHome(m.pulumiHome()))
}

func TestSecondRunTakesTheBuildWithoutAskingTheNetwork(t *testing.T) {
	m := newMachine(t)
	first := m.mustEnsure()
	m.network.asked = nil

	second := m.mustEnsure()

	assert.Equal(t, first, second)
	assert.Len(t, m.builds(), 2)
	assert.Empty(t, m.network.asked)
}

func TestAnotherCheckoutOfTheSameSourcesTakesTheBuild(t *testing.T) {
	m := newMachine(t)
	first := m.mustEnsure()
	clone := filepath.Join(t.TempDir(), "clone")
	require.NoError(t, os.CopyFS(clone, os.DirFS(m.options.RepoRoot)))
	m.options.RepoRoot = clone

	assert.Equal(t, first, m.mustEnsure())
	assert.Len(t, m.builds(), 2)
}

func TestOfficialOnlyRefusesToBuild(t *testing.T) {
	m := newMachine(t)
	m.installPulumi(m.bin, "v"+PulumiVersion)
	m.options.OfficialOnly = true

	_, err := m.ensure()

	var missing *MissingError
	require.ErrorAs(t, err, &missing)
	assert.ErrorContains(t, err, "Pulumi plugin resource aws v"+PluginVersion+" not found in "+m.pulumiHome())
	assert.ErrorContains(t, err, "no such host")
	assert.ErrorContains(t, err, "staging and prod accept the official program only")
	assert.ErrorContains(t, err, "pulumi plugin install resource aws "+PluginVersion)
	assert.Empty(t, m.builds())
}

func TestOfficialOnlyRefusesWhatWasBuiltBefore(t *testing.T) {
	m := newMachine(t)
	built := m.mustEnsure()
	m.installPulumi(m.bin, "v"+PulumiVersion)
	m.options.OfficialOnly = true

	_, err := m.ensure()
	require.Error(t, err)
	// Neither does the environment of an earlier run make it official.
	t.Setenv("PULUMI_HOME", built.PulumiHome)
	_, err = m.ensure()
	require.Error(t, err)
	_, err = m.check()
	require.Error(t, err)

	m.installPlugin(m.pulumiHome())
	tc := m.mustEnsure()
	assert.Equal(t, m.pulumiHome(), tc.PulumiHome)
}

func TestCheckObtainsNothingAndNamesAllThatIsMissing(t *testing.T) {
	m := newMachine(t)

	_, err := m.check()

	assert.ErrorContains(t, err, "Pulumi CLI v"+PulumiVersion+" not found in PATH")
	assert.ErrorContains(t, err, "Pulumi plugin resource aws v"+PluginVersion+" not found")
	assert.Empty(t, m.network.asked)
	assert.Empty(t, m.builds())
	assert.Empty(t, m.entries())
}

func TestCheckFindsWhatEnsureObtained(t *testing.T) {
	m := newMachine(t)
	obtained := m.mustEnsure()

	checked, err := m.check()

	require.NoError(t, err)
	assert.Equal(t, obtained, checked)
}

func TestOutsideACheckoutTheErrorSaysSo(t *testing.T) {
	m := newMachine(t)
	m.options.RepoRoot = t.TempDir()

	_, err := m.ensure()

	assert.ErrorContains(t, err, "run it in a checkout of this repository")
}
