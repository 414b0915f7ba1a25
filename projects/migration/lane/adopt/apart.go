package adopt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// ErrSame tells that what was given as the copy is the source.
var ErrSame = errors.New("both connection strings lead to one server: the copy's must lead to the copy")

// heldSQL looks for a session's advisory lock, among those of all databases of a
// server (PostgreSQL 14 manual, "pg_locks").
const heldSQL = `SELECT EXISTS (SELECT FROM pg_catalog.pg_locks
  WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND (classid::bigint << 32 | objid::bigint) = $1)`

// Apart proves that two sessions are on two servers. A copy answers every other
// question as its source would: identity, system identifier, even its settings. So a
// lock is taken in the source's session, and the copy's must not see it while the
// source's still does. A session never moves to another server, so the proof holds
// as long as both last.
func Apart(ctx context.Context, source, copied *pgx.Conn) error {
	key := rand.Int64N(1 << 62) //nolint:gosec // the number of a lock, no secret
	if _, err := source.Exec(ctx, `SELECT pg_catalog.pg_advisory_lock($1)`, key); err != nil {
		return pg.Wrap(err, "source: take a lock to be seen")
	}
	seen := make([]bool, 3)
	for i, conn := range []*pgx.Conn{source, copied, source} {
		if err := conn.QueryRow(ctx, heldSQL, key).Scan(&seen[i]); err != nil {
			return pg.Wrap(err, "look for the lock")
		}
	}
	if _, err := source.Exec(ctx, `SELECT pg_catalog.pg_advisory_unlock($1)`, key); err != nil {
		return pg.Wrap(err, "source: let the lock go")
	}
	switch {
	case !seen[0] || !seen[2]:
		return errors.New("source: does not show the lock of its own session: the connection must lead to the server itself, not through a pool")
	case seen[1]:
		return ErrSame
	}
	var standby bool
	if err := copied.QueryRow(ctx, `SELECT pg_catalog.pg_is_in_recovery()`).Scan(&standby); err != nil {
		return pg.Wrap(err, "copy: ask whether it takes writes")
	}
	if standby {
		return fmt.Errorf("copy: takes no writes, expected the writer's endpoint of the copy, which is no reader of the source: %w", ErrSame)
	}
	return nil
}
