package move

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	"github.com/cutover/cutover/projects/migration/lane/lag"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// The page shows what the gate of the lag has measured, and until when it would keep a
// cutover arming. Where the next switch is no cutover, or nothing runs, nobody asks it.
func TestTheStatusTellsTheGateOfTheLag(t *testing.T) {
	page := func(holder naming.Color, state checkpoint.State, seconds int, took time.Duration, at time.Time) Status {
		store := &control.Memory{}
		put(t, store, items.AuthorityItem, items.Token{Epoch: 1, Holder: holder, Phase: items.PhaseOpen}.Fields())
		for _, color := range naming.Colors() {
			p := function.Progress{Snapshot: gauge.Snapshot{Lane: function.Lane(color), At: at, State: state}}
			for i := range seconds {
				p.Lags = append(p.Lags, lag.Sample{At: noon.Add(time.Duration(i+1-seconds) * time.Second), Took: took})
			}
			text, err := json.Marshal(p)
			require.NoError(t, err)
			put(t, store, items.LoadItem(p.Lane), map[string]string{"snapshot": string(text)})
		}
		s := ReadStatus(t.Context(), store, noon)
		require.NoError(t, s.Err())
		require.Nil(t, s.Lanes[1].Gate, "of the lane back")
		return s
	}
	open := page(naming.Blue, checkpoint.Running, 400, 320*time.Millisecond, noon)
	assert.Equal(t, &Gate{Holds: true, Detail: "p99 320ms, median 320ms of 301 canaries in 5m0s, expected p99 below 1s"}, open.Lanes[0].Gate)
	assert.Contains(t, open.String(), "lag for a cutover: p99 320ms")
	young := page(naming.Blue, checkpoint.Running, 240, 0, noon)
	assert.False(t, young.Lanes[0].Gate.Holds)
	assert.WithinDuration(t, noon.Add(56*time.Second), young.Lanes[0].Gate.Opens, time.Second)
	assert.Contains(t, young.String(), "lag: a cutover would be kept arming until "+young.Lanes[0].Gate.Opens.Local().Format("15:04:05")+" at the earliest: no canary has told a lag for")
	late := page(naming.Blue, checkpoint.Running, 400, 2*time.Second, noon)
	assert.WithinDuration(t, noon.Add(297*time.Second), late.Lanes[0].Gate.Opens, time.Second)
	assert.Contains(t, late.String(), "p99 2s, median 2s of 301 canaries in 5m0s, expected p99 below 1s")
	for why, s := range map[string]Status{
		"the next switch is a rollback": page(naming.Green, checkpoint.Running, 400, 0, noon),
		"it loads":                      page(naming.Blue, checkpoint.Loading, 0, 0, noon),
		"it is silent":                  page(naming.Blue, checkpoint.Running, 400, 0, noon.Add(-2*time.Minute)),
	} {
		assert.Nil(t, s.Lanes[0].Gate, why)
		assert.NotContains(t, s.String(), "for a cutover", why)
	}
	assert.Equal(t, "lag: a cutover would be kept arming: a clock is off", Gate{Detail: "a clock is off"}.String())
}
