//go:build integration

package lane_test

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/deferred"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// What an interrupted build left is finished: an index that is not valid is made
// anew, a foreign key that nobody looked through is looked through.
func TestWhatAnInterruptedBuildLeftIsFinished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	w.exec(w.green, `CREATE INDEX entry_note ON public.entry USING btree (note)`, `ALTER INDEX public.entry_note OWNER TO platform`,
		`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.entry_note'::regclass`,
		`ALTER TABLE public.entry ADD CONSTRAINT entry_account_fkey FOREIGN KEY (account) REFERENCES public.account (id) ON DELETE CASCADE NOT VALID`)
	before := value[uint32](w, w.green, `SELECT 'public.entry_note'::regclass::oid`)
	stop := w.background(w.runner("only"))
	w.running()
	_, err := stop()
	require.NoError(t, err)
	require.NotEqual(t, before, value[uint32](w, w.green, `SELECT 'public.entry_note'::regclass::oid`))
	require.True(t, value[bool](w, w.green, `SELECT indisvalid FROM pg_index WHERE indexrelid = 'public.entry_note'::regclass`))
	require.True(t, value[bool](w, w.green, `SELECT convalidated FROM pg_constraint WHERE conname = 'entry_account_fkey'`))
	require.Zero(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.deferred_ddl WHERE state <> 'done'`))
}

// What the target has already when the plan is registered is not to be built any more, as
// on a side to which a lane comes back; an index that is not valid, or another one of the
// name, is.
func TestWhatTheTargetHasIsNotBuiltAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.green, `CREATE INDEX entry_note ON public.entry USING btree (note)`, `CREATE UNIQUE INDEX document_slot ON public.document USING btree (slot)`,
		`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.document_slot'::regclass`, `CREATE INDEX payment_amount ON public.payment USING btree (amount DESC)`,
		`ALTER TABLE public.account ADD CONSTRAINT account_owner_check CHECK (owner <> '')`)
	w.register("core.fwd", w.blue, w.green)
	require.Equal(t, []string{"account_owner_check", "entry_note"}, value[[]string](w, w.green, `SELECT array_agg(name ORDER BY name) FROM bgsync.deferred_ddl WHERE state = 'done'`))
	require.Equal(t, 4, value[int](w, w.green, `SELECT count(*) FROM bgsync.deferred_ddl WHERE state = 'planned'`))
}

// The server goes on with what a process that died has begun to build. The next one
// waits for it, longer than a statement may wait for a lock, and takes what it finds.
func TestWhatAProcessThatDiedGoesOnBuildingIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"index":       `CREATE INDEX entry_note ON public.entry USING btree (note)`,
		"foreign key": `ALTER TABLE public.entry ADD CONSTRAINT entry_account_fkey FOREIGN KEY (account) REFERENCES public.account (id) ON DELETE CASCADE`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.exec(w.blue, someRows)
			w.create()
			orphan, err := w.connect(w.green.AdminDSN(database), "orphan").Begin(t.Context())
			require.NoError(t, err)
			loaded, held := make(chan struct{}), make(chan struct{})
			r := w.runner("next")
			r.At = func(step string) error {
				if step == deferred.BeforeBuild && loaded != nil {
					close(loaded)
					loaded = nil
					<-held
				}
				return nil
			}
			waits := loaded
			stop := w.background(r)
			<-waits
			_, err = orphan.Exec(t.Context(), statement)
			require.NoError(t, err)
			close(held)
			w.waitsTwice()
			w.waitsFor(orphan.Conn())
			require.NoError(t, orphan.Commit(t.Context()))
			w.running()
			report, err := stop()
			require.NoError(t, err)
			require.Nil(t, report.Halt)
			require.Zero(t, report.Reconnects)
			require.Zero(t, value[int](w, w.green, `SELECT count(*) FROM bgsync.deferred_ddl WHERE state <> 'done'`))
		})
	}
}

// waitsFor wants the builder to wait for that session, as status tells it.
func (w *world) waitsFor(session *pgx.Conn) (wait gauge.Wait) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { // between two statements it waits for nobody
		all := w.gauge().Waits
		if len(all) == 1 {
			wait = all[0]
		}
		return len(all) == 1
	}, waiting, tick)
	require.Equal(w.t, gauge.Wait{
		Object: "index entry_note", Table: "public.entry", PID: int32(session.PgConn().PID()),
		Application: session.Config().RuntimeParams["application_name"], State: "idle in transaction", AgeSeconds: wait.AgeSeconds,
	}, wait)
	require.Positive(w.t, wait.AgeSeconds)
	return wait
}

// gauge reads the lane with the rights that whoever runs it has.
func (w *world) gauge() gauge.Snapshot {
	w.t.Helper()
	at, id := endpoints(w.blue, w.green), pg.Identity{Role: pg.Reader, Lane: "core.fwd", Invocation: "gauge"}
	source, err := pg.Connect(w.ctx(), at.Reader, id)
	require.NoError(w.t, err)
	defer pg.Close(source)
	id.Role = pg.Operator
	target, err := pg.Connect(w.ctx(), at.Apply, id)
	require.NoError(w.t, err)
	defer pg.Close(target)
	s, err := gauge.Read(w.ctx(), source, target, "core.fwd")
	require.NoError(w.t, err)
	return s
}

// For whom a builder waits is told: who, for how long and on which table, and nothing of
// what the session has said.
func TestABuilderTellsForWhomItWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	client := w.connect(w.green.AdminDSN(database), "batch-job")
	r := w.runner("only")
	var once sync.Once
	r.At = func(step string) error {
		if step == deferred.BeforeBuild {
			once.Do(func() {
				_, err := client.Exec(w.ctx(), `BEGIN; UPDATE public.entry SET note = 'a secret' WHERE false`)
				assert.NoError(t, err)
			})
		}
		return nil
	}
	stop := w.background(r)
	wait := w.waitsFor(client)
	require.NotContains(t, wait.String(), "secret")
	require.Contains(t, wait.String(), `builds index entry_note, and waits for table public.entry: session `)
	_, err := client.Exec(w.ctx(), `COMMIT`)
	require.NoError(t, err)
	w.running()
	require.Empty(t, w.gauge().Waits)
	_, err = stop()
	require.NoError(t, err)
	w.equal()
}

// waitsTwice waits until a second statement of the builder waits for a lock.
func (w *world) waitsTwice() {
	w.t.Helper()
	const sql = `SELECT coalesce(max(query_start)::text, '') FROM pg_stat_activity WHERE application_name LIKE 'bgsync/ddl/%' AND wait_event_type = 'Lock'`
	first := ""
	require.Eventually(w.t, func() bool {
		now := value[string](w, w.green, sql)
		if first == "" {
			first = now
		}
		return now != "" && now != first
	}, waiting, tick)
}

// An index of the same name at another table is told, and not waited for.
func TestANameThatIsTakenByAnotherTableHaltsTheLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	w.exec(w.green, `CREATE INDEX entry_note ON public.account USING btree (owner)`)
	require.Equal(t, checkpoint.SchemaDrift, w.haltOf("only"))
	require.Contains(t, w.row(w.green, "core.fwd").Reason, "entry_note of table public.entry")
}

// An index of the same name over other columns is not taken for the one that is
// wanted.
func TestAnotherObjectOfTheNameHaltsTheLane(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.create()
	w.exec(w.green, `CREATE INDEX entry_note ON public.entry USING btree (amount)`)
	require.Equal(t, checkpoint.SchemaDrift, w.haltOf("only"))
	w.exec(w.green, `DROP INDEX public.entry_note`)
	require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.SchemaDrift))
	stop := w.background(w.runner("resumed"))
	w.running()
	_, err := stop()
	require.NoError(t, err)
	w.equal()
}
