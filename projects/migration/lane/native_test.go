//go:build integration || soak

package lane_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// BenchmarkDrainAgainstSubscription drains one backlog twice, by the lane and by a
// subscription of PostgreSQL itself into a database of the same target server, in
// turns that change their order. The run is void unless all three databases are
// equal at its end.
//
//	go test -tags integration -run '^$' -bench DrainAgainst -benchtime 1x -timeout 20m ./lane
func BenchmarkDrainAgainstSubscription(b *testing.B) {
	for b.Loop() {
		drainInTurns(b, 3, 10_000)
	}
}

func drainInTurns(b *testing.B, pairs, backlog int) {
	w := worldWith(b, measured)
	w.exec(w.blue, someRows)
	w.register("core.fwd", w.blue, w.green)
	w.create()
	native := w.subscribe()
	ours := w.background(w.runner("base"))
	w.running()
	_, err := ours()
	require.NoError(b, err)
	var ratios []float64
	for pair := range pairs {
		w.backlog(backlog)
		times := map[bool]time.Duration{}
		for _, first := range []bool{pair%2 == 0, pair%2 == 1} {
			began := time.Now()
			if first {
				r := w.runner(fmt.Sprint("pair ", pair))
				r.Limits = lane.Defaults()
				stop := w.background(r)
				w.drained(w.blue, w.green, "core.fwd")
				times[first] = time.Since(began)
				_, err := stop()
				require.NoError(b, err)
			} else {
				w.drainNative(native)
				times[first] = time.Since(began)
			}
		}
		ratios = append(ratios, times[false].Seconds()/times[true].Seconds())
		b.Logf("pair %d: lane %s, subscription %s", pair, times[true].Round(time.Millisecond), times[false].Round(time.Millisecond))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "times-subscription")
	w.equal()
	require.Empty(b, differences(w.contents(w.blue), w.contents(native)))
}

// subscribe makes a third database that follows blue by a subscription, copied and
// at rest.
func (w *world) subscribe() side {
	w.t.Helper()
	w.exec(w.green, `CREATE DATABASE native`)
	native := side{Server: w.green.Server}
	native.admin = w.connect(native.AdminDSN("native"), pg.Operator)
	w.exec(native, tablesSQL, secondarySQL)
	w.exec(w.blue, `CREATE PUBLICATION native FOR TABLE public.account, public.entry, public.document, public.payment_2026, public.payment_rest`)
	w.exec(native, `CREATE SUBSCRIPTION native CONNECTION `+pg.Literal(w.blue.AdminDSN(database))+` PUBLICATION native`)
	require.Eventually(w.t, func() bool {
		return value[int](w, native, `SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'`) == 0
	}, time.Minute, tick)
	w.exec(native, `ALTER SUBSCRIPTION native DISABLE`)
	return native
}

// drainNative lets the subscription follow until it has all that blue committed.
func (w *world) drainNative(native side) {
	w.t.Helper()
	position := value[string](w, w.blue, `SELECT pg_current_wal_lsn()::text`)
	w.exec(native, `ALTER SUBSCRIPTION native ENABLE`)
	require.Eventually(w.t, func() bool {
		return value[bool](w, w.blue, `SELECT coalesce(bool_or(replay_lsn >= $1::text::pg_lsn), false) FROM pg_stat_replication WHERE application_name = 'native'`, position)
	}, 5*time.Minute, tick)
	w.exec(native, `ALTER SUBSCRIPTION native DISABLE`)
	require.Eventually(w.t, func() bool {
		return !value[bool](w, w.blue, `SELECT active FROM pg_replication_slots WHERE slot_name = 'native'`)
	}, time.Minute, tick)
}
