//go:build integration

package lane_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/figures"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
)

// Contenders of the pause.
const forth, back = "forward", "back"

// The pause of cutovers and rollbacks as clients feel it, at 200 transfers a second:
// the longest that any transfer took while the authority moved. By turns a script
// moves other clients of the same kind between two databases that follow each other by
// a subscription.
func TestThePauseThatClientsFeelIsShort(t *testing.T) {
	runs := size(*figuresPairs, 20, 2)
	s := newSwitches(t)
	script := s.scripted()
	sum, clients := s.sum(), s.clients(8, 40*time.Millisecond)
	clients.some(20)
	results := figures.Results{}
	for range runs {
		for _, side := range []naming.Color{naming.Green, naming.Blue} {
			name := map[naming.Color]string{naming.Green: forth, naming.Blue: back}[side]
			results[name] = append(results[name], s.paused(clients, side))
			clients.hold()
			results[scripted] = append(results[scripted], script.paused(side))
			clients.resume()
		}
	}
	clients.stop(sum)
	script.stop()
	results[scripted] = results[scripted][:runs] // one of ours, one of theirs
	for name, of := range results {
		for _, what := range []string{"felt", "pause", "lock", "drain", "check", "promote", "rest"} {
			t.Logf("%-9s %-8s %s", name, what, figures.Of(column(of, what)))
		}
		if soak {
			require.Less(t, slices.Max(column(of, "felt")), 5000.0)
		}
	}
	worst := figures.Results{}
	for name, of := range results {
		worst[name] = []figures.Run{{Values: figures.Values{"felt": slices.Max(column(of, "felt")), "pause": slices.Max(column(of, "pause"))}}}
	}
	of := fmt.Sprintf(" of %d switches at 200 transfers a second", runs)
	report(t,
		results.Compare(figures.Row{ID: "P11", What: "longest transfer" + of, Unit: "ms", Target: 1, AtMost: true, Note: "median over the switches"}, forth, scripted, "felt"),
		worst.Compare(figures.Row{ID: "P11-p99", What: "longest transfer" + of, Unit: "ms", Target: 1, AtMost: true, Note: "the worst switch of each"}, forth, scripted, "felt"),
		results.Compare(figures.Row{ID: "P12", What: "rollback, pause" + of, Unit: "ms", Target: 1, AtMost: true, Note: "median over the switches"}, back, forth, "pause"),
		worst.Compare(figures.Row{ID: "P12-p99", What: "rollback, pause" + of, Unit: "ms", Target: 1, AtMost: true, Note: "the worst switch of each"}, back, forth, "pause"))
}

// column is one value of each run.
func column(runs []figures.Run, name string) (values []float64) {
	for _, run := range runs {
		values = append(values, run.Values[name])
	}
	return values
}

// paused moves the authority once, and tells how long that took and what clients felt.
func (s *switches) paused(clients *clients, side naming.Color) figures.Run {
	s.t.Helper()
	clients.worst()
	m := s.machine("hurried")
	if soak { // beside other tests it takes as long as they let it
		m.Limits = fast()
	}
	began := time.Now()
	moved := s.switchWith(m, side)
	clients.some(20)
	if soak {
		require.Less(s.t, moved.Pause, 3*time.Second)
	}
	return figures.Run{Values: pauses(moved, clients.worst()), Took: time.Since(began).Seconds()}
}

// pauses are the parts of a pause in milliseconds.
func pauses(moved switching.Outcome, felt time.Duration) figures.Values {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return figures.Values{
		"felt": ms(felt), "pause": ms(moved.Pause), "lock": ms(moved.Lock), "drain": ms(moved.Drain), "check": ms(moved.Check), "promote": ms(moved.Promote),
		"rest": ms(moved.Pause - moved.Lock - moved.Drain - moved.Check - moved.Promote),
	}
}
