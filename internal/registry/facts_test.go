package registry

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/traffic"
)

// alarmStates answers as CloudWatch: nothing of an alarm that is not there, and no
// more than 100 names at once.
type alarmStates map[string]string

func (a alarmStates) Alarms(_ context.Context, names ...string) (map[string]string, error) {
	if len(names) > 100 {
		return nil, errors.New("at most 100 names")
	}
	found := map[string]string{}
	for _, name := range names {
		if state, known := a[name]; known {
			found[name] = state
		}
	}
	return found, nil
}

// Silences has silence be a fault to every alarm but those that say otherwise.
func (a alarmStates) Silences(_ context.Context, names ...string) (map[string]string, error) {
	found := map[string]string{}
	for _, name := range names {
		if a[name] == "refused" {
			return nil, errors.New("access denied")
		}
		found[name] = "breaching"
		if a[name] == "deaf" {
			found[name] = "notBreaching"
		}
	}
	return found, nil
}

func TestLanesWhoseSilenceNobodyHears(t *testing.T) {
	both := []string{"core.fwd", "core.rev"}
	assert.Empty(t, unheard(t.Context(), "prod", both, alarmStates{}))
	assert.Empty(t, unheard(t.Context(), "prod", nil, alarmStates{"cutover-prod-core-fwd-lane-silent": "refused"}), "no lane is to run")
	assert.Contains(t, unheard(t.Context(), "prod", both, alarmStates{"cutover-prod-core-rev-lane-silent": "deaf"}), "nobody is told when core.rev falls silent: set observability:migration")
	assert.Equal(t, "cannot be known: access denied", unheard(t.Context(), "prod", both, alarmStates{"cutover-prod-core-fwd-lane-silent": "refused"}))
	all, err := standing(t.Context(), "prod", alarmStates{"cutover-prod-core-fwd-lag-high": "deaf", "cutover-prod-core-fwd-conflicts": "deaf"})
	require.NoError(t, err)
	for _, each := range all {
		assert.Equal(t, each.Name == "cutover-prod-core-fwd-lag-high", each.Deaf, each.Name+": a count that is silent is no fault")
	}
}

func TestEveryAlarmOfTheMigrationIsLookedFor(t *testing.T) {
	all, err := standing(t.Context(), "prod", alarmStates{"cutover-prod-migration-unsafe": "OK", "cutover-prod-core-fwd-lane-halted": "ALARM"})
	require.NoError(t, err)
	by := map[string]preflight.Alarm{}
	for _, each := range all {
		by[each.Name] = each
	}
	assert.Equal(t, preflight.Alarm{Name: "cutover-prod-migration-unsafe", State: "OK"}, preflight.Alarm{Name: by["cutover-prod-migration-unsafe"].Name, State: by["cutover-prod-migration-unsafe"].State})
	assert.Equal(t, "ALARM", by["cutover-prod-core-fwd-lane-halted"].State)
	assert.Contains(t, by, "cutover-prod-core-rev-canary-lost")
	assert.Empty(t, by["cutover-prod-core-rev-canary-lost"].State, "it does not exist")
	assert.NotContains(t, by, "cutover-prod-sessions-fwd-lane-silent", "a switch moves the databases")
	assert.Greater(t, len(all), 30)
}

func TestRecordsAreReadAsTheyStand(t *testing.T) {
	place := traffic.Place{PublicName: "pay.example"}
	assert.Equal(t, preflight.Names{Name: "pay.example", Records: []preflight.Record{{Side: naming.Blue, Weight: 100}, {Side: naming.Green}}},
		records(place, steering.Reality{
			Blue: steering.Side{Exists: true, Weight: 100}, Green: steering.Side{Exists: true, Shut: true, HalfShut: true},
		}), "what somebody has changed by hand is not shut")
	assert.Len(t, records(place, steering.Reality{Blue: steering.Side{Exists: true, Weight: 1}}).Records, 1, "a side that is not ready has no record")
}
