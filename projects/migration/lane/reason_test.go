//go:build integration

package lane_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// card is a value of a row that may be told nowhere but in the quarantine.
const card = "4111111111111111"

// The reason of a halt outlives the process that found it, and names table,
// constraint and SQLSTATE, though the server's own texts of a unique violation carry
// the value. An invocation that comes later tells it again; one that resumes ends it.
func TestTheReasonOfAHaltIsKeptWithoutValuesOfRows(t *testing.T) {
	t.Parallel()
	w := steady(t)
	w.exec(w.green, `CREATE UNIQUE INDEX document_body ON public.document (body) WHERE length(body) = 16`)
	w.exec(w.blue, `INSERT INTO public.document (id, body) VALUES (gen_random_uuid(), '`+card+`')`)
	w.exec(w.blue, `INSERT INTO public.document (id, body) VALUES (gen_random_uuid(), '`+card+`')`)
	first, err := w.runner("halting").Run(w.ctx())
	require.NoError(t, err)
	require.NotNil(t, first.Halt)
	require.Equal(t, checkpoint.Poison, first.Halt.Code)
	kept := value[string](w, w.green, `SELECT halt_reason FROM bgsync.lane`)
	assert.Regexp(t, `^change 0 of the transaction at [0-9A-F]+/[0-9A-F]+: INSERT of table public\.document: SQLSTATE 23505, relation public\.document, constraint document_body$`, kept)
	assert.Equal(t, kept, first.Halt.Reason)
	assert.Equal(t, kept, w.row(w.green, "core.fwd").Reason)
	assert.Equal(t, 1, value[int](w, w.green, `SELECT count(*) FROM bgsync.quarantine WHERE image::text IS NOT NULL AND convert_from(image, 'UTF8') LIKE '%`+card+`%'`),
		"the value was there to be told")

	later, err := w.runner("later").Run(w.ctx())
	require.NoError(t, err)
	require.NotNil(t, later.Halt)
	assert.Equal(t, "lane core.fwd is halted since an earlier invocation: "+kept, later.Halt.Reason)
	for _, report := range []string{first.Halt.Error(), later.Halt.Error()} {
		assert.NotContains(t, report, card)
	}
	require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.Poison))
	assert.Zero(t, value[int](w, w.green, `SELECT count(halt_reason) FROM bgsync.lane`))
}

// A lane that a version halted which kept no reason says so.
func TestAHaltOfAVersionThatKeptNoReasonSaysSo(t *testing.T) {
	t.Parallel()
	w := steady(t)
	w.exec(w.green, `UPDATE bgsync.lane SET state = 'halted', halt_code = 'operator', halted_at = now()`)
	report, err := w.runner("later").Run(w.ctx())
	require.NoError(t, err)
	require.NotNil(t, report.Halt)
	assert.Equal(t, "lane core.fwd is halted since an earlier invocation: the reason was not kept", report.Halt.Reason)
}

// What the reader finds cuts the applier off, even in the midst of a COMMIT that the
// server has done. The halt is written down all the same: the lane has moved on by this
// invocation's own hand.
func TestAHaltIsWrittenDownAfterACommitThatTheReaderCutOff(t *testing.T) {
	t.Parallel()
	w := steady(t)
	before := w.row(w.green, "core.fwd").Applied
	r, drifted := w.runner("cut off"), false
	r.At = func(step string) error {
		if step != apply.AfterCommit || drifted {
			return nil
		}
		drifted = true
		w.exec(w.blue, `BEGIN; ALTER TABLE public.account ADD COLUMN extra int; UPDATE public.account SET extra = 1 WHERE id = 7; COMMIT`)
		w.resting(func() int64 { return value[int64](w, w.blue, `SELECT max(seq) FROM bgsync.canary`) })
		return errStop // as if the connection had been closed before the reply
	}
	ctx, cancel := context.WithTimeout(w.ctx(), waiting)
	defer cancel()
	report, err := r.Run(ctx)
	require.NoError(t, err)
	require.NotNil(t, report.Halt)
	require.Equal(t, checkpoint.SchemaDrift, report.Halt.Code)
	row := w.row(w.green, "core.fwd")
	require.Equal(t, checkpoint.Halted, row.State)
	require.Equal(t, checkpoint.SchemaDrift, row.Halt)
	require.Greater(t, row.Applied, before)
	require.Equal(t, row.Applied, report.Row.Applied)
}

// resting waits until a count has not moved for much longer than it stands still
// while somebody counts.
func (w *world) resting(count func() int64) {
	w.t.Helper()
	last, since := count(), time.Now()
	require.Eventually(w.t, func() bool {
		if now := count(); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) >= 40*quick().Canary
	}, waiting, tick)
}
