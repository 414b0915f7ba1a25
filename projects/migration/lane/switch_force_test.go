//go:build integration

package lane_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	shared "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// stopped is an isolation: the server of that side is down.
type stopped struct{ side naming.Color }

func (s stopped) Prove(_ context.Context, side naming.Color) (string, error) {
	if side != s.side {
		return "", switching.ErrForce
	}
	return "the server is stopped", nil
}

// The old side is lost for good. Two operators open the other one; the record
// says what is not known, and the side that is left behind is not switched to.
func TestTwoOperatorsOpenTheOtherSideWhenOneIsLost(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	s.exec(s.blue, `UPDATE public.account SET balance = balance + 1`)
	s.drained(s.blue, s.green, "core.fwd")
	two := switching.Force{Open: naming.Green, Operators: []string{"ann", "bob"}, Reason: "blue is lost"}
	_, err := s.machine("too early").Force(s.ctx(), two)
	require.ErrorIs(t, err, switching.ErrForce, "blue can be written to")
	require.NoError(t, s.blue.Kill())
	m := s.machine("force")
	_, err = m.Force(s.ctx(), two)
	require.ErrorIs(t, err, switching.ErrForce, "nothing proves that blue takes no writes")
	m.Isolation = stopped{naming.Blue}
	for _, operators := range [][]string{nil, {"ann"}, {"ann", "ann"}, {"ann", " "}} {
		one := two
		one.Operators = operators
		_, err = m.Force(s.ctx(), one)
		require.ErrorIs(t, err, switching.ErrForce, "%v", operators)
	}
	outcome, err := m.Force(s.ctx(), two)
	require.NoError(t, err)
	require.Equal(t, shared.Steady, outcome.Switch.State)
	require.Equal(t, naming.Blue, outcome.Switch.Untrusted)
	token, _ := s.status()
	require.True(t, token.Admits(naming.Green))
	require.EqualValues(t, 2, token.Epoch)
	_, err = s.app(naming.Green).Exec(s.ctx(), `UPDATE public.account SET balance = balance WHERE id = 1`)
	require.NoError(t, err)
	body, err := s.proofs.Get(s.ctx(), token.ProofID)
	require.NoError(t, err)
	record, err := proof.Open(s.ctx(), s.signer, body)
	require.NoError(t, err)
	require.Equal(t, "lossy", record.Outcome)
	require.Contains(t, record.LastApplied, "core.fwd at ")
	_, err = m.Start(s.ctx(), to(naming.Blue))
	require.ErrorContains(t, err, "must be rebuilt")
}
