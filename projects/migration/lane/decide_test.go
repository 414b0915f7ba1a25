//go:build integration

package lane_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/shared/naming"
)

// decision of ann about a lane that has halted.
func (w *world) decision(name string, code checkpoint.HaltCode) lane.Decision {
	source, target := w.blue, w.green
	if name == "core.rev" {
		source, target = target, source
	}
	return lane.Decision{
		Lane: name, Source: source.DSN("apply_a", password, database), Target: target.DSN("apply_a", password, database),
		Limits: quick(), Code: code, By: "ann", Reason: "test",
	}
}

// decided has ann decide so.
func (w *world) decided(name string, code checkpoint.HaltCode, way checkpoint.Way) {
	w.t.Helper()
	made, err := lane.Decide(w.ctx(), w.decision(name, code))
	require.NoError(w.t, err)
	require.Equal(w.t, way, made.Way)
}

// halts waits until a lane is halted with the code.
func (w *world) halts(on side, name string, code checkpoint.HaltCode) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return w.row(on, name).Halt == code }, waiting, tick, "lane %s halts", name)
}

// refuses requires that no switch can be armed, and says which gate is closed.
func (s *switches) refuses(side naming.Color, gate string) {
	s.t.Helper()
	m := s.machine("refused")
	m.Limits.ArmMax = time.Nanosecond // the gates are looked at once
	databases := s.databases("refused")
	s.t.Cleanup(databases.Disconnect)
	databases.Limits.Forward, databases.Limits.Back = tick, tick // no canary crosses a lane that is halted
	m.Primary = databases
	defer gone(m)
	_, err := m.Start(s.ctx(), to(side))
	require.ErrorIs(s.t, err, switching.ErrGates)
	require.ErrorContains(s.t, err, gate)
}

// cleaned runs full passes over the lane that ends on a side until one is clean, and
// tells how many rows were repaired.
func (s *switches) cleaned(name string, source, target side) (requested int64) {
	s.t.Helper()
	v := s.verifier("after the decision")
	v.Lane, v.Source, v.Target = name, source.DSN("verify_a", password, database), target.DSN("verify_a", password, database)
	for {
		report := s.full(v)
		if report.Clean {
			return requested
		}
		require.Nil(s.t, report.Halt, "what differs is repaired")
		requested += report.Requested
		require.Eventually(s.t, func() bool {
			return value[int](s.world, target, `SELECT count(*) FROM bgsync.repair`) == 0
		}, waiting, tick, "repairs are done")
	}
}

// An administrator writes on the passive side. The lane that starts there halts, and
// with it every switch, until somebody decides; the writable side is what counts: what
// was written is found by a verification and repaired. So it is before a cutover, and
// after it, when the way back depends on it.
func TestAStrayWriteOnThePassiveSideIsPassedOverAndRepaired(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	stray := []string{
		`BEGIN; UPDATE public.account SET balance = 9 WHERE id = 3; DELETE FROM public.payment WHERE id = 5; INSERT INTO public.payment VALUES (7777, '2026-07-07', 1); COMMIT`,
		`UPDATE public.account SET balance = 9 WHERE id = 4`,
	}
	for round, at := range []struct {
		lane           string
		passive, truth side
		opposite       string
		goes           naming.Color
	}{
		{lane: "core.rev", passive: s.green, truth: s.blue, opposite: "core.fwd", goes: naming.Green},
		{lane: "core.fwd", passive: s.blue, truth: s.green, opposite: "core.rev", goes: naming.Blue},
	} {
		s.exec(at.passive, stray...)
		s.halts(at.truth, at.lane, checkpoint.RogueWrite)
		s.refuses(at.goes, "lanes")
		require.ErrorContains(t, checkpoint.Resume(s.ctx(), at.truth.admin, at.lane, checkpoint.RogueWrite), "cannot be resumed", "the next invocation would meet it again")
		for name, edit := range map[string]func(*lane.Decision){
			"another halt": func(d *lane.Decision) { d.Code = checkpoint.MarkerForged },
			"no name":      func(d *lane.Decision) { d.By = " " },
			"a crash":      func(d *lane.Decision) { d.At = crashAt(lane.AfterDoubt, 1) },
		} {
			d := s.decision(at.lane, checkpoint.RogueWrite)
			edit(&d)
			_, err := lane.Decide(s.ctx(), d)
			require.Error(t, err, name)
			require.Equal(t, checkpoint.Halted, s.row(at.truth, at.lane).State, name)
		}
		s.decided(at.lane, checkpoint.RogueWrite, checkpoint.Passed)
		require.Equal(t, checkpoint.Running, s.row(at.truth, at.lane).State, "it was strict and is so again")
		s.background(lane.Runner{Lane: at.lane, Endpoints: endpoints(at.passive, at.truth), Invocation: "goes on " + uuid.NewString()[:4], Limits: quick()})
		s.drained(at.passive, at.truth, at.lane)
		require.False(t, s.checked().Equal(), "the passive side still has what was written there")

		require.EqualValues(t, 4, s.cleaned(at.opposite, at.truth, at.passive))
		s.same()
		s.switchTo(at.goes)
		s.settled(at.goes, int64(round)+2)
		require.Equal(t, 1, value[int](s.world, at.truth, `SELECT count(*) FROM bgsync.decision WHERE lane = $1 AND way = 'passed' AND decided_by = 'ann'
			AND reason = 'test' AND halt_code = 'rogue_write' AND until_lsn > from_lsn`, at.lane))
	}
	s.same()
}

// A difference that a comparison has found before somebody said that rows may differ is
// repaired like others, and does not halt the lane that is to repair it.
func TestAComparisonThatADecisionOvertakesHaltsNothing(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	s.lanes()
	require.True(t, s.full(s.verifier("first")).Clean)
	s.exec(s.green, `UPDATE public.entry SET amount = 0 WHERE seq = 3 AND account IN (2, 48)`)
	s.halts(s.blue, "core.rev", checkpoint.RogueWrite)
	v := s.verifier("overtaken")
	v.Limits.Workers, v.Limits.Retry = 1, 1
	found, overtaken := 0, false
	v.Inspect = func(_ context.Context, seen verify.Seen) error {
		if !seen.Equal && !seen.Unstable {
			found++
		}
		return nil
	}
	v.At = func(step string) error {
		if step == verify.AfterTarget && found == 2 && !overtaken { // twice by its hash: now by its rows
			overtaken = true
			s.decided("core.rev", checkpoint.RogueWrite, checkpoint.Passed)
		}
		return nil
	}
	report, err := v.Full(s.ctx())
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	require.True(t, overtaken)
	require.False(t, report.Clean)
	require.EqualValues(t, 2, s.cleaned("core.fwd", s.blue, s.green))
	s.same()
}

// What nobody vouches for on the side that counts is carried, in its place and as a
// whole; what comes after the decision is not decided.
func TestARogueWriteOnTheSideThatCountsIsCarried(t *testing.T) {
	t.Parallel()
	w := steady(t)
	rogue := func(n int) {
		w.exec(w.blue, `UPDATE bgsync.authority SET writable = false`, fmt.Sprintf(`UPDATE public.account SET balance = %d WHERE id = 1`, n), `UPDATE bgsync.authority SET writable = true`)
	}
	w.exec(w.blue, `UPDATE bgsync.authority SET writable = false`, `UPDATE public.account SET balance = 1 WHERE id = 1`)
	require.Equal(t, checkpoint.RogueWrite, w.haltOf("rogue"))
	_, err := lane.Decide(w.ctx(), w.decision("core.fwd", checkpoint.RogueWrite))
	require.ErrorIs(t, err, lane.ErrUndecidable, "nobody may write: who counts is not known")
	w.exec(w.blue, `UPDATE bgsync.authority SET writable = true, attempt = gen_random_uuid()`)
	_, err = lane.Decide(w.ctx(), w.decision("core.fwd", checkpoint.RogueWrite))
	require.ErrorIs(t, err, lane.ErrUndecidable, "a switch is under way")
	w.exec(w.blue, `UPDATE bgsync.authority SET attempt = NULL`)
	rogue(2)
	w.decided("core.fwd", checkpoint.RogueWrite, checkpoint.Carried)
	rogue(3)
	require.Equal(t, checkpoint.RogueWrite, w.haltOf("later"), "what came after the decision is another one")
	assert.Equal(t, "2.00", value[string](w, w.green, `SELECT balance::text FROM public.account WHERE id = 1`))
	w.decided("core.fwd", checkpoint.RogueWrite, checkpoint.Carried)
	stop := w.background(w.runner("carries"))
	w.drained(w.blue, w.green, "core.fwd")
	_, err = stop()
	require.NoError(t, err)
	w.equal()
	require.Equal(t, 2, value[int](w, w.green, `SELECT count(*) FROM bgsync.decision`))
}

// A marker that is not the engine's comes at the end of a transaction of many parts. It
// is carried while its side counts, and passed over, with the parts that were written
// already, when that side has lost the authority; a change of the schema in it is not
// waved through.
func TestAForgedTransactionIsCarriedOrPassedOverAsAWhole(t *testing.T) {
	t.Parallel()
	w := steady(t)
	const forged = `BEGIN; UPDATE public.account SET balance = %d; SELECT pg_logical_emit_message(true, 'bgsync.echo', 'core.fwd'); UPDATE public.payment SET amount = %d; %s COMMIT`
	run := func(name string) lane.Runner {
		r := w.runner(name)
		r.Limits.BatchRows, r.Limits.BatchBytes = 20, 16<<10 // so that it comes in parts
		return r
	}
	balance := func() string {
		return value[string](w, w.green, `SELECT string_agg(DISTINCT balance::text, ' ') FROM public.account`)
	}
	w.exec(w.blue, fmt.Sprintf(forged, 1, 1, ""))
	require.Equal(t, checkpoint.MarkerForged, w.haltOf("forged"))
	w.decided("core.fwd", checkpoint.MarkerForged, checkpoint.Carried)
	stop := w.background(run("carries"))
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	w.equal()
	require.Equal(t, "1.00", balance())

	w.released()
	w.exec(w.blue, fmt.Sprintf(forged, 2, 2, ""))
	require.Equal(t, checkpoint.MarkerForged, w.haltOf("forged again"))
	w.exec(w.blue, `UPDATE bgsync.authority SET writable = false, epoch = 2`)
	w.exec(w.green, `BEGIN; UPDATE bgsync.authority SET writable = true, epoch = 2; UPDATE bgsync.lane SET epoch = 2; COMMIT`)
	_, err = lane.Decide(w.ctx(), w.decision("core.fwd", checkpoint.MarkerForged))
	require.ErrorIs(t, err, lane.ErrUndecidable, "no lane would repair blue")
	back := w.reverse()
	w.decided("core.fwd", checkpoint.MarkerForged, checkpoint.Passed)
	stop = w.background(run("passes over"))
	w.drained(w.blue, w.green, "core.fwd")
	require.Equal(t, "1.00", balance())
	require.False(t, w.row(w.green, "core.fwd").SourceWritable, "and what came behind it was met")
	w.exec(w.blue, fmt.Sprintf(forged, 3, 3, `ALTER TABLE public.account ADD COLUMN extra int;`))
	w.halts(w.green, "core.fwd", checkpoint.RogueWrite)
	_, err = stop()
	require.NoError(t, err)
	w.decided("core.fwd", checkpoint.RogueWrite, checkpoint.Passed)
	require.Equal(t, checkpoint.SchemaDrift, w.haltOf("drift"))
	_, err = back()
	require.NoError(t, err)
}
