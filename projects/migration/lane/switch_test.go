//go:build integration

package lane_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/shared/naming"
)

// The authority goes to green and back, twice; each time all agree on who has it,
// and a signed record of it is stored.
func TestTheAuthorityGoesForthAndBack(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	epoch := int64(1)
	for range 2 {
		for _, side := range []naming.Color{naming.Green, naming.Blue} {
			moved := s.switchTo(side)
			epoch++
			s.settled(side, epoch)
			require.Positive(t, moved.Pause)
			token, _ := s.status()
			body, err := s.proofs.Get(s.ctx(), token.ProofID)
			require.NoError(t, err)
			record, err := proof.Open(s.ctx(), s.signer, body)
			require.NoError(t, err)
			require.Equal(t, side, record.To)
			require.Equal(t, epoch-1, record.Epoch)
			require.NotEmpty(t, record.Sequences)
			for _, check := range record.Checks {
				require.Equal(t, "pass", check.Verdict, "%+v", check)
			}
			t.Logf("to %s: pause %s (lock %s, drain %s, check %s, promote %s)", side, moved.Pause, moved.Lock, moved.Drain, moved.Check, moved.Promote)
		}
	}
}
