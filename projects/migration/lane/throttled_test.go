//go:build integration

package lane_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

// While an input is over its limit smaller chunks are loaded: what is planned is cut,
// and every row still crosses once.
func TestAThrottledLoadTakesSmallerChunks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows, `ANALYZE`)
	w.create()
	planned := value[int](w, w.green, `SELECT count(*) FROM bgsync.chunk`)
	r := w.runner("small")
	r.Limits.ThrottleInterval, r.Limits.LoadWorkers, r.Limits.ChunkBytes = 50*time.Millisecond, 1, 256<<10
	var reads atomic.Int64
	r.Throttle = []throttle.Input{{Name: "storage", Limit: 10, Most: 20, Read: func(context.Context) (float64, error) {
		if reads.Add(1) < 8 {
			return 21, nil // nothing is loaded until the size has come down
		}
		return 11, nil
	}}}
	stop := w.background(r)
	w.running()
	report, err := stop()
	require.NoError(t, err)
	require.Contains(t, report.Over, "storage")
	require.Greater(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.chunk`), planned+4)
	w.equal()
}

// While clients are at work on the source a chunk is read in pieces, each in one go: no
// snapshot is held while its rows are held up.
func TestAThrottledLoadReadsAChunkInPieces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows, `INSERT INTO public.account (owner, balance, currency) SELECT repeat('o', 500) || n, 100, 'EUR' FROM generate_series(201, 12000) n`, `ANALYZE`)
	w.create()
	planned := value[int](w, w.green, `SELECT count(*) FROM bgsync.chunk`)
	at, end := context.WithCancel(t.Context())
	defer end()
	client := w.connect(w.blue.AdminDSN(database), "client")
	_, err := client.Exec(t.Context(), `SET application_name = 'client'`)
	require.NoError(t, err)
	go func() { _, _ = client.Exec(at, `SELECT pg_sleep(600)`) }() // it ends with the test
	require.Eventually(t, func() bool {
		return value[bool](w, w.blue, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'client' AND state = 'active')`)
	}, time.Minute, 10*time.Millisecond)
	r := w.runner("pieces")
	r.Limits.ThrottleInterval = 50 * time.Millisecond
	r.Limits.SourceCost = 0.1
	stop := w.background(r)
	w.running()
	_, err = stop()
	require.NoError(t, err)
	require.Greater(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.chunk`), planned)
	require.Equal(t, 1, value[int](w, w.green, `SELECT count(DISTINCT load_no) FROM bgsync.chunk`))
	w.equal()
}

// The target's storage is watched where it is bounded: at its end nothing is loaded.
func TestALoadStopsAtTheEndOfTheStorage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	r := w.runner("full")
	r.Limits.ThrottleInterval, r.Limits.LoadWorkers, r.Limits.TargetSoft, r.Limits.TargetHard = 50*time.Millisecond, 1, 1, 2
	release := make(chan struct{})
	var reads atomic.Int64
	r.Throttle = []throttle.Input{{Name: "reads", Limit: 1, Read: func(context.Context) (float64, error) {
		if reads.Add(1) == 20 {
			close(release)
		}
		return 0, nil
	}}}
	stop := w.background(r)
	<-release
	require.Positive(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.chunk WHERE state = 'planned'`))
	report, err := stop()
	require.NoError(t, err)
	require.Contains(t, report.Over, "target.storage")
}

// The source's transaction of a piece ends when its rows are read, even if the target
// does not take them for a while: its snapshot would keep what clients overwrite.
func TestTheSourceIsLetGoBeforeTheTargetHasTakenTheRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows, `ANALYZE`)
	w.create()
	slow, err := w.connect(w.green.AdminDSN(database), "slow").Begin(t.Context())
	require.NoError(t, err)
	_, err = slow.Exec(t.Context(), `LOCK TABLE public.account IN SHARE MODE`)
	require.NoError(t, err)
	r := w.runner("ahead")
	r.Limits.LoadWorkers = 1
	stop := w.background(r)
	const waits = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'bgsync/load/%' AND wait_event_type = 'Lock')`
	const reads = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'bgsync/load/%' AND xact_start IS NOT NULL)`
	require.Eventually(t, func() bool {
		return value[bool](w, w.green, waits) && !value[bool](w, w.blue, reads) && value[bool](w, w.green, waits)
	}, waiting, tick)
	require.NoError(t, slow.Rollback(t.Context()))
	w.running()
	_, err = stop()
	require.NoError(t, err)
	w.equal()
}

// What is left of a chunk that was cut is as much as it is: ten pieces of half a table
// leave the other half, not the eleventh part.
func TestWhatIsLeftOfAChunkIsKnownHoweverItIsCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows, `ANALYZE`)
	w.create()
	table, err := relation.Load(w.ctx(), w.blue.admin, "public", "entry")
	require.NoError(t, err)
	table.ID = value[int32](w, w.green, `SELECT table_id FROM bgsync.table_map WHERE name = 'entry'`)
	at, id := endpoints(w.blue, w.green), pg.Identity{Role: pg.Loader, Lane: "core.fwd", Invocation: "cutter"}
	loader := &backfill.Loader{Lane: "core.fwd", Invocation: "cutter", Tables: map[int32]*relation.Table{table.ID: table}}
	loader.Source, err = pg.Connect(w.ctx(), at.Reader, id)
	require.NoError(t, err)
	defer pg.Close(loader.Source)
	loader.Target, err = pg.Connect(w.ctx(), at.Apply, id)
	require.NoError(t, err)
	defer pg.Close(loader.Target)
	measure := func() (gauge.Snapshot, gauge.Table) {
		s, err := gauge.Read(w.ctx(), loader.Source, loader.Target, "core.fwd")
		require.NoError(t, err)
		p, err := lane.LoadProgress(w.ctx(), loader.Target, "core.fwd")
		require.NoError(t, err)
		assert.InDelta(t, s.BytesLeft, p.RemainingBytes, 10, "rounded by table, and by chunk")
		assert.Equal(t, s.Bytes, p.LoadedBytes)
		assert.EqualValues(t, s.ChunksPlanned, p.Remaining)
		return s, s.Tables[slices.IndexFunc(s.Tables, func(t gauge.Table) bool { return t.Name == "public.entry" })]
	}
	first, entry := measure()
	assert.Zero(t, first.Bytes, "what is planned is not loaded")
	assert.Equal(t, table.Bytes, entry.BytesLeft, "as on the source")

	chunks, err := backfill.Planned(w.ctx(), loader.Target, "core.fwd")
	require.NoError(t, err)
	rest := &chunks[slices.IndexFunc(chunks, func(c backfill.Chunk) bool { return c.TableID == table.ID })]
	for range 10 {
		var piece backfill.Chunk
		piece, rest, err = backfill.Trim(w.ctx(), loader.Source, loader.Target, "core.fwd", table, *rest, 50)
		require.NoError(t, err)
		loaded, err := loader.Load(w.ctx(), piece)
		require.NoError(t, err)
		require.EqualValues(t, 50, loaded.Rows)
	}
	require.NoError(t, backfill.Split(w.ctx(), loader.Source, loader.Target, "core.fwd", table, *rest))
	second, entry := measure()
	assert.Equal(t, gauge.Load{ChunksPlanned: 2, ChunksLoaded: 10, Rows: 500, Bytes: entry.Bytes, BytesLeft: entry.BytesLeft}, entry.Load)
	assert.InEpsilon(t, entry.Bytes, entry.BytesLeft, 0.01, "half of 1,000 rows")

	second.At = first.At.Add(10 * time.Second)
	rate := second.Since(first)
	left := time.Duration(float64(second.BytesLeft) / rate.BytesPerSecond * float64(time.Second))
	assert.Greater(t, left, 10*time.Second, "half of this table, and the others")
	assert.Less(t, rate.RemainingLow, left)
	assert.Greater(t, rate.RemainingHigh, left)

	stop := w.background(w.runner("only"))
	w.running()
	_, err = stop()
	require.NoError(t, err)
	w.equal()
	last, err := gauge.Read(w.ctx(), loader.Source, loader.Target, "core.fwd")
	require.NoError(t, err)
	assert.Zero(t, last.BytesLeft)
}
