package authority

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Shut takes every right to write to the replicated tables and their sequences away
// from everybody but the engine, in the caller's transaction and as an administrator.
// The tables are locked against writers first, so that nobody holds writes that are
// still to be committed. It is for a database that nobody shall write to and that
// has been somebody else's: whose rights they are, and whether they were recorded,
// does not matter.
func Shut(ctx context.Context, tx pgx.Tx) error {
	acl, err := names(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, acl.lock()); err != nil {
		return pg.Wrap(err, "lock the replicated tables")
	}
	return acl.shut(ctx, tx)
}
