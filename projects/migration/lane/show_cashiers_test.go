//go:build integration

package lane_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
)

// cashiers are the application of the whole journey: clients that write by the
// token and never stop. Each piece of their work moves money between two accounts
// and touches everything that a payments schema has. What was acknowledged is kept
// outside of both databases, with the side that did it.
type cashiers struct {
	s        *switches
	accounts int
	cancel   context.CancelFunc
	group    sync.WaitGroup

	mutex        sync.Mutex
	acknowledged []int64
	by           map[naming.Color]int
	latencies    []time.Duration
	tries        int
	failed       error
}

// cashiers starts that many, each doing a piece of work in every interval.
func (s *switches) cashiers(count, accounts int, interval time.Duration) *cashiers {
	ctx, cancel := context.WithCancel(context.Background())
	c := &cashiers{s: s, accounts: accounts, cancel: cancel, by: map[naming.Color]int{}}
	for range count {
		c.group.Go(func() {
			err := c.work(ctx, interval)
			c.mutex.Lock()
			defer c.mutex.Unlock()
			c.failed = errors.Join(c.failed, err)
		})
	}
	s.t.Cleanup(cancel)
	return c
}

// firstPayment is above all numbers of rows of the base.
const firstPayment = 100_000_000

// work goes on until ctx ends. What was begun is finished.
func (c *cashiers) work(ctx context.Context, interval time.Duration) error {
	sessions := map[naming.Color]*pgx.Conn{}
	defer func() {
		for _, conn := range sessions {
			pg.Close(conn)
		}
	}()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		id, begun, tries := firstPayment+transfers.Add(1), time.Now(), 1
		from, to := 1+rand.IntN(c.accounts), 1+rand.IntN(c.accounts)
		by, done := c.once(sessions, id, min(from, to), max(from, to))
		for ; !done; by, done = c.once(sessions, id, min(from, to), max(from, to)) {
			if tries++; time.Since(begun) > unheard {
				return fmt.Errorf("payment %d was not acknowledged in %s", id, unheard)
			}
			time.Sleep(2 * time.Millisecond)
		}
		c.mutex.Lock()
		c.acknowledged, c.latencies, c.tries = append(c.acknowledged, id), append(c.latencies, time.Since(begun)), c.tries+tries
		c.by[by]++
		c.mutex.Unlock()
		<-ticker.C
	}
	return nil
}

// once tries where the token says; true tells that the payment is there.
func (c *cashiers) once(sessions map[naming.Color]*pgx.Conn, id int64, low, high int) (naming.Color, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	token, _, err := switching.Status(ctx, c.s.store)
	if err != nil || !token.Admits(token.Holder) {
		return "", false
	}
	conn := sessions[token.Holder]
	if conn == nil || conn.IsClosed() {
		conn, err = pg.Connect(ctx, c.s.side(token.Holder).DSN("app_a", password, database), pg.Identity{Role: pg.Operator, Lane: "app", Invocation: "cashier"})
		if err != nil {
			return "", false
		}
		sessions[token.Holder] = conn
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		var there bool // a payment of which the reply was lost
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM public.payment WHERE id = $1)`, id).Scan(&there); err != nil || there {
			return err
		}
		_, err := tx.Exec(ctx, payment(id, low, high))
		return err
	})
	return token.Holder, err == nil
}

// payment is one piece of work: money from the account with the higher number to
// the other, which changes its currency's enum now and then; an entry of the
// ledger; a document's JSON, and of every tenth its long body; the payment itself,
// of which every twentieth moves to another partition.
func payment(id int64, low, high int) string {
	text := fmt.Sprintf(`UPDATE public.account SET balance = balance + 7.01 WHERE id = %[1]d;
		UPDATE public.account SET balance = balance - 7.01, currency = (ARRAY['EUR','USD','CHF'])[1 + %[3]d %% 3]::public.currency WHERE id = %[2]d;
		INSERT INTO public.entry (account, seq, amount, note) VALUES (%[1]d, %[3]d, 7.01, 'payment');
		UPDATE public.document SET attrs = '{"payment": %[3]d, "by": "cashier", "é": [1, null, "ü"]}' WHERE slot = %[4]d;
		INSERT INTO public.payment VALUES (%[3]d, '%[5]s', 7.01);`, low, high, id, 1+id%100, bankDay)
	if id%10 == 0 {
		text += fmt.Sprintf(`UPDATE public.document SET body = repeat(md5('%d'), 300) WHERE slot = %d;`, id, 1+id%100)
	}
	if id%20 == 0 {
		text += fmt.Sprintf(`UPDATE public.payment SET day = '2031-01-01' WHERE id = %d;`, id)
	}
	return text
}

// worst are the median and the longest time that a payment took since the last
// call.
func (c *cashiers) worst() (median, longest time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if n := len(c.latencies); n > 0 {
		slices.Sort(c.latencies)
		median, longest = c.latencies[n/2], c.latencies[n-1]
	}
	c.latencies = nil
	return median, longest
}

// stop ends the cashiers.
func (c *cashiers) stop() {
	c.s.t.Helper()
	c.cancel()
	c.group.Wait()
	require.NoError(c.s.t, c.failed)
	require.NotEmpty(c.s.t, c.acknowledged)
}

// complete requires a side to have every acknowledged payment once, with its entry,
// and no other.
func (c *cashiers) complete(color naming.Color) {
	s, at := c.s, c.s.side(color)
	s.t.Helper()
	for _, table := range []struct{ name, id string }{{"payment", "id"}, {"entry", "seq"}} {
		var rows, distinct, known int
		require.NoError(s.t, at.admin.QueryRow(s.ctx(), fmt.Sprintf(`SELECT count(*), count(DISTINCT t.%[2]s), count(a.id) FROM public.%[1]s t
			LEFT JOIN unnest($1::bigint[]) a(id) ON a.id = t.%[2]s WHERE t.%[2]s > $2`, table.name, table.id), c.acknowledged, int64(firstPayment)).Scan(&rows, &distinct, &known))
		require.Equal(s.t, len(c.acknowledged), rows, "rows of table %s of %s", table.name, color)
		require.Equal(s.t, rows, distinct, "different payments in table %s of %s", table.name, color)
		require.Equal(s.t, rows, known, "acknowledged payments in table %s of %s", table.name, color)
	}
}
