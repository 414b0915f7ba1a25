//go:build integration

package lane_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
)

// past are ways past the fence, each made where the gates do not look any more.
var past = map[string]struct{ cause, undo []string }{
	"a grant that nobody recorded": {
		cause: []string{`ALTER EVENT TRIGGER bgsync_freeze_start DISABLE`, `ALTER EVENT TRIGGER bgsync_freeze_end DISABLE`, `GRANT DELETE ON public.entry TO clerk`},
		undo:  []string{`REVOKE DELETE ON public.entry FROM clerk`, `ALTER EVENT TRIGGER bgsync_freeze_start ENABLE ALWAYS`, `ALTER EVENT TRIGGER bgsync_freeze_end ENABLE ALWAYS`},
	},
	"a power through other roles": {
		cause: []string{`CREATE ROLE vault IN ROLE pg_write_all_data`, `GRANT vault TO app_a`},
		undo:  []string{`DROP ROLE vault`},
	},
	"a writer among the engine": {
		cause: []string{`GRANT bgsync_apply TO app_a`},
		undo:  []string{`REVOKE bgsync_apply FROM app_a`},
	},
}

// What opens a way past the fence after the gates were asked is found by the fence
// itself, in its transaction: the switch backs out, and writers go on.
func TestTheFenceDoesNotHoldWhatItCannotHold(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	for name, way := range past {
		m := s.machine(name)
		m.At = func(point string) error {
			if point == "switch.5.fence.before" {
				for _, statement := range way.cause {
					if _, err := s.blue.admin.Exec(s.ctx(), statement); err != nil {
						return fmt.Errorf("%s: %w", statement, err)
					}
				}
			}
			return nil
		}
		m.Limits.Confirm = time.Second // where the fence holds nothing the checks after it find it
		_, err := s.whole(m, naming.Green)
		gone(m)
		require.ErrorIs(t, err, switching.ErrBackedOut, name)
		require.ErrorIs(t, err, authority.ErrGrants, name)
		s.exec(s.blue, way.undo...)
		s.settled(naming.Blue, 1)
		_, err = s.app(naming.Blue).Exec(s.ctx(), `UPDATE public.account SET balance = balance WHERE id = 1`)
		require.NoError(t, err, "writers go on after %s", name)
	}
}
