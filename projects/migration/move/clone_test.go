package move_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/move"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// cloneDesk is a desk whose target is, or is not, a clone.
type cloneDesk struct {
	state  checkpoint.State
	noCopy string
	asked  []desk.Act
}

func (d *cloneDesk) Do(_ context.Context, r desk.Request) (desk.Reply, error) {
	d.asked = append(d.asked, r.Act)
	reply := desk.Reply{State: d.state, Done: []string{"done: " + string(r.Act)}}
	if r.Act == desk.Adopt {
		if reply.NoCopy = d.noCopy; d.noCopy == "" {
			d.state = checkpoint.Running
		}
	}
	return reply, nil
}

func TestALaneFromACloneIsReservedThenAdoptedThenStarted(t *testing.T) {
	for name, c := range map[string]struct {
		state  checkpoint.State
		noCopy string
		dry    bool
		asked  []desk.Act
		says   string
		code   fault.Code
	}{
		"no clone yet": {"", "is database 7, copied from none", false, []desk.Act{desk.Look, desk.Reserve, desk.Adopt},
			"waits for a clone: is database 7, copied from none\n  mend it with: data:clones.green one higher", fault.Gate},
		"a clone":                  {"", "", false, []desk.Act{desk.Look, desk.Reserve, desk.Adopt, desk.Prepare, desk.Check, desk.Create}, "done: adopt", fault.OK},
		"an adoption that was cut": {checkpoint.Created, "", false, []desk.Act{desk.Look, desk.Adopt, desk.Prepare, desk.Check, desk.Create}, "done: adopt", fault.OK},
		"a lane that is there":     {checkpoint.Running, "", false, []desk.Act{desk.Look, desk.Prepare, desk.Check, desk.Create}, "done: prepare", fault.OK},
		"what would be done":       {"", "", true, []desk.Act{desk.Look}, "would publish 1 tables on blue and make it keep its log for lane core.fwd", fault.OK},
		"what would be ended":      {checkpoint.Created, "", true, []desk.Act{desk.Look}, "would adopt the database of green", fault.OK},
	} {
		t.Run(name, func(t *testing.T) {
			d, s, said := &cloneDesk{state: c.state, noCopy: c.noCopy}, store(t, naming.Blue, ""), &strings.Builder{}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o := &move.Operator{
				Desk: d, Lanes: stopping{cancel}, Store: s, By: "ann", Now: time.Now, FromClone: true, DryRun: c.dry,
				Plan: func(string) (*bgsync.Plan, error) { return &bgsync.Plan{Tables: make([]bgsync.TablePlan, 1)}, nil },
				Say:  func(format string, args ...any) { _, _ = fmt.Fprintf(said, format+"\n", args...) },
			}
			err := o.Start(ctx, naming.Green, "")
			if c.code == fault.Gate || c.dry {
				require.Equal(t, c.code == fault.OK, err == nil, "%v", err)
			} else {
				require.ErrorContains(t, err, "stopped watching", "it was started")
			}
			if err != nil {
				said.WriteString(err.Error())
			}
			assert.Equal(t, c.asked, d.asked)
			assert.Contains(t, said.String(), c.says)
		})
	}
}

// stopping ends the command when the lane is started.
type stopping struct{ stop context.CancelFunc }

func (l stopping) Start(context.Context, naming.Color) (string, error) {
	l.stop()
	return "started", nil
}

func (stopping) Lost(context.Context, naming.Color) error { return nil }
func (stopping) Log(naming.Color) string                  { return "a log" }
