//go:build integration

package lane_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

// tailed is a lane whose tail is armed and whose last incremental round is done.
func tailed(t *testing.T) (*world, *verify.Verifier) {
	t.Helper()
	w := following(t)
	v := w.verifier("switch")
	require.True(t, w.full(v).Clean)
	require.NoError(t, v.ArmTail(t.Context()))
	require.ErrorIs(t, v.ArmTail(t.Context()), verify.ErrTailArmed)
	report, err := v.Incremental(t.Context())
	require.NoError(t, err)
	require.True(t, report.Clean)
	return w, v
}

// ample is a budget that is not under test.
const ample = 5 * time.Minute

// tail checks the tail.
func (w *world) tail(v *verify.Verifier, budget time.Duration) (verify.TailResult, error) {
	w.t.Helper()
	tail, err := v.OpenTail(w.ctx())
	require.NoError(w.t, err)
	defer tail.Close()
	return tail.Check(w.ctx(), budget)
}

// bucketsOfTheTail counts the buckets that the recorded keys lie in: not always the
// same number, since buckets are divided at keys of a random sample.
func (w *world) bucketsOfTheTail() (count int) {
	w.t.Helper()
	for table, key := range map[string]string{
		"account": `row(%[1]s[1]::bigint)`, "entry": `row(%[1]s[1]::bigint, %[1]s[2]::bigint)`,
		"document": `row(%[1]s[1]::uuid)`, "payment_2026": `row(%[1]s[1]::bigint, %[1]s[2]::date)`,
	} {
		found := value[int](w, w.green, fmt.Sprintf(`SELECT count(DISTINCT b.bucket_no)
			FROM bgsync.dirty_key d JOIN bgsync.table_map m USING (table_id) JOIN bgsync.bucket b USING (lane, table_id)
			WHERE m.name = $1 AND (b.lo IS NULL OR %s < %s) AND (b.hi IS NULL OR %[2]s <= %s)`,
			fmt.Sprintf(key, "b.lo"), fmt.Sprintf(key, "d.key"), fmt.Sprintf(key, "b.hi")), table)
		require.Positive(w.t, found, table)
		count += found
	}
	return count
}

// The rows that changed since the last round, and no others, are compared while
// nobody writes; a fault in one of them is seen.
func TestTheTailIsComparedRowByRow(t *testing.T) {
	t.Parallel()
	w, v := tailed(t)
	before, err := v.Status(t.Context())
	require.NoError(t, err)
	require.Zero(t, before.Dirty)
	w.exec(w.blue, `UPDATE public.account SET balance = balance + 1 WHERE id <= 10`, `DELETE FROM public.entry WHERE account = 3 AND seq = 3`,
		`UPDATE public.entry SET seq = 500 WHERE account = 4 AND seq = 4`, `UPDATE public.document SET tags = '{x}' WHERE slot = 9`, `INSERT INTO public.payment VALUES (1, '2026-12-01', 1)`)
	w.drained(w.blue, w.green, "core.fwd")
	status, err := v.Status(t.Context())
	require.NoError(t, err)
	require.Zero(t, status.Dirty, "the marks are not raised in tail mode")
	require.Equal(t, 10+1+2+1+1, status.TailKeys)
	result, err := w.tail(v, ample)
	require.NoError(t, err)
	require.Equal(t, verify.TailEqual, result.Outcome)
	require.Equal(t, 15, result.Keys)
	require.Zero(t, result.Buckets)

	for name, spoil := range map[string][2]string{
		"a row differs":    {`UPDATE public.account SET balance = balance + 1 WHERE id = 5`, `UPDATE public.account SET balance = balance - 1 WHERE id = 5`},
		"a row is there":   {`INSERT INTO public.entry (account, seq, amount) VALUES (3, 3, 1)`, `DELETE FROM public.entry WHERE account = 3 AND seq = 3`},
		"a row is missing": {`DELETE FROM public.payment WHERE id = 1 AND day = '2026-12-01'`, `INSERT INTO public.payment VALUES (1, '2026-12-01', 1)`},
	} {
		w.exec(w.green, spoil[0])
		result, err = w.tail(v, ample)
		require.NoError(t, err)
		assert.Equal(t, verify.TailMismatch, result.Outcome, name)
		w.exec(w.green, spoil[1])
	}
	result, err = w.tail(v, time.Nanosecond)
	require.NoError(t, err)
	require.Equal(t, verify.TailUnfinished, result.Outcome, "what is not finished is no result")

	recorded := w.bucketsOfTheTail()
	require.NoError(t, v.DisarmTail(t.Context()))
	require.NoError(t, v.DisarmTail(t.Context()), "a second time there is nothing to do")
	status, err = v.Status(t.Context())
	require.NoError(t, err)
	require.False(t, status.TailArmed)
	require.Zero(t, status.TailKeys)
	require.Equal(t, recorded, status.Dirty, "what was recorded is dirty, and nothing else")
	_, err = w.tail(v, ample)
	require.ErrorIs(t, err, verify.ErrTailOff)
	report, err := v.Incremental(t.Context())
	require.NoError(t, err)
	require.True(t, report.Clean)
	require.EqualValues(t, status.Dirty, report.Buckets, "only the dirty ones are compared")
}

// What no list of keys shows is compared by buckets: a TRUNCATE, and what was left
// since it was always changing.
func TestTheTailComparesBucketsThatAreDirtyFromBefore(t *testing.T) {
	t.Parallel()
	w, v := tailed(t)
	w.exec(w.blue, `BEGIN; TRUNCATE public.payment_rest; INSERT INTO public.payment VALUES (77, '2033-03-03', 1); COMMIT`)
	w.drained(w.blue, w.green, "core.fwd")
	result, err := w.tail(v, ample)
	require.NoError(t, err)
	require.Equal(t, verify.TailEqual, result.Outcome)
	require.Positive(t, result.Buckets)
	w.exec(w.green, `INSERT INTO public.payment VALUES (78, '2034-04-04', 1)`)
	result, err = w.tail(v, ample)
	require.NoError(t, err)
	require.Equal(t, verify.TailMismatch, result.Outcome)
	require.NoError(t, v.Diverged(t.Context(), "the tail differs"))
	require.EqualValues(t, "divergence", w.row(w.green, "core.fwd").Halt)
}

// A lane that changes more keys than a tail may have leaves tail mode by itself;
// nothing that it recorded counts as equal then.
func TestATooLongTailIsLeft(t *testing.T) {
	t.Parallel()
	w, v := tailed(t)
	w.exec(w.blue, `UPDATE public.account SET balance = balance + 1 WHERE id = 3`)
	w.exec(w.blue, `INSERT INTO public.payment SELECT n, '2026-11-11', n FROM generate_series(100001, 150001) n`)
	require.Equal(t, 50_000, dirty.MaxTail)
	w.drained(w.blue, w.green, "core.fwd")
	status, err := v.Status(t.Context())
	require.NoError(t, err)
	require.False(t, status.TailArmed)
	require.Zero(t, status.TailKeys)
	require.GreaterOrEqual(t, status.Dirty, 2)
	_, err = w.tail(v, ample)
	require.ErrorIs(t, err, verify.ErrTailOff)
}

// After a switch the lane back begins with a base that was just shown to be equal;
// a lane without buckets could not say what changes after it.
func TestTheLaneBackBeginsClean(t *testing.T) {
	t.Parallel()
	w := following(t)
	w.register("core.rev", w.green, w.blue)
	require.NoError(t, lane.Create(t.Context(), lane.Creation{Lane: "core.rev", Endpoints: endpoints(w.green, w.blue), Base: lane.Equal, Limits: quick()}))
	back := w.verifier("switch")
	back.Lane, back.Source, back.Target = "core.rev", back.Target, back.Source
	_, err := back.Full(t.Context())
	require.ErrorIs(t, err, verify.ErrPassive, "its source lags behind its target")
	row := w.row(w.blue, "core.rev")
	_, err = back.OpenBase(t.Context())
	require.ErrorIs(t, err, verify.ErrUnprepared)
	require.NoError(t, back.Prepare(t.Context()))
	status, err := back.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, status.Buckets, status.Unverified)
	base, err := back.OpenBase(t.Context())
	require.NoError(t, err)
	defer base.Close()
	require.NoError(t, base.Set(t.Context(), row.Applied))
	status, err = back.Status(t.Context())
	require.NoError(t, err)
	require.Zero(t, status.Dirty)
	require.NoError(t, back.ClearCleanBase(t.Context()))
	status, err = back.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, status.Buckets, status.Dirty)
}
