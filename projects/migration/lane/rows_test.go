//go:build integration

package lane_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// follow runs statements on the source of a strict lane, each a transaction, and
// requires both sides to be equal afterwards.
func (w *world) follow(statements ...string) lane.Report {
	w.t.Helper()
	w.exec(w.blue, statements...)
	stop := w.background(w.runner("follows"))
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(w.t, err)
	require.Nil(w.t, report.Halt)
	w.equal()
	return report
}

func TestEveryKindOfChangeArrives(t *testing.T) {
	t.Parallel()
	w := steady(t)
	const long = `repeat(md5('x'), 500)`
	for name, statements := range map[string][]string{
		"a new key":                 {`UPDATE public.entry SET seq = seq + 1000 WHERE account = 2`},
		"a chain of keys":           {`BEGIN; UPDATE public.entry SET seq = 100021 WHERE account = 3 AND seq = 20; UPDATE public.entry SET seq = 20 WHERE account = 3 AND seq = 19; UPDATE public.entry SET seq = 19 WHERE account = 3 AND seq = 18; COMMIT`},
		"keys that change places":   {`BEGIN; UPDATE public.entry SET seq = -1 WHERE account = 4 AND seq = 1; UPDATE public.entry SET seq = 1 WHERE account = 4 AND seq = 2; UPDATE public.entry SET seq = 2 WHERE account = 4 AND seq = -1; COMMIT`},
		"unique values that change": {`BEGIN; UPDATE public.document SET slot = NULL WHERE slot = 11; UPDATE public.document SET slot = 11 WHERE slot = 12; UPDATE public.document SET slot = 12 WHERE slot IS NULL; COMMIT`},
		"unique values that move up, one by one": {`DO $$ DECLARE s record; BEGIN
			FOR s IN SELECT id, slot FROM public.document WHERE slot BETWEEN 21 AND 30 ORDER BY slot DESC LOOP
				UPDATE public.document SET slot = s.slot + 1 WHERE id = s.id AND NOT EXISTS (SELECT FROM public.document WHERE slot = s.slot + 1); END LOOP; END $$`},
		"a long value left as it was":           {`UPDATE public.document SET slot = slot + 5000 WHERE slot BETWEEN 31 AND 33`},
		"a long value left over three updates":  {`UPDATE public.document SET tags = '{a}' WHERE slot = 34`, `UPDATE public.document SET tags = '{b}' WHERE slot = 34`, `UPDATE public.document SET seen = now() WHERE slot = 34`},
		"a long value inserted and left":        {`BEGIN; INSERT INTO public.document VALUES ('00000000-0000-0000-0000-000000000001', 7001, ` + long + `); UPDATE public.document SET slot = 7002 WHERE slot = 7001; COMMIT`},
		"a new key for a row with a long value": {`UPDATE public.document SET id = gen_random_uuid() WHERE slot = 35`},
		"a new key, then more of it":            {`BEGIN; UPDATE public.document SET id = '00000000-0000-0000-0000-000000000002' WHERE slot = 36; UPDATE public.document SET tags = '{z}' WHERE slot = 36; DELETE FROM public.document WHERE slot = 37; COMMIT`},
		"an identity that only the server sets": {`UPDATE public.account SET id = DEFAULT WHERE id = 150`, `INSERT INTO public.account (owner, balance) VALUES ('new', 1)`},
		"a deletion that cascades":              {`DELETE FROM public.account WHERE id = 5`},
		"a row that moves to another partition": {`UPDATE public.payment SET day = '2031-05-05' WHERE id = 300`, `UPDATE public.payment SET day = '2026-05-05' WHERE id = 10`},
		"a truncated partition":                 {`TRUNCATE public.payment_rest`},
		"a truncated table in company":          {`BEGIN; INSERT INTO public.payment VALUES (1, '2040-01-01', 1); TRUNCATE public.payment RESTART IDENTITY; INSERT INTO public.payment VALUES (2, '2026-02-02', 2), (3, '2040-01-01', 3); COMMIT`},
		"numbers that are none":                 {`UPDATE public.document SET attrs = '{"n": 1e400, "z": -0.0}'; UPDATE public.document SET seen = 'infinity' WHERE slot = 3`},
		"empty, null and odd texts":             {`UPDATE public.entry SET note = '' WHERE seq = 3`, `UPDATE public.entry SET note = NULL WHERE seq = 4`, `UPDATE public.entry SET note = E'\\N\t\n\\."{},''' WHERE seq = 5`},
		"arrays with everything in them":        {`UPDATE public.document SET tags = ARRAY['', NULL, 'NULL', '{}', '"', E'\\', E'\n', 'é'] WHERE slot = 4`},
		"an enum":                               {`UPDATE public.account SET currency = 'CHF' WHERE currency = 'EUR'`},
		"more than a batch":                     {`UPDATE public.entry SET amount = amount + 1`, `INSERT INTO public.payment SELECT n, '2026-11-11', n FROM generate_series(100000, 112000) n`},
		"a transaction of another origin":       {`SELECT pg_replication_origin_create('elsewhere')`, `SELECT pg_replication_origin_session_setup('elsewhere')`, `UPDATE public.account SET balance = balance + 11 WHERE id = 11`, `SELECT pg_replication_origin_session_reset()`},
		"a transaction that is rolled back":     {`BEGIN; UPDATE public.account SET balance = 0; ROLLBACK`},
	} {
		t.Run(name, func(t *testing.T) {
			outer := w.t
			w.t = t
			defer func() { w.t = outer }()
			w.follow(statements...)
		})
	}
	assert.Positive(t, value[int64](w, w.green, `SELECT txns FROM bgsync.lane`))
}

// A sequence that is started anew is none of the applier's business, and takes
// rights that it does not have.
func TestATruncatedTableKeepsTheTargetsSequence(t *testing.T) {
	t.Parallel()
	w := steady(t)
	w.follow(`TRUNCATE public.account RESTART IDENTITY CASCADE`, `INSERT INTO public.account (owner, balance) SELECT 'anew ' || n, n FROM generate_series(1, 60) n`, `INSERT INTO public.entry (account, seq, amount) SELECT n, m, m FROM generate_series(1, 20) n, generate_series(1, 20) m`)
}

// A group that is undone takes none of those before it along: here a TRUNCATE and
// a new key, each a group of its own.
func TestAGroupThatIsUndoneLeavesTheOthers(t *testing.T) {
	t.Parallel()
	w := steady(t)
	report := w.follow(`BEGIN; TRUNCATE public.payment_rest; UPDATE public.document SET id = gen_random_uuid() WHERE slot = 1;
		UPDATE public.document SET slot = NULL WHERE slot = 11; UPDATE public.document SET slot = 11 WHERE slot = 12;
		UPDATE public.document SET slot = 12 WHERE slot IS NULL; COMMIT`)
	require.Positive(t, report.Fallbacks)
}

// A set cannot hand a unique value from row to row; row by row it can.
func TestUniqueValuesThatAreHandedOnAreWrittenRowByRow(t *testing.T) {
	t.Parallel()
	w := steady(t)
	report := w.follow(`BEGIN; UPDATE public.document SET slot = NULL WHERE slot = 11; UPDATE public.document SET slot = 11 WHERE slot = 12;
		UPDATE public.document SET slot = 12 WHERE slot IS NULL; COMMIT`)
	require.Positive(t, report.Fallbacks)
}

// A transaction larger than a batch, and than the queue, is one transaction on
// the target; and what is told of it is what the source has written: here rows of
// one transaction and, before it, a row that is written ten times.
func TestALargeTransactionIsOneOnTheTarget(t *testing.T) {
	t.Parallel()
	w := steady(t)
	const canaries = `SELECT sum(seq) FROM bgsync.canary`
	before := value[int64](w, w.green, canaries)
	w.exec(w.blue, `BEGIN; INSERT INTO public.payment VALUES (200000, '2026-11-11', 1);
		DO $$ BEGIN FOR n IN 1..9 LOOP UPDATE public.payment SET amount = 1 WHERE id = 200000; END LOOP; END $$; COMMIT`)
	w.exec(w.blue, `INSERT INTO public.payment SELECT n, '2026-11-11', n FROM generate_series(100000, 180000) n`)
	for range 3 {
		w.exec(w.blue, `UPDATE bgsync.canary SET seq = seq + 1 WHERE side = 'blue'`)
	}
	r := w.runner("large")
	r.Limits.BatchBytes, r.Limits.QueueBytes, r.Limits.BatchRows = 256<<10, 512<<10, 1000
	r.Tally = &apply.Tally{}
	r.Limits.Canary = time.Hour // no further one is under way when they are counted
	var known atomic.Uint64     // the position of the last commit that the invocation has heard of
	r.Observe = func(row checkpoint.Row) { known.Store(uint64(row.Applied)) }
	stop := w.background(r)
	large := `SELECT count(*) FROM public.payment WHERE id BETWEEN 100000 AND 180000`
	for w.row(w.green, "core.fwd").Txns < 1 || value[int](w, w.green, large) == 0 {
		require.Zero(t, value[int](w, w.green, large)%80001)
	}
	require.Equal(t, 80001, value[int](w, w.green, large))
	const last = `SELECT sum(seq) FROM bgsync.canary WHERE side = 'blue'`
	w.exec(w.blue, `CHECKPOINT`)
	require.Eventually(t, func() bool { // the log goes on behind its last commit, up to which a lane comes
		return value[int64](w, w.green, last) == value[int64](w, w.blue, last) && known.Load() >= uint64(w.row(w.green, "core.fwd").Applied)
	}, waiting, tick)
	_, err := stop()
	require.NoError(t, err)
	w.equal()

	applied, beats := r.Tally.Take(), value[int64](w, w.green, canaries)-before
	require.Positive(t, beats)
	assert.Equal(t, 80001+10+beats, applied.Rows)
	texts := value[int64](w, w.green, `SELECT sum((length(id::text) + length(day::text) + length(amount::text)) * CASE id WHEN 200000 THEN 10 ELSE 1 END)
		FROM public.payment WHERE id >= 100000`)
	assert.GreaterOrEqual(t, applied.Bytes, texts)
	assert.LessOrEqual(t, applied.Bytes, texts+beats*200, "a canary has less than 200 bytes")
	assert.GreaterOrEqual(t, applied.Written, int64(80001+1+1))
	assert.LessOrEqual(t, applied.Written, 80001+1+beats)
	assert.Positive(t, applied.P99)
}

// A loader that would not end in time halves its chunk; both halves together are
// what it was.
func TestAChunkThatTakesTooLongIsHalved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	table, err := relation.Load(w.ctx(), w.blue.admin, "public", "entry")
	require.NoError(t, err)
	chunks, err := backfill.Planned(w.ctx(), w.green.admin, "core.fwd")
	require.NoError(t, err)
	id := value[int32](w, w.green, `SELECT table_id FROM bgsync.table_map WHERE name = 'entry'`)
	at := slices.IndexFunc(chunks, func(c backfill.Chunk) bool { return c.TableID == id })
	require.NoError(t, backfill.Split(w.ctx(), w.blue.admin, w.green.admin, "core.fwd", table, chunks[at]))
	require.ErrorIs(t, backfill.Split(w.ctx(), w.blue.admin, w.green.admin, "core.fwd", table, chunks[at]), backfill.ErrElsewhere, "somebody else has halved it")
	halves, err := backfill.Planned(w.ctx(), w.green.admin, "core.fwd")
	require.NoError(t, err)
	require.Len(t, halves, len(chunks)+1)
	stop := w.background(w.runner("only"))
	w.running()
	_, err = stop()
	require.NoError(t, err)
	w.equal()
	require.Equal(t, "500,500", value[string](w, w.green, `SELECT string_agg(rows::text, ',') FROM bgsync.chunk WHERE table_id = $1`, id))
}

// Loaders cut chunks of one table one after another: each cut takes the next number.
func TestChunksOfATableAreCutOneAfterAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	table, err := relation.Load(w.ctx(), w.blue.admin, "public", "entry")
	require.NoError(t, err)
	id := value[int32](w, w.green, `SELECT table_id FROM bgsync.table_map WHERE name = 'entry'`)
	planned := func() []backfill.Chunk {
		chunks, err := backfill.Planned(w.ctx(), w.green.admin, "core.fwd")
		require.NoError(t, err)
		return slices.DeleteFunc(chunks, func(c backfill.Chunk) bool { return c.TableID != id })
	}
	chunk := planned()[0]
	other, err := w.green.admin.Begin(w.ctx()) // another loader, in the midst of a cut
	require.NoError(t, err)
	_, err = other.Exec(w.ctx(), `SELECT pg_advisory_xact_lock($1, $2)`, checkpoint.CutLock, id)
	require.NoError(t, err)
	source, target, look := w.connect(w.blue.AdminDSN(database), "cutter"), w.connect(w.green.AdminDSN(database), "cutter"), w.connect(w.green.AdminDSN(database), "look")
	cut := make(chan error, 1)
	go func() { cut <- backfill.Split(w.ctx(), source, target, "core.fwd", table, chunk) }()
	require.Eventually(t, func() bool {
		var waiting int
		err := look.QueryRow(w.ctx(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = $1`, checkpoint.CutLock).Scan(&waiting)
		return err == nil && waiting == 1
	}, waiting, tick, "it waits for the number of the other")
	_, err = other.Exec(w.ctx(), `INSERT INTO bgsync.chunk (lane, table_id, load_no, chunk_no, lo, hi, state)
		SELECT lane, table_id, load_no, chunk_no + 1, ARRAY['100000', '0'], hi, 'planned' FROM bgsync.chunk WHERE table_id = $1`, id)
	require.NoError(t, err)
	_, err = other.Exec(w.ctx(), `UPDATE bgsync.chunk SET hi = ARRAY['100000', '0'] WHERE table_id = $1 AND chunk_no = $2`, id, chunk.Number)
	require.NoError(t, err)
	require.NoError(t, other.Commit(w.ctx()))
	require.ErrorIs(t, <-cut, backfill.ErrElsewhere, "the other has cut the same one")
	require.NoError(t, backfill.Split(w.ctx(), source, target, "core.fwd", table, planned()[0]))
	require.Len(t, planned(), 3)
	stop := w.background(w.runner("only"))
	w.running()
	_, err = stop()
	require.NoError(t, err)
	w.equal()
}

// A row that was changed, with a long value left as it was, and deleted before its
// chunk was read is missing when the change arrives: it is asked for and fetched.
func TestAMissingRowWithALeftOutValueIsRepaired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	w.exec(w.blue, `UPDATE public.document SET tags = '{changed}' WHERE slot <= 5`, `UPDATE public.document SET id = gen_random_uuid() WHERE slot IN (8, 9)`,
		`DELETE FROM public.document WHERE slot IN (1, 2, 8)`)
	for slot := range 2 {
		w.exec(w.blue, fmt.Sprintf(`INSERT INTO public.document VALUES (gen_random_uuid(), %d, 'back')`, slot+1))
	}
	stop := w.background(w.runner("only"))
	w.running()
	w.drained(w.blue, w.green, "core.fwd")
	report, err := stop()
	require.NoError(t, err)
	w.equal()
	require.Positive(t, report.RepairedRows)
	require.Zero(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.repair`))
}

// Rows that a commit made durable but not yet visible are in no chunk, so the
// lane is not made before they are visible.
func TestALaneIsNotMadeWhileACommitIsInvisible(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, `CREATE TABLE public.other (x int)`)
	writer := w.connect(w.blue.AdminDSN(database), "writer")
	_, err := writer.Exec(t.Context(), `BEGIN; INSERT INTO public.other VALUES (1)`)
	require.NoError(t, err)
	creating := make(chan error, 1)
	limits := quick()
	go func() {
		creating <- lane.Create(t.Context(), lane.Creation{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks, Limits: limits})
	}()
	require.Eventually(t, func() bool {
		return value[int](w, w.blue, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE '%create'`) == 1
	}, waiting, tick, "the slot waits for the open transaction")
	require.Zero(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.lane`))
	_, err = writer.Exec(t.Context(), `COMMIT`)
	require.NoError(t, err)
	require.NoError(t, <-creating)
}
