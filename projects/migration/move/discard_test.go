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
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/move"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// refusing is a desk with what a target has refused; it keeps what it is asked for.
type refusing struct {
	there   desk.Reply
	refused desk.Refusal
	asked   []desk.Request
}

func (d *refusing) Do(_ context.Context, r desk.Request) (desk.Reply, error) {
	d.asked = append(d.asked, r)
	reply := d.there
	if !r.Preview {
		reply.Quarantine, reply.RefusedAs = nil, d.refused
		if d.refused != "" {
			reply.Refused = "the desk has refused"
		}
	}
	return reply, nil
}

// decisions are the requests that would change something.
func (d *refusing) decisions() (all []desk.Request) {
	for _, r := range d.asked {
		if !r.Preview {
			all = append(all, r)
		}
	}
	return all
}

// session is who calls, as AWS knows it.
type session string

func (s session) Caller(context.Context) (string, error) { return string(s), nil }

// discards gives the command, and returns what it says, what was asked, and what stands
// in the control store under the caller.
func discards(t *testing.T, d *refusing, known move.Known, order move.Discarding, dry bool) (said string, confirmed map[string]string, err error) {
	t.Helper()
	lines := &strings.Builder{}
	o := &move.Operator{
		Store: &control.Memory{}, Desk: d, By: "ann", DryRun: dry, Now: time.Now,
		Say: func(format string, args ...any) { _, _ = fmt.Fprintf(lines, format+"\n", args...) },
	}
	err = o.Discard(t.Context(), known, naming.Green, order)
	item, failed := o.Store.Get(t.Context(), items.ClosingItem("AROA:ann"))
	if failed != nil {
		require.ErrorIs(t, failed, control.ErrAbsent)
	}
	return lines.String(), item.Fields, err
}

const place = "0/A0:2"

// quarantine is a halted lane of generation 3 whose target has refused one change.
func quarantine(t *testing.T, state string) *refusing {
	t.Helper()
	at, err := checkpoint.ParsePosition(place)
	require.NoError(t, err)
	return &refusing{there: desk.Reply{State: checkpoint.Halted, Generation: 3, Quarantine: []checkpoint.Quarantined{
		{Position: at, Table: "public.account", Op: "INSERT", SQLState: "23514", Constraint: "low", State: state},
	}}}
}

func whole() move.Discarding {
	return move.Discarding{Position: place, Operators: []string{"ann", "bob"}, Reason: "drill"}
}

// Nothing is confirmed or decided without a reason, without a position, in a dry run, or
// after the end; a dry run tells what there is.
func TestWhatDiscardsNothing(t *testing.T) {
	const listed = "0/A0:2: INSERT of table public.account, SQLSTATE 23514, constraint low, open"
	for name, c := range map[string]struct {
		edit func(*move.Discarding)
		dry  bool
		code fault.Code
		says string
	}{
		"no reason":             {func(d *move.Discarding) { d.Reason = " " }, false, fault.Usage, "flag -reason is missing: expected why to discard"},
		"no position":           {func(d *move.Discarding) { d.Position = "" }, false, fault.Usage, listed},
		"no such position":      {func(d *move.Discarding) { d.Position = "first" }, false, fault.Usage, "flag -position"},
		"no such position, dry": {func(d *move.Discarding) { d.Position = "first" }, true, fault.Usage, "flag -position"},
		"a list":                {func(d *move.Discarding) { d.Position = "" }, true, fault.OK, listed},
		"a rehearsal":           {func(*move.Discarding) {}, true, fault.OK, "would have lane core.fwd pass over the change at 0/A0:2"},
	} {
		t.Run(name, func(t *testing.T) {
			d, order := quarantine(t, "open"), whole()
			c.edit(&order)
			said, confirmed, err := discards(t, d, session("AROA:ann"), order, c.dry)
			if err != nil {
				said += err.Error()
				assert.Equal(t, c.code, fault.CodeOf(err))
			} else {
				assert.Equal(t, fault.OK, c.code)
			}
			assert.Contains(t, said, c.says)
			assert.Empty(t, confirmed)
			assert.Empty(t, d.decisions())
		})
	}
	d := &refusing{there: desk.Reply{State: checkpoint.Running, Generation: 3}}
	said, _, err := discards(t, d, nil, move.Discarding{Reason: "why"}, true)
	require.NoError(t, err)
	assert.Contains(t, said, "the target of lane core.fwd has refused no change in generation 3")

	ended := &move.Operator{Store: store(t, naming.Green, items.Finalised), Desk: d, Say: func(string, ...any) {}}
	d.asked = nil
	err = ended.Discard(t.Context(), nil, naming.Green, whole())
	assert.Equal(t, fault.Gate, fault.CodeOf(err))
	assert.Contains(t, err.Error(), "the migration has ended")
	assert.Empty(t, d.asked)
}

// Who calls confirms, in an item of their own, the lane, its generation, the change and
// the reason, before the desk is asked to decide; locally one call decides.
func TestWhoDiscardsConfirmsFirst(t *testing.T) {
	for name, c := range map[string]struct {
		known     move.Known
		state     checkpoint.State
		change    string
		confirmed bool
	}{
		"in AWS":                {session("AROA:ann"), checkpoint.Halted, "open", true},
		"locally":               {nil, checkpoint.Halted, "open", false},
		"a lane that runs":      {session("AROA:ann"), checkpoint.Running, "open", false},
		"one that is discarded": {session("AROA:ann"), checkpoint.Halted, "discarded", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := quarantine(t, c.change)
			d.there.State = c.state
			said, confirmed, err := discards(t, d, c.known, whole(), false)
			require.NoError(t, err)
			if c.confirmed {
				found, err := items.DecodeConfirmation(confirmed)
				require.NoError(t, err)
				found.At = time.Time{}
				assert.Equal(t, desk.Discarding("core.fwd", place, 3, []string{"ann", "bob"}, "drill"), found)
				assert.Contains(t, said, "ann has confirmed")
			} else {
				assert.Empty(t, confirmed)
			}
			want := desk.Request{Act: desk.Discard, To: naming.Green, Position: place, Operators: []string{"ann", "bob"}, Reason: "drill", By: "ann"}
			assert.Equal(t, []desk.Request{want}, d.decisions())
			assert.Equal(t, c.state == checkpoint.Halted, strings.Contains(said, "the lane goes on by: go tool mage migrate:start -halt=poison"), said)
		})
	}
}

// A name that is not the caller's own, and what the desk refuses, end the command with
// what to do.
func TestADiscardThatIsRefusedSaysTheWayOn(t *testing.T) {
	d := quarantine(t, "open")
	_, confirmed, err := discards(t, d, session("AROA:eve"), whole(), false)
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.Contains(t, fault.HintOf(err), "migrate:discard -position=0/A0:2 -reason='…' -operators=eve,OTHER")
	assert.Empty(t, confirmed)
	assert.Empty(t, d.decisions(), "who is not named decides nothing")

	_, _, err = discards(t, quarantine(t, "open"), session("ann"), whole(), false)
	assert.Equal(t, fault.Credentials, fault.CodeOf(err), "a user is no session of the operators' role")

	for refused, code := range map[desk.Refusal]fault.Code{desk.Wrong: fault.Usage, desk.NotNow: fault.Gate, desk.Busy: fault.Locked} {
		d := quarantine(t, "open")
		d.refused = refused
		said, _, err := discards(t, d, session("AROA:ann"), whole(), false)
		assert.Equal(t, code, fault.CodeOf(err), refused)
		assert.Contains(t, fault.HintOf(err), "by the other operator too, under an own session, within 24 hours")
		assert.NotContains(t, said, "the lane goes on by")
	}
}
