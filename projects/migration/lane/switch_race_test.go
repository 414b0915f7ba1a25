//go:build integration

package lane_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	shared "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// Two processes go on with one armed switch at the same time. The first meets a closed
// gate and is about to undo the arming, when the second has registered its attempt and
// rests on what was armed. The first undoes nothing and says who has the switch; the
// second moves the authority.
func TestAnArmingIsNotUndoneUnderAProcessThatGoesOn(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	arming := s.machine("arms")
	armed, err := arming.Start(s.ctx(), to(naming.Green))
	require.NoError(t, err)
	require.Equal(t, shared.Armed, armed.Switch.State)
	gone(arming)

	first, second := s.machine("meets a closed gate"), s.machine("goes on")
	defer gone(first)
	defer gone(second)
	first.Primary.(*postgres.Databases).Limits.Forward = time.Nanosecond // no canary is that fast
	reached, on := make(chan struct{}), make(chan struct{})
	held := false
	first.At = func(point string) error {
		if strings.HasPrefix(point, "switch.3.") && !held { // row 3: the arming is undone
			held = true
			close(reached)
			<-on
		}
		return nil
	}
	undone := make(chan error, 1)
	go func() {
		_, err := first.Step(s.ctx(), switching.Go)
		undone <- err
	}()
	<-reached
	second.At = func(point string) error {
		if point != "switch.5.fence.before" {
			return nil
		}
		close(on)
		require.ErrorIs(t, <-undone, switching.ErrTakenOver)
		require.Equal(t, 1, value[int](s.world, s.green, `SELECT count(*) FROM bgsync.lane WHERE lane = 'core.fwd' AND tail_from IS NOT NULL`), "the keys that change are recorded")
		for _, color := range naming.Colors() {
			require.Equal(t, 1, value[int](s.world, s.side(color), `SELECT count(*) FROM bgsync.ddl_freeze`), "the schema of %s is frozen", color)
		}
		return nil
	}
	moved, err := second.Step(s.ctx(), switching.Go)
	require.NoError(t, err)
	require.Equal(t, shared.Switched, moved.Switch.State)
	_, err = second.Step(s.ctx(), switching.Continue)
	require.NoError(t, err)
	s.settled(naming.Green, 2)
}
