package lane_test

import (
	"testing"

	"github.com/jackc/pglogrepl"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// sound are facts and a checkpoint that fit each other.
func sound() (lane.Facts, checkpoint.Row) {
	return lane.Facts{
			DB: "d", System: "s", Timeline: 3, Insert: 200, SlotExists: true, SlotPlugin: "pgoutput", SlotHere: true, SlotStatus: "reserved", SlotConfirmed: 90,
		}, checkpoint.Row{
			Lane: "core.fwd", Generation: 2, Slot: "bgsync_core_fwd_g2", SourceDB: "d", SourceSystem: "s", SourceTimeline: 3, Base: 50, Applied: 100,
		}
}

func TestTheStreamStartsOnlyFromWhereTheTargetIs(t *testing.T) {
	facts, row := sound()
	require.NoError(t, lane.Judge(facts, &row))
	for name, test := range map[string]struct {
		change func(*lane.Facts, *checkpoint.Row)
		want   checkpoint.HaltCode
	}{
		"another database":     {func(f *lane.Facts, _ *checkpoint.Row) { f.DB = "e" }, checkpoint.SourceIdentity},
		"no identity":          {func(f *lane.Facts, _ *checkpoint.Row) { f.DB = "" }, checkpoint.SourceIdentity},
		"another system":       {func(f *lane.Facts, _ *checkpoint.Row) { f.System = "t" }, checkpoint.SourceIdentity},
		"another timeline":     {func(f *lane.Facts, _ *checkpoint.Row) { f.Timeline = 4 }, checkpoint.SourceIdentity},
		"a source in the past": {func(f *lane.Facts, _ *checkpoint.Row) { f.Insert = 99 }, checkpoint.SourceRewound},
		"no slot": {func(f *lane.Facts, _ *checkpoint.Row) {
			*f = lane.Facts{DB: "d", System: "s", Timeline: 3, Insert: 200}
		}, checkpoint.Gap},
		"a slot of another plugin":  {func(f *lane.Facts, _ *checkpoint.Row) { f.SlotPlugin = "test_decoding" }, checkpoint.Gap},
		"a slot elsewhere":          {func(f *lane.Facts, _ *checkpoint.Row) { f.SlotHere = false }, checkpoint.Gap},
		"a slot of last generation": {func(_ *lane.Facts, r *checkpoint.Row) { r.Generation = 3 }, checkpoint.Gap},
		"a lost slot":               {func(f *lane.Facts, _ *checkpoint.Row) { f.SlotStatus = "lost" }, checkpoint.Gap},
		"a slot ahead":              {func(f *lane.Facts, _ *checkpoint.Row) { f.SlotConfirmed = 101 }, checkpoint.Gap},
		"a slot ahead and in use":   {func(f *lane.Facts, _ *checkpoint.Row) { f.SlotConfirmed, f.SlotActive = 101, true }, checkpoint.Gap},
	} {
		t.Run(name, func(t *testing.T) {
			facts, row := sound()
			test.change(&facts, &row)
			var halt *checkpoint.Halt
			require.ErrorAs(t, lane.Judge(facts, &row), &halt)
			assert.Equal(t, test.want, halt.Code)
		})
	}
	facts.SlotActive = true
	require.ErrorIs(t, lane.Judge(facts, &row), lane.ErrBusy)
	facts, row = sound()
	facts.SlotStatus = "unreserved"
	require.NoError(t, lane.Judge(facts, &row))
	facts.InRecovery = true
	require.ErrorContains(t, lane.Judge(facts, &row), "25006", "a standby: connect again")
}

// Whatever the orders of slot, checkpoint and source: the stream starts only when
// none of the log between slot and checkpoint is skipped and the source has it.
func TestNoOrderOfPositionsSkipsAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts, row := sound()
		draw := func(name string) pglogrepl.LSN { return pglogrepl.LSN(rapid.Uint64Range(0, 9).Draw(t, name)) }
		facts.SlotConfirmed, row.Applied, facts.Insert = draw("slot"), draw("checkpoint"), draw("source")
		sound := facts.SlotConfirmed <= row.Applied && row.Applied <= facts.Insert
		require.Equal(t, sound, lane.Judge(facts, &row) == nil)
	})
}

func TestATransactionIdIsWidenedToTheNearest(t *testing.T) {
	const span = uint64(1) << 32
	for name, test := range map[string]struct {
		next uint64
		xid  uint32
		want uint64
	}{
		"first epoch":                 {1000, 900, 900},
		"not yet told":                {1000, 1200, 1200},
		"next epoch":                  {5*span + 1000, 900, 5*span + 900},
		"before the turn":             {5*span + 10, 1<<32 - 5, 4*span + 1<<32 - 5},
		"after the turn, told before": {5*span - 5, 7, 5*span + 7},
		"no epoch before the first":   {10, 1<<32 - 5, 1<<32 - 5},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, lane.Widen(test.next, test.xid)) })
	}
	rapid.Check(t, func(t *rapid.T) {
		next := rapid.Uint64Range(span, 9*span).Draw(t, "next")
		full := next + rapid.Uint64Range(0, span/2-1).Draw(t, "away") - rapid.Uint64Range(0, span/2-1).Draw(t, "back")
		require.Equal(t, full, lane.Widen(next, uint32(full)))
	})
}

func TestLimitsNameAllThatIsWrongWithThem(t *testing.T) {
	require.NoError(t, lane.Defaults().Validate())
	l := lane.Defaults()
	l.BatchRows, l.QueueBytes, l.LoadWorkers, l.Cancel = 0, -1, 41, 2*l.Stop
	err := l.Validate()
	for _, want := range []string{
		"batch.rows: is 0, expected more than 0", "queue.bytes: is -1, expected more than 0", "load.workers: is 41, expected 1 to 40",
		"invocation.stop, cancel, return: are 1m0s, 2m0s, 5s, expected each to be no shorter than the next",
	} {
		assert.ErrorContains(t, err, want)
	}
}

func TestASlotIsNamedAfterLaneAndGeneration(t *testing.T) {
	assert.Equal(t, "bgsync_core_fwd_g12", checkpoint.Slot("core.fwd", 12))
}
