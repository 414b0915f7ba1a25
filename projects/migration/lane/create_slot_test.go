//go:build integration

package lane_test

import (
	"testing"

	"github.com/jackc/pglogrepl"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane"
)

// A slot may begin in the midst of transactions that were open when it was made.
// A lane that is strict from the start begins behind them, and goes on.
func TestALaneThatCopiesNothingBeginsBehindWhatWasOpen(t *testing.T) {
	w := steady(t)
	w.register("core.rev", w.green, w.blue)
	var open pglogrepl.LSN
	require.NoError(t, lane.Create(t.Context(), lane.Creation{
		Lane: "core.rev", Endpoints: endpoints(w.green, w.blue), Base: lane.Equal, Limits: quick(),
		At: func(step string) error {
			if step == lane.AfterSlot { // as the rest of an echo that began before
				w.exec(w.green, `BEGIN; SET LOCAL session_replication_role = replica; SELECT pg_logical_emit_message(true, 'bgsync.echo', 'core.fwd'); UPDATE public.account SET owner = owner WHERE id = 1; COMMIT`)
				open = w.logEnd(w.green)
			}
			return nil
		},
	}))
	require.GreaterOrEqual(t, w.row(w.blue, "core.rev").Applied, open)
	stop := w.background(lane.Runner{Lane: "core.rev", Endpoints: endpoints(w.green, w.blue), Invocation: "back", Limits: quick()})
	w.drained(w.green, w.blue, "core.rev")
	report, err := stop()
	require.NoError(t, err)
	require.Nil(t, report.Halt)
	w.equal()
}
