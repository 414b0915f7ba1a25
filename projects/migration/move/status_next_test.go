package move

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// chasing is a lane that has applied 600 MiB in a minute of which its source wrote 300.
func chasing() LaneStatus {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	l := LaneStatus{Known: true, Wanted: true}
	l.Lane, l.State, l.At, l.Applied, l.Source, l.LagBytes = "core.fwd", checkpoint.CatchingUp, now, "0/35800000", "0/62C00000", 300<<20
	l.Since = gauge.Snapshot{At: now.Add(-time.Minute), Applied: "0/10000000", Source: "0/50000000"}
	return l
}

func TestTheStatusSaysHowFastALaneCatchesUp(t *testing.T) {
	l := chasing()
	assert.Equal(t, []string{"applies 10.0 MiB/s of log, the source writes 5.0 MiB/s, about 1m0s left"}, l.notes())
	l.Source = "0/99999999"
	require.Len(t, l.notes(), 1)
	assert.Contains(t, l.notes()[0], ": it does not come nearer")
	l.Since = gauge.Snapshot{}
	assert.Empty(t, l.notes(), "nothing to compare with")
	l = chasing()
	l.State = checkpoint.Running
	assert.Empty(t, l.notes(), "it has caught up")
}

func TestTheStatusSaysWhatComparisonsHaveShown(t *testing.T) {
	l := LaneStatus{Known: true, Wanted: true}
	l.Verification = &gauge.Verification{Active: true, FirstClean: true, Buckets: 120, Dirty: 3, AgeSeconds: 330}
	assert.Equal(t, []string{"every bucket compared in the last 5m30s, 3 of 120 changed since"}, l.notes())
	l.Verification.Mismatched = 2
	assert.Contains(t, l.notes()[0], ", 2 differ")
	l.Verification.AgeSeconds = -1
	assert.Equal(t, []string{"no full comparison has ended clean yet"}, l.notes())
	l.Verification.Active = false
	assert.Empty(t, l.notes(), "nobody compares what has not the authority")
}

func TestTheStatusNamesTablesThatNoLaneCarries(t *testing.T) {
	l := LaneStatus{Known: true, Wanted: true}
	l.Lane, l.Unplanned = function.Lane(naming.Blue), []string{"payments.refund", "payments.refund_line"}
	assert.Equal(t, []string{"tables of its source that no lane carries, and no switch passes by: payments.refund, payments.refund_line; " +
		"exclude them in tables.yaml and go tool mage migrate:preflight -color=blue, or make a new lane"}, l.notes())
}

func TestTheStatusSaysWhatABaseIs(t *testing.T) {
	l := LaneStatus{Known: true}
	assert.Empty(t, l.base(), "nothing is planned yet")
	l.Cloned = true
	assert.Equal(t, "clone", l.base())
	l.Cloned, l.Followed = false, true
	assert.Equal(t, "the rows that were there", l.base())
	l.ChunksLoaded, l.Rows = 1, 1234
	assert.Equal(t, "copy: 1,234 rows, 0 bytes, 1 of 1 chunks", l.base())
	l.Cloned = true
	assert.Equal(t, "clone, with tables loaded anew by copy: 1,234 rows, 0 bytes, 1 of 1 chunks", l.base())
}

// What waits for an operator stands with the command for it.
func TestTheStatusNamesTheNextCommand(t *testing.T) {
	halted := LaneStatus{Known: true, Wanted: true}
	halted.Lane, halted.Halt = function.Lane(naming.Blue), checkpoint.Permission
	lost := LaneStatus{Known: true, Wanted: true}
	lost.Lane, lost.Halt = function.Lane(naming.Green), checkpoint.Gap
	page := Status{Lanes: []LaneStatus{lost, halted}}.String()
	assert.Contains(t, page, "next: go tool mage migrate:start -color=blue -halt=permission\n")
	assert.Contains(t, page, "next: go tool mage migrate:renew -halt=gap")
	for state, want := range map[items.State]string{
		items.Switched: "next: remove the cause, then go tool mage migrate:cutover", items.Held: "next: go tool mage migrate:cutover",
		items.Armed: "next: go tool mage migrate:cancel -reason='…' gives it up", items.BackingOut: "next: go tool mage migrate:cutover",
	} {
		assert.Contains(t, Status{Switch: &items.Switch{State: state, From: naming.Blue, To: naming.Green}}.String(), want, state)
	}
	for _, state := range []items.State{items.Steady, items.Finalised} {
		assert.NotContains(t, Status{Switch: &items.Switch{State: state, To: naming.Green}}.String(), "next:", state)
	}
}

// A side that was left by force stands on the page: how it is kept shut, and the command
// that shuts it or goes on.
func TestTheStatusTellsOfASideThatWasLeft(t *testing.T) {
	command := "go tool mage migrate:force -color=green -reason='…' -operators=ONE,OTHER: "
	decided := Status{Switch: &items.Switch{State: items.Held, From: naming.Blue, To: naming.Green, Untrusted: naming.Blue, Forced: naming.Green}}.String()
	assert.Contains(t, decided, "next: "+command+"it goes on with what two operators have decided\n")
	assert.NotContains(t, decided, "migrate:cutover")
	assert.NotContains(t, decided, "left by force")
	sw := items.Switch{State: items.Steady, From: naming.Blue, To: naming.Green, Untrusted: naming.Blue}
	lost := Status{Switch: &sw}.String()
	assert.Contains(t, lost, "left by force: blue, which does not know it: nothing but its isolation keeps writers out; nothing switches to it\n")
	assert.Contains(t, lost, "next: "+command+"it shuts blue, if it can be reached\n")
	sw.ShutAt = noon
	shut := Status{Switch: &sw}.String()
	assert.Contains(t, shut, "left by force: blue, which takes no writes by its own row since "+noon.Local().Format(time.DateTime))
	const start = "next: go tool mage migrate:start -color=blue"
	assert.NotContains(t, shut, "migrate:force")
	for _, page := range []string{lost, shut} {
		assert.Contains(t, page, start+", when a new, empty database is in the place of blue")
	}
}

// While a side that was left by force is made anew, the page says at every stage which
// command comes next.
func TestTheStatusLeadsASideThatIsMadeAnew(t *testing.T) {
	start, verify := "next: go tool mage migrate:start -color=blue: it goes on", "next: go tool mage migrate:verify -color=blue: when it is clean"
	sw := items.Switch{State: items.Steady, From: naming.Blue, To: naming.Green, Untrusted: naming.Blue, Rebuild: "a database"}
	for name, c := range map[string]struct {
		lane LaneStatus
		want string
	}{
		"not made yet":      {LaneStatus{}, start},
		"told by the lost":  {LaneStatus{Known: true}, start},
		"nothing runs it":   {LaneStatus{Known: true, Wanted: true, Stale: true}, start},
		"loads":             {LaneStatus{Known: true, Wanted: true, Progress: function.Progress{Snapshot: gauge.Snapshot{State: checkpoint.Loading}}}, "next: wait until lane core.rev runs, then go tool mage migrate:verify -color=blue"},
		"runs":              {LaneStatus{Known: true, Wanted: true, Progress: function.Progress{Snapshot: gauge.Snapshot{State: checkpoint.Running}}}, verify},
		"halted as another": {LaneStatus{Known: true, Wanted: true, Progress: function.Progress{Snapshot: gauge.Snapshot{State: checkpoint.Halted, Halt: checkpoint.Permission}}}, "next: go tool mage migrate:start -color=blue -halt=permission"},
	} {
		c.lane.Lane = function.Lane(naming.Blue)
		other := LaneStatus{Known: true}
		other.Lane, other.State = function.Lane(naming.Green), checkpoint.Retired
		page := Status{Switch: &sw, Lanes: []LaneStatus{other, c.lane}}.String()
		assert.Contains(t, page, "left by force: blue, which is made anew in database a database; nothing switches to it before it was verified\n", name)
		assert.Contains(t, page, c.want, name)
		assert.Equal(t, 1, strings.Count(page, "next: "), "%s: %s", name, page)
	}
}

// A page that is not whole is an error to a script, and shows what there is.
func TestAStatusThatIsNotWholeIsAnError(t *testing.T) {
	store := &control.Memory{}
	require.NoError(t, ReadStatus(t.Context(), store, time.Now()).Err())
	require.NoError(t, store.Put(t.Context(), items.AuthorityItem, control.Item{Rev: 1, Fields: map[string]string{"holder": "red"}}))
	require.NoError(t, store.Put(t.Context(), items.LoadItem("core.fwd"), control.Item{Rev: 1, Fields: map[string]string{"snapshot": "no JSON"}}))
	err := ReadStatus(t.Context(), store, time.Now()).Err()
	require.ErrorContains(t, err, "lane core.fwd: ")
	require.ErrorContains(t, err, "item authority: ")
}
