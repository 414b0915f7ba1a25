//go:build integration

package lane_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/figures"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// tellersSQL are the tables of pgbench's transaction, the history with a key.
const tellersSQL = `
CREATE TABLE public.branch  (id int PRIMARY KEY, balance bigint NOT NULL, filler character(88));
CREATE TABLE public.teller  (id int PRIMARY KEY, branch int NOT NULL, balance bigint NOT NULL, filler character(84));
CREATE TABLE public.account (id int PRIMARY KEY, branch int NOT NULL, balance bigint NOT NULL, filler character(84));
CREATE TABLE public.history (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, teller int NOT NULL, branch int NOT NULL, account int NOT NULL, delta int NOT NULL, at timestamptz NOT NULL, filler character(22));
CREATE TABLE public.probe   (id bigint PRIMARY KEY)`

// tellersFill is pgbench's data at its scale 10, with as many accounts as told.
const tellersFill = `
INSERT INTO public.branch SELECT n, 0 FROM generate_series(1, 10) n;
INSERT INTO public.teller SELECT n, 1 + n %% 10, 0, '' FROM generate_series(1, 100) n;
INSERT INTO public.account SELECT n, 1 + n %% 10, 0, '' FROM generate_series(1, %d) n`

// transactSQL makes pgbench's transactions one after another on the server, each
// committed. pause, in seconds, is what lies between one and the next at least.
const transactSQL = `
CREATE PROCEDURE public.transact(txns int, accounts int) LANGUAGE plpgsql AS $$
DECLARE d int; a int; t int; b int;
BEGIN
  FOR n IN 1..txns LOOP
    d := (random() * 10000)::int - 5000; a := 1 + (random() * (accounts - 1))::int; t := 1 + (random() * 99)::int; b := 1 + (random() * 9)::int;
    UPDATE public.account SET balance = balance + d WHERE id = a;
    UPDATE public.teller SET balance = balance + d WHERE id = t;
    UPDATE public.branch SET balance = balance + d WHERE id = b;
    INSERT INTO public.history (teller, branch, account, delta, at) VALUES (t, b, a, d, now());
    COMMIT;
  END LOOP;
END $$`

// accounts of the tellers' tables.
func accounts() int { return size(0, 1_000_000, 500) }

// tellers is a rig with a lane and a subscription that both follow, each at rest.
type tellers struct {
	*rig
	native string
}

// newTellers makes one.
func newTellers(t testing.TB) *tellers {
	t.Helper()
	r := newRig(t, []string{"branch", "teller", "account", "history", "probe"}, tellersSQL, fmt.Sprintf(tellersFill, accounts()))
	w := &tellers{rig: r, native: "native"}
	require.NoError(t, r.blue.Exec(t.Context(), database, transactSQL, `CREATE PUBLICATION peer FOR TABLE public.branch, public.teller, public.account, public.history, public.probe`))
	require.NoError(t, r.anew(empty)(t.Context()))
	r.green.admin = r.connect(r.green.AdminDSN(taken), pg.Operator)
	require.NoError(t, lane.Create(t.Context(), lane.Creation{Lane: "core.fwd", Endpoints: r.endpoints(), Base: lane.Chunks, Limits: lane.Defaults()}))
	stop := w.lane()
	require.Eventually(t, func() bool { return r.row(r.green, "core.fwd").State == checkpoint.Running }, 10*time.Minute, tick)
	_, err := stop()
	require.NoError(t, err)
	require.NoError(t, r.green.Exec(t.Context(), "postgres", `CREATE DATABASE native TEMPLATE `+bare))
	require.NoError(t, r.green.Exec(t.Context(), w.native, `CREATE SUBSCRIPTION native CONNECTION `+pg.Literal(r.blue.AdminDSN(database))+` PUBLICATION peer`))
	require.Eventually(t, func() bool {
		left, err := count(t.Context(), r.green.AdminDSN(w.native), `SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'`)
		return err == nil && left == 0
	}, 10*time.Minute, tick)
	t.Cleanup(func() { _ = w.follow(context.Background(), false) }) // a server may be gone
	require.NoError(t, w.follow(t.Context(), false))
	return w
}

// lane follows with the limits of production until it is told to stop.
func (w *tellers) lane() func() (lane.Report, error) {
	return w.background(lane.Runner{Lane: "core.fwd", Endpoints: w.endpoints(), Invocation: fmt.Sprint(time.Now().UnixNano()), Limits: lane.Defaults()})
}

// follow turns the subscription on and off; off is off when its slot is free.
func (w *tellers) follow(ctx context.Context, on bool) error {
	if on {
		return w.green.Exec(ctx, w.native, `ALTER SUBSCRIPTION native ENABLE`)
	}
	if err := w.green.Exec(ctx, w.native, `ALTER SUBSCRIPTION native DISABLE`); err != nil {
		return err
	}
	return until(ctx, w.blue.AdminDSN(database), `SELECT NOT active FROM pg_replication_slots WHERE slot_name = 'native'`)
}

// until asks again and again until the answer is yes.
func until(ctx context.Context, dsn, query string, args ...any) error {
	conn, err := pg.Connect(ctx, dsn, pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "until"})
	if err != nil {
		return err
	}
	defer pg.Close(conn)
	for {
		var yes bool
		err := conn.QueryRow(ctx, query, args...).Scan(&yes)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) || yes {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// position is where the source's log ends.
func (w *tellers) position(ctx context.Context) (at string, err error) {
	conn, err := pg.Connect(ctx, w.blue.AdminDSN(database), pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "position"})
	if err != nil {
		return "", err
	}
	defer pg.Close(conn)
	return at, conn.QueryRow(ctx, `SELECT pg_current_wal_insert_lsn()::text`).Scan(&at)
}

// backlog makes transactions over two sessions while nobody follows. How the log
// came about does not matter, so its commits do not wait for the disk.
func (w *tellers) backlog(ctx context.Context, transactions int) error {
	if err := w.blue.Exec(ctx, database, `TRUNCATE public.history`); err != nil {
		return err
	}
	group, both := errgroup.WithContext(ctx)
	for range 2 {
		group.Go(func() error {
			return w.blue.Exec(both, database, `SET synchronous_commit = off`, fmt.Sprintf(`CALL public.transact(%d, %d)`, transactions/2, accounts()))
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return w.blue.Exec(ctx, "postgres", `CHECKPOINT`)
}

// drain is a contender that drains what there is: what starts the work and how its
// end is known differ.
func (w *tellers) drain(name, with string, transactions int, start func(ctx context.Context) (stop func() error, err error), done func(ctx context.Context, position string) error) figures.Contender {
	work := func(ctx context.Context) (figures.Values, error) {
		position, err := w.position(ctx)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		stop, err := start(ctx)
		if err != nil {
			return nil, err
		}
		err = done(ctx, position)
		took := time.Since(began)
		return figures.Values{"rate": float64(transactions) / took.Seconds()}, errors.Join(err, stop())
	}
	return figures.Contender{
		Name: name, Work: work,
		Prepare: func(ctx context.Context) error { return w.green.Exec(ctx, "postgres", `CHECKPOINT`) },
		Check:   func(ctx context.Context) error { return w.equals(ctx, database, with) },
	}
}

// ours drains by the lane.
func (w *tellers) ours(transactions int) figures.Contender {
	start := func(context.Context) (func() error, error) {
		stop := w.lane()
		return func() error {
			report, err := stop()
			if err == nil && report.Halt != nil {
				err = report.Halt
			}
			return err
		}, nil
	}
	return w.drain(ours, taken, transactions, start, func(ctx context.Context, position string) error {
		return until(ctx, w.green.AdminDSN(taken), `SELECT applied_lsn >= $1::text::pg_lsn OR state = 'halted' FROM bgsync.lane`, position)
	})
}

// theirs drains by the subscription.
func (w *tellers) theirs(transactions int) figures.Contender {
	start := func(ctx context.Context) (func() error, error) {
		return func() error { return w.follow(ctx, false) }, w.follow(ctx, true)
	}
	return w.drain("subscription", w.native, transactions, start, func(ctx context.Context, position string) error {
		return until(ctx, w.blue.AdminDSN(database), `SELECT coalesce(bool_or(replay_lsn >= $1::text::pg_lsn), false) FROM pg_stat_replication WHERE application_name = 'native'`, position)
	})
}

// A lane and a subscription follow the same source, in turns.
func TestFiguresOfFollowing(t *testing.T) {
	briefly(t)
	w := newTellers(t)
	t.Run("drain", w.drains)
	t.Run("lag", w.lags)
}

// drains measures how fast a backlog of small transactions is drained.
func (w *tellers) drains(t *testing.T) {
	transactions := size(*figuresTxns, 100_000, 400)
	m := figures.Measurement{
		Rounds: size(*figuresPairs, 7, 1), Servers: w.servers(), Say: t.Logf,
		Round: func(ctx context.Context, _ int) error { return w.backlog(ctx, transactions) },
	}
	peer := w.theirs(transactions)
	results, err := m.Of(t.Context(), w.ours(transactions), peer)
	require.NoError(t, err)
	report(t, results.Compare(figures.Row{ID: "P4", What: fmt.Sprintf("drain of %d pgbench-like transactions", transactions), Unit: "tx/s", Target: 1.5,
		Note: "the subscription's commits do not wait for the disk, ours do"}, ours, peer.Name, "rate"))
}

// probes writes single rows on the source, ten a second, and measures how long the
// commit of each takes to be seen by another session on the target.
func (w *tellers) probes(ctx context.Context, target string, first, number int) ([]float64, error) {
	source, err := pg.Connect(ctx, w.blue.AdminDSN(database), pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "probe"})
	if err != nil {
		return nil, err
	}
	defer pg.Close(source)
	at, err := pg.Connect(ctx, w.green.AdminDSN(target), pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "probe"})
	if err != nil {
		return nil, err
	}
	defer pg.Close(at)
	var lags []float64
	for id := first; id < first+number; id++ {
		if _, err := source.Exec(ctx, `INSERT INTO public.probe VALUES ($1)`, id); err != nil {
			return nil, err
		}
		committed := time.Now()
		for seen := false; !seen; {
			if err := at.QueryRow(ctx, `SELECT EXISTS (SELECT FROM public.probe WHERE id = $1)`, id).Scan(&seen); err != nil {
				return nil, err
			}
		}
		lags = append(lags, 1000*time.Since(committed).Seconds())
		time.Sleep(100 * time.Millisecond)
	}
	slices.Sort(lags)
	return lags, nil
}

// load makes that many transactions a second over four sessions until ctx ends,
// and returns how many it made.
func (r *rig) load(ctx context.Context, rate float64) (int, error) {
	const sessions, each = 4, 5
	var mutex sync.Mutex
	made := 0
	group, inner := errgroup.WithContext(ctx)
	for range sessions {
		group.Go(func() error {
			conn, err := pg.Connect(context.WithoutCancel(inner), r.blue.AdminDSN(database), pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "load"})
			if err != nil {
				return err
			}
			defer pg.Close(conn)
			ticker := time.NewTicker(time.Duration(float64(time.Second) * sessions * each / rate))
			defer ticker.Stop()
			for {
				select {
				case <-inner.Done():
					return nil
				case <-ticker.C:
				}
				if _, err := conn.Exec(context.WithoutCancel(inner), fmt.Sprintf(`CALL public.transact(%d, %d)`, each, accounts())); err != nil {
					return err
				}
				mutex.Lock()
				made += each
				mutex.Unlock()
			}
		})
	}
	err := group.Wait()
	return made, err
}

// lagging is a contender that follows a load of that many transactions a second.
func (w *tellers) lagging(c figures.Contender, target string, start func() (stop func() error, err error), rate float64, number int, first *int) figures.Contender {
	c.Work = func(ctx context.Context) (figures.Values, error) {
		stop, err := start()
		if err != nil {
			return nil, err
		}
		loading, end := context.WithCancel(ctx)
		type load struct {
			made int
			err  error
		}
		loaded, began := make(chan load, 1), time.Now()
		go func() {
			made, err := w.load(loading, rate)
			loaded <- load{made, err}
		}()
		*first += number
		lags, err := w.probes(ctx, target, *first, number)
		took := time.Since(began).Seconds()
		end()
		made := <-loaded
		if err := errors.Join(err, made.err); err != nil {
			return nil, errors.Join(err, stop())
		}
		position, err := w.position(ctx)
		if err == nil && target == taken {
			err = until(ctx, w.green.AdminDSN(taken), `SELECT applied_lsn >= $1::text::pg_lsn OR state = 'halted' FROM bgsync.lane`, position)
		} else if err == nil {
			err = until(ctx, w.blue.AdminDSN(database), `SELECT coalesce(bool_or(replay_lsn >= $1::text::pg_lsn), false) FROM pg_stat_replication WHERE application_name = 'native'`, position)
		}
		return figures.Values{"p50": lags[len(lags)/2], "p99": lags[len(lags)*99/100], "rate": float64(made.made) / took}, errors.Join(err, stop())
	}
	return c
}

// lags measures, at half of the rate that a subscription can sustain, how long
// after its commit a transaction is seen on the target.
func (w *tellers) lags(t *testing.T) {
	transactions := size(*figuresTxns/10, 20_000, 400)
	sustained, err := figures.Measurement{Rounds: 1, Round: func(ctx context.Context, _ int) error { return w.backlog(ctx, transactions) }}.Of(t.Context(), w.theirs(transactions), w.ours(transactions))
	require.NoError(t, err)
	rate, number, first := sustained["subscription"][0].Values["rate"]/2, size(0, 150, 5), 0
	one, other := w.ours(0), w.theirs(0)
	mine := w.lagging(one, taken, func() (func() error, error) {
		stop := w.lane()
		return func() error { _, err := stop(); return err }, nil
	}, rate, number, &first)
	peers := w.lagging(other, w.native, func() (func() error, error) {
		return func() error { return w.follow(t.Context(), false) }, w.follow(t.Context(), true)
	}, rate, number, &first)
	results, err := figures.Measurement{
		Rounds: size(*figuresPairs, 7, 1), Servers: w.servers(), Say: t.Logf,
		Round: func(ctx context.Context, _ int) error { return nil },
	}.Of(t.Context(), mine, peers)
	require.NoError(t, err)
	what := fmt.Sprintf("lag at %.0f tx/s, half of what a subscription sustains", rate)
	report(t, results.Compare(figures.Row{ID: "P6", What: what + ", p99", Unit: "ms", Target: 2, AtMost: true}, ours, peers.Name, "p99"),
		results.Compare(figures.Row{ID: "P6-median", What: what + ", median", Unit: "ms"}, ours, peers.Name, "p50"))
}
