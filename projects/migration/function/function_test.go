package function

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/gauge"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

const someDatabases = `{"blue": {"host": "127.0.0.1", "port": 1, "name": "p", "plain": true, "logins": {"bgsync_reader": "file:/nowhere"}},
	"green": {"host": "127.0.0.1", "port": 1, "name": "p", "plain": true, "logins": {"bgsync_apply": "file:/nowhere", "bgsync_ddl": "file:/nowhere"}}}`

func lookupIn(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { value, known := variables[name]; return value, known }
}

func TestWrongVariablesAreToldTogether(t *testing.T) {
	_, err := NewLane(t.Context(), lookupIn(nil), nil)
	for _, name := range []string{VariablePlatform, VariableColor, VariableDatabases, VariableStore} {
		require.ErrorContains(t, err, "variable "+name+": is missing")
	}
	_, err = NewLane(t.Context(), lookupIn(map[string]string{
		VariablePlatform: "prod", VariableColor: "red", VariableDatabases: "{}", VariableStore: "control",
	}), nil)
	for _, part := range []string{
		`variable COLOR is "red"`, "variable DATABASES: blue: is missing", `variable CONTROL_STORE is "control": expected table:<name> or folder:<path>`,
	} {
		require.ErrorContains(t, err, part)
	}
}

// A schedule starts the function from the deployment on, long before there is a
// lane: until somebody has started that, no login is read and nothing is reached.
func TestALaneThatNobodyHasStartedReachesNoDatabase(t *testing.T) {
	folder := t.TempDir()
	handle, err := NewLane(t.Context(), lookupIn(map[string]string{
		VariablePlatform: "local", VariableColor: "green", VariableDatabases: someDatabases, VariableStore: "folder:" + folder,
	}), &bytes.Buffer{})
	require.NoError(t, err)
	answer, err := handle(t.Context(), LaneEvent{})
	require.NoError(t, err)
	assert.Equal(t, LaneAnswer{Lane: "core.fwd", Idle: NotWanted}, answer)

	store := &control.File{Folder: folder}
	require.NoError(t, Want(t.Context(), store, "core.fwd", true))
	_, err = handle(t.Context(), LaneEvent{})
	require.ErrorContains(t, err, "login of bgsync_reader on blue: secret file:/nowhere")

	require.NoError(t, Want(t.Context(), store, "core.fwd", false))
	answer, err = handle(t.Context(), LaneEvent{})
	require.NoError(t, err)
	assert.Equal(t, NotWanted, answer.Idle)
}

func TestStartingALaneLeavesItsLeaseAlone(t *testing.T) {
	store := &control.Memory{}
	leases := control.Leases{Store: store, TTL: time.Minute, Now: time.Now}
	require.NoError(t, leases.Acquire(t.Context(), control.LaneItem("core.fwd"), "one"))
	require.NoError(t, Want(t.Context(), store, "core.fwd", true))
	require.ErrorIs(t, leases.Acquire(t.Context(), control.LaneItem("core.fwd"), "other"), control.ErrHeld)
	wanted, err := Wanted(t.Context(), store, "core.fwd")
	require.NoError(t, err)
	assert.True(t, wanted)
}

// measured makes a watch over a store in memory.
func measured(out *bytes.Buffer, now *time.Time) *watch {
	return newWatch(&parts{
		platform: "prod", color: naming.Green, store: &control.Memory{}, out: out, now: func() time.Time { return *now },
	}, lane.Endpoints{})
}

func TestSpeedsAreTakenOverMinutesAndStartAnewWithEachState(t *testing.T) {
	now := time.Unix(1_790_000_000, 0).UTC()
	w := measured(&bytes.Buffer{}, &now)
	begin := now
	var told Progress
	for minute := range 20 {
		snapshot := gauge.Snapshot{Lane: "core.fwd", State: checkpoint.Loading, Generation: 1, At: begin.Add(time.Duration(minute) * time.Minute)}
		snapshot.ChunksLoaded, snapshot.ChunksPlanned, snapshot.Bytes = int64(minute), int64(40-minute), int64(minute*minute)<<20
		var err error
		told, err = w.tell(t.Context(), snapshot, false)
		require.NoError(t, err)
	}
	window := told.At.Sub(told.Since.At)
	assert.Greater(t, window, rateOver)
	assert.LessOrEqual(t, window, 2*rateOver+2*time.Minute, "the beginning is forgotten")
	rate := told.Rate()
	assert.Positive(t, rate.BytesPerSecond)
	assert.Less(t, rate.RemainingLow, 21*time.Minute)
	assert.Greater(t, rate.RemainingHigh, 21*time.Minute, "a chunk a minute, 21 left")

	told, err := w.tell(t.Context(), gauge.Snapshot{Lane: "core.fwd", State: checkpoint.CatchingUp, Generation: 1, At: told.At.Add(time.Second)}, false)
	require.NoError(t, err)
	assert.Zero(t, told.Rate(), "another state")
	read, absent, err := ReadProgress(t.Context(), w.store, "core.fwd")
	require.NoError(t, err)
	require.False(t, absent)
	assert.Greater(t, read.Revision, told.Revision, "whatever is told changes the item")
	told.Revision = read.Revision
	assert.Equal(t, told, read)
}

// lines are what was emitted, by metric.
func lines(t *testing.T, out *bytes.Buffer) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	for line := range strings.Lines(out.String()) {
		var fields map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &fields))
		assert.Equal(t, "prod", fields["Platform"])
		assert.Equal(t, "core.fwd", fields["Lane"])
		assert.Equal(t, "forward", fields["Direction"])
		for name, value := range fields {
			if number, isNumber := value.(float64); isNumber {
				values[name] = number
			}
		}
	}
	return values
}

func TestCountersAreEmittedAsWhatWasAddedSinceTheLastTime(t *testing.T) {
	now := time.Unix(1_790_000_000, 0).UTC()
	out := &bytes.Buffer{}
	w := measured(out, &now)
	snapshot := gauge.Snapshot{Lane: "core.fwd", State: checkpoint.Running, Generation: 1, At: now, Transactions: 100, Echoes: 7, Followed: true, LagSeconds: 0.4}
	for _, transactions := range []int64{100, 110, 140} {
		snapshot.Transactions, snapshot.At = transactions, snapshot.At.Add(time.Minute)
		told, err := w.tell(t.Context(), snapshot, true)
		require.NoError(t, err)
		out.Reset()
		require.NoError(t, w.emit(told))
	}
	values := lines(t, out)
	assert.Equal(t, 30.0, values["AppliedTransactions"])
	assert.Equal(t, 0.4, values["LagSeconds"])
	assert.Equal(t, 4.0, values["LaneState"])
	assert.Equal(t, 0.0, values["Conflicts"], "zero is told too: missing data raises alarms")
}

// What is applied is told once, by the names, units and dimensions of the catalogue;
// of nothing there is neither a time nor a ratio.
func TestWhatIsAppliedIsEmittedOnce(t *testing.T) {
	now := time.Unix(1_790_000_000, 0).UTC()
	out := &bytes.Buffer{}
	w := measured(out, &now)
	w.tally.Add(apply.Applied{Rows: 30, Bytes: 900, Written: 10}, 4*time.Microsecond)
	w.tally.Add(apply.Applied{Rows: 20, Bytes: 100, Written: 10}, 1250*time.Microsecond)
	progress := Progress{Snapshot: gauge.Snapshot{Lane: "core.fwd", State: checkpoint.Running, At: now}}
	require.NoError(t, w.emit(progress))
	line := out.String()
	values := lines(t, out)
	assert.Equal(t, 50.0, values["AppliedRows"])
	assert.Equal(t, 1000.0, values["AppliedBytes"])
	assert.InDelta(t, 1.25, values["BatchMilliseconds"], 0)
	assert.InDelta(t, 2.5, values["CollapseRatio"], 0)
	for name, unit := range map[string]string{"AppliedRows": "Count", "AppliedBytes": "Bytes", "BatchMilliseconds": "Milliseconds", "CollapseRatio": "None"} {
		assert.Contains(t, line, `{"Dimensions":[["Platform","Store","Lane","Direction"]],"Metrics":[{"Name":"`+name+`","Unit":"`+unit+`"}],"Namespace":"Cutover/Sync"}`)
	}

	out.Reset()
	require.NoError(t, w.emit(progress))
	values = lines(t, out)
	assert.Zero(t, values["AppliedRows"])
	assert.Contains(t, values, "AppliedBytes", "zero is told")
	assert.NotContains(t, values, "BatchMilliseconds")
	assert.NotContains(t, values, "CollapseRatio")
}

// Without a commit that has arrived there is no age, and none is made up.
func TestALoadEmitsItsTablesAndNoLag(t *testing.T) {
	now := time.Unix(1_790_000_000, 0).UTC()
	out := &bytes.Buffer{}
	w := measured(out, &now)
	table := gauge.Table{Name: "payments.account", Load: gauge.Load{ChunksPlanned: 3, ChunksLoaded: 1, Rows: 10, Bytes: 20}}
	snapshot := gauge.Snapshot{Lane: "core.fwd", State: checkpoint.Loading, Generation: 1, At: now, Load: table.Load, Tables: []gauge.Table{table}}
	require.NoError(t, w.emit(Progress{Snapshot: snapshot}))
	values := lines(t, out)
	assert.NotContains(t, values, "Throttled", "nobody measures")
	assert.Equal(t, 3.0, values["ChunksRemaining"])
	assert.Equal(t, 10.0, values["LoadRows"])
	assert.NotContains(t, values, "LagSeconds")
	assert.NotContains(t, values, "CanaryRoundTripSeconds")
	out.Reset()
	snapshot.Throttle = &gauge.Throttle{Withheld: 1}
	require.NoError(t, w.emit(Progress{Snapshot: snapshot}))
	assert.Equal(t, 100.0, lines(t, out)["Throttled"], "what the alarm is for: nothing may begin")
}

// What only the end of an invocation tells is emitted then; how much a load was
// slowed down, only where one was.
func TestTheEndOfAnInvocationTellsWhatItSkippedAndHowItWasSlowedDown(t *testing.T) {
	now := time.Unix(1_790_000_000, 0).UTC()
	out := &bytes.Buffer{}
	ended, cancel := context.WithCancel(t.Context())
	cancel() // nothing is measured in the databases
	measured(out, &now).finish(ended, lane.Report{TornSkip: 1500 * time.Millisecond}, nil, now)
	values := lines(t, out)
	assert.Equal(t, 1.5, values["TornSkipSeconds"])
	assert.NotContains(t, values, "Throttled")
	out.Reset()
	w := measured(out, &now)
	w.tally.Add(apply.Applied{Rows: 3, Bytes: 30, Written: 3}, time.Millisecond)
	w.finish(ended, lane.Report{}, nil, now)
	assert.Equal(t, 3.0, lines(t, out)["AppliedRows"], "told although the databases cannot be read")
	out.Reset()
	measured(out, &now).finish(ended, lane.Report{LoadedRows: 7, Throttled: 0.25}, nil, now)
	assert.Equal(t, 25.0, lines(t, out)["Throttled"])
}

// How an invocation ended is told whatever it did: that another one had the lane, that
// the slot was in use, how much of the time some invocation ran.
func TestTheEndOfAnInvocationTellsWhoHadTheLane(t *testing.T) {
	began := time.Unix(1_790_000_000, 0).UTC()
	for name, test := range map[string]struct {
		failure    error
		lost, busy float64
	}{
		"well":           {},
		"lost":           {failure: fmt.Errorf("claim: %w", checkpoint.ErrOwnershipLost), lost: 1},
		"busy":           {failure: fmt.Errorf("start: %w", lane.ErrBusy), busy: 1},
		"something else": {failure: errors.New("unreachable")},
	} {
		t.Run(name, func(t *testing.T) {
			now := began.Add(90 * time.Second)
			out := &bytes.Buffer{}
			w := measured(out, &now)
			former, err := json.Marshal(Progress{Ended: began.Add(-10 * time.Second)})
			require.NoError(t, err)
			require.NoError(t, w.store.Put(t.Context(), items.LoadItem(w.lane()), control.Item{Rev: 1, Fields: map[string]string{snapshotField: string(former)}}))
			w.finish(t.Context(), lane.Report{}, test.failure, began)
			values := lines(t, out)
			assert.Equal(t, test.lost, values["ClaimLost"])
			assert.Equal(t, test.busy, values["SlotBusy"])
			assert.Equal(t, 90.0, values["DutyCycle"], "90 of the 100 seconds since the one before has ended")
			assert.Equal(t, 10_000.0, values["HandoverMilliseconds"])
		})
	}
}

// A halt is one structured line of the function's log, with the fields that the saved
// query asks for.
func TestAHaltIsALineOfTheLog(t *testing.T) {
	out := &bytes.Buffer{}
	p := &parts{color: naming.Green, out: out}
	p.halted(checkpoint.NewHalt(checkpoint.Gap, "slot %s does not exist", "bgsync_core_fwd_g1"), checkpoint.Row{Generation: 1, Applied: 0x10002})
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	delete(line, "time")
	assert.Equal(t, map[string]any{
		"level": "ERROR", "msg": "lane halted", "lane": "core.fwd", "halt_code": "gap", "reason": "slot bgsync_core_fwd_g1 does not exist",
		"generation": 1.0, "applied": "0/10002",
	}, line)
}

// For whom a builder waits stands in the log as often as its metrics do, one line a session.
func TestForWhomABuilderWaitsIsLogged(t *testing.T) {
	now := time.Unix(1_790_000_000, 0).UTC()
	out := &bytes.Buffer{}
	w := measured(out, &now)
	w.waits(nil)
	assert.Empty(t, out.String())
	w.waits([]gauge.Wait{{Object: "index by_day", Table: "payments.receipt", PID: 4711, Application: "batch", State: "active", AgeSeconds: 90.4}})
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	delete(line, "time")
	assert.Equal(t, map[string]any{
		"level": "WARN", "msg": "builder waits for a lock", "lane": "core.fwd", "object": "index by_day", "table": "payments.receipt",
		"pid": 4711.0, "application": "batch", "state": "active", "age_seconds": 90.0,
	}, line)
}
