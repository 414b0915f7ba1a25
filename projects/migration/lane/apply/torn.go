package apply

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Steps of committing a part of a source transaction.
const (
	BeforePart = "lane.before_part"
	AfterPart  = "lane.after_part"
)

// MayTear tells whether parts of source transactions may be committed: only while
// nobody else can read the target as if it were a state of the source, that is
// while it is not writable.
func (a *Applier) MayTear(ctx context.Context) (bool, error) {
	var writable bool
	err := a.conn.QueryRow(ctx, `SELECT writable FROM bgsync.authority`).Scan(&writable)
	return !writable, pg.Wrap(err, "read the target's authority")
}

// partSQL divides by zero when the target has become writable. The lane's row is
// claimed, and a promotion changes it as well: it comes before the claim, and is
// seen here, or after this commit, and sees the part.
const partSQL = `UPDATE bgsync.lane SET part_lsn = $2::pg_lsn, part_index = $3, part_change_lsn = $4::pg_lsn
  WHERE lane = $1 AND 1 / (SELECT CASE WHEN writable THEN 0 ELSE 1 END FROM bgsync.authority) = 1`

// CommitPart commits what is written of a source transaction and notes how far it
// is. The position stays before the transaction.
func (t *Transaction) CommitPart(ctx context.Context, part checkpoint.Part, xid uint64) error {
	a := t.applier
	if err := a.at(BeforePart); err != nil {
		a.rollback()
		return err
	}
	batch := &pgx.Batch{}
	a.track.Queue(batch, xid, part.Commit)
	batch.Queue(partSQL, a.row.Lane, part.Commit.String(), part.Index, part.Change.String())
	if err := a.commit(ctx, batch, part.Change); err != nil {
		if divided(err) {
			return checkpoint.NewHalt(checkpoint.TornMismatch, "the target has become writable while it has a part of the transaction at %s", part.Commit)
		}
		return err
	}
	a.Tally.Add(t.done, time.Since(t.began))
	a.row.Part, a.row.Claim, a.row.ClaimedBy = part, a.row.Claim+1, a.invocation
	return a.at(AfterPart)
}

// divided tells whether the condition of partSQL failed.
func divided(err error) bool {
	var server *pg.ServerError
	return errors.As(err, &server) && server.SQLState == "22012"
}
