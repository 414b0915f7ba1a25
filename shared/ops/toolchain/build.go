package toolchain

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// tailLines is how much of a failed build's output an error shows; the rest is
// in the log.
const tailLines = 15

// interruptWait is how long Go gets to end after it was asked to.
const interruptWait = 10 * time.Second

// build makes a complete entry in an unfinished folder.
func (b builder) build(ctx context.Context, key, unfinished string) error {
	binary := filepath.Join(unfinished, b.binary)
	if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil { //nolint:gosec // programs are no secret
		return err
	}
	logPath := filepath.Join(b.cache, b.entry+key+logSuffix)
	log, err := os.Create(logPath) //nolint:gosec // the path is the cache's own
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // what is missing in it is no reason to fail
	b.say.line("building %s from %s (%s; log %s)", b.what, b.moduleDir(), b.hint, logPath)
	started := time.Now()
	err = b.compile(ctx, binary, log)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%w\n%s\n  (all of it: %s)", err, tail(logPath), logPath)
	}
	b.say.line("built %s in %s", b.what, time.Since(started).Round(time.Second))
	return writeManifest(unfinished, manifest{What: b.what, Key: key, Binary: b.binary})
}

// compile fetches the modules, so that the packages can be counted, and builds.
func (b builder) compile(ctx context.Context, binary string, log io.Writer) error {
	var packages, modules counter
	stop := every(ctx, func(elapsed time.Duration) {
		b.say.line("%s: %s, %d modules fetched", b.what, elapsed, modules.count.Load())
	})
	err := b.run(ctx, &packages, io.MultiWriter(log, &modules), "list", "-mod=readonly", "-deps", b.pkg)
	stop()
	if err != nil {
		return err
	}
	var compiled counter
	stop = every(ctx, func(elapsed time.Duration) {
		b.say.line("%s: %s, %d packages compiled of at most %d", b.what, elapsed, compiled.count.Load(), packages.count.Load())
	})
	defer stop()
	arguments := append(b.arguments()[:1:1], "-p", strconv.Itoa(parallel(availableMemory())), "-o", binary)
	arguments = append(arguments, b.arguments()[1:]...)
	return b.run(ctx, log, io.MultiWriter(log, &compiled), arguments...)
}

func (b builder) run(ctx context.Context, stdout, stderr io.Writer, arguments ...string) error {
	command := exec.CommandContext(ctx, "go", arguments...) //nolint:gosec // arguments of this package
	command.Dir = b.moduleDir()
	command.Env = buildEnvironment()
	command.Stdout, command.Stderr = stdout, stderr
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = interruptWait
	if err := command.Run(); err != nil {
		return fmt.Errorf("run go %s in %s: %w", strings.Join(arguments, " "), command.Dir, err)
	}
	return nil
}

// counter counts lines: of "go list", a package each; of "go build -v", one for
// each package compiled.
type counter struct{ count atomic.Int64 }

func (c *counter) Write(text []byte) (int, error) {
	c.count.Add(int64(bytes.Count(text, []byte{'\n'})))
	return len(text), nil
}

// tail returns the last lines of a file, indented.
func tail(path string) string {
	file, err := os.Open(path) //nolint:gosec // the path is the cache's own
	if err != nil {
		return "  " + err.Error()
	}
	defer file.Close() //nolint:errcheck // only read
	var lines []string
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		lines = append(lines, "  "+scanner.Text())
		lines = lines[max(0, len(lines)-tailLines):]
	}
	return strings.Join(lines, "\n")
}
