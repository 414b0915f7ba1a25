//go:build integration

package lane_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
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
