//go:build integration

package lane_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/shared/naming"
)

// numbersSQL makes a sequence that no column knows of: applications take numbers from
// it and write them themselves. Its owner has no table.
const numbersSQL = `
CREATE ROLE counter NOLOGIN;
GRANT CREATE ON SCHEMA public TO counter;
SET ROLE counter;
CREATE SEQUENCE public."Number" INCREMENT BY 50;
GRANT USAGE ON SEQUENCE public."Number" TO app;
RESET ROLE`

// takes asks for a number as the application does.
func (s *switches) takes(at naming.Color) (n int64, err error) {
	err = s.app(at).QueryRow(s.ctx(), `SELECT nextval('public."Number"')`).Scan(&n)
	return n, err
}

// A sequence that stands by itself gives no number twice, however often the authority
// moves, and none where nobody may write.
func TestASequenceOfNoTableGivesNoNumberTwice(t *testing.T) {
	t.Parallel()
	s := newSwitches(t)
	s.exec(s.blue, numbersSQL)
	s.exec(s.green, numbersSQL)
	require.NoError(t, postgres.Record(t.Context(), s.blue.admin, s.green.admin))
	seen := map[int64]naming.Color{}
	for _, holder := range []naming.Color{naming.Blue, naming.Green, naming.Blue} {
		if holder != naming.Blue || len(seen) > 0 {
			s.switchTo(holder)
		}
		for range 20 {
			n, err := s.takes(holder)
			require.NoError(t, err)
			require.NotContains(t, seen, n, "%s gives what was given before", holder)
			seen[n] = holder
		}
		_, err := s.takes(holder.Other())
		assert.ErrorContains(t, err, "42501")
	}
}
