//go:build integration

package lane_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	shared "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// comesBack starts the lost server again, as it was.
func (s *switches) comesBack() {
	s.t.Helper()
	require.NoError(s.t, s.blue.Restart(s.ctx()))
	s.blue.admin = s.connect(s.blue.AdminDSN(database), pg.Operator)
}

// forcer is a process that opens green by force, and dies where at says so. Its leases
// are over at once.
func (s *switches) forcer(at func(point string) error) *switching.Machine {
	m := impatient(s.machine("force"), -10*time.Minute)
	m.Isolation, m.At = stopped{naming.Blue}, at
	return m
}

var lost = switching.Force{Open: naming.Green, Operators: []string{"ann", "bob"}, Reason: "blue is lost"}

// writer writes one row after another to a side, whatever the token says, for as long
// as it lives, and counts what was acknowledged. It opens a session anew when it loses
// one.
type writer struct {
	done         chan struct{}
	stop         context.CancelFunc
	acknowledged chan int
	refused      chan error
}

func (s *switches) stubborn(side naming.Color) *writer {
	ctx, stop := context.WithCancel(s.ctx())
	w := &writer{done: make(chan struct{}), stop: stop, acknowledged: make(chan int, 1<<20), refused: make(chan error, 1<<20)}
	dsn := s.side(side).DSN("app_a", password, database)
	go func() {
		defer close(w.done)
		var conn *pgx.Conn
		for n := 0; ctx.Err() == nil; n++ {
			err := errors.New("no session")
			if conn == nil || conn.IsClosed() {
				conn, err = pgx.Connect(ctx, dsn)
			}
			if conn != nil && !conn.IsClosed() {
				_, err = conn.Exec(ctx, `UPDATE public.account SET balance = balance + 1 WHERE id = 1`)
			}
			if err == nil {
				w.acknowledged <- n
			} else if ctx.Err() == nil {
				w.refused <- err
				time.Sleep(time.Millisecond)
			}
		}
		if conn != nil {
			pg.Close(conn)
		}
	}()
	s.t.Cleanup(func() { stop(); <-w.done })
	return w
}

// writes waits for a write that is acknowledged from now on.
func (w *writer) writes(t *testing.T) {
	t.Helper()
	for len(w.acknowledged) > 0 {
		<-w.acknowledged
	}
	select {
	case <-w.acknowledged:
	case <-time.After(waiting):
		t.Fatal("no write is acknowledged")
	}
}

// isRefused waits for a refusal by the server for lack of a right.
func (w *writer) isRefused(t *testing.T) {
	t.Helper()
	for len(w.refused) > 0 {
		<-w.refused //nolint:errcheck // of former writes
	}
	until := time.After(waiting)
	for {
		select {
		case err := <-w.refused:
			var server *pgconn.PgError
			if errors.As(err, &server) && server.Code == "42501" {
				return
			}
		case <-until:
			t.Fatal("no write is refused")
		}
	}
}

// The process that carries out a forced decision dies at each of its durable acts, before
// and after it, and another goes on without asking anybody: once green is open it stays
// so, and who recovers meanwhile neither goes back nor says that nothing was lost. When
// the lost server comes back, still writable by its own row, only its isolation keeps
// out those who do not read the token; with it gone, they write, until the side is shut.
func TestAForcedDecisionIsCarriedOutWhateverDies(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	s.lanes()
	s.drained(s.blue, s.green, "core.fwd")
	old := s.stubborn(naming.Blue)
	old.writes(t)
	require.NoError(t, s.blue.Kill())

	crashed := map[string]bool{}
	force := lost
	for done := false; !done; {
		order := map[string]int{}
		at := ""
		m := s.forcer(func(point string) error {
			order[point]++
			at = fmt.Sprint(point, " ", order[point])
			if !crashed[at] {
				crashed[at] = true
				return errCrash
			}
			return nil
		})
		outcome, err := m.Force(s.ctx(), force)
		gone(m)
		if done = err == nil; done {
			require.Equal(t, shared.Steady, outcome.Switch.State)
			break
		}
		require.ErrorIs(t, err, errCrash, at)
		s.forcedUntil(at)
		if _, sw := s.status(); sw.Forced != "" {
			force.Operators, force.Reason = nil, "" // decided
		}
		if at == "switch.18.STEADY.after 1" {
			break // nothing is left
		}
	}
	t.Logf("%d crashes: %v", len(crashed), crashed)
	require.Contains(t, crashed, "switch.18.claim.after 1")
	require.Contains(t, crashed, "switch.12.promote.after 1")
	require.Contains(t, crashed, "switch.18.token_open.before 1")
	s.leftBehind()

	green := s.stubborn(naming.Green)
	green.writes(t)
	heir := s.machine("watchdog")
	left, err := heir.Shut(s.ctx())
	require.NoError(t, err)
	require.Equal(t, naming.Blue, left.Side)
	require.Error(t, left.Unreachable, "the server is gone")
	require.False(t, left.Shut)
	_, unknown := s.status()
	require.Zero(t, unknown.ShutAt)

	s.comesBack()
	old.writes(t) // nothing in the database knows: it is the isolation that has to hold
	left, err = heir.Shut(s.ctx())
	require.NoError(t, err)
	require.True(t, left.Shut)
	old.isRefused(t)
	require.False(t, s.authority(naming.Blue).Writable)
	_, noted := s.status()
	require.NotZero(t, noted.ShutAt)
	left, err = heir.Shut(s.ctx())
	require.NoError(t, err)
	require.Equal(t, switching.Left{Side: naming.Blue}, left, "once is enough")
	_, sw := s.status()
	require.Equal(t, noted, sw, "it is noted once")
	green.writes(t)
}

// forcedUntil requires, after a process has died, that green is open only once it is
// decided, and that who recovers changes nothing.
func (s *switches) forcedUntil(at string) {
	s.t.Helper()
	token, sw := s.status()
	row := s.authority(naming.Green)
	if sw.Forced == "" && sw.State == shared.Steady {
		require.Equal(s.t, token.Admits(naming.Green), row.Writable, at)
		return
	}
	require.Equal(s.t, naming.Green, sw.Forced, at)
	require.Equal(s.t, shared.Held, sw.State, at)
	require.Equal(s.t, []string{"ann", "bob"}, sw.Operators, at)
	heir := s.machine("watchdog")
	defer gone(heir)
	_, err := heir.Step(s.ctx(), switching.Continue)
	require.ErrorIs(s.t, err, switching.ErrHeld, at)
	other := lost
	other.Open = naming.Blue
	_, err = heir.Force(s.ctx(), other)
	require.ErrorIs(s.t, err, switching.ErrForce, "what is decided is decided")
	_, after := s.status()
	require.Equal(s.t, sw, after, at)
	require.Equal(s.t, row, s.authority(naming.Green), at)
}

// leftBehind requires that green has the authority alone, and that the record says what
// it has cost and what it rests on.
func (s *switches) leftBehind() {
	s.t.Helper()
	token, sw := s.status()
	require.True(s.t, token.Admits(naming.Green))
	require.EqualValues(s.t, 2, token.Epoch)
	require.Equal(s.t, naming.Blue, sw.Untrusted)
	require.Empty(s.t, sw.Forced)
	body, err := s.proofs.Get(s.ctx(), token.ProofID)
	require.NoError(s.t, err)
	record, err := proof.Open(s.ctx(), s.signer, body)
	require.NoError(s.t, err)
	require.Equal(s.t, "lossy", record.Outcome)
	require.Equal(s.t, lost.Operators, record.Operators)
	require.Regexp(s.t, `core\.fwd at [0-9A-F]+/[0-9A-F]+ of 20`, record.LastApplied)
	require.Equal(s.t, []proof.Gate{{Name: "isolation", Verdict: "pass", Detail: "the server is stopped"}}, record.Checks)
	m := s.forcer(nil)
	defer gone(m)
	_, err = m.Force(s.ctx(), switching.Force{Open: naming.Blue, Operators: lost.Operators, Reason: "back"})
	require.ErrorContains(s.t, err, "was left behind by a forced decision itself")
}

// A decision that has opened nothing yet is taken back when the lost side answers again:
// nothing is lost then, and nobody is left behind.
func TestAForcedDecisionThatOpenedNothingIsTakenBack(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	s.lanes()
	s.drained(s.blue, s.green, "core.fwd")
	require.NoError(t, s.blue.Kill())
	m := s.forcer(func(point string) error {
		if point == "switch.18.claim.after" {
			return errCrash
		}
		return nil
	})
	_, err := m.Force(s.ctx(), lost)
	gone(m)
	require.ErrorIs(t, err, errCrash)
	s.comesBack()
	again := s.forcer(nil)
	defer gone(again)
	_, err = again.Force(s.ctx(), lost)
	require.ErrorContains(t, err, "blue can be written to")
	require.Equal(t, naming.Blue, s.recovered())
	s.settled(naming.Blue, 1)
	_, sw := s.status()
	require.Empty(t, sw.Untrusted)
	require.Empty(t, sw.Forced)
}

// One that has opened green is not taken back when the lost side answers again, nor
// called a switch without loss: the same decision goes on, with what it rests on, and
// the side that came back is shut.
func TestAForcedDecisionGoesOnAlthoughTheLostSideIsBack(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	stop := s.background(s.runner("forth"))
	s.exec(s.blue, `UPDATE public.account SET balance = balance + 1`)
	s.drained(s.blue, s.green, "core.fwd")
	_, err := stop()
	require.NoError(t, err)
	require.NoError(t, s.blue.Kill())
	m := s.forcer(func(point string) error {
		if point == "switch.18.proof.before" {
			return errCrash
		}
		return nil
	})
	_, err = m.Force(s.ctx(), lost)
	gone(m)
	require.ErrorIs(t, err, errCrash)
	s.comesBack()
	_, before := s.status()
	heir := s.machine("watchdog")
	defer gone(heir)
	_, err = heir.Step(s.ctx(), switching.Continue)
	require.ErrorIs(t, err, switching.ErrHeld)
	require.ErrorContains(t, err, "two operators have decided to open green")
	left, err := heir.Shut(s.ctx())
	require.NoError(t, err)
	require.Empty(t, left.Side, "the token names nobody else yet")
	_, after := s.status()
	require.Equal(t, before, after)
	again := s.forcer(nil)
	again.Isolation = nil // blue is back: nothing could be proven now
	defer gone(again)
	_, err = again.Force(s.ctx(), switching.Force{Open: naming.Green})
	require.NoError(t, err)
	s.leftBehind()
	left, err = heir.Shut(s.ctx())
	require.NoError(t, err)
	require.True(t, left.Shut)
	require.False(t, s.authority(naming.Blue).Writable)
}

// A side is lost while a switch to the other one arms, is armed, or has drained. Nothing of
// it can be undone without that side, and nothing needs to be: the other one is opened by
// force, and nothing of the arming is left there.
func TestASideIsLostInTheMiddleOfASwitch(t *testing.T) {
	t.Parallel()
	for state, c := range map[shared.State]struct{ dies, outcome string }{
		shared.Arming:  {"switch.1.tail.after", "lossy"},
		shared.Armed:   {"switch.2.ARMED.after", "lossy"},
		shared.Drained: {"switch.9.DRAINED.after", "drained, unverified"},
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			s := newSwitches(t)
			m := impatient(s.machine("victim"), -10*time.Minute) // its leases are over at once
			m.At = func(point string) error {
				if point == c.dies {
					return errCrash
				}
				return nil
			}
			_, err := s.whole(m, naming.Green)
			gone(m)
			require.ErrorIs(t, err, errCrash)
			_, sw := s.status()
			require.Equal(t, state, sw.State)
			require.NoError(t, s.blue.Kill())
			heir := s.machine("watchdog")
			heir.Limits = fast()
			defer gone(heir)
			_, err = heir.Step(s.ctx(), switching.Cancel)
			require.Error(t, err, "blue cannot be disarmed, nor opened again")

			forcer := s.forcer(nil)
			forcer.Now = time.Now
			defer gone(forcer)
			outcome, err := forcer.Force(s.ctx(), lost)
			require.NoError(t, err)
			require.Equal(t, shared.Steady, outcome.Switch.State)
			token, _ := s.status()
			require.True(t, token.Admits(naming.Green))
			body, err := s.proofs.Get(s.ctx(), token.ProofID)
			require.NoError(t, err)
			record, err := proof.Open(s.ctx(), s.signer, body)
			require.NoError(t, err)
			require.Equal(t, c.outcome, record.Outcome)
			_, err = s.app(naming.Green).Exec(s.ctx(), `INSERT INTO public.account (owner, balance) VALUES ('since', 1)`)
			require.NoError(t, err, "a number that no row of blue's has")
			require.Zero(t, value[int](s.world, s.green, `SELECT ((SELECT count(*) FROM bgsync.arming) + (SELECT count(*) FROM bgsync.ddl_freeze))::int`), "nothing is frozen")
		})
	}
}

// While a process arms nobody opens a side by force: it may have the switch.
func TestNoSideIsOpenedByForceBesideAProcessThatArms(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	live := s.machine("live")
	live.At = func(point string) error {
		if point == "switch.1.ARMING.after" {
			return errCrash
		}
		return nil
	}
	_, err := live.Start(s.ctx(), to(naming.Green))
	gone(live)
	require.ErrorIs(t, err, errCrash)
	require.NoError(t, s.blue.Kill())
	m := s.machine("force")
	m.Isolation = stopped{naming.Blue}
	m.Now = func() time.Time { return time.Now().Add(-time.Minute) } // the lease is not over
	defer gone(m)
	_, err = m.Force(s.ctx(), lost)
	require.ErrorIs(t, err, switching.ErrForce)
	require.ErrorContains(t, err, "another process is at work on the switch until ")
	late := s.forcer(nil)
	late.Now = func() time.Time { return time.Now().Add(time.Hour) }
	defer gone(late)
	_, err = late.Force(s.ctx(), lost)
	require.NoError(t, err)
}
