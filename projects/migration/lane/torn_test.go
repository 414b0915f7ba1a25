//go:build integration

package lane_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// longWrites are one transaction of many groups, with what a group may hold.
const longWrites = `BEGIN;
	UPDATE public.account SET balance = balance + 1;
	INSERT INTO public.payment SELECT n, '2026-11-11', n FROM generate_series(100000, 130000) n;
	UPDATE public.entry SET seq = -seq;
	UPDATE public.document SET id = gen_random_uuid() WHERE slot < 20;
	UPDATE public.payment SET amount = amount + 1 WHERE id >= 100000;
	TRUNCATE public.payment_rest;
	DELETE FROM public.payment WHERE id >= 100000 AND id % 3 = 0;
	COMMIT`

// life is a context whose time is over when the test says so.
type life struct {
	context.Context
	over chan struct{}
}

// Done is closed when the time is over.
func (l life) Done() <-chan struct{} { return l.over }

// Err tells then that the deadline has come.
func (l life) Err() error {
	select {
	case <-l.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// invokeFor runs an invocation whose time is over in the given group of changes.
func (w *world) invokeFor(groups int, name string) lane.Report {
	w.t.Helper()
	l := life{Context: context.Background(), over: make(chan struct{})}
	r := w.runner(name)
	r.Limits.BatchRows, r.Limits.BatchBytes = 1000, 256<<10
	r.Limits.Stop, r.Limits.Cancel = margin, margin // it notes what was too long, as slow as it is
	r.At = func(step string) error {
		if step == apply.BeforeData {
			if groups--; groups == 0 {
				close(l.over)
			}
		}
		return nil
	}
	report, err := r.Run(l)
	require.NoError(w.t, err)
	return report
}

// torn is a world whose lane has a part of the long transaction.
func torn(t *testing.T) *world {
	t.Helper()
	w := steady(t)
	w.exec(w.blue, longWrites)
	require.False(t, w.invokeFor(8, "first").Torn, "at first a transaction is tried as a whole")
	require.NotZero(t, w.row(w.green, "core.fwd").Long)
	require.True(t, w.invokeFor(8, "second").Torn)
	return w
}

// A transaction that does not fit into one invocation is written over several,
// from the second one on in parts, each of them once.
func TestALongTransactionIsWrittenOverSeveralInvocations(t *testing.T) {
	t.Parallel()
	w := torn(t)
	before := w.row(w.green, "core.fwd")
	require.Positive(t, before.Part.Index)
	resumed := 0
	for i := 0; w.row(w.green, "core.fwd").Torn(); i++ {
		require.Less(t, i, 40)
		was := w.row(w.green, "core.fwd").Part
		report := w.invokeFor(12, fmt.Sprint("part ", i))
		require.Nil(t, report.Halt)
		require.Positive(t, report.TornSkip)
		now := w.row(w.green, "core.fwd")
		require.True(t, !now.Torn() || now.Part.Index > was.Index, "each invocation goes on")
		require.True(t, now.Torn() || now.Applied > before.Applied, "the position moves when all is written")
		resumed++
	}
	require.Positive(t, resumed)
	require.Zero(t, w.row(w.green, "core.fwd").Long)
	w.follow(`UPDATE public.account SET balance = balance + 1`)
}

// crashing in a torn transaction at every durable step loses and doubles nothing.
func TestATornTransactionGoesOnAfterACrashAtEveryStep(t *testing.T) {
	t.Parallel()
	w := torn(t)
	for i, step := range []string{apply.BeforeClaim, apply.AfterClaim, apply.BeforeData, apply.AfterData, apply.BeforePart, apply.AfterPart, lane.BeforeFlush, lane.AfterFlush} {
		require.True(t, w.row(w.green, "core.fwd").Torn(), "the transaction is long enough for all steps")
		r := w.runner(fmt.Sprint("crash ", i))
		r.Limits.BatchRows, r.Limits.BatchBytes = 1000, 256<<10
		r.At = crashAt(step, 3)
		_, err := r.Run(w.ctx())
		require.ErrorIs(t, err, errCrash, step)
	}
	w.follow(`UPDATE public.account SET balance = balance + 1`)
}

func TestATornTransactionThatComesBackDifferentlyHaltsTheLane(t *testing.T) {
	t.Parallel()
	w := torn(t)
	sound := w.row(w.green, "core.fwd").Part
	for name, edit := range map[string]string{
		"another change is the last applied": `part_change_lsn = part_change_lsn + 8`,
		"more is applied than there is":      `part_index = 1000000`,
		"another transaction":                `part_lsn = part_lsn - 8`,
	} {
		t.Run(name, func(t *testing.T) {
			w.exec(w.green, `UPDATE bgsync.lane SET `+edit)
			require.Equal(t, checkpoint.TornMismatch, w.haltOf("halting"))
			require.Error(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.TornMismatch), "there is no way on from here")
			w.exec(w.green, fmt.Sprintf(`UPDATE bgsync.lane SET state = 'running', halt_code = NULL, halt_reason = NULL, halted_at = NULL, part_lsn = '%s', part_index = %d, part_change_lsn = '%s'`,
				sound.Commit, sound.Index, sound.Change))
		})
	}
}

// Where somebody may write, and read, nobody must see a half of a transaction.
func TestNothingIsTornWhileTheTargetIsWritable(t *testing.T) {
	t.Parallel()
	w := steady(t)
	w.exec(w.green, `UPDATE bgsync.authority SET writable = true`)
	w.exec(w.blue, longWrites)
	for i := range 3 {
		require.False(t, w.invokeFor(8, fmt.Sprint("hurried ", i)).Torn)
		require.Zero(t, value[int](w, w.green, `SELECT count(*) FROM public.payment WHERE id >= 100000`))
	}
	w.exec(w.green, `UPDATE bgsync.authority SET writable = false`)
	require.True(t, w.invokeFor(8, "tearing").Torn)
	w.exec(w.green, `UPDATE bgsync.authority SET writable = true`)
	require.Equal(t, checkpoint.TornMismatch, w.haltOf("torn and writable"))
}

// Who has to pass over so much that a third of the invocation goes by is told.
func TestPassingOverThatTakesTooLongIsTold(t *testing.T) {
	t.Parallel()
	w := torn(t)
	for name, test := range map[string]struct {
		left time.Duration // until nothing new may be begun
		slow bool
	}{"no time": {0, true}, "an hour": {time.Hour, false}} {
		r := w.runner(name)
		r.Limits.Stop, r.Limits.Cancel, r.Limits.Return = time.Minute, 2*time.Millisecond, time.Millisecond
		ctx, cancel := context.WithTimeout(w.ctx(), time.Minute+test.left)
		r.At = func(step string) error {
			if step == apply.AfterPart {
				cancel()
			}
			return nil
		}
		report, err := r.Run(ctx)
		cancel()
		require.NoError(t, err, name)
		require.Positive(t, report.TornSkip, name)
		require.Equal(t, test.slow, report.TornSkipSlow, name)
	}
}

// While a lane is torn nothing is repaired: the target equals no state of the
// source that a repair could be measured by.
func TestATornLaneRepairsNothing(t *testing.T) {
	t.Parallel()
	w := torn(t)
	w.exec(w.green, `INSERT INTO bgsync.repair (lane, table_id, bucket_no, key, reason)
		SELECT 'core.fwd', table_id, -1, '{7}', 'test' FROM bgsync.table_map WHERE name = 'account'`)
	require.True(t, w.invokeFor(8, "torn").Torn)
	require.Equal(t, 1, value[int](w, w.green, `SELECT count(*) FROM bgsync.repair`))
	w.follow(`UPDATE public.account SET balance = balance + 1`)
	require.Zero(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.repair`))
}

// An engine that is killed in the midst of a long transaction, again and again,
// comes to its end.
func TestATornTransactionSurvivesKilledProcesses(t *testing.T) {
	t.Parallel()
	w := torn(t)
	for i := range 4 {
		p := w.spawn(fmt.Sprint("victim ", i), 0)
		time.Sleep(time.Duration(150+50*i) * time.Millisecond)
		w.killed(p)
	}
	w.follow(`UPDATE public.account SET balance = balance + 1`)
}
