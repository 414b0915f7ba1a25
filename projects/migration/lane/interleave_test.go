//go:build integration

package lane_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

// createInterleaved makes a forward lane that applies from the start.
func (w *world) createInterleaved(chunkBytes int64) {
	w.t.Helper()
	limits := quick()
	limits.ChunkBytes = chunkBytes
	require.NoError(w.t, lane.Create(w.ctx(), lane.Creation{
		Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks, Interleaved: true, Limits: limits,
	}))
}

// met are changes of rows whose chunks are read and not yet written.
var met = map[string][]string{
	"a row deleted":                    {`DELETE FROM public.account WHERE id = 7`},
	"a row deleted and inserted again": {`DELETE FROM public.account WHERE id = 8`, `INSERT INTO public.account OVERRIDING SYSTEM VALUE VALUES (8, 'owner 8', 1, 'EUR')`},
	"a row inserted and deleted":       {`INSERT INTO public.account OVERRIDING SYSTEM VALUE VALUES (500, 'owner 500', 1, 'EUR')`, `DELETE FROM public.account WHERE id = 500`},
	"rows updated":                     {`UPDATE public.account SET balance = balance + 5 WHERE id > 20`},
	"an identity the server moves":     {`UPDATE public.account SET id = DEFAULT WHERE id = 150`},
	"a key changed":                    {`UPDATE public.entry SET seq = -seq WHERE account = 3`},
	"a key changed and taken again":    {`UPDATE public.entry SET seq = 900 WHERE account = 4 AND seq = 1`, `UPDATE public.entry SET seq = 1 WHERE account = 4 AND seq = 2`},
	"a long value left as it was":      {`UPDATE public.document SET tags = '{changed}' WHERE slot BETWEEN 10 AND 15`},
	"such a row deleted":               {`UPDATE public.document SET tags = '{changed}' WHERE slot < 5`, `DELETE FROM public.document WHERE slot < 4`},
	"a new key, a long value left":     {`UPDATE public.document SET id = gen_random_uuid() WHERE slot = 20`},
	"a row that moves between leaves":  {`UPDATE public.payment SET day = '2026-01-05' WHERE id = 30`},
}

// While chunks are held between their reading and their writing the stream changes
// their rows, in the first round and between the TRUNCATEs of a leaf. The stream
// wins.
func TestTheStreamWinsOverChunksThatAreUnderWay(t *testing.T) {
	t.Parallel()
	w := bareWorld(t)
	for name, last := range map[string][]string{
		"a leaf truncated":           {`TRUNCATE public.payment_rest`},
		"truncated and filled":       {`TRUNCATE public.payment_rest`, `INSERT INTO public.payment VALUES (5000, '2033-01-01', 1)`},
		"filled and truncated again": {`TRUNCATE public.payment_rest`, `INSERT INTO public.payment VALUES (5000, '2033-01-01', 1)`, `TRUNCATE public.payment_rest`},
	} {
		t.Run(name, func(t *testing.T) {
			outer := w.t
			w.t = t
			defer func() { w.t = outer }()
			w.clean()
			w.exec(w.blue, someRows)
			w.register("core.fwd", w.blue, w.green)
			w.createInterleaved(64 << 20)
			w.meet(met, last)
		})
	}
}

// leaves is how many tables of the platform have rows of their own.
const leaves = 5

// meet holds all chunks when they are read, until the writes are applied.
func (w *world) meet(first map[string][]string, last []string) {
	w.t.Helper()
	held, release := make(chan struct{}, 100), make(chan struct{})
	r := w.runner("holding")
	r.Limits.LoadWorkers = leaves
	r.At = func(step string) error {
		if step == backfill.BeforeMerge {
			held <- struct{}{}
			<-release
		}
		return nil
	}
	letGo := sync.OnceFunc(func() { close(release) })
	stop := w.background(r)
	w.t.Cleanup(letGo)
	for range leaves {
		select {
		case <-held:
		case <-time.After(waiting):
			require.Fail(w.t, "not all chunks are read")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(first)) {
		w.exec(w.blue, first[name]...)
	}
	w.exec(w.blue, last...)
	w.drained(w.blue, w.green, "core.fwd")
	letGo()
	w.running()
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(w.t, err)
	require.Nil(w.t, report.Halt)
	w.equal()
	require.Zero(w.t, value[int](w, w.green, `SELECT count(*) FROM bgsync.tombstone`)+value[int](w, w.green, `SELECT count(*) FROM bgsync.repair`))
}

// The applier waits for a chunk that is being written, and the chunk for the
// applier: of the two one comes first, whichever.
func TestAChunkAndABatchOfOneTableExcludeEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.createInterleaved(64 << 20)
	held, release := make(chan struct{}), make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	var caught atomic.Bool
	r := w.runner("holding")
	r.Limits.LoadWorkers = 1
	r.At = func(step string) error { // the first table is account
		if step == backfill.AfterMerge && caught.CompareAndSwap(false, true) {
			close(held)
			<-release
		}
		return nil
	}
	stop := w.background(r)
	t.Cleanup(letGo)
	<-held
	w.exec(w.blue, `DELETE FROM public.account WHERE id = 7`)
	require.Eventually(t, func() bool {
		return value[int](w, w.green, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = $1`, checkpoint.LoadLock) == 1
	}, waiting, tick, "the applier waits until the chunk is committed")
	letGo()
	w.running()
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	w.equal()
}

// A source that keeps too much log while the base is loaded makes the lane apply
// beside the load.
func TestRetainedLogMakesTheLaneInterleave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	limits := quick()
	limits.ChunkBytes, limits.LoadWorkers, limits.WALSoft, limits.ThrottleInterval = 8<<10, 1, 1<<20, 10*time.Millisecond
	require.NoError(t, lane.Create(w.ctx(), lane.Creation{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks, Limits: limits}))
	r := w.runner("first")
	r.Limits = limits
	var once atomic.Bool
	r.At = func(step string) error {
		if step == backfill.AfterCommit && once.CompareAndSwap(false, true) {
			conn, err := w.blue.connectAs(context.Background())
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(context.Background()) }()
			_, err = conn.Exec(context.Background(), `SELECT count(pg_logical_emit_message(false, 'filler', repeat('x', 10000))) FROM generate_series(1, 300)`)
			return err
		}
		return nil
	}
	var applied atomic.Bool
	r.Observe = func(row checkpoint.Row) { applied.Store(applied.Load() || row.ConsistentAfter == 0) }
	stop := w.background(r)
	w.running()
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	require.True(t, applied.Load(), "changes were applied before the base was there")
	w.equal()
}

// crashes at every step of merging, with writers that never stop.
func TestAnInterleavedLoadGoesOnAfterACrashAtEveryStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.createInterleaved(8 << 10)
	bank := w.bankAt(w.blue, 2, 10*time.Millisecond)
	for _, step := range append([]string{backfill.BeforeMerge, backfill.AfterMerge}, steps[:13]...) {
		w.crashed(step, 2)
	}
	stop := w.background(w.runner("last"))
	w.running()
	bank.stop()
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	w.equal()
	bank.complete(w.green)
}

// An input that cannot be read slows the load down and does not stop it.
func TestAnUnreadableInputSlowsTheLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	r := w.runner("slow")
	r.Limits.ThrottleInterval = 10 * time.Millisecond
	r.Throttle = []throttle.Input{{Name: "storage.free", Limit: 1, Read: func(context.Context) (float64, error) { return 0, errors.New("no answer") }}}
	stop := w.background(r)
	w.running()
	report, err := stop()
	require.NoError(t, err)
	assert.Positive(t, report.Throttled)
	assert.Contains(t, report.Over, "storage.free")
	w.equal()
}

// Workers of their own load the chunks; what a worker is given twice brings
// nothing the second time.
func TestWorkersLoadChunksBesideTheRunner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.createInterleaved(8 << 10)
	worker := lane.Worker{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Invocation: "worker", Limits: quick()}
	chunks, err := worker.Planned(t.Context())
	require.NoError(t, err)
	require.Greater(t, len(chunks), 10)
	for _, chunk := range chunks[:len(chunks)/2] {
		_, err := worker.Load(t.Context(), chunk)
		require.NoError(t, err)
	}
	again, err := worker.Load(t.Context(), chunks[0])
	require.NoError(t, err)
	require.Zero(t, again)
	progress, err := lane.LoadProgress(t.Context(), w.green.admin, "core.fwd")
	require.NoError(t, err)
	assert.Equal(t, len(chunks)-len(chunks)/2, progress.Remaining)
	assert.Positive(t, progress.Rate)
	stop := w.background(w.runner("runner"))
	w.running()
	_, err = stop()
	require.NoError(t, err)
	w.equal()
}
