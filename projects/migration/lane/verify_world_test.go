//go:build integration || soak

package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checker"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

// verifier of the forward lane, with small buckets and short pauses.
func (w *world) verifier(invocation string) *verify.Verifier {
	limits := verify.Defaults()
	limits.BucketRows, limits.UnitBuckets, limits.Pause, limits.Wait = 50, 8, 5*time.Millisecond, waiting
	limits.Stop, limits.Cancel = 300*time.Millisecond, 50*time.Millisecond
	return &verify.Verifier{
		Lane: "core.fwd", Source: w.blue.DSN("verify_a", password, database), Target: w.green.DSN("verify_a", password, database),
		Invocation: invocation, Limits: limits,
	}
}

// checked compares both sides at rest by means that are not the engine's.
func (w *world) checked() checker.Result {
	w.t.Helper()
	var names []string
	for _, table := range plan("x").Tables {
		if table.Name != "payment" { // its rows are its partitions'
			names = append(names, table.FullName())
		}
	}
	result, err := checker.Compare(w.ctx(), w.blue.AdminDSN(database), w.green.AdminDSN(database), names)
	require.NoError(w.t, err)
	return result
}

// same requires the independent check to find no difference.
func (w *world) same() {
	w.t.Helper()
	result := w.checked()
	require.True(w.t, result.Equal(), "%+v", result)
}

// following is a strict lane with an invocation at work.
func following(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	w.background(w.runner("follows"))
	w.running()
	w.drained(w.blue, w.green, "core.fwd")
	return w
}

// full runs a full pass to its end.
func (w *world) full(v *verify.Verifier) verify.Report {
	w.t.Helper()
	report, err := v.Full(w.ctx())
	require.NoError(w.t, err)
	require.True(w.t, report.Done)
	return report
}

// repaired waits until no request is open.
func (w *world) repaired() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		return value[int](w, w.green, `SELECT count(*) FROM bgsync.repair`) == 0
	}, waiting, tick, "repairs are done")
}

// faults are what may be wrong with the target, each with the rows that a repair
// is asked for.
var faults = map[string]struct {
	spoil     string
	requested int64
}{
	"a row is missing":                    {`DELETE FROM public.entry WHERE account = 3 AND seq = 3`, 1},
	"a row is extra":                      {`INSERT INTO public.entry (account, seq, amount) VALUES (3, 3000, 1)`, 1},
	"a row before the first key":          {`INSERT INTO public.entry (account, seq, amount) VALUES (-9, 1, 1)`, 1},
	"a row after the last key":            {`INSERT INTO public.entry (account, seq, amount) VALUES (999999, 1, 1)`, 1},
	"a row differs":                       {`UPDATE public.account SET balance = balance + 1 WHERE id = 7`, 1},
	"a value out of line differs":         {`UPDATE public.document SET body = overlay(body PLACING 'x' FROM 5000 FOR 1) WHERE slot = 5`, 1},
	"an empty text is NULL":               {`UPDATE public.entry SET note = '' WHERE account = 4 AND seq = 5`, 1},
	"a numeric has another scale":         {`UPDATE public.document SET exact = 1.00 WHERE slot = 1`, 1},
	"a zero is negative":                  {`UPDATE public.document SET ratio = '-0' WHERE slot = 2`, 1},
	"a number is none":                    {`UPDATE public.document SET ratio = 'NaN' WHERE slot = 3`, 1},
	"a number is infinite":                {`UPDATE public.document SET ratio = 'infinity' WHERE slot = 4`, 1},
	"a time is infinite":                  {`UPDATE public.document SET seen = '-infinity' WHERE slot = 14`, 1},
	"a text has blanks at its end":        {`UPDATE public.entry SET note = note || '  ' WHERE account = 4 AND seq = 2`, 1},
	"a padded text is another":            {`UPDATE public.document SET code = 'ab' WHERE slot = 6`, 1},
	"an array has a text for NULL":        {`UPDATE public.document SET tags = ARRAY['a,b', 'NULL', '"'] WHERE slot = 7`, 1},
	"a row is in another partition":       {`UPDATE public.payment SET day = '2031-01-01' WHERE id = 300`, 2},
	"a row has another key":               {`UPDATE public.entry SET seq = 7777 WHERE account = 9 AND seq = 9`, 2},
	"two rows change a unique value":      {`BEGIN; UPDATE public.document SET slot = -1 WHERE slot = 8; UPDATE public.document SET slot = 8 WHERE slot = 9; UPDATE public.document SET slot = 9 WHERE slot = -1; COMMIT`, 2},
	"a unique value is held by a new row": {`BEGIN; UPDATE public.document SET slot = 4711 WHERE slot = 10; INSERT INTO public.document VALUES ('ffffffff-ffff-ffff-ffff-ffffffffffff', 10, 'z'); COMMIT`, 2},
	"many rows of a bucket are missing":   {`DELETE FROM public.entry WHERE account BETWEEN 20 AND 25`, 120},
}

// before are the values that the faults change.
var before = []string{
	`UPDATE public.document SET exact = 1.0 WHERE slot = 1`, `UPDATE public.document SET ratio = 0 WHERE slot BETWEEN 2 AND 4`,
	`UPDATE public.document SET code = 'ab c' WHERE slot = 6`,
}

// spoiled is a lane on which some of the faults are repaired.
func (w *world) spoiled(v *verify.Verifier, names ...string) {
	w.t.Helper()
	w.exec(w.blue, before...)
	w.drained(w.blue, w.green, "core.fwd")
	var requested int64
	for _, name := range names {
		w.exec(w.green, faults[name].spoil)
		requested += faults[name].requested
	}
	require.False(w.t, w.checked().Equal(), "the fault is one")
	report := w.full(v)
	require.False(w.t, report.Clean)
	require.Equal(w.t, requested, report.Requested, "rows that differ: %v", w.checked())
	w.repaired()
	w.drained(w.blue, w.green, "core.fwd")
	w.same()
}
