//go:build integration

package lane_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/deferred"
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
