package move

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// put writes an item of the control store.
func put(t *testing.T, store control.Store, key string, fields map[string]string) {
	t.Helper()
	require.NoError(t, store.Put(t.Context(), key, control.Item{Rev: 1, Fields: fields}))
}

// told is what a lane has said of itself.
func told(lane, more string) map[string]string {
	return map[string]string{"snapshot": `{"lane": "` + lane + `", "at": "2026-05-01T12:00:00Z", ` + more + `}`}
}

// broken is a store of which one item cannot be read.
type broken struct {
	control.Store
	key string
}

var errBroken = errors.New("it does not answer")

func (b broken) Get(ctx context.Context, key string) (control.Item, error) {
	if key == b.key {
		return control.Item{}, errBroken
	}
	return b.Store.Get(ctx, key)
}

// Whatever item cannot be read, the status has all others, says which one is missing,
// and is an error.
func TestTheStatusHasWhatCanBeRead(t *testing.T) {
	store := &control.Memory{}
	for _, color := range naming.Colors() {
		lane := function.Lane(color)
		require.NoError(t, function.Want(t.Context(), store, lane, true))
		put(t, store, items.LoadItem(lane), told(lane, `"state": "running", "followed": true, "lagSeconds": 0.5, "lagBytes": 2048`))
	}
	put(t, store, items.AuthorityItem, items.Token{Epoch: 4, Holder: naming.Green, Phase: items.PhaseOpen}.Fields())
	put(t, store, items.SwitchItem, items.Switch{State: items.Steady, From: naming.Blue, To: naming.Green, Epoch: 3, Attempt: "x", Owner: "y"}.Fields())

	all := map[string]string{
		control.LaneItem("core.rev"): `core\.rev +running +0\.5 s, 2\.0 KiB`,
		control.LaneItem("core.fwd"): `core\.fwd +running +0\.5 s, 2\.0 KiB`,
		items.AuthorityItem:          `authority: green writes, epoch 4, phase open`,
		items.SwitchItem:             `switch: STEADY, from blue to green, epoch 3`,
	}
	whole := ReadStatus(t.Context(), store, noon)
	require.NoError(t, whole.Err())
	assert.Equal(t, []string{"core.fwd", "core.rev"}, whole.Wanted())
	for missing := range all {
		status := ReadStatus(t.Context(), broken{store, missing}, noon)
		require.ErrorContains(t, status.Err(), errBroken.Error(), missing)
		for key, line := range all {
			if key == missing {
				assert.NotRegexp(t, line, status.String())
			} else {
				assert.Regexp(t, line, status.String(), "without %s", missing)
			}
		}
		assert.Contains(t, status.String(), errBroken.Error(), "the page says so")
	}
	for _, color := range naming.Colors() {
		lane := function.Lane(color)
		require.ErrorContains(t, ReadStatus(t.Context(), broken{store, items.LoadItem(lane)}, noon).Err(), "lane "+lane)
	}
	later := control.Item{Rev: 2, Fields: items.Switch{State: "NO SUCH STATE", From: naming.Blue, To: naming.Green, Epoch: 3, Attempt: "x", Owner: "y"}.Fields()}
	require.NoError(t, store.Put(t.Context(), items.SwitchItem, later))
	odd := ReadStatus(t.Context(), store, noon)
	assert.Nil(t, odd.Switch, "what this version does not know is no switch")
	assert.ErrorContains(t, odd.Err(), "NO SUCH STATE")
	assert.Contains(t, odd.String(), "cannot be read: item switch")
}

// Lanes that are to run are those that are wanted, have told of themselves, and are not
// retired.
func TestTheLanesThatAreToRun(t *testing.T) {
	lane := func(known, wanted bool, state checkpoint.State) LaneStatus {
		l := LaneStatus{Known: known, Wanted: wanted}
		l.Lane, l.State = "core.fwd", state
		return l
	}
	for want, l := range map[bool][]LaneStatus{
		true:  {lane(true, true, checkpoint.Running), lane(true, true, checkpoint.Halted)},
		false: {lane(false, true, ""), lane(true, false, checkpoint.Running), lane(true, true, checkpoint.Retired)},
	} {
		for _, each := range l {
			assert.Equal(t, want, len(Status{Lanes: []LaneStatus{each}}.Wanted()) == 1, "%+v", each)
		}
	}
}

// A lane is silent when it has told nothing for more than a minute.
func TestALaneThatTellsNothingIsSilent(t *testing.T) {
	store := &control.Memory{}
	require.NoError(t, function.Want(t.Context(), store, "core.fwd", true))
	assert.Regexp(t, `core\.fwd +none +started, nothing heard of it yet`, ReadStatus(t.Context(), store, noon).String())
	assert.Regexp(t, `(?m)core\.rev +none *$`, ReadStatus(t.Context(), store, noon).String(), "nobody has started it")
	put(t, store, items.LoadItem("core.fwd"), told("core.fwd", `"state": "running"`))
	assert.NotContains(t, ReadStatus(t.Context(), store, noon.Add(time.Minute)).String(), "silent")
	assert.Contains(t, ReadStatus(t.Context(), store, noon.Add(time.Minute+1)).String(), "silent since")
}

// The page tells what waits for a decision, and nothing that does not.
func TestTheStatusTellsWhatWaits(t *testing.T) {
	l := LaneStatus{Known: true, Wanted: true}
	l.Lane, l.State = "core.fwd", checkpoint.Running
	assert.Empty(t, l.notes())
	assert.Empty(t, l.behind(), "no commit has arrived")
	l.Conflicts, l.Quarantine, l.Repairs, l.Wanted = 1, 2, 3, false
	assert.Equal(t, []string{"1 conflicts", "2 rows in quarantine", "3 repairs asked for", "paused"}, l.notes())
	l.State = checkpoint.Retired
	assert.Empty(t, l.notes(), "what is gone waits for nobody")
	l.Error = "unreadable"
	assert.Equal(t, []string{"unreadable"}, l.notes())
}

// Who may write, how the last switch ended, and what is to be done stand on lines of
// their own.
func TestTheStatusTellsOfTheAuthority(t *testing.T) {
	s := Status{}
	assert.Equal(t, "lane  state  behind  base  notes\nauthority: no token yet; blue writes until the first switch\nswitch: none yet\n", s.String())
	s.Token = &items.Token{Epoch: 2, Phase: items.PhaseFencing}
	s.Switch = &items.Switch{State: items.Held, From: naming.Blue, To: naming.Green, Epoch: 1, Reason: "drill", LastError: "lost", ProofID: "p-1"}
	s.Alarms, s.Problems = "nobody hears silence", []string{"item x: gone"}
	halted := LaneStatus{Known: true, Wanted: true}
	halted.Lane, halted.State, halted.Halt = "core.rev", checkpoint.Halted, checkpoint.Permission
	s.Lanes = []LaneStatus{halted}
	page := strings.Split(strings.TrimSpace(s.String()), "\n")
	require.Len(t, page, 8)
	assert.Regexp(t, `^core\.rev +halted +halt permission$`, page[1])
	assert.Equal(t, []string{
		"authority: nobody writes, epoch 2, phase fencing",
		"switch: HELD, from blue to green, epoch 1, because: drill; last error: lost; proof p-1",
		"next: go tool mage migrate:start -color=blue -halt=permission",
	}, page[2:5])
	assert.Regexp(t, `^next: .*migrate:cutover`, page[5])
	assert.Equal(t, []string{"alarms: nobody hears silence", "cannot be read: item x: gone"}, page[6:])
}
