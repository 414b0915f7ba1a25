//go:build integration

package lane_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/figures"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// busySource is a rig whose source has a large table that nobody writes to, and
// the tables of pgbench's transaction, which writers keep busy.
func busySource(t testing.TB, rows int) *rig {
	t.Helper()
	r := newRig(t, []string{"ledger_1", "branch", "teller", "account", "history", "probe"}, ledgerTable("ledger_1")+";"+tellersSQL,
		ledgerFill("ledger_1", rows)+";"+fmt.Sprintf(tellersFill, accounts()/10), `CREATE INDEX ledger_1_account ON public.ledger_1 (account)`)
	for _, name := range []string{plain, database} {
		require.NoError(t, r.blue.Exec(t.Context(), name, transactSQL))
	}
	return r
}

// pressure are writers that make one transaction after another, each committed to
// the disk, as fast as they can.
type pressure struct {
	cancel context.CancelFunc
	group  *errgroup.Group
	made   atomic.Int64
}

// press starts that many writers on a database of the source.
func (r *rig) press(ctx context.Context, name string, writers int) *pressure {
	ctx, cancel := context.WithCancel(ctx)
	p := &pressure{cancel: cancel, group: &errgroup.Group{}}
	for range writers {
		p.group.Go(func() error {
			conn, err := pg.Connect(ctx, r.blue.AdminDSN(name), pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "press"})
			if err != nil {
				return err
			}
			defer pg.Close(conn)
			if _, err := conn.Exec(ctx, `SET application_name = 'writer'`); err != nil { // no session of the engine
				return err
			}
			for ctx.Err() == nil {
				if _, err := conn.Exec(context.WithoutCancel(ctx), `CALL public.transact(1, $1)`, accounts()/10); err != nil {
					return err
				}
				p.made.Add(1)
			}
			return nil
		})
	}
	return p
}

// rate is how many transactions a second were made while something was done.
func (p *pressure) rate(do func() error) (float64, error) {
	before, began := p.made.Load(), time.Now()
	err := do()
	return float64(p.made.Load()-before) / time.Since(began).Seconds(), err
}

// stop ends the writers.
func (p *pressure) stop() error {
	p.cancel()
	return p.group.Wait()
}

// writers of the measurements under pressure, and how long an idle source is
// looked at.
const pressing = 4

// pressed is a contender that does something under pressure on a database of the
// source. What it does is measured from a second after the pressure began.
func (r *rig) pressed(name, at string, prepare func(ctx context.Context) error, do func(ctx context.Context) error, then, check func(ctx context.Context) error) figures.Contender {
	work := func(ctx context.Context) (figures.Values, error) {
		p := r.press(ctx, at, pressing)
		time.Sleep(time.Second)
		end, err := r.phases(ctx, p, at)
		if err != nil {
			return nil, errors.Join(err, p.stop())
		}
		began := time.Now()
		tps, err := p.rate(func() error { return do(ctx) })
		took := time.Since(began)
		values, failed := end()
		err = errors.Join(err, failed, p.stop())
		if err == nil && then != nil {
			err = then(ctx)
		}
		maps.Copy(values, figures.Values{"tps": tps, "took": took.Seconds()})
		return values, err
	}
	return figures.Contender{Name: name, Prepare: prepare, Work: work, Check: check}
}

// What a lane costs in operation: its source, when it is killed again and again,
// and when one invocation hands over to the next.
func TestFiguresOfOperation(t *testing.T) {
	briefly(t)
	rows := size(*figuresRows, 1_000_000, 4_000)
	r := busySource(t, rows)
	t.Run("source", func(t *testing.T) { r.source(t, rows) })
	t.Run("kills", func(t *testing.T) { r.kills(t, rows) })
	t.Run("handover", r.handover)
}

// source measures how much the source can do while its base is copied, against an
// idle one and one that pgcopydb copies. Writers never pause; with as many
// processors as writers the figure says more.
func (r *rig) source(t *testing.T, rows int) {
	idle := r.pressed("idle source", database, r.anew(empty), func(context.Context) error {
		time.Sleep(time.Duration(size(0, 8_000, 200)) * time.Millisecond)
		return nil
	}, nil, func(ctx context.Context) error { return r.known(ctx) })
	unthrottled := func(l *lane.Limits) { l.SourceCost = 1 }
	contenders := []figures.Contender{idle, r.under(ours, nil), r.under(loose, unthrottled)}
	t.Run("pgcopydb", func(t *testing.T) { // left out when it is not here
		outer := r.t
		r.t = t
		defer func() { r.t = outer }()
		contenders = append(contenders, r.cloned(rows))
	})
	m := figures.Measurement{Rounds: size(*figuresPairs, 5, 1), Servers: r.servers(), Say: t.Logf}
	results, err := m.Of(t.Context(), contenders...)
	require.NoError(t, err)
	what := fmt.Sprintf("source under %d writers while %d rows are copied", pressing, rows)
	list := []figures.Row{
		results.Compare(figures.Row{ID: "P13", What: what, Unit: "tx/s", Target: 0.85}, ours, "idle source", "tps"),
		results.Compare(figures.Row{ID: "P13-loose", What: what + ", throttle off", Unit: "tx/s"}, loose, "idle source", "tps"),
		results.Compare(figures.Row{ID: "P13-time", What: "time that the throttle adds to this load", Unit: "s"}, ours, loose, "took"),
	}
	for _, run := range results["idle source"] { // which has one rate, whatever a copy would do
		for _, phase := range phases {
			run.Values[phase] = run.Values["tps"]
		}
	}
	list = append(list, byPhase(results, what, "idle source")...)
	if len(contenders) > 3 {
		list = append(list, results.Compare(figures.Row{ID: "P13", What: what, Unit: "tx/s", Target: 1}, ours, contenders[3].Name, "tps"))
	}
	report(t, list...)
}

// loose is the lane without a limit to what its load may cost the source.
const loose = ours + ", throttle off"

// known requires the source to hold the money that its history tells of.
func (r *rig) known(ctx context.Context) error {
	off, err := count(ctx, r.blue.AdminDSN(database), `SELECT (SELECT sum(balance) FROM public.branch) - (SELECT coalesce(sum(delta), 0) FROM public.history)`)
	if err == nil && off != 0 {
		err = fmt.Errorf("balances and history differ by %d", off)
	}
	return err
}

// under is the lane's copy under pressure: measured while chunks are loaded, and
// compared when it has caught up with the writers.
func (r *rig) under(name string, change func(*lane.Limits)) figures.Contender {
	var stop func() (lane.Report, error)
	do := func(ctx context.Context) error {
		limits := lane.Defaults()
		if change != nil {
			change(&limits)
		}
		if err := lane.Create(ctx, lane.Creation{Lane: "core.fwd", Endpoints: r.endpoints(), Base: lane.Chunks, Limits: limits}); err != nil {
			return err
		}
		stop = r.background(lane.Runner{Lane: "core.fwd", Endpoints: r.endpoints(), Invocation: fmt.Sprint(time.Now().UnixNano()), Limits: limits})
		return until(ctx, r.green.AdminDSN(taken), `SELECT state <> 'loading' FROM bgsync.lane`)
	}
	then := func(ctx context.Context) error {
		err := until(ctx, r.green.AdminDSN(taken), `SELECT state IN ('running', 'halted') FROM bgsync.lane`)
		if err == nil {
			err = r.caught(ctx)
		}
		_, failed := stop()
		return errors.Join(err, failed)
	}
	return r.pressed(name, database, r.anew(empty), do, then, func(ctx context.Context) error { return r.equals(ctx, database, taken) })
}

// caught waits until the lane has all that the source has committed.
func (r *rig) caught(ctx context.Context) error {
	conn, err := pg.Connect(ctx, r.blue.AdminDSN(database), pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "position"})
	if err != nil {
		return err
	}
	defer pg.Close(conn)
	var position string
	if err := conn.QueryRow(ctx, `SELECT pg_current_wal_insert_lsn()::text`).Scan(&position); err != nil {
		return err
	}
	return until(ctx, r.green.AdminDSN(taken), `SELECT applied_lsn >= $1::text::pg_lsn OR state = 'halted' FROM bgsync.lane`, position)
}

// cloned is pgcopydb's copy under pressure. It shows one moment of a database that
// goes on, so the table that nobody writes to is compared.
func (r *rig) cloned(rows int) figures.Contender {
	peer := r.pgcopydb(rows)
	do := func(ctx context.Context) error { _, err := peer.Work(ctx); return err }
	check := func(ctx context.Context) error {
		all := r.tables
		r.tables = all[:1]
		defer func() { r.tables = all }()
		return r.rowsEqual(ctx, plain, taken)
	}
	return r.pressed(peer.Name, plain, peer.Prepare, do, nil, check)
}

// kills measures how much longer the copy of the base and the drain of a backlog
// take when the process is killed every few seconds until it is done.
func (r *rig) kills(t *testing.T, rows int) {
	every := time.Duration(size(0, 3_000, 300)) * time.Millisecond
	run := func(name string, killed bool) figures.Contender {
		return figures.Contender{Name: name, Prepare: r.anew(empty), Check: func(ctx context.Context) error { return r.equals(ctx, database, taken) },
			Work: func(ctx context.Context) (figures.Values, error) { return r.survive(ctx, killed, every) }}
	}
	m := figures.Measurement{Rounds: size(*figuresPairs, 3, 1), Servers: r.servers(), Say: t.Logf}
	results, err := m.Of(t.Context(), run(ours+", killed", true), run(ours+", left alone", false))
	require.NoError(t, err)
	kills := figures.Values{}
	for _, run := range results[ours+", killed"] {
		kills["all"] += run.Values["kills"]
	}
	report(t, results.Compare(figures.Row{ID: "P14", What: fmt.Sprintf("base of %d rows and a backlog, kill -9 every %s", rows, every), Unit: "s", Target: 1.3, AtMost: true,
		Note: fmt.Sprintf("%.0f kills, equal after each run", kills["all"])}, ours+", killed", ours+", left alone", "took"))
}

// survive copies the base and drains what was written since, in processes of their
// own, which are killed again and again or not.
func (r *rig) survive(ctx context.Context, killed bool, every time.Duration) (figures.Values, error) {
	limits := lane.Defaults()
	limits.ChunkBytes = 16 << 20 // what a kill throws away
	if err := lane.Create(ctx, lane.Creation{Lane: "core.fwd", Endpoints: r.endpoints(), Base: lane.Chunks, Limits: limits}); err != nil {
		return nil, err
	}
	if err := r.blue.Exec(ctx, database, `SET synchronous_commit = off`, fmt.Sprintf(`CALL public.transact(%d, %d)`, size(*figuresTxns/10, 20_000, 200), accounts()/10)); err != nil {
		return nil, err
	}
	began, kills := time.Now(), 0.0
	done := func() (bool, error) {
		n, err := count(ctx, r.green.AdminDSN(taken), `SELECT count(*) FROM bgsync.lane WHERE state = 'running'`)
		return n == 1, err
	}
	for ended := false; !ended; {
		p := r.spawnAt(fmt.Sprintf("life %d", int(kills)), r.endpoints(), limits)
		early := p.watch()
		before, err := r.durable(ctx)
		if err != nil {
			return nil, err
		}
		for born, after := time.Now(), before; !ended && (!killed || time.Since(born) < every || after == before); {
			select {
			case how := <-early: // nobody else would take the lane up
				return nil, fmt.Errorf("life %d: %s", int(kills), how)
			case <-time.After(tick):
			}
			if ended, err = done(); err != nil {
				return nil, err
			}
			if after, err = r.durable(ctx); err != nil { // a machine that is slower than the killer gets nowhere
				return nil, err
			}
		}
		if ended {
			if err := r.caught(ctx); err != nil {
				return nil, err
			}
		} else {
			kills++
		}
		p.kill(r.t)
	}
	return figures.Values{"took": time.Since(began).Seconds(), "kills": kills}, nil
}

// durable counts what was made durable of the lane: chunks that are loaded and batches
// that are applied.
func (r *rig) durable(ctx context.Context) (int, error) {
	return count(ctx, r.green.AdminDSN(taken), `SELECT (SELECT count(*) FROM bgsync.chunk WHERE state = 'loaded') + (SELECT sum(claim_no)::int8 FROM bgsync.lane)
		+ (SELECT count(*) FROM bgsync.deferred_ddl WHERE state = 'done')`)
}

// handover measures for how long nothing is applied when an invocation hands the
// lane over to the next.
func (r *rig) handover(t *testing.T) {
	require.NoError(t, r.anew(empty)(t.Context()))
	limits := lane.Defaults()
	limits.Stop, limits.Cancel, limits.Return = 300*time.Millisecond, 200*time.Millisecond, 100*time.Millisecond
	limits.SourceCost = 1 // the base is there after the first window
	require.NoError(t, lane.Create(t.Context(), lane.Creation{Lane: "core.fwd", Endpoints: r.endpoints(), Base: lane.Chunks, Limits: limits}))
	loading, end := context.WithCancel(t.Context())
	loaded := make(chan error, 1)
	go func() {
		_, err := r.load(loading, 200)
		loaded <- err
	}()
	defer end()
	window, windows := time.Duration(size(0, 10_000, 1_500))*time.Millisecond, size(*figuresPairs, 7, 2)
	var last time.Time // of the commits that an invocation has made
	var gaps []float64
	for n := range windows + 1 {
		first := true
		ctx, cancel := context.WithTimeout(t.Context(), window)
		report, err := lane.Runner{Lane: "core.fwd", Endpoints: r.endpoints(), Invocation: fmt.Sprint("window ", n), Limits: limits, Observe: func(row checkpoint.Row) {
			if first && n > 1 { // the first window loads the base
				gaps = append(gaps, time.Since(last).Seconds())
			}
			first, last = false, time.Now()
		}}.Run(ctx)
		cancel()
		require.NoError(t, err)
		require.Nil(t, report.Halt)
	}
	end()
	require.NoError(t, <-loaded)
	stop := r.background(lane.Runner{Lane: "core.fwd", Endpoints: r.endpoints(), Invocation: "last", Limits: limits})
	require.NoError(t, until(t.Context(), r.green.AdminDSN(taken), `SELECT state IN ('running', 'halted') FROM bgsync.lane`))
	require.NoError(t, r.caught(t.Context()))
	_, err := stop()
	require.NoError(t, err)
	require.NoError(t, r.equals(t.Context(), database, taken), "void")
	gap := figures.Of(gaps)
	const usual = 14 * time.Minute
	report(t, figures.Row{ID: "P15", What: "share of a window of 14 min in which the lane applies", Unit: "s without", Against: "all of it", Ours: gap,
		Ratio: figures.Of([]float64{1 - gap.Median/usual.Seconds()}), Target: 0.97, Note: fmt.Sprintf("%d windows of %s measured: %.3g of each", len(gaps), window, 1-gap.Median/window.Seconds())})
}
