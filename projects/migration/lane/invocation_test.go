//go:build integration

package lane_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// An invocation returns before its deadline and leaves nothing behind: no session,
// no reader of the slot. A function that is frozen with one would thaw as a
// zombie.
func TestAnInvocationReturnsBeforeItsDeadlineAndLeavesNoSession(t *testing.T) {
	w := steady(t)
	bank := w.bankAt(w.blue, 2, 5*time.Millisecond)
	for i := range 3 {
		r := w.runner(fmt.Sprint("limited ", i))
		r.Limits.Stop, r.Limits.Cancel = margin, margin-500*time.Millisecond
		ctx, cancel := context.WithTimeout(w.ctx(), margin+2*time.Second)
		report, err := r.Run(ctx)
		require.NoError(t, ctx.Err(), "the deadline has not come")
		cancel()
		require.NoError(t, err)
		require.Nil(t, report.Halt)
		require.Eventually(t, func() bool { // a backend takes a moment to see its client go
			sessions := 0
			for _, s := range []side{w.blue, w.green} {
				sessions += value[int](w, s, `SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'bgsync/%/limited%'`)
			}
			return sessions == 0 && value[int](w, w.blue, `SELECT count(*) FROM pg_replication_slots WHERE active`) == 0
		}, waiting, tick)
		require.LessOrEqual(t, value[string](w, w.blue, `SELECT lpad(confirmed_flush_lsn::text, 20) FROM pg_replication_slots`), value[string](w, w.green, `SELECT lpad(applied_lsn::text, 20) FROM bgsync.lane`),
			"the source forgets nothing that is not applied")
	}
	bank.stop()
	stop := w.background(w.runner("last"))
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	w.equal()
	bank.complete(w.green)
}

// What the engine tells of a row that it cannot write has no value of the row.
func TestNoValueOfARowLeavesTheDatabases(t *testing.T) {
	t.Parallel()
	const secret = "4111111111111111"
	for name, test := range map[string]struct {
		cause func(w *world)
		want  checkpoint.HaltCode
		kept  string
	}{
		"a row that the target refuses": {func(w *world) {
			w.exec(w.green, `ALTER TABLE public.entry ADD CONSTRAINT never CHECK (note <> '`+secret+`')`)
			w.exec(w.blue, `INSERT INTO public.entry (account, seq, amount, note) VALUES (1, `+secret+`, 1, '`+secret+`')`)
		}, checkpoint.Poison, `SELECT convert_from(image, 'UTF8') FROM bgsync.quarantine`},
		"a row that is there": {func(w *world) {
			w.exec(w.green, `INSERT INTO public.entry (account, seq, amount, note) VALUES (1, `+secret+`, 1, 'other')`)
			w.exec(w.blue, `INSERT INTO public.entry (account, seq, amount, note) VALUES (1, `+secret+`, 1, '`+secret+`')`)
		}, checkpoint.Divergence, `SELECT convert_from(expected, 'UTF8') || convert_from(found, 'UTF8') FROM bgsync.conflict`},
	} {
		t.Run(name, func(t *testing.T) {
			w := steady(t)
			test.cause(w)
			report, err := w.runner("telling").Run(w.ctx())
			require.NoError(t, err)
			require.Equal(t, test.want, report.Halt.Code)
			told := fmt.Sprintf("%v %+v %s", report.Halt, report, value[string](w, w.green, `SELECT l::text FROM bgsync.lane l`))
			assert.NotContains(t, told, secret)
			assert.Contains(t, told, "public.entry", "the table is named")
			assert.Contains(t, value[string](w, w.green, test.kept), secret, "the image is kept where it may be")
		})
	}
}
