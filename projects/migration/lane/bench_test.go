//go:build integration || soak

package lane_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// measured are settings under which figures mean something: durable, with room.
var measured = map[string]string{
	"fsync": "on", "full_page_writes": "on", "shared_buffers": "256MB", "max_wal_size": "2GB", "synchronous_commit": "on",
	"wal_retrieve_retry_interval": "50ms", // a subscription that is turned on begins at once
}

// BenchmarkLane measures the load of the base, the drain of a backlog and the lag
// under 200 transfers a second for a minute, in one run. The run is void unless
// both sides are equal at its end.
//
//	go test -tags integration -run '^$' -bench Lane -benchtime 1x -timeout 20m ./lane
func BenchmarkLane(b *testing.B) {
	for b.Loop() {
		measure(b)
	}
}

func measure(b *testing.B) {
	w := worldWith(b, measured)
	const rows, backlog = 1_000_000, 20_000
	w.exec(w.blue, `INSERT INTO public.account (owner, balance) SELECT 'owner ' || n, 1000 FROM generate_series(1, 10000) n`,
		fmt.Sprintf(`INSERT INTO public.entry (account, seq, amount, note) SELECT 1 + n %% 10000, n, n / 100.0, md5(n::text) || md5((-n)::text) || md5((2 * n)::text) FROM generate_series(1, %d) n`, rows),
		`INSERT INTO public.document SELECT gen_random_uuid(), n, repeat(md5(n::text), 100) FROM generate_series(1, 2000) n`, `ANALYZE`)
	w.register("core.fwd", w.blue, w.green)
	limits := lane.Defaults()
	limits.ChunkBytes = 16 << 20
	at := endpoints(w.blue, w.green)
	require.NoError(b, lane.Create(w.ctx(), lane.Creation{Lane: "core.fwd", Endpoints: at, Base: lane.Chunks, Limits: limits}))

	began := time.Now()
	follow := func() func() (lane.Report, error) {
		return w.background(lane.Runner{Lane: "core.fwd", Endpoints: at, Invocation: fmt.Sprint(time.Now().UnixNano()), Limits: limits})
	}
	stop := follow()
	require.Eventually(b, func() bool {
		return w.row(w.green, "core.fwd").State == checkpoint.CatchingUp || w.row(w.green, "core.fwd").State == checkpoint.Running
	},
		5*time.Minute, tick)
	b.ReportMetric((rows+12_000)/time.Since(began).Seconds(), "base-rows/s")
	w.running()
	_, err := stop()
	require.NoError(b, err)

	w.backlog(backlog)
	began = time.Now()
	stop = follow()
	w.drained(w.blue, w.green, "core.fwd")
	b.ReportMetric(backlog/time.Since(began).Seconds(), "drained-tx/s")

	lags := w.lags(time.Minute)
	slices.Sort(lags)
	b.ReportMetric(float64(lags[len(lags)/2].Milliseconds()), "lag-p50-ms")
	b.ReportMetric(float64(lags[len(lags)*99/100].Milliseconds()), "lag-p99-ms")
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(b, err)
	require.Nil(b, report.Halt)
	w.equal()
}

// backlog writes that many transfers while no lane runs.
func (w *world) backlog(transfers int) {
	w.t.Helper()
	bank := w.bankAt(w.blue, 2, 0)
	require.Eventually(w.t, func() bool { return bank.count() >= transfers }, 5*time.Minute, tick)
	bank.stop()
}

// count is how many transfers were acknowledged.
func (b *bank) count() int {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return len(b.acknowledged)
}

// lags measures how long a commit takes to be visible on the target, ten times a
// second, while 200 transfers a second are made.
func (w *world) lags(during time.Duration) []time.Duration {
	w.t.Helper()
	bank := w.bankAt(w.blue, 4, 20*time.Millisecond)
	var lags []time.Duration
	for until, n := time.Now().Add(during), 0; time.Now().Before(until); n++ {
		w.exec(w.blue, fmt.Sprintf(`INSERT INTO public.payment VALUES (%d, '2030-01-01', 1)`, 900_000_000+n))
		committed := time.Now()
		for value[int](w, w.green, `SELECT count(*) FROM public.payment WHERE id = $1 AND day = '2030-01-01'`, 900_000_000+n) == 0 {
			time.Sleep(time.Millisecond)
		}
		lags = append(lags, time.Since(committed))
		time.Sleep(100 * time.Millisecond)
	}
	w.t.Logf("%d transfers in %s", bank.count(), during)
	bank.stop()
	return lags
}
