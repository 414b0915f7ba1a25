package steering_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/ops/steering/steeringtest"
	"github.com/cutover/cutover/shared/traffic"
)

var errGone = errors.New("connection refused")

// stage is one environment of which everything is in memory.
type stage struct {
	*steering.Controller
	dns   *steeringtest.DNS
	table *steering.Memory
	vault *steering.Folder
	now   time.Time
}

func newStage(t interface {
	TempDir() string
}, split traffic.Split,
) *stage {
	s := &stage{dns: steeringtest.NewDNS(split), table: &steering.Memory{}, vault: &steering.Folder{Path: t.TempDir()}, now: time.UnixMilli(1_700_000_000_000).UTC()}
	s.Controller = s.controller("ada@ops1")
	return s
}

// controller is another operator's on the same environment.
func (s *stage) controller(who string) *steering.Controller {
	return &steering.Controller{
		Site: steering.Site{Domain: "example", PublicName: "pay.example"}, DNS: s.dns, Table: s.table, Vault: s.vault, Who: who,
		Now: func() time.Time { return s.now }, Sleep: func(_ context.Context, d time.Duration) error { s.now = s.now.Add(d); return nil },
	}
}

func (s *stage) look(t require.TestingT) steering.Situation {
	situation, err := s.Look(context.Background())
	require.NoError(t, err)
	return situation
}

func step(percent int) steering.Decision {
	return steering.Decision{Action: traffic.ActionShift, To: traffic.At(percent), Reason: "plan"}
}

func back() steering.Decision {
	return steering.Decision{Action: traffic.ActionRollback, To: traffic.All(naming.Blue), Reason: "5xx", Hold: "rolled back: 5xx"}
}

func TestAStepIsRecordedBeforeItMovesAndWhenItHas(t *testing.T) {
	s := newStage(t, traffic.At(1))
	var phases []traffic.Phase
	s.Fault = func(string) error {
		phases = append(phases, s.look(t).Record.Phase)
		return nil
	}
	out, err := s.Step(t.Context(), s.look(t), step(5))
	require.NoError(t, err)
	assert.Equal(t, traffic.At(5), s.dns.Real().Split())
	assert.True(t, out.Changed)
	assert.Equal(t, []traffic.Phase{traffic.Moving, traffic.Moving}, phases)
	found := s.look(t)
	assert.Equal(t, traffic.Settled, found.Record.Phase)
	assert.Equal(t, out.Change, found.Record.Change)
	lines, err := s.History(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, lines, 2)
	assert.Equal(t, "ada@ops1", lines[0].Who)
	assert.Equal(t, "plan", lines[0].Reason)
	assert.Equal(t, traffic.At(1), lines[0].From)
}

func TestARollbackShutsGreenMovesAllAndHolds(t *testing.T) {
	s := newStage(t, traffic.At(50))
	out, err := s.Return(t.Context(), s.look(t), back())
	require.NoError(t, err)
	real := s.dns.Real()
	assert.Equal(t, traffic.Split{Blue: 255}, real.Split())
	assert.True(t, real.Green.Shut)
	assert.False(t, real.Blue.Shut)
	assert.True(t, out.Changed)
	assert.Empty(t, out.Unrecorded)
	assert.Equal(t, "rolled back: 5xx", s.look(t).Record.Hold)
}

func TestARollbackRepeatedChangesNothingAndWritesNothing(t *testing.T) {
	s := newStage(t, traffic.At(50))
	_, err := s.Return(t.Context(), s.look(t), back())
	require.NoError(t, err)
	record := s.look(t).Record
	out, err := s.Return(t.Context(), s.look(t), back())
	require.NoError(t, err)
	assert.False(t, out.Changed)
	assert.Equal(t, 1, s.dns.Applied())
	assert.Equal(t, record, s.look(t).Record)
}

func TestARollbackNeedsNeitherControlTableNorVault(t *testing.T) {
	s := newStage(t, traffic.At(50))
	s.table.Err = errGone
	s.vault.Path = "/dev/null/nowhere"
	out, err := s.Return(t.Context(), s.look(t), back())
	require.NoError(t, err)
	assert.Equal(t, traffic.All(naming.Blue), s.dns.Real().Split())
	require.Len(t, out.Unrecorded, 2)
	assert.Contains(t, out.Unrecorded[0], "the control table: connection refused")
	assert.Contains(t, out.Unrecorded[1], "the copy beside the state")
}

// What the table missed the copy beside the state tells, so that the next
// deployment does not undo the rollback; repeated, the rollback is recorded.
func TestARollbackThatTheTableMissedIsKnownFromTheCopy(t *testing.T) {
	s := newStage(t, traffic.At(10))
	_, err := s.Step(t.Context(), s.look(t), step(25))
	require.NoError(t, err)
	situation := s.look(t)
	s.now = s.now.Add(time.Minute)
	s.table.Err = errGone
	out, err := s.Return(t.Context(), situation, back())
	require.NoError(t, err)
	require.Len(t, out.Unrecorded, 1)

	s.table.Err = nil
	found := s.look(t)
	assert.True(t, found.Ahead)
	assert.True(t, found.Explained())
	assert.Equal(t, "rolled back: 5xx", found.Record.Hold)

	_, err = s.Return(t.Context(), found, back())
	require.NoError(t, err)
	found = s.look(t)
	assert.False(t, found.Ahead)
	assert.Equal(t, traffic.ActionRollback, found.Record.Action)
	assert.EqualValues(t, 3, found.Record.Rev)
}

func TestOfTwoOperatorsOneMovesAndTheOtherIsToldWho(t *testing.T) {
	s := newStage(t, traffic.At(1))
	other := s.controller("bob@ops2")
	both := s.look(t)
	_, err := s.Step(t.Context(), both, step(5))
	require.NoError(t, err)
	_, err = other.Step(t.Context(), both, step(10))
	assert.Equal(t, fault.Locked, fault.CodeOf(err))
	assert.ErrorContains(t, err, "ada@ops1 (shift to green 5 %")
	assert.Equal(t, traffic.At(5), s.dns.Real().Split())
	assert.Equal(t, 1, s.dns.Applied())
}

func TestOfOperatorsAtOnceOneMoves(t *testing.T) {
	s := newStage(t, traffic.At(1))
	situation := s.look(t)
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() { _, errs[i] = s.controller("op").Step(context.Background(), situation, step(5)) })
	}
	group.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			assert.Equal(t, fault.Locked, fault.CodeOf(err), "%v", err)
		}
	}
	assert.Equal(t, 1, won)
}

func TestARollbackWinsOverAStepInTheMiddle(t *testing.T) {
	for _, point := range []string{"recorded", "moved"} {
		t.Run(point, func(t *testing.T) {
			s := newStage(t, traffic.At(25))
			s.Fault = func(at string) error {
				if at == point {
					_, err := s.controller("bob@ops2").Return(t.Context(), s.look(t), back())
					return err
				}
				return nil
			}
			_, err := s.Step(t.Context(), s.look(t), step(50))
			s.Fault = nil
			// A step that had decided and not yet moved moves after the rollback, learns
			// of it when it writes its end, and moves back.
			assert.Equal(t, fault.Locked, fault.CodeOf(err), "%v", err)
			assert.ErrorContains(t, err, "bob@ops2 (rollback")
			assert.Equal(t, traffic.All(naming.Blue), s.dns.Real().Split())
			assert.True(t, s.dns.Real().Green.Shut)
			assert.Equal(t, traffic.ActionRollback, s.look(t).Record.Action)
		})
	}
}

func TestAnErrorAfterTheCallSucceededIsNoFailure(t *testing.T) {
	s := newStage(t, traffic.At(50))
	s.dns.Hook = func(call string, after bool) error {
		if call == "apply" && after {
			return errors.New("connection reset by peer")
		}
		return nil
	}
	_, err := s.Return(t.Context(), s.look(t), back())
	require.NoError(t, err)
	assert.Equal(t, traffic.Settled, s.look(t).Record.Phase)
}

func TestACallThatFailedIsOne(t *testing.T) {
	s := newStage(t, traffic.At(50))
	s.dns.Hook = func(call string, after bool) error {
		if call == "apply" && !after {
			return errors.New("Throttling: rate exceeded")
		}
		return nil
	}
	_, err := s.Return(t.Context(), s.look(t), back())
	assert.Equal(t, fault.Resource, fault.CodeOf(err))
	assert.ErrorContains(t, err, "Route 53 has green 50 %")
	assert.ErrorContains(t, err, "rate exceeded")
	assert.Nil(t, s.look(t).Record, "what did not happen is not recorded")
}

// Ctrl-C, or a kill, between the call and the record.
func TestAnInterruptedMoveIsKnownAndGoesOn(t *testing.T) {
	for point, at := range map[string]traffic.Split{"recorded": traffic.At(1), "moved": traffic.At(5)} {
		t.Run(point, func(t *testing.T) {
			s := newStage(t, traffic.At(1))
			s.Fault = func(where string) error {
				if where == point {
					return context.Canceled
				}
				return nil
			}
			_, err := s.Step(t.Context(), s.look(t), step(5))
			require.ErrorIs(t, err, context.Canceled)
			s.Fault = nil
			found := s.look(t)
			assert.Equal(t, at, found.Real.Split())
			assert.Equal(t, traffic.Moving, found.Record.Phase)
			assert.True(t, found.Explained())
			_, err = s.Step(t.Context(), found, step(5))
			require.NoError(t, err)
			assert.Equal(t, traffic.At(5), s.dns.Real().Split())
			assert.Equal(t, traffic.Settled, s.look(t).Record.Phase)
		})
	}
}

// Ctrl-C while Route 53 reaches its servers ends the wait, and what is not confirmed
// is known by its change, however often that happens.
func TestAnInterruptedWaitGoesOnWithTheChangeThatItLeft(t *testing.T) {
	s := newStage(t, traffic.At(1))
	s.dns.Pending = true
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		s.Sleep = func(ctx context.Context, d time.Duration) error { cancel(); s.now = s.now.Add(d); return ctx.Err() }
		_, err := s.Step(ctx, s.look(t), step(5))
		assert.Equal(t, fault.Cancelled, fault.CodeOf(err))
		require.ErrorContains(t, err, "the weights are changed: Route 53 has them as change C1")
		found := s.look(t)
		assert.Equal(t, traffic.At(5), found.Real.Split())
		assert.Equal(t, traffic.Moving, found.Record.Phase)
		assert.Equal(t, "C1", found.Record.Change)
	}
	asked := 0
	s.dns.Hook = func(call string, after bool) error {
		if call == "sync" && !after {
			asked++
			s.dns.Pending = asked < 3
		}
		return nil
	}
	s.Sleep = func(context.Context, time.Duration) error { return nil }
	_, err := s.Step(t.Context(), s.look(t), step(5))
	require.NoError(t, err)
	assert.Equal(t, 3, asked, "the change that was left is waited for")
	assert.Equal(t, 1, s.dns.Applied())
	assert.Equal(t, traffic.Settled, s.look(t).Record.Phase)
	assert.Equal(t, "C1", s.look(t).Record.Change)
}

// Another decision does not wait for a change that is not its own.
func TestAnotherDecisionWaitsForItsOwnChange(t *testing.T) {
	s := newStage(t, traffic.At(1))
	s.dns.Pending = true
	ctx, cancel := context.WithCancel(t.Context())
	s.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	_, err := s.Step(ctx, s.look(t), step(5))
	require.Error(t, err)
	s.dns.Pending = false
	out, err := s.Step(t.Context(), s.look(t), step(1))
	require.NoError(t, err)
	assert.Equal(t, "C2", out.Change)
	assert.Equal(t, "C2", s.look(t).Record.Change)
}

func TestWeightsChangedByHandAreNotExplained(t *testing.T) {
	s := newStage(t, traffic.At(1))
	_, err := s.Step(t.Context(), s.look(t), step(5))
	require.NoError(t, err)
	s.dns.Edit(func(r *steering.Reality) { r.Green.Weight = 60 })
	assert.False(t, s.look(t).Explained())
}

func TestAPlaceThatIsNoMoreIsLookedFor(t *testing.T) {
	s := newStage(t, traffic.At(1))
	require.NoError(t, s.vault.Write(t.Context(), "place.json", []byte(`{"zoneId":"ZOLD","publicName":"pay.example"}`)))
	assert.Equal(t, "Z1", s.look(t).Place.ZoneID)
	require.NoError(t, s.vault.Write(t.Context(), "place.json", []byte(`{"zoneId":"Z1","publicName":"other.example"}`)))
	assert.Equal(t, "pay.example", s.look(t).Place.PublicName)
	require.NoError(t, s.vault.Write(t.Context(), "place.json", []byte(`{`)))
	assert.Equal(t, "Z1", s.look(t).Place.ZoneID)
}

func TestAColourWithoutARecordGetsTrafficOnlyWhereItIsKnown(t *testing.T) {
	s := newStage(t, traffic.At(0))
	s.dns.Edit(func(r *steering.Reality) { r.Green = steering.Side{} })
	_, err := s.Step(t.Context(), s.look(t), step(1))
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.Contains(t, fault.HintOf(err), "edge:green.ready: true")
	assert.Nil(t, s.look(t).Record, "what cannot be done is not recorded as decided")
}

func TestASyncThatNeverComesEndsInTime(t *testing.T) {
	s := newStage(t, traffic.At(1))
	s.dns.Pending = true
	_, err := s.Step(t.Context(), s.look(t), step(5))
	assert.Equal(t, fault.Timeout, fault.CodeOf(err))
	assert.Equal(t, traffic.Moving, s.look(t).Record.Phase)
}

func TestAForeignItemIsNoAbsentOne(t *testing.T) {
	s := newStage(t, traffic.At(1))
	require.NoError(t, s.table.Put(t.Context(), steering.Item{Key: control.TrafficItem, Rev: 1, Fields: map[string]string{"to": "x"}}))
	found := s.look(t)
	assert.ErrorContains(t, found.RecordErr, "item traffic, revision 1")
	assert.False(t, found.Explained())
	_, err := s.Step(t.Context(), found, step(5))
	assert.Error(t, err)
	assert.Zero(t, s.dns.Applied())
}

// Whatever steps and rollbacks of several operators come in whatever order, with
// faults at every point, Route 53 never has two zeros, a colour of weight 0 is
// shut, and a rollback that ended without an error left all traffic on blue.
func TestNoOrderOfMovesLeavesAnOpenZero(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s := newStage(temp(folder), traffic.At(1))
		stale := s.look(t)
		for range rapid.IntRange(1, 8).Draw(t, "moves") {
			fails := rapid.SampledFrom([]string{"", "recorded", "moved", "returned"}).Draw(t, "fault")
			s.Fault = func(at string) error {
				if at == fails {
					return context.Canceled
				}
				return nil
			}
			situation := s.look(t)
			if rapid.Bool().Draw(t, "stale") {
				situation = stale
			}
			if rapid.Bool().Draw(t, "rollback") {
				_, err := s.Return(context.Background(), s.look(t), back())
				if err == nil && s.dns.Real().Split() != traffic.All(naming.Blue) {
					t.Fatal("a rollback that succeeded left traffic behind")
				}
			} else {
				percent := rapid.SampledFrom([]int{0, 1, 5, 10, 25, 50, 100}).Draw(t, "to")
				_, _ = s.Step(context.Background(), situation, step(percent)) // fails as it may
			}
			stale = situation
			real := s.dns.Real()
			require.NoError(t, real.Split().Valid())
			for _, color := range naming.Colors() {
				require.Equal(t, real.Of(color).Weight == 0, real.Of(color).Shut)
			}
		}
	})
}

type temp string

func (t temp) TempDir() string { return string(t) + "/" + time.Now().Format("150405.000000000") }
