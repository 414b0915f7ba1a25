package move

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// The status says that a load is throttled, by which inputs, and how far each is over
// its limit.
func TestTheStatusSaysWhyALoadIsThrottled(t *testing.T) {
	cost := throttle.Reading{Name: throttle.SourceCost, Value: 0.634, Limit: 0.1, Verdict: throttle.Over}
	unread := throttle.Reading{Name: "target.commit", Limit: 0.25, Verdict: throttle.Over, Unread: "no answer in time"}
	fine := throttle.Reading{Name: "source.active", Value: 1, Limit: 2}
	held := time.Date(2026, 5, 1, 12, 0, 0, 0, time.Local)
	for name, test := range map[string]struct {
		state throttle.State
		want  string
	}{
		"busy source": {throttle.State{Share: 0.5, Duty: 0.5, Readings: []throttle.Reading{fine, cost}}, "throttled to 25 %: source.cost is 0.634, limit 0.1"},
		"two inputs":  {throttle.State{Share: 0.5, Duty: 1, Readings: []throttle.Reading{cost, unread}}, "throttled to 50 %: source.cost is 0.634, limit 0.1, target.commit cannot be read (no answer in time)"},
		"nothing":     {throttle.State{Duty: 0.1, Since: held, Readings: []throttle.Reading{unread}}, "held by the throttle since 2026-05-01 12:00:00: target.commit cannot be read (no answer in time)"},
		"comparison":  {throttle.State{Share: 1, Duty: 0.9, Readings: []throttle.Reading{fine}}, "throttled to 90 %: to compare, as clients are at work on the source"},
	} {
		t.Run(name, func(t *testing.T) {
			status := LaneStatus{Known: true, Wanted: true}
			status.Throttle = &gauge.Throttle{State: test.state, Withheld: test.state.Withheld()}
			assert.Equal(t, []string{test.want}, status.notes())
			status.Stale, status.Lane = true, "core.fwd"
			assert.NotContains(t, status.notes(), test.want, "what was true once")
		})
	}
	free := LaneStatus{Known: true, Wanted: true}
	free.Throttle = &gauge.Throttle{State: throttle.Unthrottled()}
	assert.Empty(t, free.notes())
}

// The status says for whom a builder waits, while that is so.
func TestTheStatusSaysForWhomABuilderWaits(t *testing.T) {
	status := LaneStatus{Known: true, Wanted: true}
	status.Lane, status.State = "core.fwd", checkpoint.CatchingUp
	status.Waits = []gauge.Wait{
		{Object: "index by_day", Table: "payments.receipt", PID: 4711, Application: "batch", State: "idle in transaction", AgeSeconds: 754.4},
		{Object: "index by_day", Table: "payments.receipt", PID: 4712, Application: "batch"},
		{Object: "index by_day", Table: "payments.receipt"},
	}
	const builds = "builds index by_day, and waits for table payments.receipt: "
	assert.Equal(t, []string{
		builds + `session 4711 ("batch", idle in transaction) holds it, its transaction is open for 12m34s`,
		builds + `session 4712 ("batch") holds it`,
		builds + "a prepared transaction holds it",
	}, status.notes())
	status.Stale = true
	assert.Len(t, status.notes(), 1, "what was true once")
}

// A lane that is gone is shown as that, whatever it has said last: neither as one that
// nobody runs, nor as one that runs.
func TestTheStatusForgetsLanesThatAreGone(t *testing.T) {
	store, now := &control.Memory{}, time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, color := range naming.Colors() {
		lane := function.Lane(color)
		told := control.Item{Rev: 1, Fields: map[string]string{"snapshot": `{"lane": "` + lane + `", "state": "running", "followed": true, "at": "2026-04-01T12:00:00Z"}`}}
		require.NoError(t, store.Put(t.Context(), items.LoadItem(lane), told))
		require.NoError(t, function.Want(t.Context(), store, lane, false))
	}
	assert.Regexp(t, `core\.fwd +running .* paused; silent since`, ReadStatus(t.Context(), store, now).String())

	end := items.Switch{State: items.Finalised, From: naming.Blue, To: naming.Green, Epoch: 1, Attempt: "x", Owner: "y"}
	require.NoError(t, store.Put(t.Context(), items.SwitchItem, control.Item{Rev: 1, Fields: end.Fields()}))
	ended := ReadStatus(t.Context(), store, now).String()
	assert.Regexp(t, `(?m)core\.fwd +retired *$`, ended)
	assert.Regexp(t, `(?m)core\.rev +retired *$`, ended)

	for _, color := range naming.Colors() {
		require.NoError(t, function.Dismiss(t.Context(), store, function.Lane(color)))
	}
	assert.Regexp(t, `(?m)core\.fwd +none *$`, ReadStatus(t.Context(), store, now).String())
	require.NoError(t, function.Want(t.Context(), store, function.Lane(naming.Green), true))
	assert.Regexp(t, `(?m)core\.fwd +retired *$`, ReadStatus(t.Context(), store, now).String(), "it is wanted again")
}

// A halt stands with the reason that it has kept; one of a version that kept none
// stands alone.
func TestTheStatusSaysWhyALaneIsHalted(t *testing.T) {
	halted := LaneStatus{Known: true, Wanted: true}
	halted.Halt, halted.Reason = checkpoint.Permission, "write table card.token: SQLSTATE 42501, relation card.token"
	assert.Equal(t, []string{"halt permission: write table card.token: SQLSTATE 42501, relation card.token"}, halted.notes())
	halted.Reason = ""
	assert.Equal(t, []string{"halt permission"}, halted.notes())
}
