//go:build integration

package lane_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/shared/naming"
)

// Arming goes on while a bucket has no result: one of rows that are written to whenever
// it is looked at has none after the first round, and nobody else compares it.
func TestArmingGoesOnUntilEveryBucketHasAResult(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	compare := s.databases("switch").Compare.(*postgres.Verified)
	compare.Round, compare.Rounds = waiting, 1000
	_, err := s.connect(s.green.AdminDSN(database), "operator").Exec(t.Context(), `UPDATE bgsync.bucket SET clean_lsn = NULL WHERE lane = 'core.fwd'`)
	require.NoError(t, err)

	writing, stop := context.WithCancel(t.Context())
	written := make(chan error, 1)
	writer := s.connect(s.blue.AdminDSN(database), "operator")
	go func() {
		for writing.Err() == nil {
			if _, err := writer.Exec(t.Context(), `UPDATE public.account SET balance = balance WHERE id = (SELECT min(id) FROM public.account)`); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	armed := make(chan error, 1)
	go func() { armed <- compare.ArmTail(t.Context(), naming.Green) }()
	unstable := func() bool {
		return value[bool](s.world, s.green, `SELECT bool_or(unstable > 0) FROM bgsync.bucket WHERE lane = 'core.fwd'`)
	}
	require.Eventually(t, unstable, time.Minute, 10*time.Millisecond)
	time.Sleep(2 * compare.Pause) // the first round is over
	select {
	case err := <-armed:
		require.Fail(t, "armed with a bucket that nobody will compare", "%v", err)
	default:
	}
	stop()
	require.NoError(t, <-written)
	require.NoError(t, <-armed)
	for _, gate := range compare.Evaluate(t.Context(), naming.Green) {
		assert.Equal(t, "pass", gate.Verdict.String(), "%s: %s", gate.Name, gate.Detail)
	}
}
