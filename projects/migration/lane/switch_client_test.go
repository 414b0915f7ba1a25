//go:build integration

package lane_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
)

// clients are applications that write by the token: on a refusal, or when a reply
// is lost, they read the token again and find out by the transfer's number what
// has become of it. What was acknowledged is kept outside of both databases.
type clients struct {
	s      *switches
	store  control.Store
	place  func(naming.Color) string // connection string of a side
	cancel context.CancelFunc
	group  sync.WaitGroup
	held   sync.RWMutex // locked: no transfer begins

	mutex        sync.Mutex
	acknowledged []int64
	latencies    []time.Duration
	failed       error
}

// clients starts that many; each makes a transfer in every interval.
func (s *switches) clients(count int, interval time.Duration) *clients {
	c := &clients{s: s, store: s.store, place: func(color naming.Color) string { return s.side(color).DSN("app_a", password, database) }}
	return c.start(count, interval)
}

func (c *clients) start(count int, interval time.Duration) *clients {
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	for range count {
		c.group.Go(func() {
			if err := c.work(ctx, interval); err != nil {
				c.mutex.Lock()
				c.failed = errors.Join(c.failed, err)
				c.mutex.Unlock()
			}
		})
	}
	c.s.t.Cleanup(cancel)
	return c
}

// hold lets no transfer begin, and returns when none is under way.
func (c *clients) hold() { c.held.Lock() }

// resume ends that.
func (c *clients) resume() { c.held.Unlock() }

// some waits until that many transfers more are acknowledged.
func (c *clients) some(count int) {
	c.s.t.Helper()
	made := func() int {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		return len(c.acknowledged)
	}
	first := made()
	require.Eventually(c.s.t, func() bool { return made() >= first+count }, waiting, tick)
}

// work makes transfers until ctx ends. A transfer that was begun is finished.
func (c *clients) work(ctx context.Context, interval time.Duration) error {
	sessions := map[naming.Color]*pgx.Conn{}
	defer func() {
		for _, conn := range sessions {
			pg.Close(conn)
		}
	}()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := c.transfer(sessions); err != nil {
			return err
		}
		<-ticker.C
	}
	return nil
}

// unheard ends a client that nobody answers any more: it is longer than all the
// attempts of a switch and of its recovery.
const unheard = 5 * waiting

// transfer makes one transfer, however often it has to be tried.
func (c *clients) transfer(sessions map[naming.Color]*pgx.Conn) error {
	c.held.RLock()
	defer c.held.RUnlock()
	id, begun := 1_000_000+transfers.Add(1), time.Now()
	from, to := 1+rand.IntN(198), 1+rand.IntN(198)
	for !c.once(sessions, id, min(from, to), max(from, to)) {
		if time.Since(begun) > unheard {
			return fmt.Errorf("transfer %d was not acknowledged in %s", id, unheard)
		}
		time.Sleep(2 * time.Millisecond)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.acknowledged, c.latencies = append(c.acknowledged, id), append(c.latencies, time.Since(begun))
	return nil
}

// once tries a transfer where the token says; true tells that it is there.
func (c *clients) once(sessions map[naming.Color]*pgx.Conn, id int64, low, high int) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	token, _, err := switching.Status(ctx, c.store)
	if err != nil || !token.Admits(token.Holder) {
		return false
	}
	conn := sessions[token.Holder]
	if conn == nil || conn.IsClosed() {
		conn, err = pg.Connect(ctx, c.place(token.Holder), pg.Identity{Role: pg.Operator, Lane: "app", Invocation: "client"})
		if err != nil {
			return false
		}
		sessions[token.Holder] = conn
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		var there bool // a transfer of which the reply was lost
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM public.payment WHERE id = $1)`, id).Scan(&there); err != nil || there {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf(`UPDATE public.account SET balance = balance + 7 WHERE id = %[1]d;
			UPDATE public.account SET balance = balance - 7 WHERE id = %[2]d;
			INSERT INTO public.entry (account, seq, amount, note) VALUES (%[1]d, %[3]d, 7, 'transfer');
			INSERT INTO public.payment VALUES (%[3]d, '%[4]s', 7)`, low, high, id, bankDay))
		return err
	})
	return err == nil
}

// stop ends the clients and checks that both sides have every acknowledged
// transfer once and no other, and that no money came or went.
func (c *clients) stop(sum string) {
	t, s := c.s.t, c.s
	t.Helper()
	c.cancel()
	c.group.Wait()
	require.NoError(t, c.failed)
	require.NotEmpty(t, c.acknowledged)
	token, _ := s.status()
	s.drained(s.side(token.Holder), s.side(token.Holder.Other()), map[naming.Color]string{naming.Blue: "core.fwd", naming.Green: "core.rev"}[token.Holder])
	s.equal()
	c.counted(sum, s.blue, s.green)
}

// counted checks that both sides have every acknowledged transfer once.
func (c *clients) counted(sum string, sides ...side) {
	t, s := c.s.t, c.s
	t.Helper()
	for i, at := range sides {
		require.EqualValues(t, len(c.acknowledged), value[int](s.world, at, `SELECT count(*) FROM unnest($1::bigint[]) a(id)
			WHERE (SELECT count(*) FROM public.payment p WHERE p.id = a.id) = 1 AND (SELECT count(*) FROM public.entry e WHERE e.seq = a.id) = 1`, c.acknowledged),
			"acknowledged transfers that side %d has once", i)
		require.EqualValues(t, len(c.acknowledged), value[int](s.world, at, `SELECT count(*) FROM public.payment WHERE id > 1000000`), "transfers that side %d has", i)
		require.Equal(t, sum, value[string](s.world, at, `SELECT sum(balance)::text FROM public.account`))
	}
	t.Logf("%d acknowledged transfers, each there once on both sides", len(c.acknowledged))
}

// sum is the money of all accounts.
func (s *switches) sum() string {
	return value[string](s.world, s.blue, `SELECT sum(balance)::text FROM public.account`)
}

// worst is the longest that a transfer has taken since the last call.
func (c *clients) worst() time.Duration {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	longest := time.Duration(0)
	if len(c.latencies) > 0 {
		longest = slices.Max(c.latencies)
	}
	c.latencies = nil
	return longest
}

// observer tries all the time to write on both sides at one instant: what it
// writes on one side it does not commit before it has tried the other, so that no
// fence can come between.
type observer struct {
	cancel context.CancelFunc
	done   chan struct{}
	tries  int
	both   int
}

func (s *switches) observe() *observer {
	ctx, cancel := context.WithCancel(context.Background())
	o := &observer{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(o.done)
		for ctx.Err() == nil {
			for _, color := range naming.Colors() {
				o.look(ctx, s, color)
			}
			time.Sleep(3 * time.Millisecond)
		}
	}()
	s.t.Cleanup(cancel)
	return o
}

func (o *observer) look(ctx context.Context, s *switches, first naming.Color) {
	open := func(color naming.Color) (*pgx.Conn, error) {
		return pg.Connect(ctx, s.side(color).DSN("app_a", password, database), pg.Identity{Role: pg.Operator, Lane: "app", Invocation: "observer"})
	}
	one, err := open(first)
	if err != nil {
		return
	}
	defer pg.Close(one)
	other, err := open(first.Other())
	if err != nil {
		return
	}
	defer pg.Close(other)
	for range 50 {
		if _, err := one.Exec(ctx, `BEGIN; SET LOCAL lock_timeout = '20ms'; DELETE FROM public.payment WHERE false`); err == nil {
			o.tries++
			if _, err := other.Exec(ctx, `BEGIN; SET LOCAL lock_timeout = '20ms'; DELETE FROM public.payment WHERE false`); err == nil {
				o.both++
			}
			_, _ = other.Exec(ctx, `ROLLBACK`) // it may have failed before
		}
		_, _ = one.Exec(ctx, `ROLLBACK`)
		if ctx.Err() != nil {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// stop requires that no instant was seen at which both sides took writes.
func (o *observer) stop(t *testing.T) {
	t.Helper()
	o.cancel()
	<-o.done
	require.Zero(t, o.both, "instants at which both sides took writes")
	require.Positive(t, o.tries)
	t.Logf("no two writers at %d looks", o.tries)
}
