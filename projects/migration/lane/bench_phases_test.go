//go:build integration

package lane_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/figures"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// The phases of a copy that is held up again and again. They are told apart by what the
// loaders' sessions do on either side.
const (
	rowsFlow = "rows flow"             // the source is read
	finishes = "the target finishes"   // it is not, and the target is at work on what it got
	neither  = "neither side is at it" // data is held up, and nothing of it is under way
)

var phases = []string{rowsFlow, finishes, neither}

// phased counts the writers' transactions by the phase of a copy.
type phased struct {
	pressure *pressure
	source   *pgx.Conn
	target   *pgx.Conn

	made    map[string]int64
	seconds map[string]float64
	stop    context.CancelFunc
	ended   chan error
}

// phasePoll is how often it is looked in which phase the copy is.
const phasePoll = 20 * time.Millisecond

// phases begins to look at a copy from a database of the source. end tells the writers'
// rate by phase, and the phase's part of the time below "part of " and its name.
func (r *rig) phases(ctx context.Context, p *pressure, from string) (end func() (figures.Values, error), err error) {
	ctx, cancel := context.WithCancel(ctx)
	w := &phased{pressure: p, made: map[string]int64{}, seconds: map[string]float64{}, stop: cancel, ended: make(chan error, 1)}
	id := pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "phases"}
	if w.source, err = pg.Connect(ctx, r.blue.AdminDSN(from), id); err == nil {
		w.target, err = pg.Connect(ctx, r.green.AdminDSN(taken), id)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	go func() { w.ended <- w.run(ctx) }()
	return w.end, nil
}

// run looks until ctx ends. The time between two looks belongs to what both saw; where
// they differ, to the former.
func (w *phased) run(ctx context.Context) error {
	defer pg.Close(w.target)
	defer pg.Close(w.source)
	phase, made, at := "", w.pressure.made.Load(), time.Now()
	for {
		next, err := w.look(context.WithoutCancel(ctx))
		if err != nil {
			return err
		}
		now, count := time.Now(), w.pressure.made.Load()
		if phase != "" {
			w.made[phase] += count - made
			w.seconds[phase] += now.Sub(at).Seconds()
		}
		phase, made, at = next, count, now
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(phasePoll):
		}
	}
}

// look tells the phase.
func (w *phased) look(ctx context.Context) (string, error) {
	at := func(conn *pgx.Conn, waits string) (busy bool, err error) {
		err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'bgsync/load/%'
			AND state = 'active' AND wait_event IS DISTINCT FROM $1)`, waits).Scan(&busy)
		return busy, err
	}
	reads, err := at(w.source, "ClientWrite")
	writes, failed := at(w.target, "ClientRead")
	switch {
	case err != nil || failed != nil:
		return "", errors.Join(err, failed)
	case reads:
		return rowsFlow, nil
	case writes:
		return finishes, nil
	}
	return neither, nil
}

// end stops looking and tells what was seen.
func (w *phased) end() (figures.Values, error) {
	w.stop()
	err := <-w.ended
	values, all := figures.Values{}, 0.0
	for _, phase := range phases {
		all += w.seconds[phase]
	}
	for _, phase := range phases {
		if seconds := w.seconds[phase]; seconds > 0 {
			values[phase], values[partOf+phase] = float64(w.made[phase])/seconds, seconds/all
		}
	}
	return values, err
}

const partOf = "part of "

// byPhase are rows of what the source's clients keep in each phase that every run had.
func byPhase(results figures.Results, what, against string) []figures.Row {
	var rows []figures.Row
	for n, phase := range phases {
		var parts []float64
		for _, run := range results[ours] {
			if part, seen := run.Values[partOf+phase]; seen {
				parts = append(parts, part)
			}
		}
		if len(parts) < len(results[ours]) {
			continue
		}
		note := fmt.Sprintf("%.0f %% of the time", 100*figures.Of(parts).Median)
		rows = append(rows, results.Compare(figures.Row{ID: fmt.Sprintf("P13-%d", n+1), What: what + ": while " + phase, Unit: "tx/s", Note: note}, ours, against, phase))
	}
	return rows
}
