package switching_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// outside is a gate outside of the databases that has a word after a switch too.
type outside struct{ known bool }

func (o *outside) Evaluate(context.Context, switching.Try) []switching.Gate {
	return []switching.Gate{switching.Held("outside", true, "before")}
}

func (o *outside) Confirm(context.Context, switching.Try) []switching.Gate {
	if !o.known {
		return []switching.Gate{{Name: "outside", Detail: "nobody knows"}}
	}
	return []switching.Gate{switching.Held("outside", true, "after")}
}

// What gates outside of the databases find before and after a switch is in its record;
// while one has no answer afterwards the switch is not at its end.
func TestGatesOutsideOfTheDatabasesAreAskedAfterASwitchToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := bench(t, naming.Blue)
		o := &outside{}
		m.Gates, m.Limits.Confirm = []switching.Gates{o, service{}}, 3*time.Second
		_, err := m.Start(t.Context(), toward(naming.Green))
		require.NoError(t, err)
		_, err = m.Step(t.Context(), switching.Go)
		require.NoError(t, err)
		outcome, err := m.Step(t.Context(), switching.Continue)
		require.ErrorIs(t, err, switching.ErrUnconfirmed)
		require.ErrorContains(t, err, "outside unknown: nobody knows")
		require.Equal(t, control.Switched, outcome.Switch.State)
		o.known = true
		outcome, err = m.Step(t.Context(), switching.Continue)
		require.NoError(t, err)
		body, err := m.Proofs.Get(t.Context(), outcome.Switch.ProofID)
		require.NoError(t, err)
		record, err := proof.Open(t.Context(), m.Signer, body)
		require.NoError(t, err)
		assert.Contains(t, record.Gates, proof.Gate{Name: "outside", Verdict: "pass", Detail: "before"})
		assert.Contains(t, record.Checks, proof.Gate{Name: "outside", Verdict: "pass", Detail: "after"})
	})
}
