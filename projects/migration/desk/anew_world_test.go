//go:build integration

package desk_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/projects/migration/move"
	"github.com/cutover/cutover/projects/migration/place"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pgtest"
)

// soon is for what another process does: it only ends a test that hangs.
const soon = 3 * time.Minute

// loss is a migration of which a side is lost and made anew.
type loss struct {
	*life
	left   naming.Color
	signer proof.Signer
	proofs *proof.Folder

	mutex        sync.Mutex
	acknowledged []int64
	next         int64
}

func newServer(t *testing.T) *pgtest.Server {
	t.Helper()
	server := pgtest.Start(t, pgtest.Options{Settings: map[string]string{
		"wal_level": "logical", "max_replication_slots": "10", "max_wal_senders": "10", "wal_sender_timeout": "10s", "autovacuum": "off",
	}})
	logins(t, server)
	return server
}

// newLoss is one whose lanes run and are verified. The side that is to be lost has the
// authority.
func newLoss(t *testing.T, left naming.Color) *loss {
	t.Helper()
	at := servers{naming.Blue: newServer(t), naming.Green: newServer(t)}
	l := &loss{life: newLife(t, at, "platform", true), left: left, proofs: &proof.Folder{Path: t.TempDir()}, next: 1000}
	var err error
	l.signer, err = proof.LoadKey(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	for _, side := range naming.Colors() {
		l.on(side, owned)
	}
	l.act("prepare", desk.Request{Act: desk.Prepare, To: naming.Green})
	l.act("create", desk.Request{Act: desk.Create, To: naming.Green})
	forth := l.runs(naming.Green)
	l.verified(naming.Green)
	l.act("return", desk.Request{Act: desk.Return, To: naming.Blue})
	back := l.runs(naming.Blue)
	if left == naming.Green {
		l.switched(naming.Green)
	}
	forth()
	back()
	return l
}

// owned gives the table the owner that it has on a platform.
const owned = `CREATE ROLE platform NOLOGIN; GRANT CREATE ON SCHEMA public TO platform; ALTER TABLE public.account OWNER TO platform; GRANT SELECT ON public.account TO app`

// limits are those under which a test does not wait.
func limits() lane.Limits {
	l := lane.Defaults()
	l.Canary, l.EmptyAdvance, l.BatchWait = 50*time.Millisecond, 50*time.Millisecond, 20*time.Millisecond
	l.SlotWait, l.SourceCost = soon, 1
	l.Stop, l.Cancel, l.Return = time.Second, 500*time.Millisecond, 100*time.Millisecond
	return l
}

// runs calls the lane that ends at a side again and again until stop, and waits until it
// follows its source.
func (l *loss) runs(to naming.Color) (stop func()) {
	l.t.Helper()
	endpoints, err := place.Endpoints(l.t.Context(), l.at, to.Other())
	require.NoError(l.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_, _ = lane.Runner{Lane: place.Lane(to), Endpoints: endpoints, Invocation: uuid.NewString()[:8], Limits: limits()}.Run(ctx) // the lane's row tells
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	l.t.Cleanup(stop)
	var state checkpoint.State
	require.Eventually(l.t, func() bool {
		reply, err := l.calm().Do(l.t.Context(), desk.Request{Act: desk.Look, To: to})
		state = reply.State
		return err == nil && state == checkpoint.Running
	}, soon, 20*time.Millisecond, "lane %s runs", place.Lane(to))
	return stop
}

// calm is a desk that does not die.
func (l *loss) calm() *desk.Desk {
	return &desk.Desk{Place: l.at, Store: l.store, Limits: lane.Defaults()}
}

// given is a request with what every command gives.
func (l *loss) given(r desk.Request) desk.Request {
	r.By = "ann"
	r.Plan = &bgsync.Plan{Lane: place.Lane(r.To), Tables: []bgsync.TablePlan{{Schema: "public", Name: "account", Class: bgsync.Critical}}}
	return r
}

// asks has one act done, which may be refused.
func (l *loss) asks(r desk.Request) desk.Reply {
	l.t.Helper()
	reply, err := l.calm().Do(l.t.Context(), l.given(r))
	require.NoError(l.t, err)
	return reply
}

// verified compares all of a lane until a pass is clean.
func (l *loss) verified(to naming.Color) {
	l.t.Helper()
	comparison, err := move.Compare(l.t.Context(), l.at, to, uuid.NewString())
	require.NoError(l.t, err)
	require.Eventually(l.t, func() bool {
		report, err := comparison.Full(l.t.Context(), nil)
		require.NoError(l.t, err)
		require.Nil(l.t, report.Halt)
		return report.Clean
	}, soon, 20*time.Millisecond)
}

// isolated is a side whose server is down.
type isolated struct{ side naming.Color }

func (i isolated) Prove(_ context.Context, side naming.Color) (string, error) {
	if side != i.side {
		return "", switching.ErrForce
	}
	return "its server is down", nil
}

// machine moves the authority, under limits that do not back out on a busy machine.
func (l *loss) machine() *switching.Machine {
	l.t.Helper()
	databases, err := function.SwitchDatabases(l.t.Context(), l.at, uuid.NewString(), make([]byte, 32), "app")
	require.NoError(l.t, err)
	compare, whole := databases.Compare.(*postgres.Verified)
	require.True(l.t, whole)
	compare.Limits.Stop, compare.Limits.Cancel, compare.Round = 0, 0, soon
	databases.Limits.Forward, databases.Limits.Back, databases.Limits.Confirm, databases.Limits.Tail, databases.Limits.OpenWrite = soon, soon, soon, soon, soon
	l.t.Cleanup(databases.Disconnect)
	bounds := switching.Defaults()
	bounds.Hold, bounds.HoldBack, bounds.Poll, bounds.TryPause = 50*time.Millisecond, 50*time.Millisecond, 20*time.Millisecond, 100*time.Millisecond
	bounds.Drain, bounds.Check, bounds.Decide, bounds.Total = time.Minute, time.Minute, 150*time.Second, soon
	bounds.Lease, bounds.Confirm, bounds.Least, bounds.ArmMax, bounds.Reach, bounds.Tries = time.Second, soon, time.Second, soon, soon, 100
	return &switching.Machine{
		Store: l.store, Primary: databases, Signer: l.signer, Proofs: l.proofs, Limits: bounds, Owner: uuid.NewString(), Now: time.Now, Isolation: isolated{l.left},
	}
}

// switched moves the authority to a side.
func (l *loss) switched(to naming.Color) {
	l.t.Helper()
	m := l.machine()
	_, err := m.Start(l.t.Context(), switching.Request{To: to, Reason: "test", Operators: []string{"ann"}})
	require.NoError(l.t, err)
	_, err = m.Step(l.t.Context(), switching.Go)
	require.NoError(l.t, err)
	ended, err := m.Step(l.t.Context(), switching.Continue)
	require.NoError(l.t, err)
	require.Equal(l.t, items.Steady, ended.Switch.State)
}

// pay has an application transfer between two accounts, under an id of its own.
func (l *loss) pay(ctx context.Context, conn *pgx.Conn, id int64) error {
	_, err := conn.Exec(ctx, fmt.Sprintf(`BEGIN; UPDATE public.account SET balance = balance + 7 WHERE id = %d; UPDATE public.account SET balance = balance - 7 WHERE id = %d;
		INSERT INTO public.account (id, balance) VALUES (%d, 0); COMMIT`, 1+id%50, 51+id%50, id))
	return err
}

// pays keeps an application paying on a side until it is refused or stopped, and counts
// what was acknowledged.
func (l *loss) pays(side naming.Color) (stop func()) {
	l.t.Helper()
	dsn, err := l.at.DSN(l.t.Context(), side, "app")
	require.NoError(l.t, err)
	conn, err := pgx.Connect(l.t.Context(), dsn)
	require.NoError(l.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			l.mutex.Lock()
			l.next++
			id := l.next
			l.mutex.Unlock()
			if l.pay(context.Background(), conn, id) != nil {
				return
			}
			l.mutex.Lock()
			l.acknowledged = append(l.acknowledged, id)
			l.mutex.Unlock()
			time.Sleep(2 * time.Millisecond)
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done; _ = conn.Close(context.Background()) })
	l.t.Cleanup(stop)
	return stop
}

// paid waits until another payment is acknowledged.
func (l *loss) paid() {
	l.t.Helper()
	count := func() int { l.mutex.Lock(); defer l.mutex.Unlock(); return len(l.acknowledged) }
	before := count()
	require.Eventually(l.t, func() bool { return count() > before }, soon, 5*time.Millisecond, "payments go on")
}

// read is one value of a side.
func read[T any](l *loss, side naming.Color, sql string, args ...any) (value T) {
	l.t.Helper()
	conn, err := pgx.Connect(l.t.Context(), l.at.servers[side].AdminDSN(l.at.database))
	require.NoError(l.t, err)
	defer func() { require.NoError(l.t, conn.Close(context.Background())) }()
	require.NoError(l.t, conn.QueryRow(l.t.Context(), sql, args...).Scan(&value), sql)
	return value
}

// alone requires that nobody but the open side takes writes, as far as a database can say
// so, and that nothing switches to the other one.
func (l *loss) alone() {
	l.t.Helper()
	open := l.left.Other()
	require.True(l.t, read[bool](l, open, `SELECT writable FROM bgsync.authority`))
	if read[bool](l, l.left, `SELECT to_regclass('bgsync.authority') IS NOT NULL`) {
		require.False(l.t, read[bool](l, l.left, `SELECT writable FROM bgsync.authority`))
		require.Equal(l.t, read[int64](l, open, `SELECT epoch FROM bgsync.authority`), read[int64](l, l.left, `SELECT epoch FROM bgsync.authority`))
	}
	_, err := l.machine().Start(l.t.Context(), switching.Request{To: l.left, Reason: "test", Operators: []string{"ann"}})
	require.ErrorContains(l.t, err, "must be rebuilt")
}

// lost has the side fail with a payment that was never sent, and opens the other one.
func (l *loss) lost() (never int64) {
	l.t.Helper()
	l.next++
	conn, err := pgx.Connect(l.t.Context(), l.at.servers[l.left].AdminDSN(l.at.database))
	require.NoError(l.t, err)
	require.NoError(l.t, l.pay(l.t.Context(), conn, l.next))
	require.NoError(l.t, conn.Close(l.t.Context()))
	require.NoError(l.t, l.at.servers[l.left].Kill())
	outcome, err := l.machine().Force(l.t.Context(), switching.Force{Open: l.left.Other(), Operators: []string{"ann", "bob"}, Reason: "lost"})
	require.NoError(l.t, err)
	require.Equal(l.t, l.left, outcome.Switch.Untrusted)
	return l.next
}

// replaced puts another server in the place of the lost one, with a table and no row.
func (l *loss) replaced() *pgtest.Server {
	l.t.Helper()
	former := l.at.servers[l.left]
	server := newServer(l.t)
	require.NoError(l.t, server.Exec(l.t.Context(), "postgres", "CREATE DATABASE "+l.at.database))
	require.NoError(l.t, server.Exec(l.t.Context(), l.at.database, `CREATE TABLE public.account (id bigserial PRIMARY KEY, balance bigint NOT NULL)`,
		`GRANT INSERT, UPDATE ON public.account TO app`, owned, `GRANT USAGE ON SEQUENCE public.account_id_seq TO app`))
	l.at.servers[l.left] = server
	return former
}

// diesAt has an act end at a step.
func (l *loss) diesAt(at string, r desk.Request) {
	l.t.Helper()
	d := l.calm()
	d.At = func(step string) error {
		if step == at {
			return errDied
		}
		return nil
	}
	_, err := d.Do(l.t.Context(), l.given(r))
	require.ErrorIs(l.t, err, errDied)
}

// died has an act done whose process dies at each of its steps, while payments go on, and
// nothing but the open side can be written to.
func (l *loss) died(name string, r desk.Request) {
	l.t.Helper()
	r = l.given(r)
	met := map[string]bool{}
	for {
		d := l.calm()
		at := ""
		d.At = func(step string) error {
			if at = step; !met[step] {
				met[step] = true
				return errDied
			}
			return nil
		}
		reply, err := d.Do(l.t.Context(), r)
		if !errors.Is(err, errDied) {
			require.NoError(l.t, err, name)
			require.Empty(l.t, reply.Refused, name)
			require.Empty(l.t, reply.Unregistered, name)
			require.NotEmpty(l.t, met, "%s has steps", name)
			l.t.Logf("%s died at %d steps: %v", name, len(met), met)
			return
		}
		if at != "readmit.readmitted" {
			l.alone()
		}
		l.paid()
	}
}
