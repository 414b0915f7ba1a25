//go:build integration

package lane_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/verify"
)

// A lane that does not hand over in order loses what comparisons have shown since
// the last time that it did; what was shown before stays.
func TestResultsLiveAsLongAsTheLaneHandsOverInOrder(t *testing.T) {
	t.Parallel()
	w := steady(t)
	v := w.verifier("pass")
	lives := 0
	orderly := func(during func()) { // one invocation after the other, as long as it takes
		lives++
		life, done := fmt.Sprint("life ", lives, " "), make(chan error, 1)
		var over atomic.Bool
		go func() {
			var err error
			for n := 0; err == nil && !over.Load(); n++ {
				r := w.runner(fmt.Sprint(life, n))
				r.Limits.Stop, r.Limits.Cancel = margin, margin/2
				ctx, cancel := context.WithTimeout(w.ctx(), margin+3*time.Second)
				_, err = r.Run(ctx)
				cancel()
			}
			done <- err
		}()
		// What was shown before it has begun goes, since the one before it was cut off.
		require.Eventually(t, func() bool {
			return value[bool](w, w.green, `SELECT coalesce(bool_or(running_by LIKE $1 || '%'), false) FROM bgsync.verify_state`, life)
		}, waiting, tick)
		during()
		over.Store(true)
		require.NoError(t, <-done)
	}
	orderly(func() { require.True(t, w.full(v).Clean) })
	unverified := func() int {
		status, err := v.Status(t.Context())
		require.NoError(t, err)
		return status.Unverified
	}
	orderly(func() { require.Zero(t, unverified(), "an orderly hand-over keeps all") })

	stop := w.background(w.runner("breaks"))
	w.drained(w.blue, w.green, "core.fwd")
	w.exec(w.blue, `UPDATE public.account SET balance = balance + 1 WHERE id = 1`)
	w.drained(w.blue, w.green, "core.fwd")
	report, err := v.Incremental(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, report.Equal)
	require.Zero(t, unverified())
	_, _ = stop() // cut off, as by a crash
	orderly(func() {
		require.Eventually(t, func() bool { return unverified() == 1 }, waiting, tick, "what was shown since is taken back")
	})
}

// Results that are taken back while a comparison is under way are not written by
// it: not by a process that was stopped in between, either.
func TestAStaleResultIsNotWritten(t *testing.T) {
	t.Parallel()
	w := following(t)
	v := w.verifier("stale")
	v.Limits.Workers = 1
	forgotten := false
	v.At = func(step string) error {
		if step == verify.BeforeRecord && !forgotten {
			forgotten = true
			return dirty.Restart(w.ctx(), w.green.admin, "core.fwd") // as a new generation does
		}
		return nil
	}
	report, err := v.Full(t.Context())
	require.NoError(t, err)
	require.False(t, report.Done, "its pass is over")
	require.Zero(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.bucket WHERE clean_lsn IS NOT NULL`))
	require.True(t, w.full(v).Clean, "another begins anew")
}

// A pass goes on where an invocation has left it, and several may work at it: each
// bucket is compared once.
func TestAPassIsSharedAndGoesOn(t *testing.T) {
	t.Parallel()
	w := following(t)
	first := w.verifier("first")
	first.Limits.Workers, first.Limits.UnitBuckets, first.Limits.BucketRows = 1, 2, 20
	recorded := 0
	first.At = func(step string) error {
		if step == verify.AfterRecord {
			if recorded++; recorded == 3 {
				return errCrash
			}
		}
		return nil
	}
	_, err := first.Full(t.Context())
	require.ErrorIs(t, err, errCrash)
	done := value[int](w, w.green, `SELECT count(*) FROM bgsync.bucket WHERE clean_lsn IS NOT NULL`)
	require.Equal(t, 6, done)

	var compared atomic.Int64
	var group sync.WaitGroup
	for i := range 3 {
		v := w.verifier(fmt.Sprint("worker ", i))
		v.Limits = first.Limits
		v.Limits.Workers = 2
		group.Go(func() {
			report, err := v.Full(t.Context())
			assert.NoError(t, err)
			compared.Add(report.Buckets)
		})
	}
	group.Wait()
	require.Equal(t, "clean", value[string](w, w.green, `SELECT state FROM bgsync.verify_pass ORDER BY pass_id LIMIT 1`))
	total := value[int](w, w.green, `SELECT count(*) FROM bgsync.bucket`)
	require.GreaterOrEqual(t, int(compared.Load()), total-done)
	require.LessOrEqual(t, int(compared.Load()), 3*total, "whoever came late began another pass")
}

// A map of functions: units are listed, compared one by one in any order and some
// twice, and the pass is ended.
func TestUnitsAreComparedByWorkersOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := following(t)
	v := w.verifier("map")
	units, err := v.Units(t.Context(), verify.Full, 0)
	require.NoError(t, err)
	require.Greater(t, len(units), 4)
	report, err := v.Finish(t.Context(), verify.Full)
	require.NoError(t, err)
	require.False(t, report.Done, "nothing is compared yet")
	for i := range units {
		for range 2 {
			report, err := v.Work(t.Context(), units[len(units)-1-i])
			require.NoError(t, err)
			require.True(t, report.Done)
		}
	}
	report, err = v.Finish(t.Context(), verify.Full)
	require.NoError(t, err)
	require.True(t, report.Done && report.Clean)
	report, err = v.Work(t.Context(), units[0])
	require.NoError(t, err)
	require.True(t, report.Done, "a pass that is over has nothing to do")
}

// The continuous pass takes what was not looked at for some time; a bucket that has
// grown is divided by the next full one, and its parts stay equal.
func TestBucketsAreLookedAtAgainAndDividedAsTheyGrow(t *testing.T) {
	t.Parallel()
	w := following(t)
	v := w.verifier("pass")
	require.True(t, w.full(v).Clean)
	report, err := v.Continuous(t.Context(), time.Hour)
	require.NoError(t, err)
	require.True(t, report.Done && report.Clean)
	require.Zero(t, report.Buckets, "all were looked at just now")
	report, err = v.Continuous(t.Context(), 0)
	require.NoError(t, err)
	require.True(t, report.Clean)
	buckets := value[int64](w, w.green, `SELECT count(*) FROM bgsync.bucket`)
	require.Equal(t, buckets, report.Buckets)

	w.exec(w.blue, `INSERT INTO public.account (owner, balance) SELECT 'grown ' || n, n FROM generate_series(1, 1000) n`)
	w.drained(w.blue, w.green, "core.fwd")
	require.True(t, w.full(v).Clean, "it is one large bucket")
	require.Equal(t, buckets, value[int64](w, w.green, `SELECT count(*) FROM bgsync.bucket`))
	require.NoError(t, v.Prepare(t.Context()))
	require.GreaterOrEqual(t, value[int64](w, w.green, `SELECT count(*) FROM bgsync.bucket`), buckets+10)
	status, err := v.Status(t.Context())
	require.NoError(t, err)
	require.Zero(t, status.Dirty, "what is equal is so in its parts")
	w.exec(w.blue, `UPDATE public.account SET balance = balance + 1 WHERE owner = 'grown 500'`)
	w.drained(w.blue, w.green, "core.fwd")
	require.Len(t, w.marked("account"), 1, "the lane marks by the new plan")
	require.True(t, w.full(v).Clean)
}

// A call returns before its deadline and keeps what it has done.
func TestAPassEndsBeforeItsDeadline(t *testing.T) {
	w := following(t)
	v := w.verifier("limited")
	v.Limits.Workers, v.Limits.UnitBuckets, v.Limits.Stop, v.Limits.Cancel = 1, 1, margin, margin/2
	v.At = func(string) error { time.Sleep(20 * time.Millisecond); return nil }
	calls, left := 0, 900*time.Millisecond
	for done := false; !done; calls++ {
		ctx, cancel := context.WithTimeout(t.Context(), margin+left)
		report, err := v.Full(ctx)
		require.NoError(t, err)
		require.NoError(t, ctx.Err())
		cancel()
		done = report.Done
		if report.Buckets == 0 {
			left *= 2 // a machine that needs longer to begin
		}
	}
	require.Greater(t, calls, 1)
}

// Keys that only the servers can order are found by a statement; keys that the
// servers order differently are divided by a hash.
func TestKeysThatTheEngineCannotOrderAreVerified(t *testing.T) {
	t.Parallel()
	for name, locales := range map[string][2]string{
		"ordered by both servers": {"en", "en"},
		"ordered differently":     {"en", "sv"},
	} {
		t.Run(name, func(t *testing.T) {
			w := bareWorld(t)
			for i, s := range []side{w.blue, w.green} {
				w.exec(s, `SET ROLE platform`, `CREATE COLLATION public.own (provider = icu, locale = '`+locales[i]+`')`,
					`CREATE TABLE public.note (name text COLLATE public.own, part varchar(8), body text, PRIMARY KEY (name, part))`, `RESET ROLE`)
			}
			p := plan("core.fwd")
			p.Tables = append(p.Tables, bgsync.TablePlan{Schema: "public", Name: "note", Class: bgsync.Standard})
			_, err := bgsync.Register(t.Context(), w.blue.admin, w.green.admin, p)
			require.NoError(t, err)
			w.exec(w.blue, `INSERT INTO public.note SELECT chr(65 + n % 60) || md5(n::text), n % 3, n FROM generate_series(1, 400) n`)
			w.create()
			w.background(w.runner("follows"))
			w.running()
			v := w.verifier("pass")
			require.True(t, w.full(v).Clean)
			want := map[bool]string{true: "range", false: "hash"}[locales[0] == locales[1]]
			require.Equal(t, want, value[string](w, w.green, `SELECT bucket_kind FROM bgsync.table_state JOIN bgsync.table_map USING (table_id) WHERE name = 'note'`))
			if want == "range" {
				end := value[[]string](w, w.green, `SELECT hi FROM bgsync.bucket JOIN bgsync.table_map m USING (table_id) WHERE m.name = 'note' AND bucket_no = 1`)
				_, err = w.blue.admin.Exec(t.Context(), `UPDATE public.note SET body = 'an end' WHERE name = $1 AND part = $2`, end[0], end[1])
				require.NoError(t, err)
				w.drained(w.blue, w.green, "core.fwd")
				require.Equal(t, []int32{1}, w.marked("note"))
			}
			w.exec(w.blue, `UPDATE public.note SET body = 'changed' WHERE name IN (SELECT name FROM public.note ORDER BY md5(name) LIMIT 5)`)
			w.drained(w.blue, w.green, "core.fwd")
			dirtied := value[int](w, w.green, `SELECT count(*) FROM bgsync.bucket WHERE dirty_lsn > clean_lsn`)
			require.Positive(t, dirtied)
			require.LessOrEqual(t, dirtied, 6)
			w.inTheirBuckets()
			report, err := v.Incremental(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, dirtied, report.Equal)
			w.exec(w.green, `SET session_replication_role = replica`, `UPDATE public.note SET body = 'x' WHERE body = '17'`)
			require.NotNil(t, w.full(v).Halt)
		})
	}
}

// inTheirBuckets checks by other means that the buckets which are marked are those
// of the rows that changed.
func (w *world) inTheirBuckets() {
	w.t.Helper()
	wrong := value[int](w, w.green, `SELECT count(*) FROM public.note n JOIN bgsync.table_map m ON m.name = 'note' JOIN bgsync.bucket b ON b.table_id = m.table_id
		JOIN bgsync.table_state s ON s.table_id = m.table_id WHERE n.body = 'changed' AND s.bucket_kind = 'range'
		  AND (b.lo IS NULL OR (n.name, n.part) > (b.lo[1]::text COLLATE public.own, b.lo[2]::varchar))
		  AND (b.hi IS NULL OR (n.name, n.part) <= (b.hi[1]::text COLLATE public.own, b.hi[2]::varchar)) AND NOT coalesce(b.dirty_lsn > b.clean_lsn, false)`)
	require.Zero(w.t, wrong)
}

// marked lists the buckets of a table that changed since they were found equal.
func (w *world) marked(table string) []int32 {
	w.t.Helper()
	return value[[]int32](w, w.green, `SELECT coalesce(array_agg(b.bucket_no ORDER BY b.bucket_no), '{}') FROM bgsync.bucket b JOIN bgsync.table_map m USING (table_id)
		WHERE m.name = $1 AND b.dirty_lsn > b.clean_lsn`, table)
}

// A key that ends a bucket belongs to it and not to the next one: the marks are on
// the buckets of the rows that changed, and on no other.
func TestMarksAreOnTheBucketsOfTheRowsThatChanged(t *testing.T) {
	t.Parallel()
	w := following(t)
	v := w.verifier("pass")
	require.True(t, w.full(v).Clean)
	for table, change := range map[string]string{
		"account":  `UPDATE public.account SET balance = balance + 1 WHERE id::text = $1`,
		"entry":    `UPDATE public.entry SET note = 'marked' WHERE (account::text, seq::text) = ($1, $2)`,
		"document": `UPDATE public.document SET tags = '{marked}' WHERE id::text = $1`,
	} {
		if table == "document" {
			v.Limits.BucketRows = 5
			w.exec(w.green, `DELETE FROM bgsync.bucket b USING bgsync.table_map m WHERE m.table_id = b.table_id AND m.name = 'document'`)
			require.NoError(t, v.Prepare(t.Context()))
			require.True(t, w.full(v).Clean)
		}
		require.Empty(t, w.marked(table))
		last := value[int](w, w.green, `SELECT count(*) - 1 FROM bgsync.bucket JOIN bgsync.table_map m USING (table_id) WHERE m.name = $1`, table)
		require.Greater(t, last, 2, table)
		var want []int32
		for no := 0; no < last; no += 2 {
			key := value[[]string](w, w.green, `SELECT hi FROM bgsync.bucket JOIN bgsync.table_map m USING (table_id) WHERE m.name = $1 AND bucket_no = $2`, table, no)
			args := make([]any, len(key))
			for i := range key {
				args[i] = key[i]
			}
			tag, err := w.blue.admin.Exec(t.Context(), change, args...)
			require.NoError(t, err)
			require.EqualValues(t, 1, tag.RowsAffected())
			want = append(want, int32(no))
		}
		w.drained(w.blue, w.green, "core.fwd")
		require.Equal(t, want, w.marked(table), table)
	}
}

// A verifier says what is wrong with what it is given.
func TestAVerifierNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.verifier("wrong")
	v.Limits = verify.Limits{Workers: 100, Stop: 1, Cancel: 2}
	_, err := v.Full(t.Context())
	for _, want := range []string{
		"verify.bucket_rows: is 0, expected more than 0", "verify.workers: is 100, expected 1 to 40", "invocation.stop, cancel: are 1ns, 2ns, expected the first to be no shorter",
	} {
		require.ErrorContains(t, err, want)
	}
	v = w.verifier("wrong")
	_, err = v.Full(t.Context())
	require.ErrorIs(t, err, checkpoint.ErrAbsent)
	w.exec(w.blue, someRows)
	w.create()
	_, err = v.Full(t.Context())
	require.ErrorIs(t, err, verify.ErrNotReady)
	v.Source = v.Target
	_, err = v.Full(t.Context())
	require.ErrorIs(t, err, verify.ErrWrongSource)
}
