//go:build integration

package lane_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
)

// A table that calls a function which finds what it calls by the search path of whoever
// writes a row: the engine has none. The halt names the function and says what to do, and
// not that a table is another one; done so, the lane goes on.
func TestAFunctionThatNeedsASearchPathIsNamed(t *testing.T) {
	t.Parallel()
	const rate = `CREATE FUNCTION public.rate() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 2::bigint'`
	for name, c := range map[string]struct {
		fee, table string
		source     string // of the source alone: it is built on the target after the load
		doing      string
	}{
		"of a generated column": {
			fee:   `CREATE FUNCTION public.fee(numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 * rate(); END'`,
			table: `ALTER TABLE public.account ADD COLUMN fee numeric GENERATED ALWAYS AS (public.fee(balance)) STORED`,
			doing: "SQLSTATE 42883, in function public.fee, which a table calls",
		},
		"of a constraint": {
			fee:    `CREATE FUNCTION public.fee(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 * rate()'`,
			source: `ALTER TABLE public.account ADD CONSTRAINT priced CHECK (public.fee(balance) >= 0)`,
			doing:  `build constraint priced of table public.account: SQLSTATE 42883, in function fee, which a table calls`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bareWorld(t)
			for _, side := range []side{w.blue, w.green} {
				w.exec(side, `SET search_path = public`, rate, c.fee)
				if c.table != "" {
					w.exec(side, c.table)
				}
				if c.source != "" && side == w.blue {
					w.exec(side, c.source)
				}
			}
			w.exec(w.blue, someRows, `SET search_path = ''`)
			w.exec(w.green, `SET search_path = ''`)
			w.register("core.fwd", w.blue, w.green)
			w.create()
			require.Equal(t, checkpoint.Unexpected, w.haltOf("halts"), w.row(w.green, "core.fwd").Reason)
			require.Contains(t, w.row(w.green, "core.fwd").Reason, c.doing)
			require.Contains(t, w.row(w.green, "core.fwd").Reason, "ALTER FUNCTION … SET search_path on both sides")
			for _, side := range []side{w.blue, w.green} {
				w.exec(side, `ALTER FUNCTION public.fee(numeric) SET search_path = public`)
			}
			require.NoError(t, checkpoint.Resume(w.ctx(), w.green.admin, "core.fwd", checkpoint.Unexpected))
			stop := w.background(w.runner("resumed"))
			w.running()
			w.exec(w.blue, `UPDATE public.account SET balance = balance + 1 WHERE id < 50`)
			w.drained(w.blue, w.green, "core.fwd")
			w.equal()
			report, err := stop()
			require.NoError(t, err)
			require.Nil(t, report.Halt)
		})
	}
}
