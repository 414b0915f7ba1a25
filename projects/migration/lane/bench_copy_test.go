//go:build integration

package lane_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/figures"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// ledgers are tables of rows of about 200 bytes, with a key and one index.
func ledgers(t testing.TB, tables, rows int) *rig {
	t.Helper()
	var names, schema, fill, indexes []string
	for n := range tables {
		name := fmt.Sprintf("ledger_%d", n+1)
		names = append(names, name)
		schema = append(schema, ledgerTable(name))
		fill = append(fill, ledgerFill(name, rows/tables))
		indexes = append(indexes, fmt.Sprintf(`CREATE INDEX %[1]s_account ON public.%[1]s (account)`, name))
	}
	return newRig(t, names, strings.Join(schema, ";"), strings.Join(fill, ";"), indexes...)
}

// ledgerTable makes one of them.
func ledgerTable(name string) string {
	return `CREATE TABLE public.` + name + ` (id bigint PRIMARY KEY, account bigint NOT NULL, amount numeric(14,2) NOT NULL, at timestamptz NOT NULL, note text NOT NULL)`
}

// ledgerFill fills one.
func ledgerFill(name string, rows int) string {
	return fmt.Sprintf(`INSERT INTO public.%s SELECT n, n %% 10007, n / 100.0, '2026-01-01'::timestamptz + n * interval '1 second',
		md5(n::text) || md5((-n)::text) || md5((2 * n)::text) || md5((3 * n)::text) FROM generate_series(1, %d) n`, name, rows)
}

// copying is what a copy of the base is measured by: rows a second until all rows
// are there, and until the indexes are as well.
func copying(rows int, loaded, ready time.Duration) figures.Values {
	return figures.Values{"loaded": float64(rows) / loaded.Seconds(), "ready": float64(rows) / ready.Seconds()}
}

// lane is the copy by the engine: durable chunks with checkpoints, then the
// indexes and the change to strict. The making of the lane, with its slot, belongs
// to the time until all is ready.
func (r *rig) lane(name string, rows int, change func(*lane.Limits)) figures.Contender {
	work := func(ctx context.Context) (figures.Values, error) {
		limits := lane.Defaults()
		if change != nil {
			change(&limits)
		}
		began := time.Now()
		if err := lane.Create(ctx, lane.Creation{Lane: "core.fwd", Endpoints: r.endpoints(), Base: lane.Chunks, Limits: limits}); err != nil {
			return nil, err
		}
		admin, err := pg.Connect(ctx, r.green.AdminDSN(taken), pg.Identity{Role: pg.Operator, Lane: "test", Invocation: "watch"})
		if err != nil {
			return nil, err
		}
		defer pg.Close(admin)
		loading := time.Now()
		stop := r.background(lane.Runner{Lane: "core.fwd", Endpoints: r.endpoints(), Invocation: fmt.Sprint(loading.UnixNano()), Limits: limits})
		var loaded time.Duration
		for {
			row, err := checkpoint.Load(ctx, admin, "core.fwd")
			if err != nil {
				return nil, err
			}
			if row.State == checkpoint.Halted {
				return nil, fmt.Errorf("the lane is halted: %s", row.Halt)
			}
			if loaded == 0 && row.State != checkpoint.Loading {
				loaded = time.Since(loading)
			}
			if row.State == checkpoint.Running {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		ready := time.Since(began)
		_, err = stop()
		return copying(rows, loaded, ready), err
	}
	return figures.Contender{Name: name, Prepare: r.anew(empty), Work: work, Check: r.equal}
}

// psql is the copy by hand: one stream through a pipe, in binary, then the
// indexes.
func (r *rig) psql(rows int) figures.Contender {
	program := tool(r.t, "psql")
	work := func(ctx context.Context) (figures.Values, error) {
		began := time.Now()
		for _, name := range r.tables {
			err := shell(ctx, `"$1" -qX -d "$2" -c "COPY public.$4 TO STDOUT (FORMAT binary)" | "$1" -qX -v ON_ERROR_STOP=1 -d "$3" -c "COPY public.$4 FROM STDIN (FORMAT binary)"`,
				program, r.blue.AdminDSN(plain), r.green.AdminDSN(taken), name)
			if err != nil {
				return nil, err
			}
		}
		loaded := time.Since(began)
		err := r.green.Exec(ctx, taken, append([]string{`SET ROLE platform`}, append(r.indexes, `ANALYZE`)...)...)
		return copying(rows, loaded, time.Since(began)), err
	}
	return figures.Contender{Name: "psql binary COPY, one stream", Prepare: r.anew(bare), Work: work, Check: r.equal}
}

// pgcopydb is a clone with two jobs for tables and two for indexes.
func (r *rig) pgcopydb(rows int) figures.Contender {
	program, folder := tool(r.t, "pgcopydb"), r.t.TempDir()
	work := func(ctx context.Context) (figures.Values, error) {
		began := time.Now()
		err := shell(ctx, `rm -rf "$2/work"; "$1" clone --source "$3" --target "$4" --dir "$2/work" --table-jobs 2 --index-jobs 2`,
			program, folder, r.blue.AdminDSN(plain), r.green.AdminDSN(taken))
		took := time.Since(began)
		return copying(rows, took, took), err
	}
	return figures.Contender{Name: "pgcopydb clone, 2 jobs", Prepare: r.anew("template0"), Work: work, Check: r.equal}
}

// restore is a dump into a file and its restoration with two jobs: a restoration
// from a pipe can have one only.
func (r *rig) restore(rows int) figures.Contender {
	dump, restore, folder := tool(r.t, "pg_dump"), tool(r.t, "pg_restore"), r.t.TempDir()
	work := func(ctx context.Context) (figures.Values, error) {
		began := time.Now()
		err := shell(ctx, `"$1" -Fc -Z1 -f "$3/dump" -d "$4"; "$2" -j2 -d "$5" "$3/dump"; rm "$3/dump"`,
			dump, restore, folder, r.blue.AdminDSN(plain), r.green.AdminDSN(taken))
		took := time.Since(began)
		return copying(rows, took, took), err
	}
	return figures.Contender{Name: "pg_dump -Fc, pg_restore -j2", Prepare: r.anew("template0"), Work: work, Check: r.equal}
}

// subscription is PostgreSQL's own initial copy, and the indexes after it.
func (r *rig) subscription(rows int) figures.Contender {
	work := func(ctx context.Context) (figures.Values, error) {
		began := time.Now()
		if err := r.green.Exec(ctx, taken, `CREATE SUBSCRIPTION peer CONNECTION `+pg.Literal(r.blue.AdminDSN(plain))+` PUBLICATION peer`); err != nil {
			return nil, err
		}
		for {
			left, err := count(ctx, r.green.AdminDSN(taken), `SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'`)
			if err != nil {
				return nil, err
			}
			if left == 0 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		loaded := time.Since(began)
		err := r.green.Exec(ctx, taken, append([]string{`SET ROLE platform`}, append(r.indexes, `ANALYZE`)...)...)
		return copying(rows, loaded, time.Since(began)), err
	}
	check := func(ctx context.Context) error {
		if err := r.equal(ctx); err != nil {
			return err
		}
		return r.green.Exec(ctx, taken, `DROP SUBSCRIPTION peer`)
	}
	require.NoError(r.t, r.blue.Exec(r.ctx(), plain, `CREATE PUBLICATION peer FOR ALL TABLES`))
	r.t.Cleanup(func() { // a slot that is in use keeps its server up
		_ = r.green.Exec(context.Background(), "postgres", `DROP DATABASE IF EXISTS `+taken+` WITH (FORCE)`)
	})
	return figures.Contender{Name: "subscription with initial copy", Prepare: r.anew(bare), Work: work, Check: check}
}

// ours is what the engine is called in figures.
const ours = "lane"

// One table: how fast the base is copied, against one stream through a pipe.
func TestFiguresOfTheBase(t *testing.T) {
	briefly(t)
	rows := size(*figuresRows, 1_000_000, 4_000)
	r := ledgers(t, 1, rows)
	t.Run("figures", func(t *testing.T) { r.base(t, rows) })
	t.Run("void", func(t *testing.T) { r.void(t, rows) })
}

func (r *rig) base(t *testing.T, rows int) {
	one := func(l *lane.Limits) { l.LoadWorkers = 1 }
	peer := r.psql(rows)
	m := figures.Measurement{Rounds: size(*figuresPairs, 7, 1), Servers: r.servers(), Say: t.Logf}
	results, err := m.Of(t.Context(), r.lane(ours, rows, nil), peer, r.lane(ours+", one worker", rows, one))
	require.NoError(t, err)
	what := fmt.Sprintf("base of %d rows of 200 B", rows)
	report(t,
		results.Compare(figures.Row{ID: "P1", What: what, Unit: "rows/s", Target: 0.85, Note: "four workers, durable chunks"}, ours, peer.Name, "loaded"),
		results.Compare(figures.Row{ID: "P1-one", What: what + ", one worker", Unit: "rows/s", Target: 0.85}, ours+", one worker", peer.Name, "loaded"),
		results.Compare(figures.Row{ID: "P1-ready", What: what + ", with index, statistics, slot", Unit: "rows/s"}, ours, peer.Name, "ready"))
}

// void harms the target after a run: it must not count when a single row is
// missing, or differs, or is one too many, or an index is not there.
func (r *rig) void(t *testing.T, rows int) {
	harms := map[string]string{
		"missing":   `DELETE FROM public.ledger_1 WHERE id = 1000`,
		"different": `UPDATE public.ledger_1 SET amount = amount + 0.01 WHERE id = 1000`,
		"extra":     `INSERT INTO public.ledger_1 SELECT -1, account, amount, at, note FROM public.ledger_1 WHERE id = 1`,
		"index":     `DROP INDEX public.ledger_1_account`,
	}
	for name, harm := range harms {
		contender := r.psql(rows)
		if name == "missing" {
			contender = r.lane(ours, rows, nil)
		}
		work := contender.Work
		contender.Work = func(ctx context.Context) (figures.Values, error) {
			values, err := work(ctx)
			if err == nil {
				err = r.green.Exec(ctx, taken, `SET session_replication_role = replica`, harm)
			}
			return values, err
		}
		_, err := figures.Measurement{Rounds: 1}.Of(t.Context(), contender)
		require.ErrorIs(t, err, figures.ErrVoid, name)
	}
}

// Four tables: the whole time until they can be used, against programs that copy
// databases and against PostgreSQL's own subscription.
func TestFiguresOfTheWholeCopy(t *testing.T) {
	briefly(t)
	rows := size(*figuresRows, 1_000_000, 4_000)
	r := ledgers(t, 4, rows)
	contenders := []figures.Contender{r.lane(ours, rows, nil), r.restore(rows), r.subscription(rows)}
	targets := map[string]figures.Row{contenders[1].Name: {ID: "P2", Target: 1.3}, contenders[2].Name: {ID: "P3", Target: 1}}
	t.Run("pgcopydb", func(t *testing.T) { // left out when it is not here
		outer := r.t
		r.t = t
		defer func() { r.t = outer }()
		peer := r.pgcopydb(rows)
		contenders, targets[peer.Name] = append(contenders, peer), figures.Row{ID: "P2", Target: 0.9}
	})
	m := figures.Measurement{Rounds: size(*figuresPairs, 7, 1), Servers: r.servers(), Say: t.Logf}
	results, err := m.Of(t.Context(), contenders...)
	require.NoError(t, err)
	var list []figures.Row
	for name, row := range targets {
		row.What, row.Unit = fmt.Sprintf("four tables, %d rows, until ready", rows), "rows/s"
		list = append(list, results.Compare(row, ours, name, "ready"))
	}
	report(t, list...)
}

// The time of a copy grows with the rows and no faster.
func TestFiguresOfGrowth(t *testing.T) {
	briefly(t)
	least := size(*figuresRows/8, 125_000, 1_000)
	sizes := []int{1, 2, 4, 8}
	times := map[int][]float64{}
	r := ledgers(t, 1, least)
	for _, n := range sizes {
		require.NoError(t, r.blue.Exec(t.Context(), database, `TRUNCATE public.ledger_1`, ledgerFill("ledger_1", n*least), `VACUUM ANALYZE`))
		contender := r.lane(ours, n*least, nil)
		contender.Check = func(ctx context.Context) error { return r.equals(ctx, database, taken) }
		m := figures.Measurement{Rounds: size(*figuresPairs, 7, 1), Servers: r.servers(), Say: t.Logf}
		results, err := m.Of(t.Context(), contender)
		require.NoError(t, err)
		for _, run := range results[ours] {
			times[n] = append(times[n], float64(n*least)/run.Values["ready"])
		}
	}
	var x, y, each []float64
	for _, n := range sizes {
		x, y = append(x, float64(n)), append(y, figures.Of(times[n]).Median)
	}
	for i := range times[1] {
		each = append(each, times[8][i]/times[1][i]/8)
	}
	line := figures.Fit(x, y)
	t.Logf("medians %v s: %.3f s and %.3f s for each %d rows, at most %.1f %% off the line", y, line.Fixed, line.Each, least, 100*line.Off)
	report(t, figures.Row{
		ID: "G", What: fmt.Sprintf("time of 8 × %d rows : 8 × time of %d", least, least), Unit: "s", Against: "the same, smaller",
		Ours: figures.Of(times[8]), Peer: figures.Of(times[1]), Ratio: figures.Of(each), Target: 1.1, AtMost: true,
		Note: fmt.Sprintf("%v ×: %.3g s; at most %.1f %% off a line", sizes, y, 100*line.Off),
	})
}
