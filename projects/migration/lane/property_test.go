//go:build integration

package lane_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/backfill"
)

// Any interleaving of writes on the source and invocations that crash or run out of
// time at any durable step, from the first chunk on, ends equal, with every
// acknowledged write there once: with the load before the stream or beside it, in
// whole transactions or torn ones. Each case is a lane of its own on the same two
// servers.
func TestAnyInterleavingOfWritesLoadsBatchesAndCrashesEndsEqual(t *testing.T) {
	t.Parallel()
	w := bareWorld(t)
	cases := 0
	rapid.Check(t, func(rt *rapid.T) {
		cases++
		w.clean()
		w.exec(w.blue, someRows)
		w.register("core.fwd", w.blue, w.green)
		limits := quick()
		limits.ChunkBytes, limits.BatchRows = 16<<10, rapid.SampledFrom([]int{1, 3, 50, 5000}).Draw(rt, "batch rows")
		limits.BatchBytes = rapid.SampledFrom([]int{8 << 10, 16 << 20}).Draw(rt, "batch bytes")
		require.NoError(rt, lane.Create(w.ctx(), lane.Creation{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks,
			Interleaved: rapid.Bool().Draw(rt, "interleaved"), Limits: limits}))
		for i := range rapid.IntRange(1, 6).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 8).Draw(rt, "writes") {
				w.exec(w.blue, anyWrite(rt))
			}
			w.crash(rt, limits, fmt.Sprint("crashing ", i))
		}
		r := w.runner("last")
		r.Limits = limits
		stop := w.background(r)
		w.running()
		for range rapid.IntRange(0, 8).Draw(rt, "writes after") {
			w.exec(w.blue, anyWrite(rt))
		}
		w.drained(w.blue, w.green, "core.fwd")
		report, err := stop()
		require.NoError(rt, err)
		require.Nil(rt, report.Halt)
		require.Empty(rt, differences(w.contents(w.blue), w.contents(w.green)))
	})
	t.Logf("%d interleavings", cases)
}

// anyStep are all durable steps of all paths.
var anyStep = append([]string{backfill.BeforeMerge, backfill.AfterMerge, apply.BeforePart, apply.AfterPart}, steps...)

// crash runs an invocation that dies at a drawn step, or finds there that its time
// is over, or ends after a moment, and writes while the step is reached.
func (w *world) crash(rt *rapid.T, limits lane.Limits, name string) {
	w.t.Helper()
	step := rapid.SampledFrom(anyStep).Draw(rt, "step")
	crash := crashAt(step, rapid.IntRange(1, 12).Draw(rt, "time"))
	meanwhile := anyWrite(rt)
	r := w.runner(name)
	r.Limits = limits
	// It has as long as it needs to note what it could not finish.
	r.Limits.Stop, r.Limits.Cancel = margin+time.Second, margin+500*time.Millisecond
	l := life{over: make(chan struct{})}
	end := sync.OnceFunc(func() { close(l.over) })
	timely := rapid.Bool().Draw(rt, "out of time")
	var wrote atomic.Bool
	r.At = func(reached string) error {
		if reached == step && wrote.CompareAndSwap(false, true) {
			if _, err := w.blue.admin.Exec(context.Background(), meanwhile); err != nil {
				return err
			}
		}
		err := crash(reached)
		if err != nil && timely {
			end()
			return nil
		}
		return err
	}
	limited, cancel := context.WithTimeout(w.ctx(), margin+1500*time.Millisecond)
	defer cancel()
	l.Context = limited
	context.AfterFunc(limited, end)
	report, err := r.Run(l)
	if !errors.Is(err, errCrash) && !errors.Is(err, lane.ErrBusy) {
		require.NoError(rt, err)
	}
	require.Nil(rt, report.Halt)
}

// anyWrite draws a transaction of the platform that no constraint refuses.
func anyWrite(rt *rapid.T) string {
	n, m := rapid.IntRange(1, 40).Draw(rt, "n"), rapid.IntRange(1, 40).Draw(rt, "m")
	key := rapid.IntRange(1, 1<<30).Draw(rt, "key")
	return fmt.Sprintf(rapid.SampledFrom([]string{
		`BEGIN; UPDATE public.account SET balance = balance + 1 WHERE id = %[1]d; UPDATE public.account SET balance = balance - 1 WHERE id = %[2]d; COMMIT`,
		`INSERT INTO public.entry (account, seq, amount, note) SELECT id, %[3]d, %[1]d, 'n' FROM public.account a WHERE id = %[1]d AND NOT EXISTS (SELECT FROM public.entry WHERE account = a.id AND seq = -%[3]d) ON CONFLICT DO NOTHING`,
		`DELETE FROM public.entry WHERE account = %[1]d AND seq %% 3 = %[2]d %% 3`,
		`UPDATE public.entry SET seq = -seq WHERE account = %[1]d`,
		`UPDATE public.document SET tags = ARRAY['%[3]d'] WHERE slot IN (%[1]d, %[2]d)`,
		`UPDATE public.document SET id = gen_random_uuid(), seen = now() WHERE slot = %[1]d`,
		`UPDATE public.document SET body = repeat('%[3]d', 300) WHERE slot = %[1]d`,
		`BEGIN; UPDATE public.document SET slot = -1 WHERE slot = %[1]d; UPDATE public.document SET slot = %[1]d WHERE slot = %[2]d AND %[1]d <> %[2]d; UPDATE public.document SET slot = %[2]d WHERE slot = -1; COMMIT`,
		`BEGIN; INSERT INTO public.document SELECT gen_random_uuid(), 50 + %[1]d, repeat('z', 4000) WHERE NOT EXISTS (SELECT FROM public.document WHERE slot = 50 + %[1]d); DELETE FROM public.document WHERE slot = 50 + %[2]d; COMMIT`,
		`INSERT INTO public.payment SELECT %[3]d, '2025-12-01'::date + %[1]d, %[2]d ON CONFLICT DO NOTHING`,
		`UPDATE public.payment SET day = day + 200 WHERE id = %[1]d`,
		`DELETE FROM public.payment WHERE id BETWEEN %[1]d AND %[1]d + 3`,
		`BEGIN; TRUNCATE public.payment_rest; INSERT INTO public.payment VALUES (%[3]d, '2033-03-03', 1); COMMIT`,
		`DELETE FROM public.account WHERE id = 100 + %[1]d`,
		`BEGIN; UPDATE public.account SET balance = balance + 1; UPDATE public.entry SET amount = amount + 1; DELETE FROM public.entry WHERE account = %[1]d AND seq = %[2]d; UPDATE public.document SET tags = '{%[3]d}'; INSERT INTO public.payment SELECT %[3]d + n, '2026-07-07', n FROM generate_series(1, 300) n ON CONFLICT DO NOTHING; COMMIT`,
		`BEGIN; UPDATE public.account SET owner = owner || '.' WHERE id = %[1]d; SAVEPOINT s; UPDATE public.account SET balance = 0; ROLLBACK TO s; COMMIT`,
	}).Draw(rt, "write"), n, m, key)
}

// clean takes the lane and all rows away, and what the load left out.
func (w *world) clean() {
	w.t.Helper()
	w.exec(w.blue, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots`,
		`TRUNCATE public.account, public.entry, public.document, public.payment RESTART IDENTITY`)
	w.exec(w.green, `DROP TABLE public.account, public.entry, public.document, public.payment`, `DROP TYPE public.currency`,
		`TRUNCATE bgsync.lane, bgsync.chunk, bgsync.table_state, bgsync.repair, bgsync.tombstone, bgsync.canary, bgsync.deferred_ddl,
		   bgsync.bucket, bgsync.verify_pass, bgsync.verify_state, bgsync.dirty_key`,
		`SET ROLE platform`, tablesSQL, `RESET ROLE`)
}
