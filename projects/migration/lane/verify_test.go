//go:build integration

package lane_test

import (
	"context"
	"crypto/md5" //nolint:gosec // what the engine computes in SQL, computed otherwise
	"encoding/binary"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checker"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

// verifier of the forward lane, with small buckets and short pauses.
func (w *world) verifier(invocation string) *verify.Verifier {
	limits := verify.Defaults()
	limits.BucketRows, limits.UnitBuckets, limits.Pause, limits.Wait = 50, 8, 5*time.Millisecond, 20*time.Second
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

func TestAFullPassUnderWritersShowsThatBothSidesAreEqual(t *testing.T) {
	w := following(t)
	bank := w.bankAt(w.blue, 2, 5*time.Millisecond)
	var progress []verify.Progress
	v := w.verifier("pass")
	v.Limits.Workers = 1
	v.Observe = func(p verify.Progress) { progress = append(progress, p) }
	report := w.full(v)
	require.True(t, report.Clean, "%+v", report)
	require.Zero(t, report.Mismatched)
	bank.stop()
	w.drained(w.blue, w.green, "core.fwd")
	w.same()
	require.NotEmpty(t, progress)
	last := progress[len(progress)-1]
	assert.Positive(t, last.Rate())
	assert.Zero(t, last.ETA())

	report, err := v.Incremental(t.Context())
	require.NoError(t, err)
	require.True(t, report.Clean, "%+v", report)
	status, err := v.Status(t.Context())
	require.NoError(t, err)
	assert.True(t, status.FirstClean)
	assert.Zero(t, status.Dirty)
	assert.Zero(t, status.Unverified)
	assert.Less(t, status.Age, time.Minute)
	assert.Greater(t, status.Buckets, 20, "tables are divided")
	w.summarised(v)
}

// summarised checks what a proof says of the tables.
func (w *world) summarised(v *verify.Verifier) {
	w.t.Helper()
	key := []byte("a key of thirty-two bytes or more")
	summary, err := v.Summary(w.ctx(), key)
	require.NoError(w.t, err)
	require.Len(w.t, summary, 5)
	for _, table := range summary {
		assert.Equal(w.t, value[int64](w, w.blue, `SELECT count(*) FROM ONLY `+table.Table), table.Rows, table.Table)
		assert.Zero(w.t, table.Unverified)
		assert.Len(w.t, table.HMAC, 64)
	}
	other, err := v.Summary(w.ctx(), []byte("another key of thirty-two bytes or so"))
	require.NoError(w.t, err)
	assert.NotEqual(w.t, summary[0].HMAC, other[0].HMAC)
	_, err = v.Summary(w.ctx(), []byte("short"))
	require.ErrorContains(w.t, err, "is 5 bytes, expected at least 32")
}

// The hash of a bucket is computed once more, outside of the servers.
func TestABucketsHashIsTheSumOfItsRowsHashes(t *testing.T) {
	w := following(t)
	w.full(w.verifier("pass"))
	rows, err := w.green.admin.Query(t.Context(), `SELECT b.bucket_no, b.rows, b.sum1::text, b.sum2::text, b.lo[1], b.hi[1] FROM bgsync.bucket b
		JOIN bgsync.table_map m USING (table_id) WHERE m.name = 'account' ORDER BY 1`)
	require.NoError(t, err)
	type line struct {
		no, rows   int64
		sum1, sum2 string
		lo, hi     *string
	}
	var buckets []line
	for rows.Next() {
		var b line
		require.NoError(t, rows.Scan(&b.no, &b.rows, &b.sum1, &b.sum2, &b.lo, &b.hi))
		buckets = append(buckets, b)
	}
	require.NoError(t, rows.Err())
	require.Greater(t, len(buckets), 2)
	for _, b := range buckets {
		texts, err := w.blue.admin.Query(t.Context(), `SELECT format('(%s,%s,%s,"%s")', balance, currency, id, owner) FROM public.account
			WHERE ($1::text IS NULL OR id > $1::text::bigint) AND ($2::text IS NULL OR id <= $2::text::bigint)`, b.lo, b.hi)
		require.NoError(t, err)
		count, sum1, sum2 := int64(0), new(big.Int), new(big.Int)
		for texts.Next() {
			var text string
			require.NoError(t, texts.Scan(&text))
			digest := md5.Sum([]byte(text)) //nolint:gosec // see the import
			count++
			sum1.Add(sum1, big.NewInt(int64(binary.BigEndian.Uint64(digest[:8])))) //nolint:gosec // as PostgreSQL casts
			sum2.Add(sum2, big.NewInt(int64(binary.BigEndian.Uint64(digest[8:])))) //nolint:gosec // as PostgreSQL casts
		}
		require.NoError(t, texts.Err())
		assert.Equal(t, line{b.no, count, sum1.String(), sum2.String(), b.lo, b.hi}, b)
	}
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
	"a time is infinite":                  {`UPDATE public.document SET seen = '-infinity' WHERE slot = 4`, 1},
	"a text has blanks at its end":        {`UPDATE public.entry SET note = note || '  ' WHERE account = 4 AND seq = 2`, 1},
	"a padded text is another":            {`UPDATE public.document SET code = 'ab' WHERE slot = 6`, 1},
	"an array has a text for NULL":        {`UPDATE public.document SET tags = ARRAY['a,b', 'NULL', '"'] WHERE slot = 7`, 1},
	"a row is in another partition":       {`UPDATE public.payment SET day = '2031-01-01' WHERE id = 300`, 2},
	"a row has another key":               {`UPDATE public.entry SET seq = 7777 WHERE account = 9 AND seq = 9`, 2},
	"two rows change a unique value":      {`BEGIN; UPDATE public.document SET slot = -1 WHERE slot = 8; UPDATE public.document SET slot = 8 WHERE slot = 9; UPDATE public.document SET slot = 9 WHERE slot = -1; COMMIT`, 2},
	"a unique value is held by a new row": {`BEGIN; UPDATE public.document SET slot = 4711 WHERE slot = 10; INSERT INTO public.document VALUES ('ffffffff-ffff-ffff-ffff-ffffffffffff', 10, 'z'); COMMIT`, 2},
	"many rows of a bucket are missing":   {`DELETE FROM public.entry WHERE account BETWEEN 20 AND 25`, 120},
}

// What differs is found, asked for, and repaired by the applier, until the first
// full pass of the generation has ended clean.
func TestEveryDifferenceIsFoundAndRepaired(t *testing.T) {
	w := following(t)
	w.exec(w.green, `SET session_replication_role = replica`)
	v := w.verifier("pass")
	v.Limits.BucketRows = 400
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			outer := w.t
			w.t = t
			defer func() { w.t = outer }()
			w.exec(w.blue, `UPDATE public.document SET exact = 1.0 WHERE slot = 1`, `UPDATE public.document SET ratio = 0 WHERE slot BETWEEN 2 AND 4`, `UPDATE public.document SET code = 'ab c' WHERE slot = 6`)
			w.drained(w.blue, w.green, "core.fwd")
			w.exec(w.green, fault.spoil)
			require.False(t, w.checked().Equal(), "the fault is one")
			report := w.full(v)
			require.False(t, report.Clean)
			require.Equal(t, fault.requested, report.Requested)
			w.repaired()
			w.drained(w.blue, w.green, "core.fwd")
			w.same()
		})
	}
	require.True(t, w.full(v).Clean)
	w.exec(w.green, `UPDATE public.account SET balance = balance + 1 WHERE id = 7`)
	report := w.full(v)
	require.NotNil(t, report.Halt, "after the first clean pass a difference is a defect")
	require.Equal(t, checkpoint.Divergence, report.Halt.Code)
	require.Equal(t, checkpoint.Divergence, w.row(w.green, "core.fwd").Halt)
	assert.NotContains(t, report.Halt.Error(), "101")
	status, err := v.Status(t.Context())
	require.NoError(t, err)
	assert.Equal(t, status.Buckets, status.Unverified, "a halt takes all results back")
	_, err = v.Full(t.Context())
	require.ErrorIs(t, err, verify.ErrHalted)
}

// A bucket that the lane changes between the two snapshots has no result: a
// difference would be none, and equality neither. It is left to the check of the
// tail, and the pass is clean without it.
func TestABucketThatMovesBetweenTheSnapshotsIsUnstable(t *testing.T) {
	w := following(t)
	v := w.verifier("pass")
	v.Limits.Workers = 1
	v.At = func(step string) error {
		if step != verify.AfterSnapshot {
			return nil
		}
		if _, err := w.blue.admin.Exec(w.ctx(), `UPDATE public.account SET balance = balance + 1 WHERE id = 100`); err != nil {
			return err
		}
		w.drained(w.blue, w.green, "core.fwd")
		return nil
	}
	report := w.full(v)
	require.Zero(t, report.Requested, "what is not a difference is not repaired")
	require.EqualValues(t, 1, report.Unstable)
	require.True(t, report.Clean, "%+v", report)
	status, err := v.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, status.Dirty)
	v.At = nil
	report, err = v.Incremental(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, report.Equal, "at rest it is compared")
}

// The target is not read before it has all that the source's snapshot shows.
func TestAComparisonWaitsForTheLane(t *testing.T) {
	w := following(t)
	v := w.verifier("pass")
	v.Limits.Workers = 1
	require.NoError(t, v.Prepare(t.Context()))
	held := w.connect(w.green.AdminDSN(database), "holder")
	for _, statement := range []string{`BEGIN`, `SELECT FROM bgsync.lane FOR UPDATE`} { // the lane cannot write
		_, err := held.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	w.exec(w.blue, `UPDATE public.account SET balance = balance + 3`, `DELETE FROM public.entry WHERE seq = 4`)
	v.Limits.Wait = 300 * time.Millisecond
	_, err := v.Full(t.Context())
	require.ErrorIs(t, err, verify.ErrStalled)
	v.Limits.Wait = 20 * time.Second
	go func() {
		time.Sleep(300 * time.Millisecond)
		_, _ = held.Exec(context.Background(), `COMMIT`) // the test sees what follows
	}()
	report := w.full(v)
	require.True(t, report.Clean, "%+v", report)
	require.Zero(t, report.Requested)
}

// A lane that has applied a part of a transaction has no state of the source.
func TestNothingIsComparedWhileTheLaneIsTorn(t *testing.T) {
	w := steady(t)
	v := w.verifier("pass")
	v.Limits.Wait = 300 * time.Millisecond
	stop := w.background(w.runner("whole"))
	w.drained(w.blue, w.green, "core.fwd")
	require.True(t, w.full(v).Clean)
	_, err := stop()
	require.NoError(t, err)
	w.exec(w.green, `UPDATE bgsync.lane SET part_lsn = applied_lsn + 100, part_index = 1, part_change_lsn = applied_lsn + 50, applied_lsn = 'F/0'`)
	_, err = v.Full(t.Context())
	require.ErrorIs(t, err, verify.ErrStalled)
	w.exec(w.green, `UPDATE bgsync.lane SET part_lsn = NULL, part_index = 0, part_change_lsn = NULL`)
	report := w.full(v)
	require.True(t, report.Clean, fmt.Sprint(report))
}
