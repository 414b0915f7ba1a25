//go:build integration

package lane_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/shared/naming"
)

// app opens a session of the application.
func (s *switches) app(color naming.Color) *pgx.Conn {
	return s.connect(s.side(color).DSN("app_a", password, database), pg.Operator)
}

// A process that stands still right before an act, and goes on when another has
// taken over, changes nothing.
func TestAZombieSwitcherChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	for _, point := range []string{"switch.5.fence.before", "switch.12.PROMOTING.before", "switch.12.promote.before", "switch.4.register_blue.before"} {
		zombie := impatient(s.machine("zombie"), -10*time.Minute)
		reached, wake := make(chan struct{}), make(chan struct{})
		zombie.At = func(at string) error {
			if at == point {
				close(reached)
				<-wake
			}
			return nil
		}
		ended := make(chan error, 1)
		token, _ := s.status()
		go func() {
			_, err := s.whole(zombie, token.Holder.Other())
			ended <- err
		}()
		<-reached
		require.Equal(t, token.Holder, s.recovered(), point)
		s.settled(token.Holder, token.Epoch)
		_, before := s.status()
		close(wake)
		require.Error(t, <-ended, point)
		gone(zombie)
		_, after := s.status()
		require.Equal(t, before, after, "%s: the zombie wrote the switch item", point)
		if !strings.Contains(point, "register") { // an attempt that nobody stored is taken off by the next
			s.settled(token.Holder, token.Epoch)
		}
		require.True(t, s.authority(token.Holder).Writable)
		require.False(t, s.authority(token.Holder.Other()).Writable)
	}
	s.switchTo(naming.Green)
	s.settled(naming.Green, 2)
}

// Processes that take over die in turn, each after it has put its own id into the
// old side's row or before; the next one knows all of them.
func TestAThirdProcessRecoversAfterTwoThatCrashed(t *testing.T) {
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
	step := func(m *switching.Machine) error {
		_, err := m.Step(s.ctx(), switching.Continue)
		return err
	}
	die("creator", "switch.6.FENCED.after", func(m *switching.Machine) error {
		_, err := s.whole(m, naming.Green)
		return err
	})
	die("first heir", "switch.14.cancel_blue.after", step)
	die("second heir", "switch.17.BACKING_OUT.after", step)
	require.Equal(t, naming.Blue, s.recovered())
	s.settled(naming.Blue, 1)
}

// A writer that keeps a transaction open costs the fence its tries; then the
// switch backs out, and writers go on.
func TestAnOpenTransactionMakesTheSwitchBackOut(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	m := s.machine("blocked")
	m.Limits.Tries = fast().Tries
	_, err := m.Start(s.ctx(), to(naming.Green))
	require.NoError(t, err)
	idle := s.app(naming.Blue)
	_, err = idle.Exec(s.ctx(), `BEGIN; UPDATE public.account SET balance = balance WHERE id = 1`)
	require.NoError(t, err)
	outcome, err := m.Step(s.ctx(), switching.Go)
	require.ErrorIs(t, err, switching.ErrBackedOut)
	require.Equal(t, fast().Tries, outcome.Tries)
	require.NotEmpty(t, outcome.Blockers)
	assert.Equal(t, "public.account", outcome.Blockers[0].Relation)
	assert.NotContains(t, fmt.Sprintf("%+v %v", outcome, err), "UPDATE public", "no text of a statement")
	_, err = idle.Exec(s.ctx(), `COMMIT`)
	require.NoError(t, err, "the writer lost nothing")
	s.settled(naming.Blue, 1)
	_, err = s.app(naming.Blue).Exec(s.ctx(), `UPDATE public.account SET balance = balance WHERE id = 1`)
	require.NoError(t, err, "writers go on")
	s.switchTo(naming.Green)
}

// A session that prepared its statements before the fence is refused at their
// execution.
func TestASessionOfBeforeTheFenceIsRefused(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	old := s.app(naming.Blue)
	_, err := old.Prepare(s.ctx(), "pay", `INSERT INTO public.payment VALUES ($1, '2026-05-05', 1)`)
	require.NoError(t, err)
	_, err = old.Exec(s.ctx(), "pay", int64(1_500_001))
	require.NoError(t, err)
	s.switchTo(naming.Green)
	_, err = old.Exec(s.ctx(), "pay", int64(1_500_002))
	require.Equal(t, pg.Permission, pg.Classify(err), "%v", err)
	var server *pg.ServerError
	require.ErrorAs(t, pg.Reduce(err), &server)
	require.Equal(t, "42501", server.SQLState)
	for statement, color := range map[string]naming.Color{
		`SET ROLE platform; INSERT INTO public.payment VALUES (1500003, '2026-05-05', 1)`:       naming.Blue,
		`SET ROLE clerk; UPDATE public.entry SET note = 'x' WHERE false`:                        naming.Blue,
		`SET ROLE clerk; INSERT INTO public.entry (account, seq, amount) VALUES (1, 1, 1)`:      naming.Blue,
		`SET ROLE app; SELECT nextval('public.account_id_seq')`:                                 naming.Blue,
		`SET ROLE platform; INSERT INTO public.payment_2026 VALUES (1500004, '2026-05-05', 1) `: naming.Blue,
		`SET ROLE app; UPDATE public.payment SET amount = amount WHERE false`:                   naming.Blue,
		`SET ROLE app; TRUNCATE public.payment`:                                                 naming.Blue,
	} {
		_, err := s.side(color).admin.Exec(s.ctx(), statement)
		assert.Equal(t, pg.Permission, pg.Classify(err), "%s: %v", statement, err)
		s.exec(s.side(color), `RESET ROLE`)
	}
}

// Rows get numbers from a sequence without a break while the authority goes forth
// and back; no number comes twice.
func TestNoSequenceGivesANumberTwice(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	var mutex sync.Mutex
	given, twice := map[int64]bool{}, 0
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for ctx.Err() == nil {
				token, _, err := switching.Status(ctx, s.store)
				if err != nil || !token.Admits(token.Holder) {
					time.Sleep(2 * time.Millisecond)
					continue
				}
				conn, err := pg.Connect(ctx, s.side(token.Holder).DSN("app_a", password, database), pg.Identity{Role: pg.Operator, Lane: "app", Invocation: "storm"})
				if err != nil {
					continue
				}
				for err == nil && ctx.Err() == nil {
					var id int64
					err = conn.QueryRow(ctx, `INSERT INTO public.account (owner, balance) VALUES (gen_random_uuid()::text, 0) RETURNING id`).Scan(&id)
					mutex.Lock()
					if err == nil && given[id] || err != nil && pg.Classify(err) == pg.Unique {
						twice++
					}
					given[id] = given[id] || err == nil
					mutex.Unlock()
					time.Sleep(5 * time.Millisecond) // the tail takes 50,000 keys, on a busy machine for a minute or two
				}
				pg.Close(conn)
			}
		})
	}
	for _, side := range []naming.Color{naming.Green, naming.Blue, naming.Green} {
		s.switchTo(side)
	}
	cancel()
	group.Wait()
	require.Zero(t, twice)
	require.Greater(t, len(given), 100)
	s.drained(s.green, s.blue, "core.rev")
	s.equal()
	t.Logf("%d numbers, each once", len(given))
}

// The promotion is lost, or the reply to it, or it comes late: the new side's row
// tells. Where it was made the switch goes forward; where not it may back out.
func TestALostReplyToThePromotionIsLookedUp(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	sum, clients := s.sum(), s.clients(2, 20*time.Millisecond)
	injected := 0
	for name, strike := range map[string]func(n *network){
		"the reply is lost":   func(n *network) { n.lose.Store(losesReply) },
		"the request is lost": func(n *network) { n.lose.Store(losesRequest) },
		"the answers are slow": func(n *network) {
			n.lost.Add(1)
			n.toxic("latency", "downstream", map[string]any{"latency": 100, "jitter": 50})
		},
		"the connection is reset": func(n *network) {
			n.lost.Add(1)
			n.toxic("reset_peer", "downstream", map[string]any{"timeout": 0})
		},
		"the connection is half open": func(n *network) {
			n.lost.Add(1)
			n.toxic("timeout", "downstream", map[string]any{"timeout": 0})
		},
	} {
		token, _ := s.status()
		side := token.Holder.Other()
		cut := s.cuts(s.machine("deaf"))
		cut.machine.Limits = patient()
		at := cut.sides[side]
		cut.machine.At = func(point string) error {
			if point == "switch.12.promote.before" {
				strike(at)
				time.AfterFunc(2*struck, func() {
					for _, kind := range []string{"latency", "reset_peer", "timeout"} {
						at.heal(kind)
					}
				})
			}
			return nil
		}
		_, err := s.whole(cut.machine, side)
		gone(cut.machine)
		if name == "the reply is lost" || name == "the answers are slow" {
			require.NoError(t, err, name)
		}
		holder, epoch := s.recovered(), token.Epoch
		if holder == side {
			epoch++
		}
		s.settled(holder, epoch)
		require.EqualValues(t, 1, at.lost.Load(), name)
		injected++
	}
	clients.stop(sum)
	t.Logf("%d faults injected and survived", injected)
}

// cuts is a machine whose ways to both databases and to the control store can be
// cut.
type cuts struct {
	machine *switching.Machine
	sides   map[naming.Color]*network
	store   *severed
}

func (s *switches) cuts(m *switching.Machine) *cuts {
	m.Limits = fast()
	c := &cuts{machine: m, sides: map[naming.Color]*network{}, store: &severed{Store: s.store}}
	databases := m.Primary.(*postgres.Databases)
	for _, color := range naming.Colors() {
		n := newNetwork(s.t, s.side(color))
		n.only = commitMessage
		c.sides[color] = n
		place := databases.Sides[color]
		place.Fence, place.Reader = n.via(place.Fence), n.via(place.Reader)
		databases.Sides[color] = place
	}
	m.Store = c.store
	return c
}

// severed is a control store that can be out of reach, with the reply lost.
type severed struct {
	control.Store
	cut atomic.Bool
}

var errSevered = errors.New("the control store does not answer")

func (s *severed) Get(ctx context.Context, key string) (control.Item, error) {
	if s.cut.Load() {
		return control.Item{}, errSevered
	}
	return s.Store.Get(ctx, key)
}

func (s *severed) Put(ctx context.Context, key string, item control.Item) error {
	if s.cut.Load() {
		return errors.Join(errSevered, s.Store.Put(ctx, key, item)) // it came through, and nobody is told
	}
	return s.Store.Put(ctx, key, item)
}

// One of both databases or the control store is out of reach for a while, from
// every point on: in the end one side is open, and never two.
func TestWhateverIsOutOfReachOneSideIsOpenInTheEnd(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	sum, observer, clients := s.sum(), s.observe(), s.clients(2, 20*time.Millisecond)
	points := []string{
		"switch.4.REGISTERED.after", "switch.5.fence.after", "switch.9.DRAINED.before", "switch.10.CHECKED.before",
		"switch.12.PROMOTING.before", "switch.12.promote.before", "switch.13.token_open.before", "switch.13.SWITCHED.before",
	}
	count := 0
	for i, point := range points {
		for j, party := range []string{"old", "new", "control"} {
			if !soak && (i+j)%3 != 0 {
				continue
			}
			token, _ := s.status()
			cut := s.cuts(impatient(s.machine("cut off"), -10*time.Minute))
			sever := func(broken bool) {
				switch party {
				case "old":
					cut.sides[token.Holder].mute.Store(broken)
				case "new":
					cut.sides[token.Holder.Other()].mute.Store(broken)
				default:
					cut.store.cut.Store(broken)
				}
			}
			cut.machine.At = func(at string) error {
				if at == point {
					sever(true)
					time.AfterFunc(700*time.Millisecond, func() { sever(false) })
				}
				return nil
			}
			_, err := s.whole(cut.machine, token.Holder.Other())
			gone(cut.machine)
			holder := s.recovered()
			epoch := token.Epoch
			if holder != token.Holder {
				epoch++
			}
			s.settled(holder, epoch)
			t.Logf("%s out of reach at %s: %s has the authority (%.120s)", party, point, holder, strings.ReplaceAll(fmt.Sprint(err), "\n", "; "))
			count++
		}
	}
	clients.stop(sum)
	observer.stop(t)
	t.Logf("%d cuts survived", count)
}

// Another process, whose clock is ten minutes ahead, takes every lease for over
// and tries to recover all the time: the switch may back out, and nothing breaks.
func TestAProcessWithAWrongClockBreaksNothing(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	ctx, cancel := context.WithCancel(s.ctx())
	var group sync.WaitGroup
	group.Go(func() {
		for ctx.Err() == nil {
			m := impatient(s.machine("ahead"), 10*time.Minute)
			_, _ = m.Step(ctx, switching.Continue) // what it comes to is looked at in the end
			gone(m)
			time.Sleep(30 * time.Millisecond)
		}
	})
	for range 3 {
		token, _ := s.status()
		m := s.machine("right")
		m.Limits = fast()
		_, err := s.whole(m, token.Holder.Other())
		gone(m)
		t.Logf("to %s: %.100v", token.Holder.Other(), err)
		time.Sleep(100 * time.Millisecond)
	}
	cancel()
	group.Wait()
	holder := s.recovered()
	token, _ := s.status()
	require.True(t, s.authority(holder).Writable)
	require.False(t, s.authority(holder.Other()).Writable)
	// A process that was arming while it lost the switch may leave the schema frozen;
	// the next switch undoes that.
	s.switchTo(holder.Other())
	s.settled(holder.Other(), token.Epoch+1)
}

// A plan takes the same decisions as a switch, in the same order, and changes
// nothing.
func TestAPlanIsWhatASwitchDoes(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	_, before := s.status()
	m := s.machine("plan")
	plan, err := m.Plan(s.ctx(), to(naming.Green))
	require.NoError(t, err)
	require.NotEmpty(t, plan.Gates)
	var acts []string
	for _, step := range plan.Steps {
		acts = append(acts, step.Act)
		require.NotEqual(t, step.Act, step.Does, "it is told in words")
		require.NotEmpty(t, step.Undo, step.Act)
	}
	_, after := s.status()
	require.Equal(t, before, after)
	s.settled(naming.Blue, 1)
	var done []string
	for _, point := range s.points(naming.Green) {
		if name, is := strings.CutSuffix(point, ".before"); is {
			done = append(done, name)
		}
	}
	require.Equal(t, done, acts)
}
