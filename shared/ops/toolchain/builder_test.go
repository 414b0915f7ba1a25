package toolchain

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// within bounds waits for another goroutine; it is no measure of speed.
const within = 30 * time.Second

func TestKeyFollowsWhatIsBuilt(t *testing.T) {
	m := newMachine(t)
	module := filepath.Join(m.options.RepoRoot, "tools", "provider")
	key := func() string {
		k, err := finder{Options: m.options}.builder(pluginRecipe()).key(t.Context())
		require.NoError(t, err)
		return k
	}
	last := key()
	for _, change := range []struct {
		name string
		make func()
	}{
		{"a source", func() { m.write(filepath.Join(module, "main.go"), "package main // changed") }},
		{"a new source", func() { m.write(filepath.Join(module, "internal", "mapping", "s3.go"), "package mapping") }},
		{"a moved source", func() { rename(t, module, "internal/mapping/s3.go", "internal/mapping/s4.go") }},
		{"a removed source", func() { require.NoError(t, os.Remove(filepath.Join(module, "main.go"))) }},
		{"go.sum", func() { m.write(filepath.Join(module, "go.sum"), "other sums") }},
		{"go.mod", func() { m.write(filepath.Join(module, "go.mod"), "module other") }},
		{"Go's version", func() { t.Setenv(fakeGoVersion, "go1.26.9") }},
	} {
		change.make()
		assert.NotEqual(t, last, key(), change.name)
		last = key()
	}
	m.write(filepath.Join(module, "main_test.go"), "package main")
	m.write(filepath.Join(module, "README.md"), "about it")
	assert.Equal(t, last, key(), "tests and texts are not built")
	require.NotEqual(t, pluginRecipe().arguments(), pulumiRecipe().arguments())
}

func rename(t *testing.T, dir, from, to string) {
	t.Helper()
	require.NoError(t, os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)))
}

func TestTwoProcessesBuildOnceAndTheSecondSaysWhomItWaitsFor(t *testing.T) {
	m := newMachine(t)
	gate := filepath.Join(t.TempDir(), "gate")
	t.Setenv(fakeGoGate, gate)
	var first, second Toolchain
	var both errgroup.Group
	both.Go(func() (err error) { first, err = m.ensure(); return err })
	require.Eventually(t, func() bool { return len(m.builds()) == 1 }, within, time.Millisecond)
	other := *m
	other.said, other.network = &transcript{}, &fakeDownloads{refused: m.network.refused}
	other.options.Progress = other.said
	both.Go(func() (err error) { second, err = other.ensure(); return err })
	require.Eventually(t, func() bool { return strings.Contains(other.said.String(), "waiting for process ") }, within, time.Millisecond)

	m.write(gate, "")

	require.NoError(t, both.Wait())
	assert.Equal(t, first, second)
	assert.Len(t, m.builds(), 2, "one build of each program")
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	release, err := lock(t.Context(), path, newSpeaker(&transcript{}))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	_, err = lock(ctx, path, newSpeaker(&transcript{}))

	require.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "wait for process ")
	require.NoError(t, release())
	release, err = lock(t.Context(), path, newSpeaker(&transcript{}))
	require.NoError(t, err)
	require.NoError(t, release())
}

func TestFailedBuildLeavesNoEntryAndShowsWhatGoSaid(t *testing.T) {
	m := newMachine(t)
	t.Setenv(fakeGoMode, "fail")

	_, err := m.ensure()

	assert.ErrorContains(t, err, "build Pulumi CLI v"+PulumiVersion+" from "+filepath.Join(m.options.RepoRoot, "tools", "pulumi"))
	assert.ErrorContains(t, err, "undefined: Thing")
	assert.Empty(t, m.entries())
	t.Setenv(fakeGoMode, "")
	m.mustEnsure()
}

func TestCancelledBuildLeavesNoEntry(t *testing.T) {
	m := newMachine(t)
	t.Setenv(fakeGoGate, filepath.Join(t.TempDir(), "never"))
	ctx, cancel := context.WithCancel(t.Context())
	var build errgroup.Group
	build.Go(func() error { _, err := run(ctx, m.options, m.network, true); return err })
	require.Eventually(t, func() bool { return len(m.builds()) == 1 }, within, time.Millisecond)

	cancel()

	require.ErrorIs(t, build.Wait(), context.Canceled)
	assert.Empty(t, m.entries())
}

func TestBuildThatWasKilledIsClearedAway(t *testing.T) {
	m := newMachine(t)
	killed := filepath.Join(m.options.CacheDir, homeEntry+"0123456789abcdef"+unfinishedSuffix)
	m.write(filepath.Join(killed, "plugins", "half"), "half a program")

	m.mustEnsure()

	assert.NoDirExists(t, killed)
	assert.Len(t, m.entries(), 2)
}

func TestCorruptEntryIsMadeAgain(t *testing.T) {
	damages := map[string]func(t *testing.T, tc Toolchain){
		"truncated program": func(t *testing.T, tc Toolchain) { require.NoError(t, os.Truncate(tc.PluginPath, 3)) },
		"lost program":      func(t *testing.T, tc Toolchain) { require.NoError(t, os.Remove(tc.PluginPath)) },
		"changed program": func(t *testing.T, tc Toolchain) {
			require.NoError(t, os.WriteFile(tc.PluginPath, []byte("b program"), 0o755))
		},
		"lost manifest": func(t *testing.T, tc Toolchain) {
			require.NoError(t, os.Remove(filepath.Join(tc.PulumiHome, manifestName)))
		},
		"unreadable manifest": func(t *testing.T, tc Toolchain) {
			require.NoError(t, os.WriteFile(filepath.Join(tc.PulumiHome, manifestName), []byte("{"), 0o644))
		},
		"another's manifest": func(t *testing.T, tc Toolchain) {
			require.NoError(t, os.WriteFile(filepath.Join(tc.PulumiHome, manifestName), []byte(`{"key":"another"}`), 0o644))
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			built := m.mustEnsure()
			damage(t, built)

			_, err := m.check()
			require.ErrorIs(t, err, errCorrupt, "a check reports it and leaves it alone")
			assert.Len(t, m.builds(), 2)

			assert.Equal(t, built, m.mustEnsure())
			assert.Len(t, m.builds(), 3, "the plugin alone is built again")
			assert.Contains(t, m.said.String(), "corrupt")
			_, err = m.check()
			require.NoError(t, err)
		})
	}
}

func TestCheckReadsProgramsThatLookIntact(t *testing.T) {
	m := newMachine(t)
	built := m.mustEnsure()
	info, err := os.Stat(built.PluginPath)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(built.PluginPath, []byte("b program"), 0o755))
	require.NoError(t, os.Chtimes(built.PluginPath, info.ModTime(), info.ModTime()))

	_, err = m.check()

	require.ErrorIs(t, err, errCorrupt)
	assert.ErrorContains(t, err, "remove "+built.PulumiHome)
}

func TestEntriesThatNobodyUsesAreRemoved(t *testing.T) {
	m := newMachine(t)
	old, recent := filepath.Join(m.options.CacheDir, homeEntry+"old"), filepath.Join(m.options.CacheDir, homeEntry+"recent")
	for _, dir := range []string{old, recent} {
		m.write(filepath.Join(dir, manifestName), "{}")
	}
	m.write(old+logSuffix, "what Go said")
	long := time.Now().Add(-2 * unusedFor)
	require.NoError(t, os.Chtimes(filepath.Join(old, manifestName), long, long))

	m.mustEnsure()

	assert.NoDirExists(t, old)
	assert.NoFileExists(t, old+logSuffix)
	assert.DirExists(t, recent)
}

func TestUsedEntriesAreNotRemoved(t *testing.T) {
	m := newMachine(t)
	built := m.mustEnsure()
	long := time.Now().Add(-2 * unusedFor)
	require.NoError(t, os.Chtimes(filepath.Join(built.PulumiHome, manifestName), long, long))

	m.mustEnsure()
	m.write(filepath.Join(m.options.RepoRoot, "tools", "provider", "main.go"), "package main // another plugin")
	m.mustEnsure()

	assert.FileExists(t, built.PluginPath)
}

func TestParallelCompilationsFitIntoMemory(t *testing.T) {
	assert.Equal(t, 1, parallel(1<<30))
	assert.LessOrEqual(t, parallel(8<<30), 2)
	assert.GreaterOrEqual(t, parallel(0), 1)
}
