//go:build integration

package lane_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/projects/migration/lane/verify"
	shared "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// writersSQL makes the application's roles: a group that may write, with a right
// on a single column and one of everybody's among it, and a login.
const writersSQL = `
CREATE ROLE app NOLOGIN;
GRANT USAGE ON SCHEMA public TO app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO app;
CREATE ROLE app_a LOGIN PASSWORD 'of a test' IN ROLE app;
CREATE ROLE fence_a LOGIN PASSWORD 'of a test';
CREATE ROLE clerk NOLOGIN`

// grantsSQL gives the writers their rights.
const grantsSQL = `
GRANT INSERT, UPDATE, DELETE ON public.account, public.entry, public.document, public.payment TO app;
GRANT TRUNCATE ON public.payment TO app;
GRANT UPDATE (note) ON public.entry TO clerk;
GRANT INSERT ON public.entry TO PUBLIC;
GRANT USAGE ON SEQUENCE public.account_id_seq TO app`

// switches is a world of two lanes that run, with writers that are recorded, a
// token and a machine.
type switches struct {
	*world
	store  control.Store
	signer proof.Signer
	proofs *proof.Folder
	folder string
}

// newSwitches makes one; both lanes run until the test ends.
func newSwitches(t *testing.T) *switches {
	t.Helper()
	s := restingSwitches(t)
	s.lanes()
	v := verify.Verifier{
		Lane: "core.fwd", Source: s.blue.DSN("verify_a", password, database), Target: s.green.DSN("verify_a", password, database),
		Invocation: "first", Limits: verify.Defaults(),
	}
	report, err := v.Full(t.Context())
	require.NoError(t, err)
	require.True(t, report.Clean)
	return s
}

// restingSwitches is one whose lanes do not run.
func restingSwitches(t *testing.T) *switches {
	t.Helper()
	w := steady(t)
	folder := t.TempDir()
	s := &switches{world: w, store: &control.File{Folder: folder}, proofs: &proof.Folder{Path: t.TempDir()}, folder: folder}
	key, err := proof.LoadKey(filepath.Join(folder, "key"))
	require.NoError(t, err)
	s.signer = key
	w.register("core.rev", w.green, w.blue)
	for _, side := range []side{w.blue, w.green} {
		w.exec(side, writersSQL, `SET ROLE platform`, grantsSQL, `RESET ROLE`)
		require.NoError(t, bgsync.Enrol(w.ctx(), side.admin, "fence_a", bgsync.Fence))
	}
	require.NoError(t, lane.Create(w.ctx(), lane.Creation{Lane: "core.rev", Endpoints: endpoints(w.green, w.blue), Base: lane.Equal, Limits: quick()}))
	require.NoError(t, postgres.Record(w.ctx(), w.blue.admin, w.green.admin))
	require.NoError(t, switching.Open(w.ctx(), s.store, naming.Blue))
	return s
}

// lanes runs both lanes.
func (s *switches) lanes() {
	s.background(s.runner("forth " + uuid.NewString()[:4]))
	s.background(lane.Runner{Lane: "core.rev", Endpoints: endpoints(s.green, s.blue), Invocation: "back " + uuid.NewString()[:4], Limits: quick()})
}

func (s *switches) side(color naming.Color) side {
	if color == naming.Blue {
		return s.blue
	}
	return s.green
}

// places are the connection strings of a switch.
func (s *switches) places() map[naming.Color]postgres.Side {
	places := map[naming.Color]postgres.Side{}
	for _, color := range naming.Colors() {
		at := s.side(color)
		places[color] = postgres.Side{
			Fence: at.DSN("fence_a", password, database), Reader: at.DSN("reader_a", password, database), Probe: at.DSN("app_a", password, database),
			Verify: at.DSN("verify_a", password, database),
		}
	}
	return places
}

// fast are limits under which a test does not wait, and which are no tighter for
// what writers feel.
func fast() switching.Limits {
	l := switching.Defaults()
	l.Hold, l.HoldBack, l.Poll, l.TryPause, l.Tries = 50*time.Millisecond, 50*time.Millisecond, 20*time.Millisecond, 100*time.Millisecond, 3
	l.Lease, l.Confirm, l.Least, l.ArmMax = time.Second, 10*time.Second, time.Second, 20*time.Second
	return l
}

// patient are limits under which a switch does not back out because the machine has
// much else to do.
func patient() switching.Limits {
	l := fast()
	l.Drain, l.Check, l.Decide, l.Total = time.Minute, time.Minute, 150*time.Second, waiting
	l.Confirm, l.ArmMax, l.Reach = waiting, waiting, waiting
	l.Tries = 100 // writers whose commits wait for the disk cost the fence some
	return l
}

// machine is a process that moves the authority.
func (s *switches) machine(owner string) *switching.Machine {
	databases := s.databases(owner)
	s.t.Cleanup(databases.Disconnect)
	return &switching.Machine{
		Store: s.store, Primary: databases, Signer: s.signer, Proofs: s.proofs, Limits: patient(), Owner: owner + " " + uuid.NewString()[:8], Now: time.Now,
	}
}

func (s *switches) databases(owner string) *postgres.Databases { return databases(s.places(), owner) }

// databases are those of the places, compared by the engine's verification.
func databases(places map[naming.Color]postgres.Side, owner string) *postgres.Databases {
	compare := postgres.Compared()
	compare.Sides, compare.Invocation, compare.Key = places, owner, make([]byte, 32)
	compare.Lanes = map[naming.Color]string{naming.Green: "core.fwd", naming.Blue: "core.rev"}
	compare.Limits.Stop, compare.Limits.Cancel = 0, 0
	compare.Round = waiting
	limits := postgres.Defaults()
	limits.Forward, limits.Back, limits.Confirm = time.Minute, time.Minute, time.Minute // the machine is busy
	limits.Tail, limits.OpenWrite = time.Minute, waiting
	return &postgres.Databases{Sides: places, Compare: &compare, Invocation: owner, Limits: limits}
}

// to asks for a switch to a side.
func to(side naming.Color) switching.Request {
	return switching.Request{To: side, Reason: "test", Operators: []string{"ann"}}
}

// switchTo moves the authority with one process, from beginning to end.
func (s *switches) switchTo(side naming.Color) switching.Outcome {
	s.t.Helper()
	return s.switchWith(s.machine("switch"), side)
}

// switchWith does so with the given process.
func (s *switches) switchWith(m *switching.Machine, side naming.Color) switching.Outcome {
	s.t.Helper()
	defer gone(m)
	_, err := m.Start(s.ctx(), to(side))
	require.NoError(s.t, err)
	moved, err := m.Step(s.ctx(), switching.Go)
	require.NoError(s.t, err)
	require.Equal(s.t, shared.Switched, moved.Switch.State)
	ended, err := m.Step(s.ctx(), switching.Continue)
	require.NoError(s.t, err)
	require.Equal(s.t, shared.Steady, ended.Switch.State)
	return moved
}

// status is what the control store says.
func (s *switches) status() (shared.Token, shared.Switch) {
	s.t.Helper()
	token, sw, err := switching.Status(s.ctx(), s.store)
	require.NoError(s.t, err)
	return token, sw
}

// authority is a side's row.
func (s *switches) authority(color naming.Color) authority.Row {
	s.t.Helper()
	row, err := authority.Load(s.ctx(), s.side(color).admin)
	require.NoError(s.t, err)
	return row
}

// settled requires that exactly the holder can be written to, that all agree on
// who that is, and that nothing is left of arming.
func (s *switches) settled(holder naming.Color, epoch int64) {
	s.t.Helper()
	token, sw := s.status()
	require.Equal(s.t, shared.Steady, sw.State, sw.LastError)
	require.True(s.t, token.Admits(holder), "token: %+v", token)
	require.Equal(s.t, epoch, token.Epoch)
	for _, color := range naming.Colors() {
		row := s.authority(color)
		require.Equal(s.t, color == holder, row.Writable, "%s writable", color)
		require.Equal(s.t, epoch, row.Epoch, "epoch of %s", color)
		require.Empty(s.t, row.Attempt, "attempt of %s", color)
		acl, err := authority.LoadACL(s.ctx(), s.side(color).admin)
		require.NoError(s.t, err)
		problems, err := acl.Compare(s.ctx(), s.side(color).admin, color == holder)
		require.NoError(s.t, err)
		require.Empty(s.t, problems, "grants of %s", color)
		require.Zero(s.t, value[int](s.world, s.side(color), `SELECT (SELECT count(*) FROM bgsync.arming) + (SELECT count(*) FROM bgsync.ddl_freeze)`), "arming of %s", color)
	}
}
