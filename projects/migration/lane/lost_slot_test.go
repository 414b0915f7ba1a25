//go:build integration

package lane_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// A slot that is lost or dropped after the lane has looked at it, and before its stream
// starts, is a gap at once, as it is when the look finds it.
func TestASlotThatIsLostBeforeItsStreamStartsIsAGap(t *testing.T) {
	t.Parallel()
	// each leaves the segment of the log that the slot is in farther behind
	const on = `SELECT pg_logical_emit_message(true, 'test', 'x')`
	for name, c := range map[string]struct {
		cause []string
		state string
	}{
		"invalidated": {[]string{on, `SELECT pg_switch_wal()`, on, `SELECT pg_switch_wal()`, on, `SELECT pg_switch_wal()`, on, `CHECKPOINT`}, "SQLSTATE 55000"},
		"dropped":     {[]string{`SELECT pg_drop_replication_slot('bgsync_core_fwd_g1')`}, "SQLSTATE 42704"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := worldWith(t, map[string]string{"max_slot_wal_keep_size": "16MB"})
			w.register("core.fwd", w.blue, w.green)
			w.create()
			stop := w.background(w.runner("first"))
			w.running()
			_, err := stop()
			require.NoError(t, err)
			w.released()

			var once sync.Once
			caused := make(chan error, len(c.cause))
			n := newNetwork(t, w.blue)
			n.meets = func(request []byte) {
				if !bytes.Contains(request, []byte("START_REPLICATION")) {
					return
				}
				once.Do(func() {
					for _, statement := range c.cause {
						_, err := w.blue.admin.Exec(w.ctx(), statement)
						caused <- err
					}
					close(caused)
				})
			}
			r := w.runner("late")
			r.Endpoints.Reader = n.via(r.Endpoints.Reader)
			report, err := r.Run(w.ctx())
			require.NoError(t, err)
			for err := range caused {
				require.NoError(t, err)
			}
			require.Zero(t, value[int](w, w.blue, `SELECT count(*) FROM pg_replication_slots WHERE wal_status <> 'lost'`))
			require.NotNil(t, report.Halt)
			require.Equal(t, checkpoint.Gap, report.Halt.Code, report.Halt.Reason)
			require.Contains(t, report.Halt.Reason, c.state, "it was the stream that was refused, and not the look")
			require.Equal(t, checkpoint.Gap, w.row(w.green, "core.fwd").Halt)
		})
	}
}
