//go:build integration

package lane_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/shared/naming"
)

// switchChild is the variable that makes the test binary a process that switches.
const switchChild = "CUTOVER_TEST_SWITCH"

func init() { children[switchChild] = invokeSwitch }

// switchTold is what such a process is told.
type switchTold struct {
	Sides          map[naming.Color]postgres.Side
	Folder, Proofs string
	Owner          string
	To             naming.Color
	// Pause is the point at which it stops itself; "" is never.
	Pause string
}

// machine is one over these places, with leases that are over at once.
func (told switchTold) machine() (*switching.Machine, error) {
	key, err := proof.LoadKey(filepath.Join(told.Folder, "key"))
	if err != nil {
		return nil, err
	}
	limits := fast()
	if told.Pause != "" { // it must get there
		limits = patient()
	}
	return impatient(&switching.Machine{
		Store: &control.File{Folder: told.Folder}, Primary: databases(told.Sides, told.Owner), Signer: key,
		Proofs: &proof.Folder{Path: told.Proofs}, Limits: limits, Owner: told.Owner,
	}, -10*time.Minute), nil
}

// invokeSwitch makes a switch in this process and prints how it ended.
func invokeSwitch(text string) int {
	var told switchTold
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		fmt.Println("error", err)
		return 1
	}
	m, err := told.machine()
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	m.At = func(point string) error {
		if point == told.Pause {
			return pause()
		}
		return nil
	}
	request := switching.Request{To: told.To, Reason: "test", Operators: []string{"ann"}}
	if _, err = m.Start(context.Background(), request); err == nil {
		_, err = m.Step(context.Background(), switching.Go)
	}
	if err == nil {
		_, err = m.Step(context.Background(), switching.Continue)
	}
	fmt.Printf("ended error=%q\n", fmt.Sprint(err))
	return 0
}

// spawnSwitch starts such a process, which moves the authority to a side.
func (s *switches) spawnSwitch(owner string, side naming.Color, pause string) *process {
	s.t.Helper()
	text, err := json.Marshal(switchTold{Sides: s.places(), Folder: s.folder, Proofs: s.proofs.Path, Owner: owner, To: side, Pause: pause})
	require.NoError(s.t, err)
	cmd := exec.Command(os.Args[0]) //nolint:noctx // the test ends it
	cmd.Env = append(os.Environ(), switchChild+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	s.t.Cleanup(func() { _ = cmd.Process.Kill() }) // it may be gone
	return &process{Cmd: cmd, lines: bufio.NewScanner(out)}
}

// Processes that switch are killed at random moments, and others go on, under
// writers that never stop.
func TestASwitchSurvivesKilledProcesses(t *testing.T) {
	t.Parallel()
	kills := 4
	if soak {
		kills = 60
	}
	s := newSwitches(t)
	sum, observer, clients := s.sum(), s.observe(), s.clients(2, 20*time.Millisecond)
	moved := 0
	for i := range kills {
		token, _ := s.status()
		p := s.spawnSwitch(fmt.Sprint("victim ", i), token.Holder.Other(), "")
		time.Sleep(time.Duration(150+rand.IntN(1500)) * time.Millisecond)
		p.kill(t)
		_, sw := s.status()
		holder := s.recovered()
		epoch := token.Epoch
		if holder != token.Holder {
			epoch++
			moved++
		}
		s.settled(holder, epoch)
		t.Logf("killed in %s: %s has the authority", sw.State, holder)
	}
	clients.stop(sum)
	observer.stop(t)
	t.Logf("%d kills survived, the authority moved %d times", kills, moved)
}

// A process that is stopped by a signal right before it opens a side, and goes on
// when another has taken over, opens nothing.
func TestAStoppedSwitcherOpensNothing(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	for _, point := range []string{"switch.12.promote.before", "switch.5.fence.before"} {
		zombie := s.spawnSwitch("zombie "+point, naming.Green, point)
		require.True(t, zombie.lines.Scan())
		require.Equal(t, "pausing", zombie.lines.Text())
		require.Equal(t, naming.Blue, s.recovered())
		s.settled(naming.Blue, 1)
		require.NoError(t, zombie.Process.Signal(syscall.SIGCONT))
		require.True(t, zombie.lines.Scan())
		require.NotContains(t, zombie.lines.Text(), `error="<nil>"`)
		require.NoError(t, zombie.Wait())
		s.settled(naming.Blue, 1)
	}
}
