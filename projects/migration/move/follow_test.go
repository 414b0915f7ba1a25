package move_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	"github.com/cutover/cutover/projects/migration/move"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// telling starts a lane that tells one state for each look, and then nothing.
type telling struct {
	t     *testing.T
	store control.Store
	tells []checkpoint.State
	lost  error
	// asked is how often it was asked whether it is lost.
	asked int
}

// tell writes what a lane tells, by a clock that is a year behind.
func tell(t *testing.T, store control.Store, state checkpoint.State) {
	t.Helper()
	key := items.LoadItem("core.fwd")
	former, err := store.Get(t.Context(), key)
	if !errors.Is(err, control.ErrAbsent) {
		require.NoError(t, err)
	}
	text, err := json.Marshal(function.Progress{Snapshot: gauge.Snapshot{Lane: "core.fwd", State: state, Halt: checkpoint.Permission, At: time.Now().AddDate(-1, 0, 0)}})
	require.NoError(t, err)
	require.NoError(t, store.Put(t.Context(), key, control.Item{Rev: former.Rev + 1, Fields: map[string]string{"snapshot": string(text)}}))
}

func (l *telling) Start(context.Context, naming.Color) (string, error) { return "started", nil }
func (l *telling) Log(naming.Color) string                             { return "the log of a test" }

func (l *telling) Lost(context.Context, naming.Color) error {
	l.asked++
	if len(l.tells) == 0 {
		return l.lost
	}
	tell(l.t, l.store, l.tells[0])
	l.tells = l.tells[1:]
	return nil
}

// laneDesk says in which state the lane is.
type laneDesk struct{ state checkpoint.State }

func (d laneDesk) Do(_ context.Context, r desk.Request) (desk.Reply, error) {
	if r.Act == desk.Look {
		return desk.Reply{State: d.state}, nil
	}
	return desk.Reply{State: checkpoint.Loading}, nil
}

// A start ends with the lane that follows its source, and else with what is known of why
// it does not: whatever clocks say, and never by waiting for ever.
func TestAStartEndsWhateverBecomesOfTheLane(t *testing.T) {
	for name, c := range map[string]struct {
		tells []checkpoint.State
		is    checkpoint.State
		lost  error
		code  fault.Code
		says  string
	}{
		"it runs":                       {[]checkpoint.State{checkpoint.Loading, checkpoint.CatchingUp, checkpoint.Running}, "", nil, fault.OK, "core.fwd runs"},
		"it is halted":                  {[]checkpoint.State{checkpoint.Halted}, checkpoint.Halted, nil, fault.Gate, "lane core.fwd is halted: permission"},
		"it was halted, and is let go":  {[]checkpoint.State{checkpoint.Halted, checkpoint.Running}, checkpoint.Running, nil, fault.OK, "core.fwd runs"},
		"it has ended":                  {[]checkpoint.State{checkpoint.Retired}, "", nil, fault.Gate, "lane core.fwd has ended"},
		"its state is of another world": {[]checkpoint.State{"torn"}, "", nil, fault.Verification, `tells state "torn", expected one of [created loading catching_up running halted retired]`},
		"what runs it is lost": {nil, "", fault.New(fault.Failed, "the process has ended").WithHint("read"), fault.Failed,
			"the process has ended\n  mend it with: read"},
		"what loads it is lost": {[]checkpoint.State{checkpoint.Loading}, "", fault.New(fault.Failed, "nobody loads"), fault.Failed, "nobody loads"},
		"nothing is heard of it": {nil, "", nil, fault.Failed,
			"lane core.fwd was started, and nothing was heard of it for 20ms: what runs it fails, or does not begin; the log of a test tells with what"},
		"nothing is heard any more": {[]checkpoint.State{checkpoint.Loading}, "", nil, fault.Failed, "remove the cause, then go tool mage migrate:start"},
	} {
		t.Run(name, func(t *testing.T) {
			s, said := store(t, naming.Blue, ""), &strings.Builder{}
			tell(t, s, checkpoint.Running) // of a former start
			lanes := &telling{t: t, store: s, tells: c.tells, lost: c.lost}
			o := &move.Operator{
				Desk: laneDesk{c.is}, Lanes: lanes, Store: s, By: "ann", Now: time.Now, Poll: time.Millisecond, Silence: 20 * time.Millisecond,
				Plan: func(string) (*bgsync.Plan, error) { return &bgsync.Plan{Tables: make([]bgsync.TablePlan, 1)}, nil },
				Say:  func(format string, args ...any) { _, _ = fmt.Fprintf(said, format+"\n", args...) },
			}
			err := o.Start(t.Context(), naming.Green, "")
			if c.code == fault.OK {
				require.NoError(t, err)
			} else {
				require.Equal(t, c.code, fault.CodeOf(err), "%v", err)
				said.WriteString(err.Error())
			}
			assert.Contains(t, said.String(), c.says)
			assert.NotZero(t, lanes.asked, "what a former start has told is not this one's")
		})
	}
}
