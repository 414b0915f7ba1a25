//go:build integration

package lane_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// Somebody else halts a lane, and it is resumed before the invocation that follows
// has claimed it again: that one makes it strict again, no other has to come.
func TestALaneThatWasHaltedAndResumedBetweenTwoClaimsRuns(t *testing.T) {
	t.Parallel()
	w := following(t)
	tx, err := w.green.admin.Begin(w.ctx())
	require.NoError(t, err)
	_, err = tx.Exec(w.ctx(), `UPDATE bgsync.lane SET state = 'halted', halt_code = 'operator', halted_at = now() WHERE lane = 'core.fwd'`)
	require.NoError(t, err)
	_, err = tx.Exec(w.ctx(), `UPDATE bgsync.lane SET state = 'catching_up', halt_code = NULL, halted_at = NULL WHERE lane = 'core.fwd'`)
	require.NoError(t, err)
	require.NoError(t, tx.Commit(w.ctx()))
	require.Eventually(t, func() bool {
		return value[string](w, w.green, `SELECT state FROM bgsync.lane WHERE lane = 'core.fwd'`) == string(checkpoint.Running)
	}, waiting, tick)
}
