//go:build integration

package lane_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

// Any interleaving of writes, batches, comparisons, repairs, foreign writes on the
// passive side and crashes of lane and verifier calls no bucket equal that is not,
// and none different that is equal: each comparison is checked under its own two
// snapshots by other means. In the end a pass is clean and the sides are equal.
//
//	go test -tags integration -run TestNoInterleavingMakes -rapid.checks 100 -timeout 30m ./lane
func TestNoInterleavingMakesAFalseResult(t *testing.T) {
	w := bareWorld(t)
	w.exec(w.green, `SET session_replication_role = replica`)
	fewer(t, "4")
	seen := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		w.clean()
		w.exec(w.blue, someRows)
		w.register("core.fwd", w.blue, w.green)
		require.NoError(rt, lane.Create(w.ctx(), lane.Creation{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks, Limits: quick()}))
		c := &verification{w: w, rt: rt, seen: seen}
		c.start("")
		w.running()
		for range rapid.IntRange(2, 8).Draw(rt, "rounds") {
			rapid.SampledFrom([]func(){c.write, c.spoil, c.compare, c.compare, c.restart}).Draw(rt, "action")()
		}
		c.converge()
	})
	t.Logf("comparisons: %v", seen)
	require.Positive(t, seen["equal"])
}

// fewer sets how many interleavings are tried, unless the command line does.
func fewer(t *testing.T, checks string) {
	t.Helper()
	given := flag.Lookup("rapid.checks").Value.String()
	if given != "15" { // what TestMain sets
		return
	}
	require.NoError(t, flag.Set("rapid.checks", checks))
	t.Cleanup(func() { require.NoError(t, flag.Set("rapid.checks", given)) })
}

// verification is one interleaving under way.
type verification struct {
	w     *world
	rt    *rapid.T
	runs  int
	crash string
	stop  func() (lane.Report, error)
	seen  map[string]int
}

func (c *verification) write() { c.w.exec(c.w.blue, anyWrite(c.rt)) }

// spoil writes on the passive side what no lane brought, in a way that no later
// change of the source meets.
func (c *verification) spoil() {
	status, err := c.w.verifier("look").Status(c.w.ctx())
	require.NoError(c.rt, err)
	if status.FirstClean { // from then on it would halt the lane
		return
	}
	n := rapid.IntRange(1, 40).Draw(c.rt, "n")
	c.w.exec(c.w.green, fmt.Sprintf(rapid.SampledFrom([]string{
		`UPDATE public.account SET balance = balance + 7 WHERE id = %[1]d`, `UPDATE public.document SET code = 'spoiled' WHERE slot = %[1]d`,
		`INSERT INTO public.payment VALUES (-%[1]d, '2026-01-05', 1) ON CONFLICT DO NOTHING`, `DELETE FROM public.payment WHERE id = 150 + %[1]d`, // accounts are all written to at once
	}).Draw(c.rt, "fault"), n))
}

// start begins an invocation that dies at a step, if one is given.
func (c *verification) start(crash string) {
	c.runs++
	r := c.w.runner(fmt.Sprint("run ", c.runs, time.Now().UnixNano()))
	if c.crash = crash; crash != "" {
		r.At = crashAt(crash, 2)
	}
	c.stop = c.w.background(r)
}

// restart ends the invocation, if it has not died, and begins another.
func (c *verification) restart() {
	report, err := c.stop()
	if !errors.Is(err, errCrash) && !errors.Is(err, context.Canceled) {
		require.NoError(c.rt, err)
	}
	require.Nil(c.rt, report.Halt)
	c.start(rapid.SampledFrom(append([]string{""}, steps[6:14]...)).Draw(c.rt, "dies at"))
}

// compare runs a pass that may die at a step, and writes at another.
func (c *verification) compare() {
	w, rt := c.w, c.rt
	v := w.verifier("pass")
	v.Limits.Workers, v.Limits.Wait = 1, time.Second
	v.Inspect = c.inspect
	all := []string{verify.AfterSnapshot, verify.AfterTarget, verify.BeforeRecord, verify.AfterRecord}
	at, dies := rapid.SampledFrom(all).Draw(rt, "writes at"), rapid.SampledFrom(append(all, "", "", "")).Draw(rt, "verifier dies at")
	writes := rapid.SliceOfN(rapid.Custom(anyWrite), 1, 3).Draw(rt, "writes")
	settles := rapid.Bool().Draw(rt, "applied at once")
	crash := crashAt(dies, 2)
	v.At = func(step string) error {
		if step == at && len(writes) > 0 {
			w.exec(w.blue, writes[0])
			writes = writes[1:]
			if settles && c.crash == "" {
				w.drained(w.blue, w.green, "core.fwd")
			}
		}
		return crash(step)
	}
	kind := rapid.SampledFrom([]verify.Kind{verify.Full, verify.Incremental}).Draw(rt, "kind")
	report, err := v.Pass(w.ctx(), kind, 0)
	if !errors.Is(err, errCrash) && !errors.Is(err, verify.ErrStalled) { // the lane may be down
		require.NoError(rt, err)
	}
	require.Nil(rt, report.Halt)
}

// inspect compares the rows of a bucket under the comparison's own snapshots.
func (c *verification) inspect(ctx context.Context, seen verify.Seen) error {
	var rows [2]string
	for i, tx := range []pgx.Tx{seen.Source, seen.Target} {
		err := tx.QueryRow(ctx, `SELECT coalesce(string_agg(t::text, E'\n' ORDER BY t::text COLLATE "C"), '') FROM ONLY `+seen.Table+` AS t WHERE `+seen.Where).Scan(&rows[i])
		if err != nil {
			return err
		}
	}
	result := "different"
	switch {
	case seen.Unstable:
		result = "unstable"
	case seen.Equal:
		result = "equal"
	}
	c.seen[result]++
	if !seen.Unstable && seen.Equal != (rows[0] == rows[1]) {
		return fmt.Errorf("a false result %q in table %s where %s: %v", result, seen.Table, seen.Where, differences(rows[0]+"\n", rows[1]+"\n"))
	}
	return nil
}

// converge lets lane and verifier run in peace: a pass comes out clean.
func (c *verification) converge() {
	w, rt := c.w, c.rt
	c.crashless()
	w.drained(w.blue, w.green, "core.fwd")
	v := w.verifier("last")
	v.Inspect, v.Limits.Workers = c.inspect, 1
	clean := slices.ContainsFunc(make([]struct{}, 6), func(struct{}) bool {
		report, err := v.Full(w.ctx())
		require.NoError(rt, err)
		require.Nil(rt, report.Halt)
		w.repaired()
		return report.Clean
	})
	require.True(rt, clean, "a pass comes out clean")
	w.drained(w.blue, w.green, "core.fwd")
	require.Empty(rt, differences(w.contents(w.blue), w.contents(w.green)))
	report, err := c.stop()
	if !errors.Is(err, context.Canceled) {
		require.NoError(rt, err)
	}
	require.Nil(rt, report.Halt)
	require.NotEqual(rt, checkpoint.Halted, w.row(w.green, "core.fwd").State)
}

// crashless replaces the invocation by one that does not die.
func (c *verification) crashless() {
	_, _ = c.stop() // dead or alive
	c.start("")
}
