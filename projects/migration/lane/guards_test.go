//go:build integration

package lane_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	"github.com/cutover/cutover/shared/naming"
)

// A process that takes over cannot read the old side's row at first, in which the id
// of an earlier one stands that took over and died. It knows that id from the item.
func TestWhoTookOverIsKnownWhileASideIsOutOfReach(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	ago := 40 * time.Minute // the lease of each is over for the next
	die := func(owner, point string, act func(*switching.Machine) error) {
		ago /= 2
		m := impatient(s.machine(owner), -ago)
		m.At = func(at string) error {
			if at == point {
				return errCrash
			}
			return nil
		}
		require.ErrorIs(t, act(m), errCrash)
		gone(m)
	}
	die("creator", "switch.6.FENCED.after", func(m *switching.Machine) error {
		_, err := s.whole(m, naming.Green)
		return err
	})
	die("first heir", "switch.14.cancel_blue.after", func(m *switching.Machine) error {
		_, err := m.Step(s.ctx(), switching.Continue)
		return err
	})
	cut := s.cuts(s.machine("second heir"))
	cut.machine.Limits = patient()
	blue := cut.sides[naming.Blue]
	blue.mute.Store(true)
	reached := false
	cut.machine.At = func(at string) error {
		if at == "switch.17.BACKING_OUT.after" {
			reached = true
			blue.spare()
		}
		return nil
	}
	_, err := cut.machine.Step(s.ctx(), switching.Continue)
	gone(cut.machine)
	require.True(t, reached, "%v", err)
	require.ErrorIs(t, err, switching.ErrBackedOut)
	require.NotErrorIs(t, err, switching.ErrHeld)
	s.settled(naming.Blue, 1)
}

// A process that backs out stands still right before it opens the old side. Another
// one opens it, and a new switch keeps writers out of it; then the first goes on,
// right before the new side is opened.
func TestAZombieThatBacksOutOpensNothing(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	zombie := impatient(s.machine("zombie"), -20*time.Minute)
	reached, wake := make(chan struct{}), make(chan struct{})
	letGo := sync.OnceFunc(func() { close(wake) })
	t.Cleanup(letGo)
	zombie.Limits.Drain = 1 // it has to back out
	zombie.At = func(at string) error {
		if at == "switch.14.release_postgresql.before" {
			close(reached)
			<-wake
		}
		return nil
	}
	ended := make(chan error, 1)
	go func() {
		_, err := s.whole(zombie, naming.Green)
		ended <- err
	}()
	select {
	case <-reached:
	case err := <-ended:
		require.Fail(t, "the zombie does not back out", "%v", err)
	}
	require.Equal(t, naming.Blue, s.recovered())
	s.settled(naming.Blue, 1)
	next := s.machine("next")
	var woken error
	next.At = func(at string) error {
		if at == "switch.12.promote.before" {
			letGo()
			woken = <-ended
		}
		return nil
	}
	s.switchWith(next, naming.Green)
	require.Error(t, woken)
	gone(zombie)
	s.settled(naming.Green, 2)
}

// A unique value that no repair sets free halts a tolerant lane after three rounds.
func TestAUniqueValueThatStaysHeldHaltsTheLane(t *testing.T) {
	t.Parallel()
	w := gapped(t)
	require.NoError(t, lane.Renew(w.ctx(), w.renewal()))
	w.exec(w.green, `CREATE UNIQUE INDEX only_here ON public.document (code)`)
	w.exec(w.blue, `UPDATE public.document SET code = 'same' WHERE slot = 1`)
	stop := w.background(w.runner("follows"))
	w.drained(w.blue, w.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	w.exec(w.blue, `UPDATE public.document SET code = 'same' WHERE slot = 2`)
	report, err := w.runner("held").Run(w.ctx())
	require.NoError(t, err)
	require.NotNil(t, report.Halt)
	require.Equal(t, checkpoint.Divergence, report.Halt.Code)
	require.Contains(t, report.Halt.Reason, "after 3 rounds")
	require.GreaterOrEqual(t, report.Reconnects, int64(3), "each round tries the change again")
	require.NotContains(t, report.Halt.Reason, "same", "no value of a row")
	require.Equal(t, checkpoint.Divergence, w.row(w.green, "core.fwd").Halt)
}

// While a table is loaded beside the stream nothing is compared: what is not loaded
// yet is no difference, and a clean pass would say that the lane is consistent.
func TestNothingIsComparedWhileATableIsLoaded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(w.blue, someRows)
	w.createInterleaved(64 << 20)
	held, release := make(chan struct{}, leaves), make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	t.Cleanup(letGo)
	r := w.runner("holding")
	r.At = func(step string) error {
		if step == backfill.BeforeMerge {
			held <- struct{}{}
			<-release
		}
		return nil
	}
	stop := w.background(r)
	<-held
	w.drained(w.blue, w.green, "core.fwd")
	v := w.verifier("early")
	_, err := v.Full(t.Context())
	require.ErrorIs(t, err, verify.ErrNotReady)
	require.Zero(t, value[int](w, w.green, `SELECT count(consistent_after) + (SELECT count(*) FROM bgsync.verify_pass) FROM bgsync.lane`))
	letGo()
	w.running()
	require.True(t, w.full(v).Clean)
	_, err = stop()
	require.NoError(t, err)
}

// A switch tells the lane back that both sides are equal; that is taken back when
// the switch backs out, when the lane is cut off, and when it halts.
func TestTheLaneBackKnowsWhatASwitchHasShown(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	s.background(s.runner("forth"))
	back := lane.Runner{Lane: "core.rev", Endpoints: endpoints(s.green, s.blue), Invocation: "back", Limits: quick()}
	cutOff := s.background(back)
	forth, rev := s.verifier("forth"), s.verifier("back")
	rev.Lane, rev.Source, rev.Target = "core.rev", rev.Target, rev.Source
	require.True(t, s.full(forth).Clean)
	unverified := func(v *verify.Verifier) (of, all int) {
		status, err := v.Status(t.Context())
		require.NoError(t, err)
		require.Positive(t, status.Buckets)
		return status.Unverified, status.Buckets
	}
	nothing := func(v *verify.Verifier, when string) {
		t.Helper()
		require.Eventually(t, func() bool { of, all := unverified(v); return of == all }, waiting, tick, when)
	}

	fails := s.machine("fails")
	fails.Limits.Decide = 1 // too late for a promotion
	known := false
	fails.At = func(at string) error {
		if at == "switch.10.CHECKED.after" {
			of, _ := unverified(rev)
			known = of == 0
		}
		return nil
	}
	_, err := s.whole(fails, naming.Green)
	require.True(t, known, "before the promotion")
	require.ErrorIs(t, err, switching.ErrBackedOut)
	s.settled(naming.Blue, 1)
	nothing(rev, "the switch backed out")

	s.switchTo(naming.Green)
	of, _ := unverified(rev)
	require.Zero(t, of, "both were equal when writers were kept out")
	_, _ = cutOff() // as by a crash
	s.background(back)
	nothing(rev, "the lane was cut off")

	s.switchTo(naming.Blue)
	of, _ = unverified(forth)
	require.Zero(t, of)
	require.NoError(t, forth.Diverged(t.Context(), "test"))
	nothing(forth, "the lane has halted")
}

// Several administrators install at once; one makes the schema, the others find it.
func TestInstallersOfOneDatabaseWaitForEachOther(t *testing.T) {
	t.Parallel()
	w := bareWorld(t)
	w.exec(w.blue, `CREATE DATABASE fresh`)
	const installers = 4
	begin := make(chan struct{})
	ended := make(chan error, installers)
	for range installers {
		conn := w.connect(w.blue.AdminDSN("fresh"), pg.Operator)
		go func() {
			<-begin
			ended <- bgsync.Install(w.ctx(), conn, bgsync.Installation{Side: naming.Blue, Writable: true, By: "test"})
		}()
	}
	close(begin)
	for range installers {
		require.NoError(t, <-ended)
	}
}
