package move

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
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

// A halt stands with the reason that it has kept; one of a version that kept none
// stands alone.
func TestTheStatusSaysWhyALaneIsHalted(t *testing.T) {
	halted := LaneStatus{Known: true, Wanted: true}
	halted.Halt, halted.Reason = checkpoint.Permission, "write table card.token: SQLSTATE 42501, relation card.token"
	assert.Equal(t, []string{"halt permission: write table card.token: SQLSTATE 42501, relation card.token"}, halted.notes())
	halted.Reason = ""
	assert.Equal(t, []string{"halt permission"}, halted.notes())
}
