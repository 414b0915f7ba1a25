package preflight

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/naming"
)

// lines are findings as an operator reads them, the status first.
func lines(findings []Finding) []string {
	list := []string{}
	for _, f := range findings {
		list = append(list, string(f.Status)+" "+f.String())
	}
	return list
}

// What is not known does not hold, and what does not exist is said.
func TestAFactWithoutAnAnswerHoldsNothing(t *testing.T) {
	look := func(int) []Finding { return nil }
	for name, c := range map[string]struct {
		fact Fact[int]
		want []string
	}{
		"an answer":       {Known(3), []string{}},
		"no such source":  {Fact[int]{Absent: "there are no stars"}, []string{"n/a sky: not applicable here: there are no stars"}},
		"no answer":       {Answer(0, errors.New("clouds")), []string{"refuse sky: cannot be known: clouds, expected stars"}},
		"nobody asked":    {Fact[int]{}, []string{"refuse sky: cannot be known: nobody has asked, expected stars"}},
		"an answer again": {Answer(0, nil), []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, lines(judge(c.fact, "sky", "stars", look)))
		})
	}
}

func TestFactsTravelAsJSON(t *testing.T) {
	scratch := int64(7)
	sent := Facts{
		Rooms: map[naming.Color]Fact[Room]{naming.Blue: Known(Room{Volume: 5, Scratch: &scratch})}, Window: Known(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)),
		Names: Fact[Names]{Unknown: "throttled"}, Alarms: Fact[[]Alarm]{Absent: "none here"},
	}
	text, err := json.Marshal(sent)
	require.NoError(t, err)
	var got Facts
	require.NoError(t, json.Unmarshal(text, &got))
	assert.Equal(t, sent, got)
	assert.NotContains(t, string(text), "functions", "what nobody has asked is left out")
}

func TestTheStatusOfACheckIsItsGravest(t *testing.T) {
	of := func(list ...Status) Status {
		findings := []Finding{}
		for _, status := range list {
			findings = append(findings, Finding{Status: status})
		}
		return worst(findings)
	}
	assert.Equal(t, OK, of())
	assert.Equal(t, OK, of(Note))
	assert.Equal(t, NotHere, of(Note, NotHere))
	assert.Equal(t, Warn, of(NotHere, Warn))
	assert.Equal(t, Refuse, of(Refuse, Warn, NotHere))
}

func TestTheNameMustLeadToReadySidesOnly(t *testing.T) {
	blue, green := Record{Side: naming.Blue, Weight: 100}, Record{Side: naming.Green, Shut: true}
	alter := func(r Record, change func(*Record)) Record { change(&r); return r }
	for name, c := range map[string]struct {
		records []Record
		want    []string
	}{
		"all to blue, green shut": {[]Record{blue, green}, []string{}},
		"no record of green":      {[]Record{blue}, []string{}},
		"no record":               {nil, []string{"refuse public name pay.example: has no record, expected a weighted record: deploy the edge layer"}},
		"at the step":             {[]Record{alter(blue, func(r *Record) { r.Weight = 75 }), alter(green, func(r *Record) { r.Weight, r.Shut = 25, false })}, []string{}},
		"below the step": {[]Record{alter(blue, func(r *Record) { r.Weight = 90 }), alter(green, func(r *Record) { r.Weight, r.Shut = 10, false })}, []string{
			"refuse public name pay.example: green 10 %, blue 90 % (weights 10 and 90), expected 0 or 25 % for green: traffic:shift -to=25",
		}},
		"weight 0 and not shut": {[]Record{blue, alter(green, func(r *Record) { r.Shut = false })}, []string{
			"refuse public name pay.example: green has weight 0 and would be answered when the other side is unhealthy, expected a health check that is shut, or no record: traffic:hold, then rollback:edge puts it right",
		}},
		"all 0": {[]Record{alter(blue, func(r *Record) { r.Weight, r.Shut = 0, true }), green}, []string{
			"refuse public name pay.example: all weights are 0, expected one above 0: with none all sides are answered alike",
		}},
		"unequal TTLs": {[]Record{alter(blue, func(r *Record) { r.TTL = 60 }), alter(green, func(r *Record) { r.TTL = 30 })}, []string{
			"refuse public name pay.example: green has a TTL of 30 s, blue one of 60 s, expected equal ones: deploy the edge layer",
		}},
		"long TTLs": {[]Record{alter(blue, func(r *Record) { r.TTL = 300 })}, []string{
			"refuse public name pay.example: blue has a TTL of 300 s, expected at most 60 s: deploy the edge layer",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, lines(Facts{}.names(Names{Name: "pay.example", Records: c.records})))
		})
	}
}

func TestAlarmsMustBeThereAndQuiet(t *testing.T) {
	for name, c := range map[string]struct {
		alarm Alarm
		want  []string
	}{
		"OK":                   {Alarm{Name: "a", State: "OK"}, []string{}},
		"no data of what runs": {Alarm{Name: "a", State: "INSUFFICIENT_DATA"}, []string{"refuse alarm a: is INSUFFICIENT_DATA, expected OK: docs/alarms.md says what to do"}},
		"on":                   {Alarm{Name: "a", State: "ALARM"}, []string{"refuse alarm a: is ALARM, expected OK: docs/alarms.md says what to do"}},
		"missing":              {Alarm{Name: "a"}, []string{"refuse alarm a: does not exist, expected it: deploy the observability layer"}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, lines(alarms([]Alarm{c.alarm}))) })
	}
	assert.Equal(t, []string{"refuse alarms: there are none, expected those of the migration: deploy the observability layer"}, lines(alarms(nil)))
}

func TestSizesAreReadable(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1024: "1.0 KiB", 3 << 29: "1.5 GiB", 5 << 50: "5120.0 TiB"} {
		assert.Equal(t, want, Size(bytes))
	}
}

// The check only warns: nothing it finds forbids a switch.
func TestAlarmsThatDoNotHearSilenceAreToldOf(t *testing.T) {
	const want = "warn alarms: %s, expected observability:migration to be running in the stack file, then deploy:observability"
	for name, c := range map[string]struct {
		fact Fact[[]Alarm]
		want []string
	}{
		"all hear it":    {Known([]Alarm{{Name: "a", State: "OK"}, {Name: "b", State: "OK"}}), []string{}},
		"one does not":   {Known([]Alarm{{Name: "a", State: "OK", Deaf: true}, {Name: "b"}}), []string{fmt.Sprintf(want, "1 stay quiet when a lane or the watchdog of a switch falls silent")}},
		"AWS is silent":  {Fact[[]Alarm]{Unknown: "throttled"}, []string{fmt.Sprintf(want, "cannot be known: throttled")}},
		"nobody asked":   {Fact[[]Alarm]{}, []string{fmt.Sprintf(want, "cannot be known: nobody has asked")}},
		"no alarms here": {Fact[[]Alarm]{Absent: "local"}, []string{"n/a alarms: not applicable here: local"}},
	} {
		t.Run(name, func(t *testing.T) {
			findings, err := listening(t.Context(), &Subject{Facts: Facts{Alarms: c.fact}})
			require.NoError(t, err)
			assert.Equal(t, c.want, lines(findings))
		})
	}
}
