// Package authority changes the row that says whether a database may be written
// to, and the grants that enforce it. Every act is one transaction whose first
// condition is the row itself, as the actor believes it to be: it changes exactly
// one row or nothing at all. So a process that was paused, or repeats itself,
// changes nothing.
//
// The package decides nothing: who may act when is the business of package
// switching.
package authority

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/shared/naming"
)

// Row is the authority row of one database.
type Row struct {
	Side     naming.Color
	Epoch    int64
	Writable bool
	// Attempt is the try at a switch that is registered; "" for none.
	Attempt string
}

// Try is one try at moving the authority, as its acts need it.
type Try struct {
	// Attempt is the id under which the acts are conditional.
	Attempt string
	// Epoch is that of the term that is to end.
	Epoch int64
	// By names the process, for the row.
	By string
	// Alone tells that the other side is given up: the lanes from there end with the
	// act that opens this one.
	Alone bool
}

// What an act answers besides failures of the server.
var (
	// ErrStale tells that the row is not as the actor believed: nothing was changed.
	ErrStale = errors.New("the authority row is not as this process believes it to be")
	// ErrGrants tells that somebody may write who is not in the list of writers.
	ErrGrants = errors.New("somebody may write outside of bgsync.writer_acl")
	// ErrTorn tells that a lane of the database has part of a transaction, or is
	// not there.
	ErrTorn = errors.New("a lane that ends here is missing, halted or has part of a transaction")
)

// querier is a session or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const rowSQL = `SELECT side, epoch, writable, coalesce(attempt::text, '') FROM bgsync.authority`

// Load reads the row.
func Load(ctx context.Context, conn querier) (Row, error) { return load(ctx, conn, rowSQL) }

// Settled reads the row after whatever holds it has ended, by commit or not:
// after a lost reply it tells what became of an act.
func Settled(ctx context.Context, conn *pgx.Conn) (row Row, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		row, err = load(ctx, tx, rowSQL+` FOR UPDATE`)
		return err
	})
	return row, pg.Wrap(err, "read the authority row under its lock")
}

func load(ctx context.Context, conn querier, sql string) (Row, error) {
	var r Row
	err := conn.QueryRow(ctx, sql).Scan(&r.Side, &r.Epoch, &r.Writable, &r.Attempt)
	return r, pg.Wrap(err, "read the authority row")
}

// one runs a statement that must change exactly one row.
func one(ctx context.Context, tx pgx.Tx, act, sql string, args ...any) error {
	tag, err := tx.Exec(ctx, sql, args...)
	if err != nil {
		return pg.Wrap(err, "%s", act)
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("%s: %w", act, ErrStale)
	}
	return nil
}

// Ready has a session know what fence and promotion ask of it: what it is asked for the
// first time takes several times as long, and writers wait meanwhile. It changes
// nothing.
func Ready(ctx context.Context, conn *pgx.Conn, acl ACL) error {
	for _, sql := range []string{fenceSQL, promoteSQL, raiseSQL, behindSQL} {
		if _, err := conn.Prepare(ctx, sql, sql); err != nil {
			return pg.Wrap(err, "prepare the acts of a switch")
		}
	}
	if _, _, err := acl.actual(ctx, conn); err != nil {
		return err
	}
	_, err := passers(ctx, conn, passersSQL, acl.Tables)
	return err
}

const registerSQL = `UPDATE bgsync.authority SET attempt = $1::uuid, changed_at = pg_catalog.clock_timestamp(), changed_by = $3
  WHERE epoch = $2 AND attempt IS NULL AND writable = $4`

// Register writes the attempt into a database. The old side must be writable and
// the new one not, and neither may know another attempt.
func Register(ctx context.Context, conn *pgx.Conn, t Try, writable bool) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		return one(ctx, tx, "register", registerSQL, t.Attempt, t.Epoch, t.By, writable)
	})
}

const promoteSQL = `UPDATE bgsync.authority SET epoch = epoch + 1, writable = true, attempt = NULL,
  changed_at = pg_catalog.clock_timestamp(), changed_by = $3 WHERE epoch = $2 AND attempt = $1::uuid AND NOT writable`

// Promote opens the new side: a new epoch, for the lanes that end there too, and
// the writers' grants.
func Promote(ctx context.Context, conn *pgx.Conn, t Try, acl ACL) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := one(ctx, tx, "promote", promoteSQL, t.Attempt, t.Epoch, t.By); err != nil {
			return err
		}
		if err := raise(ctx, tx, t.Epoch); err != nil {
			return err
		}
		if err := t.retire(ctx, tx); err != nil {
			return err
		}
		return acl.Grant(ctx, tx)
	})
}

const releaseSQL = `UPDATE bgsync.authority SET writable = true, attempt = NULL, changed_at = pg_catalog.clock_timestamp(), changed_by = $3
  WHERE epoch = $2 AND attempt = $1::uuid AND NOT writable`

// Release opens the old side again.
func Release(ctx context.Context, conn *pgx.Conn, t Try, acl ACL) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := one(ctx, tx, "release", releaseSQL, t.Attempt, t.Epoch, t.By); err != nil {
			return err
		}
		if err := t.retire(ctx, tx); err != nil {
			return err
		}
		return acl.Grant(ctx, tx)
	})
}

const cancelSQL = `UPDATE bgsync.authority SET attempt = nullif($3, '')::uuid, changed_at = pg_catalog.clock_timestamp(), changed_by = $4
  WHERE epoch = $2 AND attempt IS NOT DISTINCT FROM nullif($1, '')::uuid AND writable = $5`

// Cancel takes the attempt off a database that is writable, or not, so that no
// act of that attempt has an effect there any more. The heir, "" for none, takes
// its place: a recoverer's own id on the old side that is to be released. An
// attempt "" stands for none: a forced decision begins so.
func Cancel(ctx context.Context, conn *pgx.Conn, t Try, heir string, writable bool) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		return one(ctx, tx, "cancel", cancelSQL, t.Attempt, t.Epoch, heir, t.By, writable)
	})
}

const closeSQL = `UPDATE bgsync.authority SET epoch = epoch + 1, attempt = NULL, changed_at = pg_catalog.clock_timestamp(), changed_by = $2
  WHERE epoch = $1 AND NOT writable`

// Close ends the old side's term, after the new side was read to have begun its
// own.
func Close(ctx context.Context, conn *pgx.Conn, t Try) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := one(ctx, tx, "close", closeSQL, t.Epoch, t.By); err != nil {
			return err
		}
		return raise(ctx, tx, t.Epoch)
	})
}

const retireSQL = `UPDATE bgsync.lane SET state = 'retired', halt_code = NULL, halt_reason = NULL, halted_at = NULL WHERE state <> 'retired'`

// retire ends the lanes that end in this database, where their source is given up: no
// claim of theirs succeeds from here on, and their last positions stand.
func (t Try) retire(ctx context.Context, tx pgx.Tx) error {
	if !t.Alone {
		return nil
	}
	_, err := tx.Exec(ctx, retireSQL)
	return pg.Wrap(err, "end the lanes of the side that is given up")
}

const raiseSQL = `UPDATE bgsync.lane SET epoch = $1::bigint + 1 WHERE epoch = $1 AND part_lsn IS NULL AND state <> 'retired'`

// behindSQL counts the lanes that do not have the new epoch.
const behindSQL = `SELECT count(*) FROM bgsync.lane WHERE epoch <> $1::bigint + 1 AND state <> 'retired'`

// raise gives all lanes that end in this database the new epoch. There must be
// one, and none may be in the midst of a transaction.
func raise(ctx context.Context, tx pgx.Tx, epoch int64) error {
	tag, err := tx.Exec(ctx, raiseSQL, epoch)
	if err != nil {
		return pg.Wrap(err, "raise the epoch of lanes")
	}
	var left int
	err = tx.QueryRow(ctx, behindSQL, epoch).Scan(&left)
	if err != nil {
		return pg.Wrap(err, "look at the lanes")
	}
	if tag.RowsAffected() == 0 || left > 0 {
		return fmt.Errorf("raise the epoch of lanes: %w", ErrTorn)
	}
	return nil
}
