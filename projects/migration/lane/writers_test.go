//go:build integration

package lane_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
)

// A process that was about to write the writers down while green was passive, and was held up
// until green had got the authority, takes nobody's rights away there.
func TestWritersAreNotEndedOfASideThatHasGotTheAuthority(t *testing.T) {
	s := restingSwitches(t)
	var sides []*pgx.Conn
	for _, side := range []side{s.blue, s.green} {
		conn, err := pgx.Connect(s.ctx(), side.AdminDSN(database))
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, conn.Close(s.ctx())) })
		sides = append(sides, conn)
	}
	s.exec(s.green, `GRANT INSERT ON public.account TO app`)
	promotion, err := s.green.admin.Begin(s.ctx())
	require.NoError(t, err)
	_, err = promotion.Exec(s.ctx(), `UPDATE bgsync.authority SET writable = true, epoch = 2`)
	require.NoError(t, err)

	ended := make(chan error, 1)
	go func() { ended <- postgres.Record(s.ctx(), sides[0], sides[1]) }()
	require.Eventually(t, func() (waits bool) {
		err := promotion.QueryRow(s.ctx(), `SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)`, sides[1].PgConn().PID()).Scan(&waits)
		return err == nil && waits || len(ended) == 1
	}, waiting, tick)
	require.NoError(t, promotion.Commit(s.ctx()))

	require.ErrorIs(t, <-ended, authority.ErrStale)
	assert.True(t, value[bool](s.world, s.green, `SELECT pg_catalog.has_table_privilege('app', 'public.account', 'INSERT')`))
}
