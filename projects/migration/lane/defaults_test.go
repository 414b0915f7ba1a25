//go:build integration

package lane_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// defaults are what an operator may have set for all sessions of a database, for the
// sake of its applications.
var defaults = map[string]string{
	"default_transaction_isolation": "repeatable read", "array_nulls": "off", "xmloption": "document",
	"statement_timeout": "59001ms", "lock_timeout": "59002ms", "idle_in_transaction_session_timeout": "59003ms", "idle_session_timeout": "59004ms",
}

// The engine's sessions do not go by what is set for applications, in whatever role,
// and the stream wins over chunks that are under way: one that saw only what was there
// when its transaction began would bring back what the stream has deleted meanwhile.
func TestALaneDoesNotGoByTheDefaultsOfSessions(t *testing.T) {
	t.Parallel()
	w := worldWith(t, defaults)
	for _, role := range []pg.Role{pg.Reader, pg.Applier, pg.Loader, pg.Verifier, pg.Builder, pg.Switcher, pg.Governor, pg.Operator} {
		conn := w.connect(w.green.AdminDSN(database), role)
		for name, other := range defaults {
			var is string
			require.NoError(t, conn.QueryRow(t.Context(), `SELECT CASE unit WHEN 'ms' THEN setting || unit ELSE setting END FROM pg_settings WHERE name = $1`, name).Scan(&is))
			assert.NotEqual(t, other, is, "%s of a session of role %s", name, role)
		}
	}
	w.exec(w.blue, someRows)
	w.register("core.fwd", w.blue, w.green)
	w.createInterleaved(64 << 20)
	w.meet(nil, []string{`DELETE FROM public.account WHERE id = 7`})
}
