//go:build integration || soak

package lane_test

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
)

// tally counts the faults that the tests of a run have injected, and what became of the
// data. A fault counts when it has met something: a step that was reached, a process
// that the signal has ended, bytes that were on their way. It is survived when the sides
// were compared behind it and found equal.
type tally struct {
	mutex    sync.Mutex
	injected map[string]int
	survived map[string]int
	// compared is how often sides were compared behind a fault; missing and extra are the
	// rows of the source that the target did not have, and those that it had besides.
	compared, missing, extra int
	// acknowledged are the writes of clients that were answered, absent and twice those
	// that were not on the target, and those that were there more than once.
	acknowledged, absent, twice int64
}

// injuries is the tally of this run.
var injuries = &tally{injected: map[string]int{}, survived: map[string]int{}}

// Kinds of faults; those of networks have names of their own.
const (
	byCrash   = "crash at a durable step"
	byKill    = "kill -9 of a process"
	byStop    = "SIGSTOP before a claim, SIGCONT when another has the lane"
	byRestart = "kill and restart of a server"
)

// injected notes a fault that has met something.
func (w *world) injected(kind string) {
	injuries.mutex.Lock()
	defer injuries.mutex.Unlock()
	injuries.injected[kind]++
	w.wounds = append(w.wounds, kind)
}

// judged notes what a comparison behind the faults of a world has shown.
func (w *world) judged(missing, extra int) {
	injuries.mutex.Lock()
	defer injuries.mutex.Unlock()
	if len(w.wounds) == 0 {
		return
	}
	injuries.compared++
	injuries.missing += missing
	injuries.extra += extra
	if missing+extra == 0 {
		for _, kind := range w.wounds {
			injuries.survived[kind]++
		}
		w.wounds, w.healed = nil, true
	}
}

// answered notes how many acknowledged writes there are, and where the target has not
// each once.
func (w *world) answered(acknowledged, absent, twice int64) {
	injuries.mutex.Lock()
	defer injuries.mutex.Unlock()
	if len(w.wounds) == 0 && !w.healed {
		return
	}
	injuries.acknowledged += acknowledged
	injuries.absent += absent
	injuries.twice += twice
}

// print writes the table; a run without faults has none.
func (t *tally) print(to io.Writer) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if len(t.injected) == 0 {
		return
	}
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "fault\tinjected\tsurvived")
	injected, survived := 0, 0
	for _, kind := range slices.Sorted(maps.Keys(t.injected)) {
		injected, survived = injected+t.injected[kind], survived+t.survived[kind]
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\n", kind, t.injected[kind], t.survived[kind])
	}
	_, _ = fmt.Fprintf(table, "all\t%d\t%d\n", injected, survived)
	_ = table.Flush() // into memory
	fmt.Fprintf(&b, "%d comparisons behind them: %d rows lost, %d doubled or changed; of %d acknowledged writes %d lost, %d doubled\n",
		t.compared, t.missing, t.extra, t.acknowledged, t.absent, t.twice)
	_, _ = io.WriteString(to, b.String()) // the end of a run of tests
}
