package toolchain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The test binary plays Go and the Pulumi CLI when it is started under their
// names; what they do is told by the environment.
const (
	fakeGoLog     = "FAKE_GO_LOG"
	fakeGoMode    = "FAKE_GO_MODE"
	fakeGoGate    = "FAKE_GO_GATE"
	fakeGoVersion = "FAKE_GO_VERSION"
)

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "go":
		os.Exit(fakeGo(os.Args[1:]))
	case pulumiBinary:
		os.Exit(fakePulumi())
	default:
		os.Exit(m.Run())
	}
}

// fakePulumi prints the version that the file beside it holds.
func fakePulumi() int {
	text, err := os.ReadFile(os.Args[0] + ".version")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(string(text))
	return 0
}

func fakeGo(args []string) int {
	if err := fakeGoDoes(args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func fakeGoDoes(args []string) error {
	switch args[0] {
	case "env":
		fmt.Printf("%s\nlinux\namd64\n", os.Getenv(fakeGoVersion))
		return nil
	case "list":
		fmt.Print("one\ntwo\nthree\n")
		return nil
	case "build":
		return fakeBuild(args)
	default:
		return fmt.Errorf("the fake go does not know %q", args[0])
	}
}

func fakeBuild(args []string) error {
	if err := note(strings.Join(args, " "), "GOFLAGS="+os.Getenv("GOFLAGS"), "GOWORK="+os.Getenv("GOWORK"), "CGO_ENABLED="+os.Getenv("CGO_ENABLED")); err != nil {
		return err
	}
	for gate := os.Getenv(fakeGoGate); gate != ""; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(gate); err == nil {
			break
		}
	}
	if os.Getenv(fakeGoMode) == "fail" {
		return errors.New("example.com/package: undefined: Thing")
	}
	for i, arg := range args {
		if arg == "-o" {
			return os.WriteFile(args[i+1], []byte("a program"), 0o755)
		}
	}
	return errors.New("go build without -o")
}

func note(words ...string) error {
	file, err := os.OpenFile(os.Getenv(fakeGoLog), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, strings.Join(words, " | "))
	return errors.Join(err, file.Close())
}

// machine is a home folder, a checkout, a PATH with a fake Go and a network.
type machine struct {
	t       *testing.T
	home    string
	bin     string
	options Options
	said    *transcript
	network *fakeDownloads
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{t: t, home: filepath.Join(dir, "home"), bin: filepath.Join(dir, "tools", "bin"), said: &transcript{}}
	m.network = &fakeDownloads{refused: errors.New("no such host")}
	m.options = Options{RepoRoot: filepath.Join(dir, "repo"), CacheDir: filepath.Join(dir, "cache"), Progress: m.said}
	for _, tool := range []string{"pulumi", "provider"} {
		m.write(filepath.Join(m.options.RepoRoot, "tools", tool, "go.mod"), "module "+tool)
		m.write(filepath.Join(m.options.RepoRoot, "tools", tool, "go.sum"), "sums of "+tool)
		m.write(filepath.Join(m.options.RepoRoot, "tools", tool, "main.go"), "package main")
	}
	m.install("go", m.bin)
	t.Setenv("PATH", m.bin)
	t.Setenv("HOME", m.home)
	t.Setenv("PULUMI_HOME", "")
	t.Setenv("GOFLAGS", "-mod=vendor -tags=of-the-user")
	t.Setenv(fakeGoLog, filepath.Join(dir, "builds"))
	t.Setenv(fakeGoVersion, "go1.26.8")
	// A program built with the race detector sleeps a second before it ends.
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	return m
}

func (m *machine) write(path, text string) {
	m.t.Helper()
	require.NoError(m.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(m.t, os.WriteFile(path, []byte(text), 0o755))
}

// install puts the test binary under another name into a folder.
func (m *machine) install(name, dir string) {
	m.t.Helper()
	self, err := os.Executable()
	require.NoError(m.t, err)
	require.NoError(m.t, os.MkdirAll(dir, 0o755))
	require.NoError(m.t, os.Symlink(self, filepath.Join(dir, name)))
}

func (m *machine) installPulumi(dir, version string) {
	m.t.Helper()
	m.install(pulumiBinary, dir)
	m.write(filepath.Join(dir, pulumiBinary+".version"), version)
}

func (m *machine) installPlugin(home string) { m.write(pluginInHome(home), "the official plugin") }

func (m *machine) pulumiHome() string { return filepath.Join(m.home, ".pulumi") }

func (m *machine) ensure() (Toolchain, error) {
	return run(m.t.Context(), m.options, m.network, true)
}

func (m *machine) check() (Toolchain, error) {
	return run(m.t.Context(), m.options, m.network, false)
}

func (m *machine) mustEnsure() Toolchain {
	m.t.Helper()
	tc, err := m.ensure()
	require.NoError(m.t, err)
	return tc
}

// builds returns what the fake Go was asked to build, a line each.
func (m *machine) builds() []string {
	m.t.Helper()
	text, err := os.ReadFile(os.Getenv(fakeGoLog))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(m.t, err)
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// entries are the folders in the cache.
func (m *machine) entries() []string {
	m.t.Helper()
	found, err := os.ReadDir(m.options.CacheDir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(m.t, err)
	var names []string
	for _, entry := range found {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names
}

// fakeDownloads is the network: refused, or it delivers.
type fakeDownloads struct {
	refused error
	asked   []string
	deliver func(what, dir string)
}

func (d *fakeDownloads) pulumi(_ context.Context, root string) error { return d.get("pulumi", root) }

func (d *fakeDownloads) plugin(_ context.Context, _, home string) error { return d.get("plugin", home) }

func (d *fakeDownloads) get(what, dir string) error {
	d.asked = append(d.asked, what)
	if d.refused != nil {
		return d.refused
	}
	d.deliver(what, dir)
	return nil
}

// transcript keeps progress lines; it may be written and read at a time.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

var _ io.Writer = (*transcript)(nil)

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
