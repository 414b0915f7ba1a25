//go:build integration

package lane_test

import (
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

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
	}, waiting, tick)
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
	}, waiting, tick)
	w.exec(native, `ALTER SUBSCRIPTION native DISABLE`)
	require.Eventually(w.t, func() bool {
		return !value[bool](w, w.blue, `SELECT active FROM pg_replication_slots WHERE slot_name = 'native'`)
	}, waiting, tick)
}
