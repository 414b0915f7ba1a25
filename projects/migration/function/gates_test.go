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
