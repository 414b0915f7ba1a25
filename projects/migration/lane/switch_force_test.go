//go:build integration

package lane_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
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

// The old side is lost, with writes that it has not sent. Two operators open the other
// one; the record says what is not known, and the side that is left behind is not
// switched to. When it comes back nothing of it reaches the side that was opened.
func TestTwoOperatorsOpenTheOtherSideWhenOneIsLost(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	s.background(lane.Runner{Lane: "core.rev", Endpoints: endpoints(s.green, s.blue), Invocation: "back", Limits: quick()})
	stop := s.background(s.runner("forth"))
	s.exec(s.blue, `UPDATE public.account SET balance = balance + 1`)
	s.drained(s.blue, s.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	s.exec(s.blue, `UPDATE public.account SET balance = balance + 1000 WHERE id < 10`) // is never sent
	_, untouched := s.status()
	two := switching.Force{Open: naming.Green, Operators: []string{"ann", "bob"}, Reason: "blue is lost"}
	_, err = s.machine("too early").Force(s.ctx(), two)
	require.ErrorIs(t, err, switching.ErrForce, "blue can be written to")
	_, sw := s.status()
	require.Equal(t, untouched, sw, "what is refused leaves nothing behind")
	require.NoError(t, s.blue.Kill())
	m := s.machine("force")
	_, err = m.Force(s.ctx(), two)
	require.ErrorIs(t, err, switching.ErrForce, "nothing proves that blue takes no writes")
	_, sw = s.status()
	require.Equal(t, untouched, sw, "nor what is not proven")
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
	_, err = s.app(naming.Green).Exec(s.ctx(), `INSERT INTO public.account (owner, balance) VALUES ('since', 1)`)
	require.NoError(t, err, "a number that no row of blue's has")
	body, err := s.proofs.Get(s.ctx(), token.ProofID)
	require.NoError(t, err)
	record, err := proof.Open(s.ctx(), s.signer, body)
	require.NoError(t, err)
	require.Equal(t, "lossy", record.Outcome)
	require.Contains(t, record.LastApplied, "core.fwd at ")
	_, err = m.Start(s.ctx(), to(naming.Blue))
	require.ErrorContains(t, err, "must be rebuilt")

	s.exec(s.green, `UPDATE public.account SET balance = 5 WHERE id < 10`)
	s.comesBack()
	ctx, cancel := context.WithTimeout(s.ctx(), waiting)
	defer cancel()
	report, err := s.runner("of the lost side").Run(ctx)
	require.NoError(t, err)
	require.NotNil(t, report.Halt, "the lane from the lost side has ended")
	require.Equal(t, checkpoint.Retired, s.row(s.green, "core.fwd").State)
	require.EqualValues(t, 9, value[int](s.world, s.green, `SELECT count(*) FROM public.account WHERE balance = 5`), "what the lost side had not sent is not written over acknowledged payments")
}
