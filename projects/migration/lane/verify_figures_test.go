//go:build integration && soak

package lane_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checker"
	"github.com/cutover/cutover/projects/migration/lane/figures"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

var (
	figureRows  = flag.Int("verify.rows", 5_000_000, "rows of the table that is verified")
	figurePairs = flag.Int("verify.pairs", 7, "how often each thing is measured, in turns with what it is compared to")
)

// roomy are settings under which figures mean something: durable, with room.
var roomy = map[string]string{
	"fsync": "on", "full_page_writes": "on", "shared_buffers": "256MB", "max_wal_size": "4GB", "synchronous_commit": "on",
}

// ledgerSQL makes a table of rows of about 200 bytes.
const ledgerSQL = `CREATE TABLE public.ledger (id bigint PRIMARY KEY, account bigint NOT NULL, amount numeric(14,2) NOT NULL, at timestamptz NOT NULL, note text NOT NULL)`

// rawSQL is the hash of the whole table, as a person would ask for it; a second
// form computes the digest of a row once and not once for each half.
const rawSQL = `SELECT count(*)::text, sum(('x' || substr(h, 1, 16))::bit(64)::bigint)::text, sum(('x' || substr(h, 17))::bit(64)::bigint)::text
FROM (SELECT md5(ROW(account, amount, at, id, note)::text) AS h FROM ONLY public.ledger %s) x`

// Verification is measured against the same hashes asked for by hand on both sides
// at once, and against itself. The figures are void unless both sides are equal
// after each part; they mean something on a machine that does nothing else.
//
//	go test -tags integration,soak -run TestFiguresOfVerification -timeout 2h ./lane -v -args -verify.rows 5000000 -verify.pairs 7
func TestFiguresOfVerification(t *testing.T) {
	w := worldWith(t, roomy)
	for _, s := range []side{w.blue, w.green} {
		w.exec(s, `SET ROLE platform`, ledgerSQL, `RESET ROLE`)
	}
	w.exec(w.blue, fmt.Sprintf(`INSERT INTO public.ledger SELECT n, n %% 10007, n / 100.0, '2026-01-01'::timestamptz + n * interval '1 second',
		md5(n::text) || md5((-n)::text) || md5((2 * n)::text) || md5((3 * n)::text) FROM generate_series(1, %d) n`, *figureRows),
		`CREATE INDEX ledger_account ON public.ledger (account)`, `ANALYZE`)
	p := &bgsync.Plan{Lane: "core.fwd", Tables: []bgsync.TablePlan{{Schema: "public", Name: "ledger", Class: bgsync.Critical}}}
	_, err := bgsync.Register(t.Context(), w.blue.admin, w.green.admin, p)
	require.NoError(t, err)
	limits := lane.Defaults()
	require.NoError(t, lane.Create(t.Context(), lane.Creation{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks, Limits: limits}))
	r := w.runner("follows")
	r.Limits = limits
	began := time.Now()
	w.background(r)
	require.Eventually(t, func() bool { return value[string](w, w.green, `SELECT state FROM bgsync.lane`) == "running" }, time.Hour, tick)
	f := &verified{w: w, copied: time.Since(began), v: w.verifier("figures")}
	f.v.Limits = verify.Defaults()
	f.full() // makes the buckets, and warms both sides
	w.exec(w.green, `VACUUM ANALYZE public.ledger`)
	w.exec(w.blue, `VACUUM ANALYZE public.ledger`)
	t.Run("P7 P8", f.whole)
	t.Run("P9", f.again)
	t.Run("P10", f.wrong)
}

// verified is a measurement under way.
type verified struct {
	w      *world
	v      *verify.Verifier
	copied time.Duration
	median time.Duration // of a full pass
}

// full measures a full pass.
func (f *verified) full() time.Duration {
	began := time.Now()
	report := f.w.full(f.v)
	require.True(f.w.t, report.Clean, "%+v", report)
	return time.Since(began)
}

// raw measures the hash of the whole table on both sides at once.
func (f *verified) raw(fence string) time.Duration {
	w := f.w
	var found [2][3]string
	began := time.Now()
	group, ctx := errgroup.WithContext(w.ctx())
	for i, s := range []side{w.blue, w.green} {
		group.Go(func() error {
			conn, err := pgx.Connect(ctx, s.AdminDSN(database))
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }() // it has only read
			return conn.QueryRow(ctx, fmt.Sprintf(rawSQL, fence)).Scan(&found[i][0], &found[i][1], &found[i][2])
		})
	}
	require.NoError(w.t, group.Wait())
	require.Equal(w.t, found[0], found[1])
	return time.Since(began)
}

// valid makes the figures void when the sides differ.
func (f *verified) valid(t *testing.T) {
	t.Helper()
	f.w.drained(f.w.blue, f.w.green, "core.fwd")
	result, err := checker.Compare(t.Context(), f.w.blue.AdminDSN(database), f.w.green.AdminDSN(database), []string{"public.ledger"})
	require.NoError(t, err)
	require.True(t, result.Equal(), "void: %+v", result)
}

func (f *verified) whole(t *testing.T) {
	var ours []time.Duration
	var passes, queries, asked, once []float64
	for range *figurePairs {
		full, raw := f.full(), f.raw("")
		ours, passes, queries = append(ours, full), append(passes, full.Seconds()), append(queries, raw.Seconds())
		asked = append(asked, ratio(full, raw))
		once = append(once, ratio(full, f.raw("OFFSET 0")))
	}
	slices.Sort(ours)
	f.median = ours[len(ours)/2]
	what := fmt.Sprintf("full verification of %d rows", *figureRows)
	copied := []float64{f.copied.Seconds()}
	defer func() {
		if !t.Failed() {
			report(t,
				figures.Row{ID: "P7", What: what, Unit: "s", Against: "the hash queries by hand, both sides at once", Ours: figures.Of(passes), Peer: figures.Of(queries), Ratio: figures.Of(asked), Target: 1.25, AtMost: true},
				figures.Row{ID: "P8", What: what, Unit: "s", Against: "the base's copy", Ours: figures.Of(passes), Peer: figures.Of(copied), Ratio: figures.Of([]float64{ratio(f.median, f.copied)}), Target: 0.35, AtMost: true})
		}
	}()
	f.valid(t)
	t.Logf("full pass over %d rows: %s (median of %d)", *figureRows, f.median.Round(time.Millisecond), len(ours))
	t.Logf("P7 full pass : the same hash asked for by hand, both sides at once: %s (target 1.25)", spread(asked))
	t.Logf("P7 the same, with the digest computed once by hand as well:         %s", spread(once))
	t.Logf("P8 full pass : base copy of %s: %.2f (target 0.35)", f.copied.Round(time.Millisecond), ratio(f.median, f.copied))
}

func (f *verified) again(t *testing.T) {
	for name, where := range map[string]string{
		"clustered": `id BETWEEN %[1]d * %[2]d / 20 AND %[1]d * %[2]d / 20 + %[2]d / 100 - 1`, "uniform": `id %% 100 = %[1]d`,
	} {
		var ratios []float64
		for i := range *figurePairs {
			f.w.exec(f.w.blue, fmt.Sprintf(`UPDATE public.ledger SET amount = amount + 1 WHERE `+where, i+1, *figureRows))
			f.w.drained(f.w.blue, f.w.green, "core.fwd")
			began := time.Now()
			report, err := f.v.Incremental(t.Context())
			took := time.Since(began)
			require.NoError(t, err)
			require.True(t, report.Clean)
			ratios = append(ratios, ratio(took, f.full()))
			if i == 0 {
				t.Logf("%s: %d buckets, %s", name, report.Buckets, took.Round(time.Millisecond))
			}
		}
		if name == "clustered" {
			defer func() { report(t, again(ratios)) }()
		}
		t.Logf("P9 once more after 1 %% of the rows changed, %s : a full pass: %s (target 0.05 clustered)", name, spread(ratios))
	}
	f.valid(t)
}

// again is the row of a round after 1 % of the rows changed.
func again(ratios []float64) figures.Row {
	return figures.Row{ID: "P9", What: "verification after 1 % of the rows changed, side by side", Against: "full verification", Ratio: figures.Of(ratios), Target: 0.05, AtMost: true}
}

func (f *verified) wrong(t *testing.T) {
	f.w.exec(f.w.green, `SET session_replication_role = replica`)
	var ratios []float64
	for range *figurePairs {
		clean := f.full()
		f.w.exec(f.w.green, `DELETE FROM bgsync.verify_pass`, fmt.Sprintf(`UPDATE public.ledger SET amount = amount + 1 WHERE id %% (%d / 10) = 7`, *figureRows))
		began := time.Now()
		report := f.w.full(f.v)
		ratios = append(ratios, ratio(time.Since(began), clean))
		require.EqualValues(t, 10, report.Requested)
		f.w.repaired()
	}
	f.valid(t)
	t.Logf("P10 a pass that finds 10 wrong rows : one that finds none: %s (target 1.15)", spread(ratios))
}

func ratio(a, b time.Duration) float64 { return a.Seconds() / b.Seconds() }

// spread is median and quartiles.
func spread(ratios []float64) string {
	slices.Sort(ratios)
	n := len(ratios)
	return fmt.Sprintf("%.3f (%.3f to %.3f, %d pairs)", ratios[n/2], ratios[n/4], ratios[3*n/4], n)
}
