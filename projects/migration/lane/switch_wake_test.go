//go:build integration

package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/switching"
	shared "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// The process that made the attempt wakes in the very moment in which another one has
// read a side's row and is about to take the attempt off. What it does then counts, and
// who recovers reads again and goes on: in one call, and nobody has to be called.
func TestWhoRecoversGoesOnWhenTheMakerWakesMeanwhile(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	for _, at := range []struct {
		asleep, acts, taken string
		holder              naming.Color
	}{
		{"switch.5.fence.before", "switch.5.fence.after", "switch.14.cancel_blue.before", naming.Blue},
		{"switch.12.promote.before", "switch.12.promote.after", "switch.15.cancel_green.before", naming.Green},
	} {
		reached, wake, done, end := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
		maker := impatient(s.machine("maker"), -10*time.Minute)
		maker.At = func(step string) error {
			switch step {
			case at.asleep:
				close(reached)
				<-wake
			case at.acts:
				close(done)
				<-end
			}
			return nil
		}
		ended := make(chan error, 1)
		go func() {
			_, err := s.whole(maker, naming.Green)
			ended <- err
		}()
		<-reached
		heir, woken := s.machine("heir"), false
		heir.At = func(step string) error {
			if step == at.taken && !woken {
				woken = true
				close(wake)
				select {
				case <-done:
				case err := <-ended:
					ended <- err // it could not act: the test has no point
				}
			}
			return nil
		}
		outcome, err := heir.Step(s.ctx(), switching.Continue)
		require.True(t, woken, at.taken)
		if at.holder == naming.Blue {
			require.ErrorIs(t, err, switching.ErrBackedOut)
		} else {
			require.NoError(t, err)
		}
		require.NotErrorIs(t, err, switching.ErrHeld)
		require.NotEqual(t, shared.Held, outcome.Switch.State)
		gone(heir)
		require.Equal(t, at.holder, s.recovered())
		close(end)
		require.Error(t, <-ended, "the maker has nothing to say any more")
		gone(maker)
		select {
		case <-done:
		default:
			require.Fail(t, "the maker did not act", at.acts)
		}
	}
	s.settled(naming.Green, 2)
}
