package function

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/lag"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/traffic"
)

// telling is a store in which a lane has told its lags: one canary every second for
// six minutes.
func telling(t *testing.T, lane string, took time.Duration, now time.Time) *control.Memory {
	t.Helper()
	var p Progress
	for i := range 360 {
		p.Lags = append(p.Lags, lag.Sample{At: now.Add(time.Duration(i-360) * time.Second).Truncate(time.Millisecond), Took: took})
	}
	text, err := json.Marshal(p)
	require.NoError(t, err)
	store := &control.Memory{}
	require.NoError(t, store.Put(t.Context(), items.LoadItem(lane), control.Item{Rev: 1, Fields: map[string]string{snapshotField: string(text)}}))
	return store
}

// A switch to green asks how far its lane was behind in the last minutes. The way back
// is not asked: what was slow is why one goes back.
func TestASwitchAsksForTheLagOfTheLastMinutes(t *testing.T) {
	now := time.Now()
	unreadable := &control.Memory{}
	require.NoError(t, unreadable.Put(t.Context(), items.LoadItem("core.fwd"), control.Item{Rev: 1, Fields: map[string]string{snapshotField: "{"}}))
	for name, c := range map[string]struct {
		store   control.Store
		verdict switching.Verdict
		says    string
	}{
		"close":                {telling(t, "core.fwd", 999*time.Millisecond, now), switching.Pass, "p99 999ms, median 999ms of 301 canaries in 5m0s, expected p99 below 1s"},
		"behind":               {telling(t, "core.fwd", time.Second, now), switching.Fail, "p99 1s"},
		"silent":               {telling(t, "core.fwd", 0, now.Add(-time.Minute)), switching.Unknown, "1m1s old"},
		"another lane's":       {telling(t, "core.rev", 0, now), switching.Unknown, "lane core.fwd has told nothing"},
		"an unreadable item":   {unreadable, switching.Unknown, "core.fwd"},
		"of a former version":  {noLags(t), switching.Unknown, "no canary has told a lag"},
		"a store out of reach": {control.Store(broken{}), switching.Unknown, "out of reach"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, source := range SwitchGates(c.store, func() time.Time { return now }) {
				if _, is := source.(LagGate); !is {
					continue
				}
				gates := source.Evaluate(t.Context(), switching.Try{From: naming.Blue, To: naming.Green})
				require.Len(t, gates, 1)
				assert.Equal(t, "lag-blue-green", gates[0].Name)
				assert.Equal(t, c.verdict, gates[0].Verdict, gates[0].Detail)
				assert.Contains(t, gates[0].Detail, c.says)
				assert.Empty(t, source.Evaluate(t.Context(), switching.Try{From: naming.Green, To: naming.Blue}))
			}
		})
	}
}

// noLags is what a lane of a former version has told.
func noLags(t *testing.T) *control.Memory {
	t.Helper()
	store := &control.Memory{}
	require.NoError(t, store.Put(t.Context(), items.LoadItem("core.fwd"), control.Item{Rev: 1, Fields: map[string]string{snapshotField: `{"lane": "core.fwd"}`}}))
	return store
}

// broken is a store that cannot be reached.
type broken struct{ control.Store }

func (broken) Get(context.Context, string) (control.Item, error) {
	return control.Item{}, errors.New("out of reach")
}

// steered is a store in which the last decision about the traffic stands.
func steered(t *testing.T, phase traffic.Phase, percent int) *control.Memory {
	t.Helper()
	fields, err := traffic.Record{
		Action: traffic.ActionShift, Phase: phase, From: traffic.At(10), To: traffic.At(percent), Since: time.Unix(1_700_000_000, 0), Who: "ann",
	}.Fields()
	require.NoError(t, err)
	store := &control.Memory{}
	require.NoError(t, store.Put(t.Context(), items.TrafficItem, control.Item{Rev: 1, Fields: fields}))
	return store
}

// The data moves at the step of the ladder that is there for it, or before green serves
// anybody, and not while traffic moves. The way back is not asked. Afterwards the record
// tells the part that green has, whatever it is.
func TestASwitchAsksWhereTheTrafficIs(t *testing.T) {
	spoiled := &control.Memory{}
	require.NoError(t, spoiled.Put(t.Context(), items.TrafficItem, control.Item{Rev: 1, Fields: map[string]string{"to": "x"}}))
	for name, c := range map[string]struct {
		store          control.Store
		before, after  switching.Verdict
		says, saysThen string
	}{
		"at the step":          {steered(t, traffic.Settled, 25), switching.Pass, switching.Pass, "green 25 %", "green 25 %, blue 75 % (weights 25 and 75), settled since 2023-11-14T22:13:20Z"},
		"nobody at green":      {steered(t, traffic.Settled, 0), switching.Pass, switching.Pass, "green 0 %", "green 0 %"},
		"below the step":       {steered(t, traffic.Settled, 10), switching.Fail, switching.Pass, "expected 0 or 25 % for green", "green 10 %"},
		"above the step":       {steered(t, traffic.Settled, 50), switching.Fail, switching.Pass, "green 50 %", "green 50 %"},
		"on its way":           {steered(t, traffic.Moving, 25), switching.Unknown, switching.Pass, "on its way from green 10 %", "moving since"},
		"never moved":          {&control.Memory{}, switching.Pass, switching.Pass, "n/a", "n/a"},
		"an unreadable item":   {spoiled, switching.Unknown, switching.Unknown, "item traffic", "item traffic"},
		"a store out of reach": {broken{}, switching.Unknown, switching.Unknown, "out of reach", "out of reach"},
	} {
		t.Run(name, func(t *testing.T) {
			all := SwitchGates(c.store, time.Now)
			source := all[len(all)-1]
			forth := switching.Try{From: naming.Blue, To: naming.Green}
			gates := source.Evaluate(t.Context(), forth)
			require.Len(t, gates, 1)
			assert.Equal(t, "traffic", gates[0].Name)
			assert.Equal(t, c.before, gates[0].Verdict, gates[0].Detail)
			assert.Contains(t, gates[0].Detail, c.says)
			assert.Empty(t, source.Evaluate(t.Context(), switching.Try{From: naming.Green, To: naming.Blue}))
			checks := source.(switching.Checks).Confirm(t.Context(), forth)
			require.Len(t, checks, 1)
			assert.Equal(t, c.after, checks[0].Verdict, checks[0].Detail)
			assert.Contains(t, checks[0].Detail, c.saysThen)
		})
	}
}
