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

// thaws has a process thaw, which dies at a point, if one is given.
func (s *switches) thaws(dies string, points *[]string) (switching.Outcome, error) {
	s.t.Helper()
	m := s.machine("thaw")
	if dies != "" {
		impatient(m, -10*time.Minute) // its leases are over at once
	}
	m.At = func(point string) error {
		if points != nil {
			*points = append(*points, point)
		}
		if point == dies {
			return errCrash
		}
		return nil
	}
	defer gone(m)
	return m.Thaw(s.ctx(), to(naming.Green))
}

// frozen tells of each side whether its schema is frozen or anything of an arming is left.
func (s *switches) frozen() (sides []naming.Color) {
	for _, color := range naming.Colors() {
		if value[int](s.world, s.side(color), `SELECT ((SELECT count(*) FROM bgsync.arming) + (SELECT count(*) FROM bgsync.ddl_freeze))::int`) > 0 {
			sides = append(sides, color)
		}
	}
	return sides
}

// A thaw that died at any of its acts, before or after it, is given again and ends.
func TestAThawIsGivenAgainAfterACrashAtEveryStep(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	freeze := func() {
		t.Helper()
		lost := s.databases("lost")
		defer lost.Disconnect()
		try := switching.Try{From: naming.Blue, To: naming.Green, Epoch: 1, By: "lost", Do: func(_ string, do func() error) error { return do() }}
		require.NoError(t, lost.Arm(s.ctx(), try))
		require.Equal(t, naming.Colors(), s.frozen())
	}
	freeze()
	var points []string
	_, err := s.thaws("", &points)
	require.NoError(t, err)
	require.Empty(t, s.frozen())
	require.Subset(t, points, []string{"switch.1.ARMING.before", "switch.3.disarm_postgresql.after", "switch.3.STEADY.after"})
	for _, point := range points {
		freeze()
		_, err := s.thaws(point, nil)
		require.ErrorIs(t, err, errCrash, point)
		outcome, err := s.thaws("", nil)
		require.NoError(t, err, "again after %s", point)
		require.False(t, outcome.Busy, point)
		require.Empty(t, s.frozen(), point)
		require.Equal(t, "thawed: test", outcome.Switch.LastError, point)
		s.settled(naming.Blue, 1)
	}
	s.switchTo(naming.Green)
	s.settled(naming.Green, 2)
}

// A switch that was lost while it armed is thawed too; one that is armed is not: that
// takes the word that gives it up.
func TestAThawEndsALostArmingAndNoArmedSwitch(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	lost := impatient(s.machine("lost"), -10*time.Minute)
	lost.At = func(point string) error {
		if point == "switch.1.arm_postgresql.after" {
			return errCrash
		}
		return nil
	}
	_, err := lost.Start(s.ctx(), to(naming.Green))
	gone(lost)
	require.ErrorIs(t, err, errCrash)
	require.Equal(t, naming.Colors(), s.frozen())
	_, sw := s.status()
	require.Equal(t, shared.Arming, sw.State)
	_, err = s.thaws("", nil)
	require.NoError(t, err)
	s.settled(naming.Blue, 1)

	armed := impatient(s.machine("armed"), -10*time.Minute)
	defer gone(armed)
	_, err = armed.Start(s.ctx(), to(naming.Green))
	require.NoError(t, err)
	_, err = s.thaws("", nil)
	require.ErrorIs(t, err, switching.ErrUnderway)
	require.ErrorContains(t, err, "state ARMED")
	_, err = armed.Step(s.ctx(), switching.Cancel)
	require.NoError(t, err)
	s.settled(naming.Blue, 1)
}
