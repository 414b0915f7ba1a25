//go:build integration

package lane_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	shared "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// A switch meets, one after the other, what its rows are there for: a lane in the midst
// of a transaction, a row that is not as the token says, a fence that needs a second
// try, a check that fails afterwards, and on the way back a row that differs while
// nobody may write.
func TestEachRowOfASwitchRefusesWhatItIsThereFor(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	s.refusesToPromote(`part_lsn = '0/1', part_index = 1, part_change_lsn = '0/1'`)
	s.refusesToPromote(`epoch = 9`)
	s.refusesRowsThatDisagree()
	s.letsWritersBetweenTries()
	s.keepsWhatIsUnconfirmed()
	s.backsOutWhereRowsDiffer()
}

// refusesToPromote has a lane that ends on green stand as it may not.
func (s *switches) refusesToPromote(as string) {
	s.t.Helper()
	s.exec(s.green, `CREATE TEMP TABLE other AS SELECT * FROM bgsync.lane LIMIT 1`, `UPDATE other SET lane = 'core.other', `+as,
		`INSERT INTO bgsync.lane SELECT * FROM other`, `DROP TABLE other`)
	try := authority.Try{Attempt: uuid.NewString(), Epoch: 1, By: "test"}
	require.NoError(s.t, authority.Register(s.ctx(), s.green.admin, try, false))
	acl, err := authority.LoadACL(s.ctx(), s.green.admin)
	require.NoError(s.t, err)
	require.ErrorIs(s.t, authority.Promote(s.ctx(), s.green.admin, try, acl), authority.ErrTorn, as)
	require.NoError(s.t, authority.Cancel(s.ctx(), s.green.admin, try, "", false), "the row is as it was")
	s.exec(s.green, `DELETE FROM bgsync.lane WHERE lane = 'core.other'`)
	s.settled(naming.Blue, 1)
}

// refusesRowsThatDisagree has green in an epoch that the token does not know.
func (s *switches) refusesRowsThatDisagree() {
	s.t.Helper()
	m := s.machine("disagreeing")
	defer gone(m)
	_, err := m.Start(s.ctx(), to(naming.Green))
	require.NoError(s.t, err)
	s.exec(s.green, `UPDATE bgsync.authority SET epoch = 2`)
	_, err = m.Step(s.ctx(), switching.Go)
	require.ErrorContains(s.t, err, "green: the authority row says side green, epoch 2, writable false; expected green, 1, false")
	token, sw := s.status()
	require.Equal(s.t, shared.Armed, sw.State, "no attempt was made")
	require.True(s.t, token.Admits(naming.Blue))
	require.Empty(s.t, s.authority(naming.Blue).Attempt)
	s.exec(s.green, `UPDATE bgsync.authority SET epoch = 1`)
	_, err = m.Step(s.ctx(), switching.Cancel)
	require.NoError(s.t, err)
	s.settled(naming.Blue, 1)
}

// letsWritersBetweenTries has a writer in the way of the first try: until the second
// the token is open, and others write.
func (s *switches) letsWritersBetweenTries() {
	s.t.Helper()
	m := s.machine("twice")
	defer gone(m)
	_, err := m.Start(s.ctx(), to(naming.Green))
	require.NoError(s.t, err)
	idle, other := s.app(naming.Blue), s.app(naming.Blue)
	_, err = idle.Exec(s.ctx(), `BEGIN; UPDATE public.account SET balance = balance WHERE id = 1`)
	require.NoError(s.t, err)
	between := 0
	m.At = func(point string) error {
		if point != "switch.7.FENCING.after" {
			return nil
		}
		token, _, err := switching.Status(s.ctx(), s.store)
		if err != nil {
			return err
		}
		assert.True(s.t, token.Admits(naming.Blue), "between two tries: %+v", token)
		between++
		for _, conn := range []interface{ IsClosed() bool }{idle, other} {
			assert.False(s.t, conn.IsClosed(), "the fence ends no session")
		}
		if _, err = other.Exec(s.ctx(), `UPDATE public.account SET balance = balance WHERE id = 2`); err == nil {
			_, err = idle.Exec(s.ctx(), `COMMIT`)
		}
		return err
	}
	outcome, err := m.Step(s.ctx(), switching.Go)
	require.NoError(s.t, err)
	require.Equal(s.t, shared.Switched, outcome.Switch.State)
	require.GreaterOrEqual(s.t, between, 1)
	require.Equal(s.t, between+1, outcome.Tries)
}

// keepsWhatIsUnconfirmed has a conflict appear after the authority has moved: the switch
// stays SWITCHED until somebody accepts that, and the record says so.
func (s *switches) keepsWhatIsUnconfirmed() {
	s.t.Helper()
	s.exec(s.green, openConflict)
	m := s.machine("unconfirmed")
	defer gone(m)
	m.Limits.Confirm = time.Nanosecond // the checks are made once
	_, err := m.Step(s.ctx(), switching.Continue)
	require.ErrorIs(s.t, err, switching.ErrUnconfirmed)
	_, sw := s.status()
	require.Equal(s.t, shared.Switched, sw.State)
	require.Contains(s.t, sw.LastError, "decisions-green fail")
	_, err = s.proofs.Get(s.ctx(), sw.ProofID)
	require.ErrorIs(s.t, err, proof.ErrAbsent, "nothing is recorded as ended")
	_, err = m.Step(s.ctx(), switching.Accept)
	require.NoError(s.t, err)
	s.settled(naming.Green, 2)
	body, err := s.proofs.Get(s.ctx(), sw.ProofID)
	require.NoError(s.t, err)
	record, err := proof.Open(s.ctx(), s.signer, body)
	require.NoError(s.t, err)
	failed := 0
	for _, check := range record.Checks {
		if check.Verdict != "pass" {
			failed++
			assert.Equal(s.t, "decisions-green", check.Name)
		}
	}
	require.Equal(s.t, 1, failed, "the record names what failed")
	s.exec(s.green, `DELETE FROM bgsync.conflict`)
}

// backsOutWhereRowsDiffer changes a row of blue behind the lane back, while the switch
// to blue is drained, in a transaction that looks like the engine's own.
func (s *switches) backsOutWhereRowsDiffer() {
	s.t.Helper()
	m := s.machine("differing")
	defer gone(m)
	_, err := m.Start(s.ctx(), to(naming.Blue))
	require.NoError(s.t, err)
	_, err = s.app(naming.Green).Exec(s.ctx(), `UPDATE public.account SET balance = balance + 1 WHERE id = 7`) // in the tail
	require.NoError(s.t, err)
	m.At = func(point string) error {
		if point != "switch.9.DRAINED.after" {
			return nil
		}
		_, err := s.blue.admin.Exec(s.ctx(), `BEGIN; SELECT pg_logical_emit_message(true, 'bgsync.echo', 'core.rev');
			UPDATE bgsync.lane SET txns = txns WHERE lane = 'core.rev'; UPDATE public.account SET balance = 4711 WHERE id = 7; COMMIT`)
		return err
	}
	_, err = m.Step(s.ctx(), switching.Go)
	require.ErrorIs(s.t, err, switching.ErrBackedOut)
	require.ErrorIs(s.t, err, switching.ErrMismatch)
	require.Equal(s.t, checkpoint.Divergence, s.row(s.blue, "core.rev").Halt)
	require.Zero(s.t, value[int](s.world, s.green, `SELECT count(*) FROM bgsync.lane WHERE clean_base IS NOT NULL`), "nothing counts as shown")
	s.settled(naming.Green, 2)
	_, err = s.app(naming.Green).Exec(s.ctx(), `UPDATE public.account SET balance = balance + 1 WHERE id = 7`)
	require.NoError(s.t, err, "writers are back")
}
