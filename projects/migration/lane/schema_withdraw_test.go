//go:build integration

package lane_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/schema"
	"github.com/cutover/cutover/shared/naming"
)

// Somebody makes a planned change by hand on the authority while it is being withdrawn,
// when the passive side has forgotten it. It is open on neither side at the end: the lane
// halts, as at any change without a plan, and the change can be planned anew.
func TestAPlanIsWithdrawnWhileSomebodyMakesItByHand(t *testing.T) {
	t.Parallel()
	w := steady(t)
	request := adding("account", schema.Column{Name: "extra", Type: "int"})
	c := w.planned(request)
	err := schema.Withdraw(w.ctx(), w.sides(), c.ID, "ben", func(step string) error {
		require.Equal(t, schema.AfterWithdrawal+string(naming.Green), step)
		w.exec(w.blue, c.Statement)
		return errStop
	})
	require.ErrorIs(t, err, errStop)
	require.NoError(t, schema.Withdraw(w.ctx(), w.sides(), c.ID, "ben", nil))
	for _, side := range []side{w.blue, w.green} {
		require.Equal(t, "withdrawn", value[string](w, side, `SELECT state FROM bgsync.schema_change WHERE id = $1`, c.ID))
	}
	require.Equal(t, checkpoint.SchemaDrift, w.haltOf("meets it"))
	anew := w.planned(request)
	require.NotEqual(t, c.ID, anew.ID)
	_, err = schema.Apply(w.ctx(), w.sides(), anew.ID, nil)
	require.NoError(t, err)
	require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.SchemaDrift))
	w.follow(`UPDATE public.account SET extra = 1 WHERE id = 7`)
}

// A plan that was written down on the authority alone, of a column that both sides have
// got otherwise since, can neither be planned to its end nor made: it can be withdrawn.
func TestAPlanThatThePassiveSideHasNotHeardOfIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := steady(t)
	_, err := schema.Plan(w.ctx(), w.sides(), adding("account", schema.Column{Name: "extra", Type: "int"}), stopAt(schema.AfterPlan+string(naming.Blue)))
	require.ErrorIs(t, err, errStop)
	for _, side := range []side{w.green, w.blue} {
		w.exec(side, `ALTER TABLE public.account ADD COLUMN extra int`)
	}
	require.NoError(t, schema.Withdraw(w.ctx(), w.sides(), 1, "ben", nil))
	for _, side := range []side{w.blue, w.green} {
		require.Equal(t, "withdrawn", value[string](w, side, `SELECT state FROM bgsync.schema_change WHERE id = 1`))
	}
}
