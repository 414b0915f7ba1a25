// Package bench measures deployments against the emulator, as whole commands the
// way an operator runs them. It tells ratios within one run, because they hold on
// any machine; the times beside them are this machine's. It is no test: nothing
// fails when a goal is missed, the table says so.
package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/cutover/cutover/shared/ops/dag"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/report"
)

// Options of a measurement.
type Options struct {
	Command []string   // that runs one target: the target and its flags are added
	Dir     string     // where it runs
	Layers  *dag.Graph // all layers
	Out     io.Writer
	Log     io.Writer // what the commands print besides their result
}

// rounds is how often a short command is measured; the median counts.
const rounds = 3

// The goals of the ratios.
const (
	goalCritical = 1.15
	goalSum      = 0.7
	goalNoop     = 2.0
)

// figure is one line of the result.
type figure struct {
	name  string
	value string
	goal  string
}

// Run measures: a deployment of everything into an empty emulator, one of
// everything with nothing to do, and each layer alone with nothing to do.
func Run(ctx context.Context, o Options) error {
	b := bench{Options: o}
	if _, err := b.run(ctx, "local:reset"); err != nil {
		return err
	}
	// Outside the measurement: tools and function archives are made.
	if _, err := b.run(ctx, "preview:all"); err != nil {
		return err
	}
	full, err := b.deploy(ctx, "deploy:all")
	if err != nil {
		return err
	}
	idle, slowest, layer, err := b.idle(ctx)
	if err != nil {
		return err
	}
	critical, sum := paths(o.Layers, full.report)
	return b.tell([]figure{
		{"deploy:all into an empty emulator", seconds(full.wall), ""},
		{"  over its critical path, " + seconds(critical), ratio(full.wall, critical), atMost(goalCritical)},
		{"  over the sum of its layers, " + seconds(sum), ratio(full.wall, sum), atMost(goalSum)},
		{"deploy:all with nothing to do", seconds(idle), ""},
		{"  over the slowest layer alone, " + layer + ", " + seconds(slowest), ratio(idle, slowest), atMost(goalNoop)},
		{"peak memory of all processes, without the emulator", megabytes(b.peak), ""},
	})
}

type bench struct {
	Options
	peak int64 // bytes
}

// measured is one command that was measured.
type measured struct {
	wall   time.Duration
	report report.Report
}

func (b *bench) deploy(ctx context.Context, target string) (measured, error) {
	began := time.Now()
	text, err := b.run(ctx, target, "-output=json")
	if err != nil {
		return measured{}, err
	}
	m := measured{wall: time.Since(began)}
	if err := json.Unmarshal(text, &m.report); err != nil {
		return measured{}, fmt.Errorf("read report of %s: %w", target, err)
	}
	return m, nil
}

// idle measures deployments that change nothing.
func (b *bench) idle(ctx context.Context) (all, slowest time.Duration, layer string, err error) {
	if all, err = b.median(ctx, "deploy:all"); err != nil {
		return 0, 0, "", err
	}
	for _, name := range b.Layers.Order() {
		took, err := b.median(ctx, "deploy:"+name)
		if err != nil {
			return 0, 0, "", err
		}
		if took > slowest {
			slowest, layer = took, name
		}
	}
	return all, slowest, layer, nil
}

func (b *bench) median(ctx context.Context, target string) (time.Duration, error) {
	var times []time.Duration
	for range rounds {
		m, err := b.deploy(ctx, target)
		if err != nil {
			return 0, err
		}
		for _, l := range m.report.Layers {
			if l.Changes.Any() {
				return 0, fault.New(fault.Verification, "%s changed %s although nothing was to do: %+v", target, l.Name, l.Changes)
			}
		}
		times = append(times, m.wall)
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// paths returns the longest chain of layers that need each other, and the sum of
// all layers, by the time each took.
func paths(g *dag.Graph, r report.Report) (critical, sum time.Duration) {
	ends := map[string]time.Duration{}
	for _, name := range g.Order() {
		l := r.Find(name)
		if l == nil {
			continue
		}
		took := time.Duration(l.Seconds() * float64(time.Second))
		for _, need := range g.Needs(name) {
			ends[name] = max(ends[name], ends[need])
		}
		ends[name] += took
		critical = max(critical, ends[name])
		sum += took
	}
	return critical, sum
}

func (b *bench) tell(figures []figure) error {
	table := tabwriter.NewWriter(b.Out, 0, 4, 2, ' ', 0)
	for _, f := range figures {
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", f.name, f.value, f.goal); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f", a.Seconds()/b.Seconds()) }

func atMost(goal float64) string { return fmt.Sprintf("goal at most %.2f", goal) }

func megabytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
