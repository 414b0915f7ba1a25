//go:build integration

package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/shared/naming"
)

// A switch that another process ends knows how long writers have waited, from when the
// lost process told them to; where that one had let them go on, nobody knows, and no
// record says that it was no time. The lost process's clock is behind by as much as
// its lease is over, and by that the pause is told from one that was made up.
func TestThePauseOfASwitchThatWasTakenOverIsTrue(t *testing.T) {
	t.Parallel()
	const ago = 10 * time.Minute
	s := newSwitches(t)
	for _, c := range []struct {
		dies  string
		moves bool
		known bool
	}{
		{"switch.4.register_green.after", false, false}, // writers were not told to wait
		{"switch.5.fence.after", false, true},
		{"switch.10.CHECKED.after", false, true},
		{"switch.12.promote.after", true, true},
		{"switch.13.token_open.after", true, false}, // they went on, and since when nobody has stored
		{"switch.13.SWITCHED.after", true, true},
	} {
		t.Run(c.dies, func(t *testing.T) {
			before, _ := s.status()
			side := before.Holder.Other()
			if side == naming.Blue { // each of these goes to green
				s.switchTo(side)
				side = naming.Green
			}
			victim := impatient(s.machine("victim"), -ago)
			victim.At = func(reached string) error {
				if reached == c.dies {
					return errCrash
				}
				return nil
			}
			_, err := s.whole(victim, side)
			gone(victim)
			require.ErrorIs(t, err, errCrash)
			require.Equal(t, c.moves, s.recovered() == side)
			token, sw := s.status()
			switch {
			case !c.known:
				assert.Zero(t, sw.Pause)
			case c.dies == "switch.13.SWITCHED.after": // by the clock of the process that was lost, which ran evenly
				assert.True(t, sw.Pause > 0 && sw.Pause < ago, sw.Pause)
			default:
				assert.GreaterOrEqual(t, sw.Pause, ago)
			}
			if !c.moves {
				return
			}
			body, err := s.proofs.Get(s.ctx(), token.ProofID)
			require.NoError(t, err)
			record, err := proof.Open(s.ctx(), s.signer, body)
			require.NoError(t, err)
			if !c.known {
				assert.Nil(t, record.Pause)
				assert.Regexp(t, `"pauseNanoseconds": ?null`, string(body), "it says that it is not known")
				return
			}
			require.NotNil(t, record.Pause)
			assert.Equal(t, sw.Pause, *record.Pause)
		})
	}
}
