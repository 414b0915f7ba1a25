//go:build integration

package lane_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
