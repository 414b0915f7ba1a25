//go:build integration

package desk_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane/checker"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
)

// A side that has the authority is lost with a payment that was not sent, the other one is
// opened by force, and applications pay there from then on. The lost database that comes
// back is refused, and so is one with rows. A new one becomes the passive side, gets the
// base and the changes, is verified, gets the lane back, and is trusted again: before that
// nothing switches to it, whatever process dies at whatever step, and nobody else can be
// written to. In the end the authority goes there, every acknowledged payment but the lost
// one is once on both sides, and the sum of the balances is what it was.
func TestALostSideIsMadeAnew(t *testing.T) {
	t.Parallel()
	for _, left := range naming.Colors() {
		t.Run(string(left), func(t *testing.T) {
			t.Parallel()
			l := newLoss(t, left)
			open := left.Other()
			never := l.lost()
			stop := l.pays(open)
			l.paid()
			assert.Contains(t, fmt.Sprint(l.asks(desk.Request{Act: desk.DropSlots, To: open}).Done), "are dropped")
			l.strangers()

			start := desk.Request{Act: desk.Prepare, To: left}
			l.died("prepare", start)
			assert.Contains(t, l.asks(desk.Request{Act: desk.Create, To: left}).Refused, `expected "", in which it is made anew`)
			l.died("rebuild", desk.Request{Act: desk.Rebuild, To: left})
			l.refusedPay()
			assert.Contains(t, fmt.Sprint(l.asks(desk.Request{Act: desk.DropSlots, To: open}).Done), "is made anew")
			l.died("create", desk.Request{Act: desk.Create, To: left, Former: 4})
			assert.Equal(t, []string{checkpoint.Slot(place.Lane(left), 5)}, read[[]string](l, open, `SELECT array_agg(slot_name::text) FROM pg_replication_slots`))
			first := read[string](l, left, `SELECT db_id::text FROM bgsync.identity`)
			require.NoError(t, l.replaced().Kill())
			l.died("prepare again", start)
			assert.Zero(t, read[int](l, open, `SELECT count(*) FROM pg_replication_slots`), "no log is kept for the one before")
			l.died("rebuild again", desk.Request{Act: desk.Rebuild, To: left})
			assert.NotEqual(t, first, read[string](l, left, `SELECT db_id::text FROM bgsync.identity`), "the new database was lost as well")
			l.died("create again", desk.Request{Act: desk.Create, To: left, Former: 5})
			assert.Equal(t, []string{checkpoint.Slot(place.Lane(left), 6)}, read[[]string](l, open, `SELECT array_agg(slot_name::text) FROM pg_replication_slots`))
			back := desk.Request{Act: desk.Return, To: open}
			assert.Contains(t, l.asks(back).Refused, "is in state loading")
			l.runs(left)
			l.paid()
			assert.Contains(t, l.asks(back).Refused, "expected true, 0 and 0")
			assert.Contains(t, l.asks(desk.Request{Act: desk.Readmit, To: left}).Refused, "expected true, 0 and 0")
			l.alone()
			l.verified(left)
			assert.Contains(t, l.asks(desk.Request{Act: desk.Readmit, To: left}).Refused, "is in state retired")
			l.died("return", back)
			assert.EqualValues(t, 2, read[int64](l, open, `SELECT generation FROM bgsync.lane`), "of the lane back, which takes the place of the one that ended")
			l.runs(open)
			l.died("readmit", desk.Request{Act: desk.Readmit, To: left})
			_, sw, err := switching.Status(t.Context(), l.store)
			require.NoError(t, err)
			assert.Empty(t, sw.Untrusted)
			assert.Empty(t, sw.Rebuild)
			assert.NotEmpty(t, sw.Rebuilt)

			l.paid()
			l.switched(left)
			stop()
			stop = l.pays(left)
			l.paid()
			stop()
			l.once(never)
			require.NoError(t, l.replaced().Kill())
			assert.Contains(t, l.asks(desk.Request{Act: desk.Prepare, To: naming.Green}).Refused, fmt.Sprintf("the database of %s has no schema bgsync, and %s has the authority in epoch", left, left),
				"it would be writable beside, or instead of, another one")
		})
	}
}

// strangers has the lost database come back, and one with rows be in its place: neither is
// a new one, and nothing is changed in it.
func (l *loss) strangers() {
	l.t.Helper()
	require.NoError(l.t, l.at.servers[l.left].Restart(l.t.Context()))
	before := read[string](l, l.left, `SELECT a::text FROM bgsync.authority a`)
	start := desk.Request{Act: desk.Prepare, To: l.left}
	assert.Contains(l.t, l.asks(start).Refused, "is the lost one")
	assert.Contains(l.t, l.asks(desk.Request{Act: desk.Rebuild, To: l.left}).Refused, "is the lost one")
	assert.Equal(l.t, before, read[string](l, l.left, `SELECT a::text FROM bgsync.authority a`))
	lost := l.replaced()
	require.NoError(l.t, lost.Kill())
	l.on(l.left, `INSERT INTO public.account (balance) VALUES (1)`)
	assert.Contains(l.t, l.asks(start).Refused, "has rows in public.account")
	assert.False(l.t, read[bool](l, l.left, `SELECT to_regclass('bgsync.authority') IS NOT NULL`))
	l.on(l.left, `TRUNCATE public.account`)
	assert.Contains(l.t, l.asks(desk.Request{Act: desk.Prepare, To: l.left.Other()}).Refused, "expected the side to be made anew")
	other, err := pgx.Connect(l.t.Context(), l.at.servers[l.left.Other()].AdminDSN(l.at.database))
	require.NoError(l.t, err)
	_, err = other.Exec(l.t.Context(), `SELECT pg_advisory_lock(1650946669)`)
	require.NoError(l.t, err)
	busy := l.asks(start)
	assert.Contains(l.t, busy.Refused, "another command makes "+string(l.left)+" anew")
	assert.Equal(l.t, desk.Busy, busy.RefusedAs)
	_, err = other.Exec(l.t.Context(), `SELECT pg_advisory_unlock_all()`)
	require.NoError(l.t, err)
	require.NoError(l.t, other.Close(l.t.Context()))
	l.diesAt("prepare.registered", start)
	assert.Contains(l.t, l.asks(desk.Request{Act: desk.Rebuild, To: l.left}).Refused, "who may write is not written down on both sides")
}

// refusedPay requires that an application cannot write to the side that is made anew.
func (l *loss) refusedPay() {
	l.t.Helper()
	dsn, err := l.at.DSN(l.t.Context(), l.left, "app")
	require.NoError(l.t, err)
	conn, err := pgx.Connect(l.t.Context(), dsn)
	require.NoError(l.t, err)
	defer func() { require.NoError(l.t, conn.Close(context.Background())) }()
	_, err = conn.Exec(l.t.Context(), `INSERT INTO public.account (id, balance) VALUES (-1, 0)`)
	require.ErrorContains(l.t, err, "42501")
}

// once requires every acknowledged payment once on both sides, no other, and no money
// made or lost.
func (l *loss) once(never int64) {
	l.t.Helper()
	for _, side := range naming.Colors() {
		require.Eventually(l.t, func() bool {
			return read[int](l, side, `SELECT count(*) FROM public.account WHERE id = ANY ($1)`, l.acknowledged) == len(l.acknowledged)
		}, soon, 20*time.Millisecond, "acknowledged payments on %s", side)
		assert.EqualValues(l.t, len(l.acknowledged), read[int](l, side, `SELECT count(*) FROM public.account WHERE id > 1000`), side)
		assert.Zero(l.t, read[int](l, side, `SELECT count(*) FROM public.account WHERE id = $1`, never), "was never sent")
		assert.EqualValues(l.t, 100, read[int](l, side, `SELECT sum(balance)::int FROM public.account`), side)
	}
	at := l.at.servers
	compared, err := checker.Compare(l.t.Context(), at[naming.Blue].AdminDSN(l.at.database), at[naming.Green].AdminDSN(l.at.database), []string{"public.account"})
	require.NoError(l.t, err)
	assert.True(l.t, compared.Equal(), compared)
	l.t.Logf("%d acknowledged payments, each once on both sides", len(l.acknowledged))
}
