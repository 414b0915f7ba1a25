//go:build integration

package lane_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/shared/naming"
)

// A tail that ends while arming compares, as one with too many keys does, is begun
// again: nobody else would, and the gate would stay closed.
func TestArmingBeginsATailAgainThatHasEnded(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	databases := s.databases("switch")
	compare, isVerified := databases.Compare.(*postgres.Verified)
	require.True(t, isVerified)
	operator := s.connect(s.green.AdminDSN(database), "operator")
	exec := func(sql string) {
		t.Helper()
		_, err := operator.Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	exec(`UPDATE bgsync.bucket SET clean_lsn = NULL WHERE lane = 'core.fwd'`) // so that all are compared
	exec(`BEGIN; LOCK TABLE bgsync.bucket IN SHARE MODE`)
	armed := make(chan error, 1)
	go func() { armed <- compare.ArmTail(t.Context(), naming.Green) }()
	require.Eventually(t, func() bool {
		return value[bool](s.world, s.green, `SELECT EXISTS (SELECT FROM bgsync.lane WHERE lane = 'core.fwd' AND tail_from IS NOT NULL)
			AND EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'bgsync.bucket'::regclass)`)
	}, 2*time.Minute, 10*time.Millisecond, "a comparison that waits, with a tail")
	require.NoError(t, compare.DisarmTail(t.Context(), naming.Green))
	exec(`ROLLBACK`)
	require.NoError(t, <-armed)
	for _, gate := range compare.Evaluate(t.Context(), naming.Green) {
		assert.Equal(t, "pass", gate.Verdict.String(), "%s: %s", gate.Name, gate.Detail)
	}
}
