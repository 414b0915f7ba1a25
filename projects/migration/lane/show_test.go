//go:build integration

package lane_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/figures"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/shared/naming"
)

// journey is the whole way of a platform from blue to green and back, under
// cashiers who never stop.
type journey struct {
	*switches
	accounts, entries, payments, documents int
	began                                  time.Time
	cashiers                               *cashiers
}

// A payments platform moves to green and back while it is written to: base, change
// lane, verification, cutover, a while on green with the way back open, rollback,
// verification. At every commit of either side the balances add up to the same;
// every acknowledged payment is on both sides once.
//
//	go test -tags integration,soak -run TestAPlatformMovesToGreenAndBack -timeout 30m -v ./lane -args -figures.rows 1200000
func TestAPlatformMovesToGreenAndBack(t *testing.T) {
	briefly(t)
	rows, sides := size(*figuresRows, 1_200_000, 3_000), time.Duration(size(0, 30, 1))*time.Second
	j := newJourney(t, rows)
	blues, greens := j.watch(j.blue), j.watch(j.green)
	require.NoError(t, j.fill(), "fill")
	want := j.sum()
	fromBlue := j.logEnd(j.blue)
	writers := j.observe()
	j.cashiers = j.switches.cashiers(8, j.accounts, 40*time.Millisecond)
	j.began = time.Now()

	j.base(rows)
	fromGreen := j.logEnd(j.green)
	j.full("core.fwd", "first")
	j.back()
	j.move(naming.Green)
	time.Sleep(sides)
	j.full("core.rev", "on green")
	j.move(naming.Blue)
	time.Sleep(sides / 2)
	j.full("core.fwd", "back on blue")

	j.cashiers.stop()
	writers.stop(t)
	j.drained(j.blue, j.green, "core.fwd")
	j.say("cashiers stop, the lane has drained")
	j.same()
	for _, color := range naming.Colors() {
		j.cashiers.complete(color)
		require.Equal(t, want, value[string](j.world, j.side(color), `SELECT sum(balance)::text FROM public.account`))
	}
	onBlue, onGreen := blues.stop(fromBlue, want), greens.stop(fromGreen, want)
	require.Positive(t, onBlue)
	require.Positive(t, onGreen)
	j.settled(naming.Blue, 3)
	j.close(onBlue, onGreen)
}

// newJourney makes both sides, their roles and the token, all without a row.
func newJourney(t *testing.T, rows int) *journey {
	t.Helper()
	more := map[string]string{}
	if soak {
		maps.Copy(more, busy)
	}
	w := worldWith(t, more)
	w.register("core.fwd", w.blue, w.green)
	w.register("core.rev", w.green, w.blue)
	folder := t.TempDir()
	s := &switches{world: w, store: &control.File{Folder: folder}, proofs: &proof.Folder{Path: t.TempDir()}, folder: folder}
	key, err := proof.LoadKey(filepath.Join(folder, "key"))
	require.NoError(t, err)
	s.signer = key
	for _, side := range []side{w.blue, w.green} {
		w.exec(side, writersSQL, `SET ROLE platform`, grantsSQL, `RESET ROLE`)
		require.NoError(t, bgsync.Enrol(w.ctx(), side.admin, "fence_a", bgsync.Fence))
	}
	require.NoError(t, postgres.Record(w.ctx(), w.blue.admin, w.green.admin))
	require.NoError(t, switching.Open(w.ctx(), s.store, naming.Blue))
	return &journey{switches: s, accounts: max(rows/100, 200), entries: rows * 65 / 100, payments: rows * 34 / 100, documents: min(max(rows/100, 100), 2_000)}
}

// sum is the money of all accounts of blue.
func (j *journey) sum() string {
	return value[string](j.world, j.blue, `SELECT coalesce(sum(balance), 0)::text FROM public.account`)
}

// fill writes the base.
func (j *journey) fill() error {
	return j.blue.Exec(j.ctx(), database,
		fmt.Sprintf(`INSERT INTO public.account (owner, balance, currency) SELECT 'owner ' || n, 1000 + n / 100.0, (ARRAY['EUR','USD','CHF'])[1 + n %% 3]::public.currency FROM generate_series(1, %d) n`, j.accounts),
		fmt.Sprintf(`INSERT INTO public.entry (account, seq, amount, note) SELECT 1 + n %% %d, n, n / 100.0, CASE WHEN n %% 3 > 0 THEN md5(n::text) || md5((-n)::text) END FROM generate_series(1, %d) n`, j.accounts, j.entries),
		fmt.Sprintf(`INSERT INTO public.document SELECT gen_random_uuid(), n, repeat(md5(n::text), 300), jsonb_build_object('n', n, 'é', 'ü"\'), ARRAY['a,b', NULL, '"'],
			'2026-01-01 10:00+02'::timestamptz + n * interval '1 second', n / 7.0, n / 7.0, 'c' || n FROM generate_series(1, %d) n`, j.documents),
		fmt.Sprintf(`INSERT INTO public.payment SELECT n, '2025-06-01'::date + n %% 700, n / 100.0 FROM generate_series(1, %d) n`, j.payments),
		`VACUUM ANALYZE`)
}

// say prints where the journey is.
func (j *journey) say(format string, args ...any) {
	j.t.Helper()
	median, longest := j.cashiers.worst()
	j.t.Logf("%6.1f s: %s; payments took %s, %s at the longest", time.Since(j.began).Seconds(), fmt.Sprintf(format, args...),
		median.Round(time.Millisecond), longest.Round(time.Millisecond))
}

// base makes the forward lane and waits until it is strict.
func (j *journey) base(rows int) {
	j.t.Helper()
	limits, at := lane.Defaults(), endpoints(j.blue, j.green)
	require.NoError(j.t, lane.Create(j.ctx(), lane.Creation{Lane: "core.fwd", Endpoints: at, Base: lane.Chunks, Limits: limits}))
	j.follow(lane.Runner{Lane: "core.fwd", Endpoints: at, Invocation: "forth " + uuid.NewString()[:4], Limits: limits})
	began := time.Now()
	for _, state := range []checkpoint.State{checkpoint.CatchingUp, checkpoint.Running} {
		require.Eventually(j.t, func() bool {
			now := j.row(j.green, "core.fwd").State
			require.NotEqual(j.t, checkpoint.Halted, now)
			return now == state || now == checkpoint.Running
		}, 10*time.Minute, tick)
		j.say("the lane is %s", state)
	}
	loaded := value[int](j.world, j.green, `SELECT sum(rows)::int FROM bgsync.chunk`)
	require.GreaterOrEqual(j.t, loaded, j.accounts+j.entries+j.payments+j.documents)
	j.t.Logf("base of %d rows, strict after %s", loaded, time.Since(began).Round(time.Millisecond))
}

// back makes the reverse lane.
func (j *journey) back() {
	j.t.Helper()
	at := endpoints(j.green, j.blue)
	require.NoError(j.t, lane.Create(j.ctx(), lane.Creation{Lane: "core.rev", Endpoints: at, Base: lane.Equal, Limits: lane.Defaults()}))
	j.follow(lane.Runner{Lane: "core.rev", Endpoints: at, Invocation: "back " + uuid.NewString()[:4], Limits: lane.Defaults()})
	j.say("the way back is open")
}

// follow runs a lane to the end of the test, and says how it ended if that is of
// interest.
func (j *journey) follow(r lane.Runner) {
	j.t.Helper()
	stop := j.background(r)
	j.t.Cleanup(func() {
		if report, err := stop(); j.t.Failed() {
			j.t.Logf("lane %s ended with halt %v, error %v", r.Lane, report.Halt, err)
		}
	})
}

// full verifies all of a lane's rows, which must all be equal.
func (j *journey) full(name, invocation string) {
	j.t.Helper()
	source, target := j.blue, j.green
	if name == "core.rev" {
		source, target = j.green, j.blue
	}
	v := verify.Verifier{
		Lane: name, Source: source.DSN("verify_a", password, database), Target: target.DSN("verify_a", password, database), Invocation: invocation, Limits: verify.Defaults(),
	}
	v.Limits.Stop, v.Limits.Cancel = 0, 0
	report, err := v.Full(j.ctx())
	require.NoError(j.t, err)
	require.True(j.t, report.Done && report.Clean, "%+v", report)
	j.say("verified %s: %d rows in %d buckets equal, %d unstable, took %s", name, report.Rows, report.Equal, report.Unstable, report.Took.Round(time.Millisecond))
}

// move moves the authority.
func (j *journey) move(to naming.Color) {
	j.t.Helper()
	j.say("before the authority moves to %s", to)
	moved := j.switchTo(to)
	if soak { // beside other tests it takes as long as they let it
		require.LessOrEqual(j.t, moved.Pause, 3*time.Second)
	}
	j.say("authority at %s after %d tries, pause %s (lock %s, drain %s, check %s, promote %s)", to, moved.Tries, moved.Pause.Round(time.Millisecond),
		moved.Lock.Round(time.Millisecond), moved.Drain.Round(time.Millisecond), moved.Check.Round(time.Millisecond), moved.Promote.Round(time.Millisecond))
}

// close says what there was and adds it to the figures.
func (j *journey) close(onBlue, onGreen int) {
	j.t.Helper()
	c := j.cashiers
	rows := 0
	for _, table := range []string{"account", "entry", "document", "payment"} {
		n := value[int](j.world, j.green, `SELECT count(*) FROM public.`+table)
		j.t.Logf("table %s: %d rows on both sides", table, n)
		rows += n
	}
	took := time.Since(j.began)
	j.t.Logf("%d payments acknowledged (%d by blue, %d by green, %.0f a second) in %d tries, lost 0, doubled 0; sum of balances constant over %d commits of blue and %d of green",
		len(c.acknowledged), c.by[naming.Blue], c.by[naming.Green], float64(len(c.acknowledged))/took.Seconds(), c.tries, onBlue, onGreen)
	one := figures.Of([]float64{took.Seconds()})
	report(j.t, figures.Row{ID: "S", What: fmt.Sprintf("to green and back, %d rows", rows), Unit: "s", Against: "itself", Ours: one, Peer: one, Ratio: figures.Of([]float64{1}),
		Note: fmt.Sprintf("%d payments acknowledged, lost 0, doubled 0; sum constant over %d + %d commits", len(c.acknowledged), onBlue, onGreen)})
}
