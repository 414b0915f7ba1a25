//go:build integration

package lane_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	shared "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// points lists every durable act of a switch that goes well, before and after it,
// as it is found by making one.
func (s *switches) points(side naming.Color) []string {
	s.t.Helper()
	var all []string
	m := s.machine("list")
	m.At = func(point string) error {
		all = append(all, point)
		return nil
	}
	_, err := s.whole(m, side)
	require.NoError(s.t, err)
	return all
}

// whole makes a switch from beginning to end with one process.
func (s *switches) whole(m *switching.Machine, side naming.Color) (switching.Outcome, error) {
	if _, err := m.Start(s.ctx(), to(side)); err != nil {
		return switching.Outcome{}, err
	}
	moved, err := m.Step(s.ctx(), switching.Go)
	if err != nil {
		return moved, err
	}
	_, err = m.Step(s.ctx(), switching.Continue)
	return moved, err
}

// recovered lets other processes go on until the switch has ended, and returns
// who has the authority.
func (s *switches) recovered() naming.Color {
	s.t.Helper()
	for until := time.Now().Add(2 * waiting); ; {
		token, sw := s.status()
		if sw.State == shared.Steady {
			return token.Holder
		}
		command := switching.Continue
		if sw.State == shared.Armed {
			command = switching.Cancel
		}
		heir := s.machine("heir")
		outcome, err := heir.Step(s.ctx(), command)
		gone(heir)
		if err != nil && !errors.Is(err, switching.ErrBackedOut) {
			s.t.Logf("recovery in %s: %v", sw.State, err)
		}
		require.False(s.t, time.Now().After(until), "in state %s: %v", outcome.Switch.State, err)
		if outcome.Busy {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// gone ends a process's sessions, as its death does.
func gone(m *switching.Machine) {
	if databases, is := m.Primary.(*postgres.Databases); is {
		databases.Disconnect()
	}
}

// impatient makes leases end at once, as for a recoverer whose clock is ahead:
// nothing may hang on them.
func impatient(m *switching.Machine, by time.Duration) *switching.Machine {
	m.Now = func() time.Time { return time.Now().Add(by) }
	return m
}

// crashes makes a switch die at each of the points, in the direction that the
// authority is to go next, and another process go on.
func (s *switches) crashes(left map[naming.Color][]string) int {
	s.t.Helper()
	count := 0
	for len(left[naming.Green])+len(left[naming.Blue]) > 0 {
		token, _ := s.status()
		side := token.Holder.Other()
		if len(left[side]) == 0 {
			s.switchTo(side)
			continue
		}
		point := left[side][0]
		left[side] = left[side][1:]
		m := impatient(s.machine("victim"), -10*time.Minute) // its leases are over at once
		m.At = func(reached string) error {
			if reached == point {
				return errCrash
			}
			return nil
		}
		_, err := s.whole(m, side)
		gone(m)
		require.ErrorIs(s.t, err, errCrash, "%s to %s", point, side)
		count++
		holder := s.recovered()
		epoch := token.Epoch
		if holder == side {
			epoch++
		}
		s.settled(holder, epoch)
	}
	return count
}

// At every durable act, before and after, of a cutover and of a rollback.
func TestASwitchGoesOnAfterACrashAtEveryStep(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	sum, observer, clients := s.sum(), s.observe(), s.clients(2, 20*time.Millisecond)
	left := map[naming.Color][]string{naming.Green: s.points(naming.Green), naming.Blue: s.points(naming.Blue)}
	t.Logf("%d and %d points", len(left[naming.Green]), len(left[naming.Blue]))
	if !soak {
		for i, side := range naming.Colors() {
			left[side] = slices.DeleteFunc(left[side], func(point string) bool { return !slices.Contains(decisive[i], point) })
		}
	}
	count := s.crashes(left)
	clients.stop(sum)
	observer.stop(t)
	t.Logf("%d crashes survived", count)
}

// decisive are the points at which the state changes, for the short form of the
// test: some for each direction.
var decisive = [][]string{
	{"switch.4.register_green.after", "switch.6.FENCED.before", "switch.12.PROMOTING.after", "switch.13.SWITCHED.before"},
	{"switch.5.fence.after", "switch.10.CHECKED.after", "switch.12.promote.after", "switch.19.close.after"},
}
