//go:build integration

package lane_test

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

func TestAFullPassUnderWritersShowsThatBothSidesAreEqual(t *testing.T) {
	t.Parallel()
	w, began := following(t), time.Now()
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
	assert.Less(t, status.Age, time.Since(began))
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
	t.Parallel()
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
			digest := md5.Sum([]byte(text))
			count++
			sum1.Add(sum1, big.NewInt(int64(binary.BigEndian.Uint64(digest[:8]))))
			sum2.Add(sum2, big.NewInt(int64(binary.BigEndian.Uint64(digest[8:]))))
		}
		require.NoError(t, texts.Err())
		assert.Equal(t, line{b.no, count, sum1.String(), sum2.String(), b.lo, b.hi}, b)
	}
}

// What differs is found, asked for, and repaired by the applier, until the first
// full pass of the generation has ended clean. After it a difference is a defect.
func TestEveryDifferenceIsFoundAndRepaired(t *testing.T) {
	t.Parallel()
	w := following(t)
	w.exec(w.green, `SET session_replication_role = replica`)
	v := w.verifier("pass")
	v.Limits.BucketRows = 400
	w.spoiled(v, slices.Sorted(maps.Keys(faults))...)
	require.True(t, w.full(v).Clean)
	w.exec(w.green, `UPDATE public.account SET balance = balance + 1 WHERE id = 7`)
	report := w.full(v)
	require.NotNil(t, report.Halt)
	require.Equal(t, checkpoint.Divergence, report.Halt.Code)
	require.Equal(t, checkpoint.Divergence, w.row(w.green, "core.fwd").Halt)
	assert.NotContains(t, report.Halt.Error(), "101")
	status, err := v.Status(t.Context())
	require.NoError(t, err)
	assert.Equal(t, status.Buckets, status.Unverified, "a halt takes all results back")
	_, err = v.Full(t.Context())
	require.ErrorIs(t, err, verify.ErrHalted)
}

// Workers that find the lane standing, because another one has halted it, tell of
// the halt and not of an error.
func TestAHaltBesideAPassStandsInItsReport(t *testing.T) {
	t.Parallel()
	w := following(t)
	v := w.verifier("pass")
	v.Limits.Workers = 1
	halted := false
	v.Observe = func(verify.Progress) {
		if !halted {
			halted = true
			require.NoError(t, w.verifier("other").Diverged(t.Context(), "seen elsewhere"))
		}
	}
	report := w.full(v)
	require.NotNil(t, report.Halt)
	assert.Equal(t, checkpoint.Divergence, report.Halt.Code)
	assert.False(t, report.Clean)
}

// A bucket that the lane changes between the two snapshots has no result: a
// difference would be none, and equality neither. It is left to the check of the
// tail, and the pass is clean without it.
func TestABucketThatMovesBetweenTheSnapshotsIsUnstable(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	v.Limits.Wait = waiting
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
	t.Parallel()
	w := steady(t)
	v := w.verifier("pass")
	stop := w.background(w.runner("whole"))
	w.drained(w.blue, w.green, "core.fwd")
	require.True(t, w.full(v).Clean)
	_, err := stop()
	require.NoError(t, err)
	w.exec(w.green, `UPDATE bgsync.lane SET part_lsn = applied_lsn + 100, part_index = 1, part_change_lsn = applied_lsn + 50, applied_lsn = 'F/0'`)
	v.Limits.Wait = 300 * time.Millisecond
	_, err = v.Full(t.Context())
	require.ErrorIs(t, err, verify.ErrStalled)
	v.Limits.Wait = waiting
	w.exec(w.green, `UPDATE bgsync.lane SET part_lsn = NULL, part_index = 0, part_change_lsn = NULL`)
	report := w.full(v)
	require.True(t, report.Clean, fmt.Sprint(report))
}
