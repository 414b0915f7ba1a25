//go:build integration

package lane_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	shared "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/pgtest"
)

// making asks for a forward lane.
func (w *world) making() error {
	return lane.Create(w.ctx(), lane.Creation{Lane: "core.fwd", Endpoints: endpoints(w.blue, w.green), Base: lane.Chunks, Limits: quick()})
}

// refused requires that a lane is not made, for the reasons given, and that nothing
// is left of the attempt.
func (w *world) refused(reasons ...string) {
	w.t.Helper()
	err := w.making()
	for _, reason := range reasons {
		require.ErrorContains(w.t, err, reason)
	}
	require.Zero(w.t, value[int](w, w.green, `SELECT count(*) FROM bgsync.lane`)+value[int](w, w.blue, `SELECT count(*) FROM pg_replication_slots`))
}

// finds requires that preflight refuses the lane, for the reasons given.
func (w *world) finds(reasons ...string) {
	w.t.Helper()
	results, err := preflight.Run(w.ctx(), w.subject(), preflight.Creation)
	require.NoError(w.t, err)
	for _, reason := range reasons {
		require.ErrorContains(w.t, preflight.Refusal(results), reason)
	}
}

// What is wrong with two databases is told with what it is, where it is and what was
// expected: by registering the plan, by preflight and by making the lane, whichever
// is asked.
func TestALaneIsNotMadeFromWhatCannotWork(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(w *world){
		"a table without a key": func(w *world) {
			w.exec(w.blue, `ALTER TABLE public.document DROP CONSTRAINT document_pkey`)
			w.exec(w.green, `ALTER TABLE public.document DROP CONSTRAINT document_pkey`)
			_, err := bgsync.Register(w.ctx(), w.blue.admin, w.green.admin, plan("core.fwd"))
			require.ErrorContains(w.t, err, "source: table public.document: no key: expected a primary key that is not deferrable, or REPLICA IDENTITY USING INDEX")
			w.finds("PF14 every row has a key: table public.document: its rows cannot be told apart, expected a primary key")
			w.refused("create lane core.fwd")
		},
		"a plan that was never registered": func(w *world) {
			w.finds("PF16 the publications are exactly what is replicated: source publication bgsync_pub: lacks public.account, expected exactly the plan's tables")
			w.refused("create lane core.fwd: look at the servers: source: publication bgsync_pub does not exist, expected it with all tables of the plan: register the plan")
		},
		"an administrator who may not publish": func(w *world) {
			w.exec(w.blue, `CREATE ROLE helper LOGIN PASSWORD 'of a test' CREATEROLE`, `GRANT USAGE ON SCHEMA bgsync TO helper`, `GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA bgsync TO helper`, `GRANT platform TO helper`)
			helper := w.connect(w.blue.DSN("helper", password, database), "helper")
			_, err := bgsync.Register(w.ctx(), helper, w.green.admin, plan("core.fwd"))
			require.ErrorContains(w.t, err, "register lane core.fwd on the source")
			require.ErrorContains(w.t, err, "42501")
			require.Zero(w.t, value[int](w, w.blue, `SELECT count(*) FROM pg_publication`))
		},
		"a reader who may not replicate": func(w *world) {
			w.register("core.fwd", w.blue, w.green)
			w.exec(w.blue, `ALTER ROLE reader_a NOREPLICATION`)
			w.finds("PF05 the engine's roles have their rights: source, reader: cannot open a replication connection", "expected a login user of group bgsync_reader that may replicate: enrol it")
			w.refused("create lane core.fwd: identify the source", "42501")
		},
		"a target that is not empty": func(w *world) {
			w.register("core.fwd", w.blue, w.green)
			w.exec(w.green, `INSERT INTO public.payment VALUES (1, '2026-01-01', 1)`, `INSERT INTO public.account (owner, balance) VALUES ('x', 1)`)
			w.finds("PF19 the target has what it may have: target table public.account: has rows, expected an empty table")
			w.refused("table public.account: the table has rows, expected an empty one: TRUNCATE it, or name the right target", "table public.payment_2026: the table has rows")
		},
		"a table that differs": func(w *world) {
			w.exec(w.green, `ALTER TABLE public.entry ALTER note SET NOT NULL`)
			_, err := bgsync.Register(w.ctx(), w.blue.admin, w.green.admin, plan("core.fwd"))
			require.ErrorContains(w.t, err, "table public.entry differs between source and target: ")
			w.finds("PF12 every table is on both sides and equal: table public.entry: differs")
		},
		"a lane that is there": func(w *world) {
			w.register("core.fwd", w.blue, w.green)
			require.NoError(w.t, w.making())
			require.ErrorIs(w.t, w.making(), lane.ErrExists)
			require.ErrorContains(w.t, w.making(), "create lane core.fwd: look for the lane: the lane exists already")
		},
		"a lane that is not there": func(w *world) {
			report, err := w.runner("lost").Run(w.ctx())
			require.NoError(w.t, err)
			require.Equal(w.t, checkpoint.CheckpointInvalid, report.Halt.Code)
			require.Contains(w.t, report.Halt.Reason, "core.fwd: no such lane")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(bareWorld(t))
		})
	}
}

// One side is a real server that cannot be one of a lane.
func TestALaneIsNotMadeBetweenServersThatCannotHaveOne(t *testing.T) {
	t.Parallel()
	another := func(color naming.Color, o pgtest.Options) func(t *testing.T) *world {
		return func(t *testing.T) *world {
			w := &world{t: t, settings: settings}
			o.Databases = []string{database}
			own := pgtest.Start(t, o)
			require.NoError(t, prepare(w.ctx(), own, color))
			if color == naming.Blue {
				w.blue, w.green = w.joined(own), w.joined(pools[naming.Green].Borrow(t))
			} else {
				w.blue, w.green = w.joined(pools[naming.Blue].Borrow(t)), w.joined(own)
			}
			w.register("core.fwd", w.blue, w.green)
			return w
		}
	}
	replica := maps.Clone(settings)
	replica["wal_level"] = "replica"
	for name, c := range map[string]struct {
		world          func(t *testing.T) *world
		found, refused string
	}{
		"a log that cannot be decoded": {another(naming.Blue, pgtest.Options{Settings: replica}),
			"PF04 the source can be decoded: source setting wal_level: replica, expected wal_level=logical",
			`look at the servers: source: setting wal_level is "replica", expected "logical" (rds.logical_replication=1 on Aurora) and a restart`},
		"a target of another major release": {another(naming.Green, pgtest.Options{Settings: settings, Release: pgtest.Newer}),
			"PF02 both servers are PostgreSQL 14: target: is PostgreSQL 15, expected 14",
			"look at the servers: target: is PostgreSQL 15, expected 14 on both sides"},
		"a source of another major release": {another(naming.Blue, pgtest.Options{Settings: settings, Release: pgtest.Newer}),
			"PF02 both servers are PostgreSQL 14: source: is PostgreSQL 15, expected 14",
			"look at the servers: source: is PostgreSQL 15, expected 14 on both sides"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := c.world(t)
			w.finds(c.found)
			w.refused(c.refused)
		})
	}
}

// A second invocation is told that there is one, and nothing goes on from a step that
// nobody knows.
func TestNothingGoesOnFromAStepThatNobodyKnows(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	w := s.world
	first := w.background(w.runner("first"))
	require.Eventually(t, func() bool {
		return value[int](w, w.blue, `SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'bgsync_core_fwd_g1' AND active`) == 1
	}, waiting, tick)
	second := w.runner("second")
	second.Limits.SlotWait = 1
	_, err := second.Run(w.ctx())
	require.ErrorIs(t, err, lane.ErrBusy)
	_, err = first()
	require.NoError(t, err)

	err = checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", "nonsense")
	require.ErrorContains(t, err, `lane core.fwd: a halt "nonsense" cannot be resumed, expected one of [`)
	err = checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.Divergence)
	require.ErrorContains(t, err, `lane core.fwd is not halted with code "divergence"`)
	require.ErrorContains(t, checkpoint.Resume(w.ctx(), w.green.admin, "nowhere", checkpoint.Divergence), `lane nowhere is not halted with code "divergence"`)

	m := s.machine("confused")
	_, err = m.Step(w.ctx(), switching.Command(17))
	require.ErrorIs(t, err, switching.ErrCommand)
	require.ErrorContains(t, err, "command 17, expected 0 (continue), 1 (go), 2 (cancel) or 3 (accept)")
	_, err = m.Step(w.ctx(), switching.Go)
	require.ErrorContains(t, err, "the command does not fit the state of the switch: state STEADY")
	require.NoError(t, s.store.Put(w.ctx(), shared.SwitchItem, control.Item{Rev: 1, Fields: map[string]string{shared.FieldState: "HALFWAY"}}))
	_, err = m.Step(w.ctx(), switching.Continue)
	require.ErrorContains(t, err, `switch state is "HALFWAY": expected `)
	require.True(t, s.authority(naming.Blue).Writable)
	require.False(t, s.authority(naming.Green).Writable)
}
