package apply

import (
	"context"
	"slices"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// position names a change of the source.
type position struct {
	commit  pglogrepl.LSN
	ordinal int64
}

// restoreDiscarded reads which changes operators have let the lane pass over.
func (a *Applier) restoreDiscarded(ctx context.Context) error {
	rows, err := a.conn.Query(ctx, `SELECT commit_lsn, ordinal FROM bgsync.quarantine
		WHERE lane = $1 AND generation = $2 AND state = 'discarded' AND commit_lsn >= $3::pg_lsn`, a.row.Lane, a.row.Generation, a.row.Applied.String())
	if err != nil {
		return pg.Wrap(err, "read bgsync.quarantine")
	}
	a.discarded = map[position]bool{}
	var at position
	_, err = pgx.ForEachRow(rows, []any{&at.commit, &at.ordinal}, func() error {
		a.discarded[at] = true
		return nil
	})
	return pg.Wrap(err, "read bgsync.quarantine")
}

// kept are the changes without those that are passed over.
func (a *Applier) kept(changes []change.Change) []change.Change {
	if len(a.discarded) == 0 {
		return changes
	}
	return slices.DeleteFunc(slices.Clone(changes), func(c change.Change) bool {
		return a.discarded[position{c.Commit, c.Ordinal}]
	})
}

// GiveUp sets requests aside of which the target refuses a row; they are tried
// again after a while. Of several it is not known which one is refused: the next
// repairs take one key each.
func (a *Applier) GiveUp(ctx context.Context, requests Requests) error {
	if len(requests.Keys) > 1 {
		a.repairKeys = 1
		return nil
	}
	for _, key := range requests.Keys {
		_, err := a.conn.Exec(ctx, `UPDATE bgsync.repair SET state = 'failed', tries = tries + 1, at = pg_catalog.clock_timestamp()
			WHERE lane = $1 AND table_id = $2 AND bucket_no = -1 AND key = $3`, a.row.Lane, requests.TableID, key)
		if err != nil {
			return pg.Wrap(err, "set a repair aside")
		}
	}
	return nil
}
