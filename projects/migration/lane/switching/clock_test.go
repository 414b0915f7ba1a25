package switching_test

import (
	"cmp"
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	store "github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// scripted is a primary without databases: its authority rows are a map, and what it
// answers is a test's. Time is that of the test's bubble.
type scripted struct {
	rows    map[naming.Color]authority.Row
	began   time.Time
	closed  func(since time.Duration) bool
	armed   time.Time
	disarms int
	drain   time.Duration
	failing bool
}

func (s *scripted) Name() string                                 { return "scripted" }
func (s *scripted) Prepare(context.Context, switching.Try) error { return nil }
func (s *scripted) Applied(context.Context, naming.Color) string { return "" }
func (s *scripted) Confirm(context.Context, switching.Try) []switching.Gate {
	return []switching.Gate{switching.Held("confirmed", !s.failing, "scripted")}
}

func (s *scripted) Position(context.Context, naming.Color) (string, error) { return "0/1", nil }

func (s *scripted) Arm(context.Context, switching.Try) error {
	s.armed = time.Now()
	return nil
}

func (s *scripted) Disarm(context.Context, switching.Try) error {
	s.armed = time.Time{}
	s.disarms++
	return nil
}

func (s *scripted) Armed(context.Context, switching.Try) (time.Duration, error) {
	if s.armed.IsZero() {
		return 0, nil
	}
	return max(time.Since(s.armed), 1), nil
}

func (s *scripted) Evaluate(context.Context, switching.Try) []switching.Gate {
	return []switching.Gate{switching.Held("scripted", s.closed == nil || !s.closed(time.Since(s.began)), "scripted")}
}

func (s *scripted) Supersede(context.Context, naming.Color, authority.Row, int64, string) error {
	return nil
}

func (s *scripted) Truth(_ context.Context, side naming.Color) (authority.Row, error) {
	return s.rows[side], nil
}

func (s *scripted) change(side naming.Color, change func(*authority.Row)) error {
	row := s.rows[side]
	change(&row)
	s.rows[side] = row
	return nil
}

func (s *scripted) Register(_ context.Context, t switching.Try) error {
	for side := range s.rows {
		_ = s.change(side, func(r *authority.Row) { r.Attempt = t.ID })
	}
	return nil
}

func (s *scripted) Fence(_ context.Context, t switching.Try) (string, error) {
	return "0/1", s.change(t.From, func(r *authority.Row) { r.Writable = false })
}

func (s *scripted) Drain(ctx context.Context, _ switching.Try) error {
	select {
	case <-time.After(s.drain):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *scripted) Check(context.Context, switching.Try) (switching.Evidence, error) {
	return switching.Evidence{Reverse: "0/1"}, nil
}

func (s *scripted) Promote(_ context.Context, t switching.Try) error {
	return s.change(t.To, func(r *authority.Row) { r.Writable, r.Epoch, r.Attempt = true, t.Epoch+1, "" })
}

func (s *scripted) Release(_ context.Context, t switching.Try) error {
	return s.change(t.From, func(r *authority.Row) { r.Writable, r.Attempt = true, "" })
}

func (s *scripted) Close(_ context.Context, t switching.Try) error {
	return s.change(t.From, func(r *authority.Row) { r.Epoch, r.Attempt = t.Epoch+1, "" })
}

func (s *scripted) Cancel(_ context.Context, _ switching.Try, side naming.Color, attempt, heir string, writable bool) error {
	if row := s.rows[side]; row.Attempt != attempt || row.Writable != writable {
		return switching.ErrStale
	}
	return s.change(side, func(r *authority.Row) { r.Attempt = heir })
}

// bench is a machine with the documented limits over a scripted primary; holder has the
// authority.
func bench(t *testing.T, holder naming.Color) (*switching.Machine, *scripted) {
	t.Helper()
	key, err := proof.LoadKey(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	memory := &store.Memory{}
	require.NoError(t, switching.Open(t.Context(), memory, holder))
	p := &scripted{began: time.Now(), rows: map[naming.Color]authority.Row{}}
	for _, side := range naming.Colors() {
		p.rows[side] = authority.Row{Side: side, Epoch: 1, Writable: side == holder}
	}
	return &switching.Machine{
		Store: memory, Primary: p, Signer: key, Proofs: &proof.Folder{Path: t.TempDir()}, Limits: switching.Defaults(), Owner: "test", Now: time.Now,
	}, p
}

func toward(side naming.Color) switching.Request {
	return switching.Request{To: side, Reason: "test", Operators: []string{"ann"}}
}

// A switch is armed when all conditions have held for a minute without a break, and on
// the way back for five seconds; a break of any length begins the time anew.
func TestASwitchIsArmedWhenItsConditionsHaveHeldWithoutABreak(t *testing.T) {
	for name, test := range map[string]struct {
		to     naming.Color
		closed func(time.Duration) bool
		after  time.Duration
	}{
		"from the start":            {naming.Green, nil, time.Minute},
		"once closed, near the end": {naming.Green, func(at time.Duration) bool { return at == 58*time.Second }, 118 * time.Second},
		"closed for a while":        {naming.Green, func(at time.Duration) bool { return at < 100*time.Second }, 159 * time.Second},
		"back":                      {naming.Blue, nil, 5 * time.Second},
		"back, once closed":         {naming.Blue, func(at time.Duration) bool { return at == 4*time.Second }, 9 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, p := bench(t, test.to.Other())
				p.closed = test.closed
				began := time.Now()
				outcome, err := m.Start(t.Context(), toward(test.to))
				require.NoError(t, err)
				assert.Equal(t, control.Armed, outcome.Switch.State)
				assert.Equal(t, test.after, time.Since(began))
				assert.Zero(t, p.disarms)
			})
		})
	}
}

// Arming ends with what it can be armed within: conditions that stay closed, or that
// hold again and again and never for long enough, undo it.
func TestArmingThatDoesNotEndInItsTimeIsUndone(t *testing.T) {
	for name, closed := range map[string]func(time.Duration) bool{
		"closed":   func(time.Duration) bool { return true },
		"flapping": func(at time.Duration) bool { return at.Truncate(time.Second)%(30*time.Second) == 0 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, p := bench(t, naming.Blue)
				p.closed = closed
				began := time.Now()
				outcome, err := m.Start(t.Context(), toward(naming.Green))
				require.ErrorContains(t, err, "arming did not end within its time")
				if name == "closed" {
					require.ErrorIs(t, err, switching.ErrGates)
				}
				assert.InDelta(t, m.Limits.ArmMax.Seconds(), time.Since(began).Seconds(), 1)
				assert.Equal(t, control.Steady, outcome.Switch.State)
				assert.Equal(t, 1, p.disarms)
			})
		})
	}
}

// While conditions do not hold the switch item says which, so that whoever looks at it
// knows what arming waits for; it says nothing any more as soon as they hold.
func TestTheItemSaysWhatArmingWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := bench(t, naming.Blue)
		const opens = 100 * time.Second
		p.closed = func(at time.Duration) bool { return at >= time.Second && at < opens }
		said, turns := "", []time.Duration{}
		m.Observe = func(s control.Switch) {
			if s.LastError != said {
				said, turns = s.LastError, append(turns, time.Since(p.began))
			}
			_, item, err := switching.Status(t.Context(), m.Store)
			assert.NoError(t, err)
			assert.Equal(t, item, s, "what is told is what stands there")
			says := ""
			if at := time.Since(p.began); at >= time.Second && at < opens {
				says = "conditions of the switch do not hold: scripted fail: scripted"
			}
			assert.Equal(t, says, s.LastError, "%s, %s", s.State, time.Since(p.began))
		}
		var last time.Time
		m.At = func(point string) error {
			if point == "switch.1.ARMING.after" {
				assert.LessOrEqual(t, time.Since(cmp.Or(last, p.began)), m.Limits.Lease/3+m.Limits.Poll, "and it is kept fresh")
				last = time.Now()
			}
			return nil
		}
		outcome, err := m.Start(t.Context(), toward(naming.Green))
		require.NoError(t, err)
		assert.Equal(t, control.Armed, outcome.Switch.State)
		assert.Equal(t, []time.Duration{time.Second, opens}, turns, "at once")
	})
}

// A switch that was closed in its last look but one is armed with nothing to say.
func TestAnArmedSwitchWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := bench(t, naming.Blue)
		m.Limits.Hold = m.Limits.Poll
		p.closed = func(at time.Duration) bool { return at == 0 }
		outcome, err := m.Start(t.Context(), toward(naming.Green))
		require.NoError(t, err)
		assert.Equal(t, control.Armed, outcome.Switch.State)
		assert.Empty(t, outcome.Switch.LastError)
	})
}

// An armed switch is looked at again and again: it stays armed while its conditions
// hold and its time is not over.
func TestAnArmedSwitchIsUndoneWhenAConditionOrItsTimeIsLost(t *testing.T) {
	for name, test := range map[string]struct {
		wait  time.Duration
		close bool
		stays bool
	}{
		"in time":          {29 * time.Minute, false, true},
		"a condition lost": {time.Minute, true, false},
		"too long":         {31 * time.Minute, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, p := bench(t, naming.Blue)
				_, err := m.Start(t.Context(), toward(naming.Green))
				require.NoError(t, err)
				time.Sleep(test.wait - time.Since(p.armed))
				p.closed = func(time.Duration) bool { return test.close }
				outcome, err := m.Step(t.Context(), switching.Continue)
				if test.stays {
					require.NoError(t, err)
					assert.Equal(t, control.Armed, outcome.Switch.State)
					assert.Zero(t, p.disarms)
					return
				}
				require.ErrorIs(t, err, switching.ErrGates)
				assert.Equal(t, control.Steady, outcome.Switch.State)
				assert.Equal(t, 1, p.disarms)
			})
		})
	}
}

// Two processes have the word to go for one switch: who meets a gate that closes while
// the other has begun undoes nothing that the other rests on, and tells of no gate.
func TestWhoMeetsAClosedGateUndoesNothingOfASwitchThatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := bench(t, naming.Blue)
		_, err := m.Start(t.Context(), toward(naming.Green))
		require.NoError(t, err)
		other, began := *m, false
		other.Owner = "other"
		p.closed = func(time.Duration) bool {
			if began {
				return false
			}
			began = true
			moved, err := other.Step(t.Context(), switching.Go)
			assert.NoError(t, err)
			assert.Equal(t, control.Switched, moved.Switch.State)
			return true
		}
		_, err = m.Step(t.Context(), switching.Go)
		require.ErrorIs(t, err, switching.ErrTakenOver)
		require.NotErrorIs(t, err, switching.ErrGates)
		assert.Zero(t, p.disarms)
	})
}

// A lane that does not come to the fence in a second costs writers no more than that,
// and never three: the switch backs out.
func TestALaneThatIsLateCostsWritersNoMoreThanItsLimit(t *testing.T) {
	for name, test := range map[string]struct {
		drain time.Duration
		moves bool
	}{"in time": {900 * time.Millisecond, true}, "late": {time.Minute, false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, p := bench(t, naming.Blue)
				p.drain = test.drain
				_, err := m.Start(t.Context(), toward(naming.Green))
				require.NoError(t, err)
				outcome, err := m.Step(t.Context(), switching.Go)
				assert.LessOrEqual(t, outcome.Pause, m.Limits.Total)
				if test.moves {
					require.NoError(t, err)
					assert.Equal(t, control.Switched, outcome.Switch.State)
					assert.Equal(t, test.drain, outcome.Pause)
					return
				}
				require.ErrorIs(t, err, switching.ErrBackedOut)
				assert.Equal(t, m.Limits.Drain, outcome.Pause)
				assert.Equal(t, control.Steady, outcome.Switch.State)
				assert.True(t, p.rows[naming.Blue].Writable)
				assert.False(t, p.rows[naming.Green].Writable)
			})
		})
	}
}

// A check that fails after the switch keeps it SWITCHED, however often it is asked; it
// ends when the check passes, or when operators accept it, and then says so.
func TestASwitchThatIsNotConfirmedEndsOnlyWhenItIsAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := bench(t, naming.Blue)
		_, err := m.Start(t.Context(), toward(naming.Green))
		require.NoError(t, err)
		_, err = m.Step(t.Context(), switching.Go)
		require.NoError(t, err)
		p.failing, m.Limits.Confirm = true, 3*time.Second
		for range 2 {
			outcome, err := m.Step(t.Context(), switching.Continue)
			require.ErrorIs(t, err, switching.ErrUnconfirmed)
			require.Equal(t, control.Switched, outcome.Switch.State)
			require.Contains(t, outcome.Switch.LastError, "confirmed fail")
			require.Zero(t, p.disarms, "and the arming stays")
		}
		outcome, err := m.Step(t.Context(), switching.Accept)
		require.NoError(t, err)
		require.Equal(t, control.Steady, outcome.Switch.State)
		require.Contains(t, outcome.Switch.LastError, "confirmed fail", "the record says so")
		require.Equal(t, 1, p.disarms)
	})
}
