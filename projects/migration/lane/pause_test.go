//go:build integration

package lane_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
)

// The pause of cutovers and rollbacks as clients feel it, at 200 transfers a
// second: the longest that any transfer took while the authority moved.
func TestThePauseThatClientsFeelIsShort(t *testing.T) {
	runs := 2
	if soak {
		runs = 20
	}
	s := newSwitches(t)
	sum, clients := s.sum(), s.clients(8, 40*time.Millisecond)
	time.Sleep(500 * time.Millisecond)
	felt := map[naming.Color][]time.Duration{}
	told := map[naming.Color][]time.Duration{}
	for range runs {
		for _, side := range []naming.Color{naming.Green, naming.Blue} {
			clients.worst()
			m := s.machine("hurried")
			m.Limits = fast()
			moved := s.switchWith(m, side)
			felt[side], told[side] = append(felt[side], clients.worst()), append(told[side], moved.Pause)
			require.Less(t, moved.Pause, 3*time.Second)
			time.Sleep(200 * time.Millisecond)
		}
	}
	clients.stop(sum)
	for _, side := range []naming.Color{naming.Green, naming.Blue} {
		slices.Sort(felt[side])
		slices.Sort(told[side])
		n := len(felt[side])
		t.Logf("to %s, %d runs: clients felt median %s, p99 %s; the machine's pause median %s, longest %s", side, n,
			felt[side][n/2].Round(time.Millisecond), felt[side][n-1].Round(time.Millisecond),
			told[side][n/2].Round(time.Millisecond), told[side][n-1].Round(time.Millisecond))
		require.Less(t, felt[side][n-1], 5*time.Second)
	}
}
