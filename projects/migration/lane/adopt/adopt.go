// Package adopt turns a physical copy of a lane's source, such as a clone of an
// Aurora cluster, into the passive side that the lane ends at. A copy has everything
// of its source: the identity, the authority, the applications' rights to write, the
// engine's records and the replication slots. The package proves that the copy is
// not the source, gives it an identity of its own, and takes the rest away.
//
// It makes no copy and no slot, reads no row of the application's and moves no
// position; lane.Reserve and lane.Adopt say when each act is due. Nothing here knows
// how a copy was made: where its rows end in the source's log is what a Start tells.
package adopt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/shared/naming"
)

// Adoption is what a copy becomes.
type Adoption struct {
	// Source is the identity of the database that the copy was made of, Side the
	// side that the copy becomes.
	Source Identity
	Side   naming.Color
	// Epoch is that of the source's authority.
	Epoch int64
	// By names who adopts; it stands in the authority row.
	By string
}

// ErrStale tells that the copy is not what it was when it was looked at: nothing
// was changed.
var ErrStale = errors.New("the copy is not as it was found: somebody else is at work on it")

// kept are the tables of schema bgsync that stay as the source had them; identity
// and authority are changed. All others are emptied, those of later versions too.
var kept = []string{"identity", "authority", "table_map", "excluded", "writer_acl", "sequence_map"}

const (
	identitySQL = `UPDATE bgsync.identity SET db_id = pg_catalog.gen_random_uuid(), side = $3, cloned_from = $1::uuid, installed_at = pg_catalog.now()
  WHERE db_id = $1::uuid AND side = $2`
	authoritySQL = `UPDATE bgsync.authority SET side = $2, writable = false, changed_at = pg_catalog.clock_timestamp(), changed_by = $4
  WHERE side = $1 AND epoch = $3 AND writable AND attempt IS NULL`
	stateSQL = `SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'bgsync' AND c.relkind = 'r' AND c.relname <> ALL ($1::text[]) ORDER BY 1`
)

// Take makes the copy the passive side, in the caller's transaction and under the
// condition that it still calls itself the source: another identity, the authority
// of the new side, which is not writable, none of the engine's records, and nobody
// who may write. It must not be called before Apart has told the two servers apart.
func (a Adoption) Take(ctx context.Context, tx pgx.Tx) error {
	if err := one(ctx, tx, "replace the identity", identitySQL, a.Source.DB, string(a.Source.Side), string(a.Side)); err != nil {
		return err
	}
	if err := one(ctx, tx, "take the authority", authoritySQL, string(a.Source.Side), string(a.Side), a.Epoch, a.By); err != nil {
		return err
	}
	if err := forget(ctx, tx); err != nil {
		return err
	}
	if err := authority.Shut(ctx, tx); err != nil {
		return fmt.Errorf("take the writers' rights: %w", err)
	}
	return nil
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

// forget empties the engine's records.
func forget(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, stateSQL, kept)
	if err != nil {
		return pg.Wrap(err, "list the tables of schema bgsync")
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return pg.Wrap(err, "list the tables of schema bgsync")
	}
	for i, name := range names {
		names[i] = pg.Ident("bgsync", name)
	}
	if _, err := tx.Exec(ctx, "TRUNCATE "+list(names)+" RESTART IDENTITY"); err != nil {
		return pg.Wrap(err, "empty the engine's records")
	}
	_, err = tx.Exec(ctx, `UPDATE bgsync.sequence_map SET preset = NULL`)
	return pg.Wrap(err, "forget what sequences were set to")
}

func list(names []string) string {
	var text string
	for i, name := range slices.Sorted(slices.Values(names)) {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text
}

// dropSQL drops slots on a database that has become another than its source, and
// on no other: the source itself does not descend from itself.
const dropSQL = `
SELECT pg_catalog.pg_drop_replication_slot(s.slot_name)
FROM pg_catalog.pg_replication_slots s, bgsync.identity i
WHERE i.cloned_from = $1::uuid AND i.db_id <> $1::uuid AND i.side = $2`

// ErrSlots tells that slots are left on the copy.
var ErrSlots = errors.New("replication slots are left on the copy, expected none: they keep its log for readers that do not exist")

// DropSlots drops the slots that came with the copy, whosever they are: their
// readers follow the source. It can be repeated, until the new side has slots of
// its own.
func (a Adoption) DropSlots(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, dropSQL, a.Source.DB, string(a.Side)); err != nil {
		return pg.Wrap(err, "drop the copied slots")
	}
	var left []string
	err := conn.QueryRow(ctx, `SELECT coalesce(pg_catalog.array_agg(slot_name::text ORDER BY slot_name), '{}') FROM pg_catalog.pg_replication_slots`).Scan(&left)
	if err != nil {
		return pg.Wrap(err, "look for slots")
	}
	if len(left) > 0 {
		return fmt.Errorf("%v: %w", left, ErrSlots)
	}
	return nil
}
