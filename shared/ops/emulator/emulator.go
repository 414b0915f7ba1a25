// Package emulator starts, watches and ends the AWS emulator of the local
// profile: moto's server with the project's extension (tools/emulator), in a
// Python virtual environment of its own.
//
// The emulator outlives the process that started it and keeps its state in its
// memory. A checkout owns at most one; a file in its state directory names it by
// a random token, which is also on the process's command line and in its health
// answer, so that no other process is ever mistaken for it. The package knows
// nothing of Pulumi and of what is deployed.
package emulator

import (
	"fmt"
	"io"
	"path/filepath"
	"time"
)

// DefaultAddr is where the local profile expects AWS.
const DefaultAddr = "127.0.0.1:4566"

// Region is the region of the local profile.
const Region = "us-east-1"

const (
	startTimeout  = 3 * time.Minute  // moto imports in about two seconds; a loaded machine takes thirty times that
	stopTimeout   = 10 * time.Second // between SIGTERM and SIGKILL, and again after it
	healthTimeout = 10 * time.Second // one health request
	pollInterval  = 100 * time.Millisecond
)

// Options say where the emulator's things are. Only RepoRoot is compulsory.
type Options struct {
	// RepoRoot is the checkout that owns the emulator; it holds tools/emulator.
	RepoRoot string
	// StateDir holds the emulator's state file, lock and log.
	// Default <RepoRoot>/.cutover/emulator.
	StateDir string
	// Addr is the loopback address and port. Default DefaultAddr.
	Addr string
	// CacheDir holds the virtual environments, shared by all checkouts.
	// Default os.UserCacheDir()/cutover.
	CacheDir string
	// Python is the interpreter that makes the virtual environment. Default: the
	// first suitable one on PATH.
	Python string
	// Progress receives a line per step. Default: none.
	Progress io.Writer
}

// Emulator is one checkout's emulator, whether it runs or not.
type Emulator struct {
	opts Options
}

// New returns the emulator that opts describe. It touches nothing.
func New(opts Options) *Emulator {
	if root, err := filepath.Abs(opts.RepoRoot); err == nil {
		opts.RepoRoot = root
	}
	if opts.StateDir == "" {
		opts.StateDir = filepath.Join(opts.RepoRoot, ".cutover", "emulator")
	}
	if opts.Addr == "" {
		opts.Addr = DefaultAddr
	}
	if opts.Progress == nil {
		opts.Progress = io.Discard
	}
	return &Emulator{opts: opts}
}

// Env is what a program's environment needs to reach the emulator instead of
// AWS. The credentials are the emulator's test values and open nothing; with
// them in the environment no SDK looks into the developer's profiles. The empty
// values undo what the developer's shell may have set for a real account: a
// session token, and a bundle of certificates, with which plain HTTP does nothing
// but fail.
//
// S3 Control puts the account id before the host of its endpoint, and no resolver
// knows such a name. The emulator is therefore its own HTTP proxy, which an SDK
// asks for every host but this machine's.
func (e *Emulator) Env() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL":          e.url(""),
		"AWS_REGION":                Region,
		"AWS_DEFAULT_REGION":        Region,
		"AWS_ACCESS_KEY_ID":         "test",
		"AWS_SECRET_ACCESS_KEY":     "test",
		"AWS_SESSION_TOKEN":         "",
		"AWS_CA_BUNDLE":             "",
		"AWS_EC2_METADATA_DISABLED": "true",
		"HTTP_PROXY":                e.url(""),
		"NO_PROXY":                  "127.0.0.1,localhost",
	}
}

func (e *Emulator) url(path string) string { return "http://" + e.opts.Addr + path }

func (e *Emulator) logFile() string { return filepath.Join(e.opts.StateDir, "emulator.log") }

// toolDir is where the extension and its pinned requirements are.
func (e *Emulator) toolDir() string { return filepath.Join(e.opts.RepoRoot, "tools", "emulator") }

// say reports one step. A progress writer that fails must not fail the work.
func (e *Emulator) say(format string, args ...any) {
	_, _ = fmt.Fprintf(e.opts.Progress, "emulator: "+format+"\n", args...)
}
