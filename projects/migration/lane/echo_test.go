//go:build integration

package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// reverse makes the lane back and runs it.
func (w *world) reverse() (stop func() (lane.Report, error)) {
	w.t.Helper()
	w.register("core.rev", w.green, w.blue)
	require.NoError(w.t, lane.Create(w.ctx(), lane.Creation{Lane: "core.rev", Endpoints: endpoints(w.green, w.blue), Base: lane.Equal, Limits: quick()}))
	return w.background(lane.Runner{Lane: "core.rev", Endpoints: endpoints(w.green, w.blue), Invocation: "back", Limits: quick()})
}

// Both lanes run; writes of blue cross once, and writes of green cross once after
// the authority has moved. Neither lane sends an echo back.
func TestEveryWriteCrossesOnceWithBothLanesOn(t *testing.T) {
	t.Parallel()
	w := steady(t)
	forward, back := w.background(w.runner("forth")), w.reverse()
	bank := w.bank(w.blue, 2)
	bank.wrote(500)
	bank.stop()
	w.drained(w.blue, w.green, "core.fwd")
	w.drained(w.green, w.blue, "core.rev")
	w.equal()
	bank.complete(w.green)
	rev := w.row(w.blue, "core.rev")
	require.Positive(t, rev.Echoes, "the way back has seen what the way forth applied, and dropped it")
	require.False(t, rev.SourceWritable)

	// The authority moves: first nobody may write, then green.
	w.exec(w.blue, `UPDATE bgsync.authority SET writable = false`)
	w.drained(w.blue, w.green, "core.fwd")
	require.False(t, w.row(w.green, "core.fwd").SourceWritable, "learnt in band")
	w.exec(w.green, `BEGIN; UPDATE bgsync.authority SET epoch = 2, writable = true; UPDATE bgsync.lane SET epoch = 2 WHERE lane = 'core.fwd'; COMMIT`)
	w.exec(w.blue, `BEGIN; UPDATE bgsync.authority SET epoch = 2; UPDATE bgsync.lane SET epoch = 2 WHERE lane = 'core.rev'; COMMIT`)
	w.exec(w.green, `UPDATE public.account SET balance = balance + 3`, `INSERT INTO public.payment VALUES (5, '2026-08-08', 8)`,
		`DELETE FROM public.document WHERE slot = 1`, `UPDATE public.document SET id = gen_random_uuid() WHERE slot = 2`)
	w.drained(w.green, w.blue, "core.rev")
	w.drained(w.blue, w.green, "core.fwd")
	w.equal()
	require.True(t, w.row(w.blue, "core.rev").SourceWritable)
	assert.EqualValues(t, 2, w.row(w.blue, "core.rev").SourceEpoch)
	for _, stop := range []func() (lane.Report, error){forward, back} {
		report, err := stop()
		require.NoError(t, err)
		require.Nil(t, report.Halt)
	}
	w.equal()
}

// A write on the side that nobody may write to is found from that side's own log.
func TestAWriteOnThePassiveSideStopsTheWayBack(t *testing.T) {
	t.Parallel()
	w := steady(t)
	back := w.reverse()
	w.exec(w.green, `INSERT INTO public.payment VALUES (666, '2026-06-06', 6)`)
	require.Eventually(t, func() bool { return w.row(w.blue, "core.rev").Halt == checkpoint.RogueWrite }, waiting, tick)
	_, err := back()
	require.NoError(t, err)
	require.Zero(t, value[int](w, w.blue, `SELECT count(*) FROM public.payment WHERE id = 666`))
}

// Of two appliers that know the same checkpoint one commits; the other's claim
// changes no row, and nothing of its transaction stays.
func TestAStaleApplierWritesNothing(t *testing.T) {
	t.Parallel()
	w := steady(t)
	row := w.row(w.green, "core.fwd")
	table, err := relation.Load(w.ctx(), w.green.admin, "public", "payment_2026")
	require.NoError(t, err)
	table.ID = 5
	canary, err := relation.Load(w.ctx(), w.green.admin, "bgsync", "canary")
	require.NoError(t, err)
	applier := func(name string) *apply.Applier {
		return apply.New(w.connect(endpoints(w.blue, w.green).Apply, pg.Applier), *row, name, canary, nil)
	}
	batch := func(amount string) apply.Batch {
		values := map[string]string{"id": "31337", "day": "2026-02-02", "amount": amount}
		image := make(change.Row, len(table.Columns))
		for i, column := range table.Columns {
			image[i] = change.Value{Kind: change.Text, Text: values[column.Name]}
		}
		op := change.Insert
		if amount != "1" {
			op = change.Update
		}
		return apply.Batch{Changes: []change.Change{{Table: table, Op: op, New: image}}, Advance: apply.Advance{Position: row.Applied + 100, Txns: 1}}
	}
	fresh, stale := applier("fresh"), applier("stale")
	require.NoError(t, fresh.Apply(w.ctx(), batch("1")))
	require.ErrorIs(t, stale.Apply(w.ctx(), batch("2")), checkpoint.ErrOwnershipLost)
	assert.Equal(t, "1.00", value[string](w, w.green, `SELECT amount::text FROM public.payment WHERE id = 31337`))
	assert.Equal(t, "fresh", w.row(w.green, "core.fwd").ClaimedBy)

	// A new epoch alone is taken over; a halt is not.
	w.exec(w.green, `UPDATE bgsync.lane SET epoch = epoch + 1`)
	next := batch("3")
	next.Advance.Position += 100
	require.NoError(t, fresh.Apply(w.ctx(), next))
	w.exec(w.green, `UPDATE bgsync.lane SET state = 'halted', halt_code = 'operator'`)
	next.Advance.Position += 100
	require.ErrorIs(t, fresh.Apply(w.ctx(), next), checkpoint.ErrOwnershipLost)
}

// The reply to COMMIT is lost again and again. The lane looks what became of it
// and never sends the batch twice: in strict mode a second INSERT would halt it.
func TestALostReplyToCommitIsLookedUp(t *testing.T) {
	t.Parallel()
	w := steady(t)
	r := w.runner("muted")
	n := newNetwork(t, w.green)
	r.Endpoints.Apply = n.via(r.Endpoints.Apply)
	commits := 0
	r.At = func(step string) error {
		if step == apply.BeforeCommit {
			if commits++; commits%4 == 0 {
				n.lose.Store(losesReply)
			}
		}
		return nil
	}
	bank := w.bankAt(w.blue, 2, 5*time.Millisecond)
	stop := w.background(r)
	require.Eventually(t, func() bool { return n.lost.Load() > 5 }, waiting, tick, "replies are lost")
	bank.stop()
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	require.Greater(t, report.Reconnects, int64(2), "replies were lost")
	w.equal()
	bank.complete(w.green)
}
