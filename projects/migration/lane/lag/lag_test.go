package lag_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/lag"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// every has a canary every second up to now, each as late as late says.
func every(seconds int, late func(second int) time.Duration) lag.Window {
	var all []lag.Sample
	for i := range seconds {
		all = append(all, lag.Sample{At: start.Add(time.Duration(i) * time.Second), Took: late(i)})
	}
	return lag.Window(nil).Add(all, time.Hour)
}

func steady(int) time.Duration { return 80 * time.Millisecond }

// without is a window without the canaries of some seconds.
func without(w lag.Window, from, to int) lag.Window {
	var kept lag.Window
	for _, s := range w {
		if second := int(s.At.Sub(start) / time.Second); second < from || second >= to {
			kept = append(kept, s)
		}
	}
	return kept
}

// A lane is close to its source when 99 of 100 canaries of five minutes were fast; what
// was not measured, or not for long enough, or not lately, is not known.
func TestALagIsKnownOnlyWhereItWasMeasuredWithoutAHole(t *testing.T) {
	slow := func(n int) func(int) time.Duration {
		return func(i int) time.Duration {
			if i >= 500 && i < 500+n {
				return 3 * time.Second
			}
			return steady(i)
		}
	}
	end := start.Add(599 * time.Second)
	for name, c := range map[string]struct {
		window lag.Window
		now    time.Time
		known  bool
		p99    time.Duration
		says   string
	}{
		"all fast":                       {every(600, steady), end, true, 80 * time.Millisecond, "p99 80ms, median 80ms of 301 canaries in 5m0s"},
		"three of 301 are slow":          {every(600, slow(3)), end, true, 80 * time.Millisecond, "p99 80ms"},
		"four of 301 are slow":           {every(600, slow(4)), end, true, 3 * time.Second, "p99 3s, median 80ms"},
		"slow before the window":         {every(600, func(i int) time.Duration { return map[bool]time.Duration{true: time.Minute}[i < 290] }), end, true, 0, "p99 0s"},
		"nothing":                        {nil, end, false, 0, "no canary has told a lag"},
		"for four minutes only":          {every(270, steady), start.Add(270 * time.Second), false, 0, "no canary has told a lag for 31s"},
		"too few":                        {every(200, steady), start.Add(200 * time.Second), false, 0, "200 canaries have told a lag in 5m0s, expected 240 or more"},
		"a hole of six seconds":          {without(every(600, steady), 400, 405), end, false, 0, "no canary has told a lag for 6s, expected one every 5s"},
		"two seconds are missing":        {without(every(600, steady), 400, 402), end, true, 80 * time.Millisecond, "299 canaries"},
		"a hole at the beginning":        {without(every(600, steady), 0, 306), end, false, 0, "no canary has told a lag for 7s"},
		"a hole before the window":       {without(every(600, steady), 200, 301), end, true, 80 * time.Millisecond, "299 canaries"},
		"told half a minute ago":         {every(600, steady), end.Add(30 * time.Second), true, 80 * time.Millisecond, "p99"},
		"told longer ago":                {every(600, steady), end.Add(31 * time.Second), false, 0, "31s old, expected 30s at most"},
		"by a clock that is behind":      {every(600, steady), end.Add(-time.Minute), true, 80 * time.Millisecond, "p99"},
		"by two processes, out of order": {every(300, steady).Add(every(600, steady)[300:], time.Hour), end, true, 80 * time.Millisecond, "301 canaries"},
	} {
		t.Run(name, func(t *testing.T) {
			found := c.window.Judge(c.now, lag.Defaults())
			assert.Equal(t, c.known, found.Known, found.Detail)
			assert.Equal(t, c.p99, found.P99)
			assert.Contains(t, found.Detail, c.says)
		})
	}
}

// When a cutover is no longer kept waiting: at once, when what closes the gate has left the
// window, or when enough was measured.
func TestAWindowTellsWhenItOpens(t *testing.T) {
	end := start.Add(599 * time.Second)
	late := func(from, to int) lag.Window {
		return every(600, func(i int) time.Duration {
			if i >= from && i < to {
				return 2 * time.Second
			}
			return steady(i)
		})
	}
	for name, c := range map[string]struct {
		window lag.Window
		now    time.Time
		opens  time.Duration // from now
	}{
		"open":                    {every(600, steady), end, 0},
		"told ten seconds ago":    {every(600, steady), end.Add(10 * time.Second), 0},
		"nothing is told":         {nil, end, 296 * time.Second},
		"for four minutes only":   {every(240, steady), start.Add(239 * time.Second), 56 * time.Second},
		"three late, one too few": {late(596, 599), end, 0},
		"four late ones":          {late(500, 504), end, 201 * time.Second},
		"all of a minute late":    {late(540, 600), end, 297 * time.Second},
		"silent for a minute":     {every(600, steady), end.Add(time.Minute), 296 * time.Second},
	} {
		opens := c.window.Opens(c.now, lag.Defaults())
		assert.InDelta(t, c.opens.Seconds(), opens.Sub(c.now).Seconds(), 1, "%s: %s", name, opens.Sub(c.now))
	}
	ahead := every(600, steady)
	for i := range ahead {
		ahead[i].At = ahead[i].At.Add(24 * time.Hour)
		ahead[i].Took = 2 * time.Second
	}
	assert.False(t, ahead.Opens(end, lag.Defaults()).Before(end.Add(24*time.Hour)), "by the source's clock")
}

// A canary counts from before it was written until a commit of its time is applied,
// also when that is known before its writer hears that it is written.
func TestACanaryIsMeasuredFromBeforeItIsWritten(t *testing.T) {
	m := &lag.Meter{}
	source := start.Add(time.Hour) // another clock
	m.Wrote(source, start)
	m.Applied(source.Add(-time.Millisecond), start.Add(50*time.Millisecond))
	assert.Empty(t, m.Take(), "an earlier commit says nothing")
	m.Applied(source.Add(time.Millisecond), start.Add(120*time.Millisecond))
	assert.Equal(t, []lag.Sample{{At: source, Took: 120 * time.Millisecond}}, m.Take())
	assert.Empty(t, m.Take())

	second := source.Add(time.Second)
	m.Applied(second, start.Add(1030*time.Millisecond))
	m.Wrote(second, start.Add(time.Second))
	assert.Equal(t, []lag.Sample{{At: second, Took: 30 * time.Millisecond}}, m.Take())

	for i := range 4 { // the lane stands still for a while
		m.Wrote(second.Add(time.Duration(i+1)*time.Second), start.Add(time.Duration(i+2)*time.Second))
	}
	m.Applied(second.Add(time.Hour), start.Add(6*time.Second))
	var took []time.Duration
	for _, s := range m.Take() {
		took = append(took, s.Took)
	}
	assert.Equal(t, []time.Duration{4 * time.Second, 3 * time.Second, 2 * time.Second, time.Second}, took)
	(*lag.Meter)(nil).Wrote(source, start)
	(*lag.Meter)(nil).Applied(source, start)
}

// What an item holds is short, and comes back as it was to the millisecond.
func TestAWindowIsToldShortly(t *testing.T) {
	w := every(305, steady)
	text, err := json.Marshal(w)
	require.NoError(t, err)
	assert.Less(t, len(text), 8000)
	var back lag.Window
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, w, back)
	require.Error(t, json.Unmarshal([]byte(`[[1]]`), &back))
}
