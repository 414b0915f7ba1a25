package rotation_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cutover/cutover/projects/data/rotation"
	"github.com/cutover/cutover/projects/data/rotation/rotationtest"
)

// process is one invocation of the function, which halts before and after every
// call until it is told to go on, or to die.
type process struct {
	name   string
	halted chan string
	resume chan error
	ended  chan error
}

// start runs work up to its first halt.
func start(name string, work func(hook rotationtest.Hook) error) (*process, bool) {
	p := &process{name: name, halted: make(chan string), resume: make(chan error), ended: make(chan error, 1)}
	var dead error
	go func() {
		p.ended <- work(func(point string) error {
			if dead == nil {
				p.halted <- point
				dead = <-p.resume
			}
			return dead
		})
	}()
	return p, p.halts()
}

func (p *process) halts() bool {
	select {
	case <-p.halted:
		return true
	case <-p.ended: //nolint:errcheck // step tells what it ended with
		return false
	}
}

// step lets the process make one move; it tells whether the process still runs.
func (p *process) step(order error) bool {
	p.resume <- order
	return p.halts()
}

// machine is a secret that several invocations, outdated ones included, rotate at
// the same time.
type machine struct {
	world   rotationtest.World
	tokens  []string
	running []*process
	worked  bool // the current login has worked once
}

func (m *machine) launch(name string, work func(hook rotationtest.Hook) error) {
	if p, runs := start(name, work); runs {
		m.running = append(m.running, p)
	}
}

// begin starts a rotation; a forced one takes the place of one that is under way.
func (m *machine) begin(t *rapid.T) {
	next := token(len(m.tokens))
	if err := m.world.Store.Begin(m.world.Secret, next, rapid.Bool().Draw(t, "force")); err != nil {
		t.Skip(err.Error())
	}
	m.tokens = append(m.tokens, next)
	m.launch("rotation "+next, func(hook rotationtest.Hook) error { return m.world.Steps(context.Background(), next, hook) })
}

// redeliver repeats a step, or all of them, of any rotation there ever was.
func (m *machine) redeliver(t *rapid.T) {
	if len(m.tokens) == 0 {
		t.Skip("no rotation yet")
	}
	token := rapid.SampledFrom(m.tokens).Draw(t, "token")
	step := rapid.SampledFrom(append(rotation.Steps(), "")).Draw(t, "step")
	m.launch(fmt.Sprintf("%s again of %s", step, token), func(hook rotationtest.Hook) error {
		if step == "" {
			return m.world.Steps(context.Background(), token, hook)
		}
		return m.world.Rotator(hook).Run(context.Background(), rotation.Request{Step: step, Secret: m.world.Secret, Token: token})
	})
}

// advance lets one process go on by a few calls, or to its end: what has to come
// together for harm is one that halts at the wrong moment and one that overtakes it.
func (m *machine) advance(t *rapid.T) {
	moves := rapid.OneOf(rapid.IntRange(1, 30), rapid.Just(100)).Draw(t, "moves")
	m.order(t, nil, moves)
}

func (m *machine) crash(t *rapid.T) { m.order(t, rotationtest.ErrCrash, 1) }

func (m *machine) order(t *rapid.T, order error, moves int) {
	if len(m.running) == 0 {
		t.Skip("nothing runs")
	}
	at := rapid.IntRange(0, len(m.running)-1).Draw(t, "process")
	for range moves {
		if !m.running[at].step(order) {
			m.running = append(m.running[:at], m.running[at+1:]...)
			return
		}
		m.check(t)
	}
}

// check is the promise: once the current login has worked, it always does, and
// every label is at one version.
func (m *machine) check(t *rapid.T) {
	err := m.world.CheckCurrent(context.Background())
	if m.worked {
		require.NoError(t, err, "the current login stopped working")
	}
	m.worked = m.worked || err == nil
}

// end kills what still runs; one more rotation then always works.
func (m *machine) end(t *rapid.T) {
	for _, p := range m.running {
		for p.step(rotationtest.ErrCrash) {
		}
	}
	last := token(len(m.tokens))
	require.NoError(t, m.world.Store.Begin(m.world.Secret, last, true))
	require.NoError(t, m.world.Steps(context.Background(), last, nil))
	require.NoError(t, m.world.CheckCurrent(context.Background()))
	found, err := m.world.Store.Describe(context.Background(), m.world.Secret)
	require.NoError(t, err)
	require.Equal(t, []rotation.Label{rotation.Current}, found.Labels[last])
}

// The rarest interleaving that does harm, were the guards not there, comes up once
// in some 300 runs.
func TestNoInterleavingOfStepsAndCrashesBreaksTheCurrentLogin(t *testing.T) {
	for range 5 {
		rapid.Check(t, interleave)
	}
}

func interleave(t *rapid.T) {
	m := &machine{world: world(rapid.Bool().Draw(t, "first is current"))}
	for n := range rapid.IntRange(0, 2).Draw(t, "rotations before") {
		require.NoError(t, m.world.Rotate(context.Background(), token(n), nil))
		m.tokens = append(m.tokens, token(n))
	}
	t.Repeat(map[string]func(*rapid.T){
		"begin": m.begin, "redeliver": m.redeliver, "advance": m.advance, "crash": m.crash, "": m.check,
	})
	m.end(t)
}

// overtaken makes a rotation's steps, halting at the nth time that the point comes
// up; another rotation runs from beginning to end meanwhile.
func overtaken(t *testing.T, w rotationtest.World, point string, nth int) error {
	t.Helper()
	require.NoError(t, w.Rotate(t.Context(), token(0), nil))
	require.NoError(t, w.Store.Begin(w.Secret, token(1), false))
	met := 0
	err := w.Steps(t.Context(), token(1), func(at string) error {
		if at != point {
			return nil
		}
		if met++; met == nth {
			require.NoError(t, w.Store.Begin(w.Secret, token(2), true))
			require.NoError(t, w.Steps(t.Context(), token(2), nil))
		}
		return nil
	})
	require.GreaterOrEqual(t, met, nth, "it never came to that")
	return err
}

func TestOvertakenRotationNeitherChangesTheCurrentPasswordNorTakesTheLabelBack(t *testing.T) {
	for name, at := range map[string]int{"before it sets the password": 1, "before it finishes": 2} {
		t.Run(name, func(t *testing.T) {
			w := world(false)
			err := overtaken(t, w, "exclusive is asked for", at)
			require.True(t, errors.Is(err, rotation.ErrNotPending) || errors.Is(err, rotation.ErrUnknownToken), "%v", err)
			require.NoError(t, w.CheckCurrent(t.Context()))
			found, err := w.Store.Describe(t.Context(), w.Secret)
			require.NoError(t, err)
			require.Equal(t, []rotation.Label{rotation.Current}, found.Labels[token(2)])
		})
	}
}
