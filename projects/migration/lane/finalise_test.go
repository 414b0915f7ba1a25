//go:build integration

package lane_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/finalise"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	shared "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// two operators end a migration.
var two = finalise.Order{Operators: []string{"ann", "bob"}, Reason: "green is settled"}

// finaliser ends the migration of a world, of which the way back was open long
// enough.
func (s *switches) finaliser(at func(string) error) *finalise.Finaliser {
	return &finalise.Finaliser{
		Store: s.store, Signer: s.signer, Proofs: s.proofs, Sides: map[naming.Color]*pgx.Conn{naming.Blue: s.blue.admin, naming.Green: s.green.admin},
		Quiet: waiting, Owner: "test", At: at,
	}
}

// cleared requires that nothing of the engine is left on a side but its rows.
func (s *switches) cleared(at side) {
	s.t.Helper()
	for what, query := range map[string]string{
		"slots":        `SELECT count(*) FROM pg_replication_slots WHERE database = current_database()`,
		"publications": `SELECT count(*) FROM pg_publication`, "triggers": `SELECT count(*) FROM pg_event_trigger`,
		"schemas": `SELECT count(*) FROM pg_namespace WHERE nspname = 'bgsync'`,
	} {
		assert.Zero(s.t, value[int](s.world, at, query), what)
	}
}

// Nothing ends while a way back is open or something waits for somebody, and each
// condition is named.
func TestAMigrationIsNotEndedTooEarly(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	_, err := s.finaliser(nil).Finalise(s.ctx(), two)
	require.ErrorIs(t, err, finalise.ErrNotYet, "there was no switch")
	s.switchTo(naming.Green)
	for name, test := range map[string]struct{ cause, undo, want string }{
		"a decision": {
			`INSERT INTO bgsync.repair (lane, table_id, bucket_no, key, reason) VALUES ('none', 1, -1, '{1}', 'test')`, `DELETE FROM bgsync.repair`, "decisions-blue: 1",
		},
		"a change": {
			`INSERT INTO bgsync.schema_change (id, table_id, kind, name, columns, defaults, statement, planned_by, reason) VALUES (9, 1, 'columns', '', '{a}', '{}', '', 'ann', 'test')`,
			`DELETE FROM bgsync.schema_change`, "schema-change-blue: 1",
		},
		"an armed switch": {`INSERT INTO bgsync.ddl_freeze DEFAULT VALUES`, `DELETE FROM bgsync.ddl_freeze`, "armed-blue: 1"},
		"a halted lane": {
			`UPDATE bgsync.lane SET state = 'halted', halt_code = 'operator'`, `UPDATE bgsync.lane SET state = 'running', halt_code = NULL`, "lanes-blue: 1",
		},
	} {
		s.exec(s.blue, test.cause)
		_, err := s.finaliser(nil).Finalise(s.ctx(), two)
		require.ErrorIs(t, err, finalise.ErrNotYet, name)
		require.ErrorContains(t, err, test.want)
		s.exec(s.blue, test.undo)
	}
	unproven := s.finaliser(nil)
	unproven.Proofs = &proof.Folder{Path: t.TempDir()}
	_, err = unproven.Finalise(s.ctx(), two)
	require.ErrorContains(t, err, "proof: ", "the record of the switch is not stored")
	early := s.finaliser(nil)
	early.Window = finalise.Window
	_, err = early.Finalise(s.ctx(), two)
	require.ErrorContains(t, err, "reverse-window")
	_, err = s.finaliser(nil).Finalise(s.ctx(), finalise.Order{Operators: []string{"ann", "ann"}, Reason: "alone"})
	require.ErrorIs(t, err, finalise.ErrOrder)
	_, err = s.finaliser(nil).Abandon(s.ctx(), two)
	require.ErrorIs(t, err, finalise.ErrNotYet, "a switch was made")
	_, sw := s.status()
	require.Equal(t, shared.Steady, sw.State)
	require.Equal(t, checkpoint.Running, s.row(s.green, "core.fwd").State)
}

// A call that dies at any step is made again, while lanes still run; what is left in
// the end is the rows, the writers' rights and the closing record.
func TestAMigrationEndsAfterACrashAtEveryStep(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	s.switchTo(naming.Green)
	s.drained(s.green, s.blue, "core.rev")
	rows := s.contents(s.green)
	_, before := s.status()
	// An attempt that was given up after it is not the switch that counts.
	late := s.machine("given up")
	_, err := late.Start(s.ctx(), to(naming.Blue))
	require.NoError(t, err)
	gone(late)
	require.Equal(t, naming.Green, s.recovered())
	crashed := map[string]bool{}
	crash := func(step string) error {
		if crashed[step] {
			return nil
		}
		crashed[step] = true
		return errStop
	}
	var report finalise.Report
	for calls := 0; ; calls++ {
		require.Less(t, calls, 60)
		if report, err = s.finaliser(crash).Finalise(s.ctx(), two); err == nil {
			break
		}
		require.ErrorIs(t, err, errStop)
	}
	require.Len(t, crashed, 26, "before and after: draft, decide, proof, and on each side retire, slots, triggers, publication, schema")
	s.cleared(s.blue)
	s.cleared(s.green)
	require.Equal(t, rows, s.contents(s.green))
	_, sw := s.status()
	require.Equal(t, shared.Finalised, sw.State)
	body, err := s.proofs.Get(s.ctx(), report.Proof)
	require.NoError(t, err)
	require.Equal(t, proof.Closing(before.ProofID), report.Proof)
	record, err := proof.Open(s.ctx(), s.signer, body)
	require.NoError(t, err)
	require.Equal(t, two.Operators, record.Operators)
	require.Len(t, record.Lanes, 2)
	require.NotEmpty(t, record.Checks)
	require.NotContains(t, strings.ToLower(string(body)), "owner ")

	_, err = s.finaliser(nil).Finalise(s.ctx(), two)
	require.NoError(t, err, "once more does no harm")
	_, err = s.machine("late").Start(s.ctx(), to(naming.Blue))
	require.Error(t, err)
	require.NotErrorIs(t, err, switching.ErrGates)
	s.exec(s.green, `CREATE TABLE public.later (x int)`, `SET ROLE app`, `UPDATE public.account SET balance = balance`, `RESET ROLE`, `DROP TABLE public.later`)
	_, err = s.blue.admin.Exec(s.ctx(), `SET ROLE app`)
	require.NoError(t, err)
	_, err = s.blue.admin.Exec(s.ctx(), `UPDATE public.account SET balance = 0`)
	require.ErrorContains(t, err, "permission denied", "the side that was left has no writers")
	s.exec(s.blue, `RESET ROLE`)
}

// A migration that never switched can be taken away, with a base that is half loaded.
func TestLanesAreTakenAwayBeforeAnySwitch(t *testing.T) {
	t.Parallel()
	s := restingSwitches(t)
	rows := s.contents(s.blue)
	stop := s.background(lane.Runner{Lane: "core.rev", Endpoints: endpoints(s.green, s.blue), Invocation: "still there", Limits: quick()})
	one := finalise.Order{Operators: []string{"ann"}, Reason: "another day"}
	_, err := s.finaliser(stopAt("finalise.slots_green.before")).Abandon(s.ctx(), one)
	require.ErrorIs(t, err, errStop)
	_, err = s.finaliser(nil).Abandon(s.ctx(), one)
	require.NoError(t, err)
	s.cleared(s.blue)
	s.cleared(s.green)
	require.Equal(t, rows, s.contents(s.blue))
	_, _ = stop() // it found its lane retired, or gone
	token, _ := s.status()
	require.True(t, token.Admits(naming.Blue))
}
