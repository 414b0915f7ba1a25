//go:build integration || soak

package lane_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// bank writes transfers between accounts. What the server acknowledged is kept
// outside of both databases.
type bank struct {
	w      *world
	cancel context.CancelFunc
	group  sync.WaitGroup

	mutex        sync.Mutex
	acknowledged []int64
	failed       error
}

// transfers numbers them over all banks.
var transfers atomic.Int64

// bankDay is the day of all payments of the bank.
const bankDay = "2026-11-22"

// bank starts that many writers.
func (w *world) bank(s side, writers int) *bank { return w.bankAt(s, writers, 0) }

// bankAt starts writers that make one transfer each in every interval; 0 is as
// fast as they can.
func (w *world) bankAt(s side, writers int, interval time.Duration) *bank {
	ctx, cancel := context.WithCancel(context.Background())
	b := &bank{w: w, cancel: cancel}
	for range writers {
		b.group.Go(func() {
			if err := b.write(ctx, s, interval); err != nil && ctx.Err() == nil {
				b.mutex.Lock()
				b.failed = err
				b.mutex.Unlock()
			}
		})
	}
	w.t.Cleanup(b.cancel)
	return b
}

// write makes transfers until ctx ends.
func (b *bank) write(ctx context.Context, s side, interval time.Duration) error {
	conn, err := pg.Connect(ctx, s.AdminDSN(database), pg.Identity{Role: pg.Operator, Lane: "bank", Invocation: "writer"})
	if err != nil {
		return err
	}
	defer pg.Close(conn)
	var ticks <-chan time.Time
	if interval > 0 {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for ctx.Err() == nil {
		id := 1_000_000 + transfers.Add(1)
		from, to := 1+rand.IntN(200), 1+rand.IntN(200)
		low, high, sign := min(from, to), max(from, to), 1
		if low == from {
			sign = -1
		}
		_, err := conn.Exec(context.Background(), fmt.Sprintf(`BEGIN;
			UPDATE public.account SET balance = balance + %[1]d WHERE id = %[2]d;
			UPDATE public.account SET balance = balance - %[1]d WHERE id = %[3]d;
			INSERT INTO public.entry (account, seq, amount, note) VALUES (%[2]d, %[4]d, %[1]d, 'transfer');
			UPDATE public.document SET attrs = '{"n": %[4]d}' WHERE slot = %[5]d;
			INSERT INTO public.payment VALUES (%[4]d, '%[6]s', %[1]d); COMMIT`, sign*7, low, high, id, 1+id%40, bankDay))
		if err != nil {
			return err
		}
		b.mutex.Lock()
		b.acknowledged = append(b.acknowledged, id)
		b.mutex.Unlock()
		if ticks != nil {
			<-ticks
		}
	}
	return nil
}

// wrote waits until so many transfers are acknowledged.
func (b *bank) wrote(count int) {
	b.w.t.Helper()
	require.Eventually(b.w.t, func() bool {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		return len(b.acknowledged) >= count || b.failed != nil
	}, waiting, tick)
}

// stop ends the writers.
func (b *bank) stop() {
	b.w.t.Helper()
	b.cancel()
	b.group.Wait()
	require.NoError(b.w.t, b.failed)
	require.NotEmpty(b.w.t, b.acknowledged)
}

// complete checks that a side has every acknowledged transfer once and no other,
// and that no money came or went.
func (b *bank) complete(s side) {
	w := b.w
	w.t.Helper()
	var once, none, all int64
	require.NoError(w.t, s.admin.QueryRow(w.ctx(), `SELECT count(*) FROM unnest($1::bigint[]) a(id)
		WHERE (SELECT count(*) FROM public.payment p WHERE p.id = a.id) = 1 AND (SELECT count(*) FROM public.entry e WHERE e.seq = a.id) = 1`, b.acknowledged).Scan(&once))
	require.NoError(w.t, s.admin.QueryRow(w.ctx(), `SELECT count(*) FROM public.payment WHERE day = $1::text::date AND id > 1000000`, bankDay).Scan(&all))
	require.NoError(w.t, s.admin.QueryRow(w.ctx(), `SELECT count(*) FROM unnest($1::bigint[]) a(id)
		WHERE NOT EXISTS (SELECT FROM public.payment p WHERE p.id = a.id) OR NOT EXISTS (SELECT FROM public.entry e WHERE e.seq = a.id)`, b.acknowledged).Scan(&none))
	w.answered(int64(len(b.acknowledged)), none, int64(len(b.acknowledged))-none-once)
	require.EqualValues(w.t, len(b.acknowledged), once, "acknowledged transfers that are there once")
	require.EqualValues(w.t, len(b.acknowledged), all, "transfers that are there")
	require.Equal(w.t, value[string](w, w.blue, `SELECT sum(balance)::text FROM public.account`), value[string](w, s, `SELECT sum(balance)::text FROM public.account`))
	w.t.Logf("%d acknowledged transfers, each there once", len(b.acknowledged))
}
