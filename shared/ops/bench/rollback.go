package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/traffic"
)

// RollbackOptions of a measurement of rollback:edge in a deployed environment on
// this machine.
type RollbackOptions struct {
	Dir       string // where commands run
	StackFile string // of the edge layer
	LockDir   string // of Pulumi's locks: <LockDir>/<project>/<stack>
	Stack     string // name of the environment
	// Split is what Route 53 answers at this moment.
	Split    func(ctx context.Context) (traffic.Split, error)
	Out, Log io.Writer
}

const (
	// rollbacks is how often each way to call the command is measured.
	rollbacks = 20
	// look is how often Route 53 is asked whether the weights are changed.
	look = 10 * time.Millisecond
	// goalMoved is the goal of the median, by a compiled binary.
	goalMoved = 1500 * time.Millisecond
)

// rollbackBench is one measurement.
type rollbackBench struct {
	RollbackOptions
	mage    []string // a way to run a target
	release string   // one in which green has traffic
}

// rolled is one rollback that was measured.
type rolled struct{ moved, whole time.Duration }

// Rollback measures how long rollback:edge takes from the command to changed
// weights, with the stack of services locked, the last update of edge failed
// half-way, and in every second run the stack of edge locked too. Before each run
// green gets traffic again. Afterwards drift:edge has to find nothing.
func Rollback(ctx context.Context, o RollbackOptions) (err error) {
	b := &rollbackBench{RollbackOptions: o, mage: []string{"go", "tool", "mage"}}
	binary := filepath.Join(os.TempDir(), fmt.Sprintf("cutover-bench-%d", os.Getpid()))
	defer func() { err = errors.Join(err, gone(os.Remove(binary))) }()
	if err := b.expect(ctx, fault.OK, "-compile", binary); err != nil {
		return err
	}
	b.mage = []string{binary}
	if err := b.chooseRelease(ctx); err != nil {
		return err
	}
	if err := b.failHalfway(ctx); err != nil {
		return err
	}
	unlock, err := b.lock("services")
	if err != nil {
		return err
	}
	compiled, err := b.series(ctx, b.mage)
	if err == nil {
		err = b.tell("compiled binary", compiled, goalMoved)
	}
	if err == nil {
		var interpreted []rolled
		if interpreted, err = b.series(ctx, []string{"go", "tool", "mage"}); err == nil {
			err = b.tell("go tool mage", interpreted, 0)
		}
	}
	return errors.Join(err, unlock(), b.settle(ctx))
}

// settle brings the state in line, looks for drift, and deploys what failed.
func (b *rollbackBench) settle(ctx context.Context) error {
	if err := b.expect(ctx, fault.OK, "rollback:edge", "-reason=bench"); err != nil {
		return err
	}
	if err := b.expect(ctx, fault.OK, "drift:edge"); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(b.Out, "afterwards drift:edge finds nothing"); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return b.expect(ctx, fault.OK, "deploy:edge")
}

// chooseRelease finds a release to which green can be given traffic again.
func (b *rollbackBench) chooseRelease(ctx context.Context) error {
	text, code, err := b.call(ctx, b.mage, "rollback:list", "-output=json")
	var list []traffic.Release
	if err == nil && code == fault.OK {
		err = json.Unmarshal(text, &list)
	}
	if err != nil || code != fault.OK {
		return fault.New(fault.Verification, "rollback:list ended with exit code %d: %w", code, err)
	}
	for _, r := range list {
		if r.Split.Green > 0 {
			b.release = strconv.FormatInt(r.Number, 10)
			return nil
		}
	}
	return fault.New(fault.Usage, "no release in which green has traffic: deploy edge with a weight of green first")
}

// A change of the firewall goes through; the headers of listeners the plugin built
// from source refuses (ADR 026).
var (
	rateLimit = regexp.MustCompile(`\brate: \{limit: 2\d{3}\b`)
	headers   = "edge:responseHeaders: false"
)

// failHalfway deploys edge with a stack file of which AWS takes one part and the
// provider refuses another, and puts the file back.
func (b *rollbackBench) failHalfway(ctx context.Context) (err error) {
	good, err := os.ReadFile(b.StackFile)
	if err != nil {
		return fmt.Errorf("read the stack file: %w", err)
	}
	bad := strings.Replace(string(good), headers, "edge:responseHeaders: true", 1)
	bad = rateLimit.ReplaceAllString(bad, fmt.Sprintf("rate: {limit: 2%03d", time.Now().UnixMilli()%1000))
	if bad == string(good) || !strings.Contains(string(good), headers) {
		return fault.New(fault.Usage, "%s: expected %q and a rate that can be changed", b.StackFile, headers)
	}
	defer func() { err = errors.Join(err, os.WriteFile(b.StackFile, good, 0o644)) }() //nolint:gosec // as it was
	if err := os.WriteFile(b.StackFile, []byte(bad), 0o644); err != nil {             //nolint:gosec // as it was
		return fmt.Errorf("change the stack file: %w", err)
	}
	return b.expect(ctx, fault.Resource, "deploy:edge")
}

// lock holds a stack in the name of this process, the way Pulumi does.
func (b *rollbackBench) lock(project string) (unlock func() error, err error) {
	folder := filepath.Join(b.LockDir, project, b.Stack)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("lock %s: %w", project, err)
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", project, err)
	}
	text, err := json.Marshal(map[string]any{"pid": os.Getpid(), "username": "bench", "hostname": host, "timestamp": time.Now()})
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", project, err)
	}
	path := filepath.Join(folder, fmt.Sprintf("bench-%d.json", os.Getpid()))
	return func() error { return gone(os.Remove(path)) }, os.WriteFile(path, text, 0o600)
}

// gone takes a file that is not there for a removed one.
func gone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// series measures one way to call the command.
func (b *rollbackBench) series(ctx context.Context, command []string) ([]rolled, error) {
	var found []rolled
	for number := range rollbacks {
		// The rest of the layer is not as in the release, which the command says.
		if err := b.expect(ctx, fault.Verification, "rollback:edge", "-to="+b.release, "-reason=bench"); err != nil {
			return nil, err
		}
		one, err := b.measure(ctx, command, number%2 == 1)
		if err != nil {
			return nil, fmt.Errorf("run %d: %w", number+1, err)
		}
		found = append(found, one)
	}
	return found, nil
}

// measure measures one rollback, with the stack of edge locked or not.
func (b *rollbackBench) measure(ctx context.Context, command []string, locked bool) (r rolled, err error) {
	want := fault.OK
	if locked {
		unlock, err := b.lock("edge")
		if err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, unlock()) }()
		want = fault.Locked
	}
	before, err := b.Split(ctx)
	if err != nil || before.Green == 0 {
		return r, fault.New(fault.Verification, "before the command: %s, expected traffic on green: %w", before, err)
	}
	ended := make(chan error, 1)
	begun := time.Now()
	go func() {
		_, code, err := b.call(ctx, command, "rollback:edge", "-reason=bench")
		if err == nil && code != want {
			err = fault.New(fault.Verification, "rollback:edge ended with exit code %d, expected %d", code, want)
		}
		r.whole = time.Since(begun)
		ended <- err
	}()
	moved, watchErr := b.watchWeights(ctx, begun, ended)
	if watchErr != nil {
		return r, watchErr
	}
	r.moved = moved
	return r, nil
}

// watchWeights asks Route 53 until green has nothing and the command has ended.
func (b *rollbackBench) watchWeights(ctx context.Context, begun time.Time, ended <-chan error) (moved time.Duration, err error) {
	for {
		split, err := b.Split(ctx)
		if err != nil {
			return 0, err
		}
		if split.Green == 0 {
			moved = time.Since(begun)
			return moved, <-ended
		}
		select {
		case err := <-ended:
			return 0, fault.New(fault.Verification, "the command ended and green still has traffic: %s: %w", split, err)
		case <-time.After(look):
		}
	}
}

// call runs a target.
func (b *rollbackBench) call(ctx context.Context, command []string, args ...string) ([]byte, fault.Code, error) {
	cmd := exec.CommandContext(ctx, command[0], append(slices.Clone(command[1:]), args...)...) //nolint:gosec // this repository's own commands
	cmd.Dir = b.Dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, b.Log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return out.Bytes(), fault.Code(exit.ExitCode()), nil
	}
	if err != nil {
		return nil, fault.Failed, fmt.Errorf("run %s: %w", strings.Join(args, " "), err)
	}
	return out.Bytes(), fault.OK, nil
}

// expect runs a target that has to end with a status.
func (b *rollbackBench) expect(ctx context.Context, want fault.Code, args ...string) error {
	out, code, err := b.call(ctx, b.mage, args...)
	if err == nil && code != want {
		err = fault.New(fault.Verification, "%s ended with exit code %d, expected %d:\n%s", strings.Join(args, " "), code, want, out)
	}
	return err
}

// tell writes the figures of one way to call the command.
func (b *rollbackBench) tell(name string, found []rolled, goal time.Duration) error {
	by := func(of func(rolled) time.Duration) []time.Duration {
		times := make([]time.Duration, len(found))
		for i, r := range found {
			times[i] = of(r)
		}
		slices.Sort(times)
		return times
	}
	moved, whole := by(func(r rolled) time.Duration { return r.moved }), by(func(r rolled) time.Duration { return r.whole })
	table := tabwriter.NewWriter(b.Out, 0, 4, 2, ' ', 0)
	line := func(what string, d time.Duration, goal string) {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", what, millis(d), goal) // kept until Flush
	}
	told := ""
	if goal > 0 {
		told = "goal at most " + millis(goal)
	}
	line(fmt.Sprintf("%s, %d runs: command to changed weights, median", name, len(found)), quantile(moved, 50), told)
	line("  99 of 100", quantile(moved, 99), "")
	line("  whole command, median", quantile(whole, 50), "")
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

// quantile is the smallest of sorted times that percent of them do not exceed.
func quantile(sorted []time.Duration, percent int) time.Duration {
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

func millis(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }
