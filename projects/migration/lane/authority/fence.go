package authority

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

const fenceSQL = `UPDATE bgsync.authority SET writable = false, changed_at = pg_catalog.clock_timestamp(), changed_by = $3
  WHERE epoch = $2 AND attempt = $1::uuid AND writable`

// lockSettings bound the wait for the locks. Both lie below the default
// deadlock_timeout of one second, so that a cycle of locks costs the fence a try
// and never a writer its transaction.
const lockSettings = `SET LOCAL lock_timeout = '%dms'; SET LOCAL statement_timeout = '%dms'`

// Fence keeps all writers out of the database, in one transaction: it locks every
// replicated table against writers, marks the database as not writable, and takes
// the writers' grants away. A granted lock means that nobody holds uncommitted
// writes; who comes later waits, and finds the right gone at execution, in old
// sessions and prepared statements too. An error of class pg.Retry tells that the
// locks were not to be had within wait: nothing was changed.
func Fence(ctx context.Context, conn *pgx.Conn, t Try, acl ACL, wait time.Duration) error {
	return fence(ctx, conn, acl, wait, fenceSQL, t.Attempt, t.Epoch, t.By)
}

const supersedeSQL = `UPDATE bgsync.authority SET writable = false, attempt = NULL, changed_at = pg_catalog.clock_timestamp(), changed_by = $3
  WHERE epoch = $1 AND epoch < $2 AND writable`

// Supersede does the same to a database whose term is over although its row does not
// know: the other side has had the authority since epoch. No attempt is needed, and one
// that stands there can do nothing afterwards.
func Supersede(ctx context.Context, conn *pgx.Conn, row Row, epoch int64, by string, acl ACL, wait time.Duration) error {
	return fence(ctx, conn, acl, wait, supersedeSQL, row.Epoch, epoch, by)
}

// fence is the transaction of both; the statement must change the row.
func fence(ctx context.Context, conn *pgx.Conn, acl ACL, wait time.Duration, statement string, args ...any) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		milliseconds := wait.Milliseconds() // by itself: a timeout counts from the next message on
		if _, err := tx.Exec(ctx, fmt.Sprintf(lockSettings, milliseconds, milliseconds*7/5)); err != nil {
			return pg.Wrap(err, "fence")
		}
		if _, err := tx.Exec(ctx, acl.lock()); err != nil {
			return pg.Wrap(err, "lock the replicated tables")
		}
		if err := one(ctx, tx, "fence", statement, args...); err != nil {
			return err
		}
		if err := acl.Revoke(ctx, tx); err != nil {
			return err
		}
		if err := acl.closed(ctx, tx); err != nil {
			return err
		}
		return held(ctx, tx, acl.Tables)
	})
}

// lock locks all replicated tables, leaves and roots, in the order of their
// numbers.
func (a ACL) lock() string {
	members := make([]string, len(a.Tables))
	for i, table := range a.Tables {
		members[i] = "ONLY " + table
	}
	return `LOCK TABLE ` + strings.Join(members, ", ") + ` IN EXCLUSIVE MODE`
}

// Blocker is a session that stands in the way of the fence. It has no text of a
// statement: that may hold values.
type Blocker struct {
	PID         int32
	Application string
	State       string
	// Age is how long its transaction has been open.
	Age time.Duration
	// Relation is one of the tables that it holds.
	Relation string
}

const blockersSQL = `
SELECT a.pid, coalesce(a.application_name, ''), coalesce(a.state, ''),
       coalesce(extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start), 0)::float8, min(l.relation::pg_catalog.regclass::text)
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND l.relation = ANY ($1::text[]::pg_catalog.regclass[]::oid[]) AND l.pid <> pg_catalog.pg_backend_pid()
  AND l.mode IN ('RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
GROUP BY 1, 2, 3, a.xact_start ORDER BY a.xact_start LIMIT 20`

// Blockers lists who holds locks that the fence has to wait for.
func Blockers(ctx context.Context, conn *pgx.Conn, acl ACL) ([]Blocker, error) {
	rows, err := conn.Query(ctx, blockersSQL, acl.Tables)
	if err != nil {
		return nil, pg.Wrap(err, "look for blockers")
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Blocker, error) {
		var b Blocker
		var seconds float64
		err := row.Scan(&b.PID, &b.Application, &b.State, &seconds, &b.Relation)
		b.Age = time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
		return b, err
	})
	return found, pg.Wrap(err, "look for blockers")
}
