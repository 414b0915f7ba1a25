package traffic_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/traffic"
)

func TestAShareIsAColoursPartOfTheSum(t *testing.T) {
	for percent := range 101 {
		s := traffic.At(percent)
		require.NoError(t, s.Valid())
		found, exact := s.Percent()
		assert.Equal(t, percent, found)
		assert.True(t, exact)
		assert.InDelta(t, float64(percent)/100, s.Share(naming.Green), 1e-12)
		assert.Equal(t, percent == 0, s.Shut(naming.Green))
		assert.Equal(t, percent == 100, s.Shut(naming.Blue))
	}
	assert.Equal(t, "green 25 %, blue 75 % (weights 25 and 75)", traffic.At(25).String())
	assert.Equal(t, "green 33.3 %, blue 66.7 % (weights 1 and 2)", traffic.Split{Blue: 2, Green: 1}.String())
	_, exact := traffic.Split{Blue: 2, Green: 1}.Percent()
	assert.False(t, exact)
}

func TestBadSplitsAreToldByNameValueAndExpectation(t *testing.T) {
	for text, parts := range map[string][]string{
		`{"blue":0,"green":0}`:     {"weights of both colours are 0", "expected one above 0"},
		`{"blue":256,"green":0}`:   {"weight of blue is 256", "0 to 255"},
		`{"blue":1,"green":-1}`:    {"weight of green is -1"},
		`{"blue":1}`:               {"expected JSON"},
		`{"blue":"1","green":"2"}`: {"expected JSON"},
		``:                         {"expected JSON"},
	} {
		_, err := traffic.ParseSplit(text)
		for _, part := range parts {
			assert.ErrorContains(t, err, part, text)
		}
	}
}

func TestASplitSurvivesItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weight := rapid.IntRange(0, traffic.MaxWeight)
		s := traffic.Split{Blue: weight.Draw(t, "blue"), Green: weight.Draw(t, "green")}
		text, err := s.Encode()
		require.NoError(t, err)
		found, err := traffic.ParseSplit(text)
		require.Equal(t, s.Valid() == nil, err == nil)
		require.Equal(t, s, found)
	})
}

func TestTheLadderHasNoStepBelowWhereTheTrafficIs(t *testing.T) {
	ladder := traffic.Steps()
	for from, want := range map[int]int{0: 1, 1: 5, 3: 5, 5: 10, 10: 25, 25: 50, 50: 100, 99: 100} {
		next, more := ladder.Next(traffic.At(from))
		assert.True(t, more)
		assert.Equal(t, want, next, "from %d", from)
	}
	_, more := ladder.Next(traffic.All(naming.Green))
	assert.False(t, more)
}

func TestSkippedStepsAreNamedAndOnlyOnTheWayUp(t *testing.T) {
	ladder := traffic.Steps()
	assert.Equal(t, traffic.Ladder{1, 5, 10}, ladder.Skipped(traffic.At(0), 25))
	assert.Equal(t, traffic.Ladder{5}, ladder.Skipped(traffic.At(1), 10))
	assert.Empty(t, ladder.Skipped(traffic.At(1), 5))
	assert.Empty(t, ladder.Skipped(traffic.At(50), 1))
	assert.Empty(t, ladder.Skipped(traffic.At(100), 0))
	for _, text := range []string{"2", "101", "-1", "", "5.0", "all"} {
		_, err := ladder.Parse(text)
		assert.ErrorContains(t, err, "expected one of 0, 1, 5, 10, 25, 50, 100", text)
	}
	for _, text := range []string{"25", "25%"} {
		step, err := ladder.Parse(text)
		require.NoError(t, err)
		assert.Equal(t, 25, step)
	}
}

func up() traffic.Move { return traffic.Move{From: traffic.At(1), To: traffic.At(5)} }

func says(v traffic.Verdict) func(context.Context, traffic.Move) traffic.Reading {
	return func(context.Context, traffic.Move) traffic.Reading { return traffic.Reading{Verdict: v} }
}

// A gate of a sync lane, say, is one value more in the list: nothing else is told
// of it.
func TestAnotherGateIsOneValueMore(t *testing.T) {
	gates := []traffic.Gate{{Name: "alarms", Ask: says(traffic.Pass)}}
	require.True(t, traffic.Open(traffic.Ask(t.Context(), gates, up())))

	gates = append(gates, traffic.Gate{Name: "lag", Ask: func(_ context.Context, m traffic.Move) traffic.Reading {
		return traffic.Reading{Verdict: traffic.Fail, Value: "core.fwd 7.2 s", Expect: fmt.Sprintf("below 1 s at %d %%", m.To.Green)}
	}})

	answers := traffic.Ask(t.Context(), gates, up())
	require.False(t, traffic.Open(answers))
	require.Equal(t, traffic.Answer{Gate: "lag", Reading: traffic.Reading{Verdict: traffic.Fail, Value: "core.fwd 7.2 s", Expect: "below 1 s at 5 %"}}, answers[1])
}

func TestWhatWasNotDecidedDoesNotPass(t *testing.T) {
	ended, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	for name, gate := range map[string]traffic.Gate{
		"fail":         {Ask: says(traffic.Fail)},
		"inconclusive": {Ask: says(traffic.Inconclusive)},
		"another":      {Ask: says(traffic.Verdict(7))},
		"zero":         {Ask: func(context.Context, traffic.Move) (r traffic.Reading) { return r }},
		"panic":        {Ask: func(context.Context, traffic.Move) traffic.Reading { panic("no data") }},
		"no answer": {Ask: func(context.Context, traffic.Move) traffic.Reading {
			time.Sleep(time.Hour)
			return traffic.Reading{Verdict: traffic.Pass}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if name == "no answer" {
				ctx = ended
			}
			gate.Name = name
			answers := traffic.Ask(ctx, []traffic.Gate{{Name: "open", Ask: says(traffic.Pass)}, gate}, up())
			assert.False(t, traffic.Open(answers))
			assert.Equal(t, name, answers[1].Gate)
		})
	}
	assert.False(t, traffic.Open(nil), "no gate was asked")
}

func TestGatesOfTheWayUpAreNotAskedOnTheWayBack(t *testing.T) {
	gates := []traffic.Gate{{Name: "alarms", Upward: true, Ask: says(traffic.Fail)}, {Name: "targets", Ask: says(traffic.Pass)}}
	assert.False(t, traffic.Open(traffic.Ask(t.Context(), gates, up())))
	assert.True(t, traffic.Open(traffic.Ask(t.Context(), gates, traffic.Move{From: traffic.At(5), To: traffic.At(1)})))
}

func TestARecordSurvivesItsFieldsAndRefusesOthers(t *testing.T) {
	record := traffic.Record{
		Rev: 7, Action: traffic.ActionShift, Phase: traffic.Moving, From: traffic.At(5), To: traffic.At(10),
		Since: time.Date(2026, 3, 1, 2, 3, 4, 5, time.UTC), Who: "ada@ops1", Reason: "plan", Change: "C1", Hold: "h", Gates: "alarms pass",
	}
	fields, err := record.Fields()
	require.NoError(t, err)
	assert.Equal(t, "10", fields["step"])
	assert.Equal(t, "1, 5, 10, 25, 50, 100", fields["ladder"])
	found, err := traffic.DecodeRecord(7, fields)
	require.NoError(t, err)
	assert.Equal(t, record, found)

	for field, value := range map[string]string{"to": "{}", "from": "", "since": "yesterday", "state": "gone", "action": "x"} {
		broken, err := record.Fields()
		require.NoError(t, err)
		broken[field] = value
		_, err = traffic.DecodeRecord(7, broken)
		assert.ErrorContains(t, err, "item traffic, revision 7", field)
	}
}

func TestARecordAccountsForBothEndsOnlyWhileItMoves(t *testing.T) {
	r := traffic.Record{Phase: traffic.Moving, From: traffic.At(5), To: traffic.At(10)}
	assert.True(t, r.Explains(traffic.At(5)))
	assert.True(t, r.Explains(traffic.At(10)))
	assert.False(t, r.Explains(traffic.At(25)))
	r.Phase = traffic.Settled
	assert.False(t, r.Explains(traffic.At(5)))
}

func TestAReleaseTellsWhichPartsAreOthers(t *testing.T) {
	r := traffic.Release{Parts: map[string]string{"rules": "a", "firewall": "b", "names": "c"}}
	assert.Empty(t, r.Differs(map[string]string{"rules": "a", "firewall": "b", "names": "c"}))
	assert.Equal(t, []string{"firewall", "names", "other"}, r.Differs(map[string]string{"rules": "a", "firewall": "x", "other": "d"}))
	for _, text := range []string{"", "0", "-3", "v12"} {
		_, err := traffic.ParseRelease(text)
		assert.ErrorContains(t, err, "rollback:list", text)
	}
}
