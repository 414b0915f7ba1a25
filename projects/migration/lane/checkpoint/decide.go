package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// ErrDecision tells that a quarantined row cannot be decided so.
var ErrDecision = errors.New("cannot be decided")

// deciders is how many operators it takes to discard a change of the source.
const deciders = 2

// Discard lets the lane pass over a change that the target refuses. It takes two
// operators; done tells that both have decided. The row becomes a request for a
// repair, and while that is open the lane does not become strict, so that nothing
// can be switched on a side that lacks it. The lane itself goes on by Resume.
func Discard(ctx context.Context, conn *pgx.Conn, lane string, commit pglogrepl.LSN, ordinal int64, by string) (done bool, err error) {
	if strings.TrimSpace(by) == "" {
		return false, fmt.Errorf("discard: %w without the operator's name", ErrDecision)
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		var decided []string
		var state string
		err := tx.QueryRow(ctx, `SELECT q.state, coalesce(q.decided_by, '{}') FROM bgsync.quarantine q JOIN bgsync.lane l USING (lane, generation)
			WHERE q.lane = $1 AND q.commit_lsn = $2::pg_lsn AND q.ordinal = $3 AND l.state = 'halted' AND l.halt_code = 'poison' FOR UPDATE OF q`,
			lane, commit.String(), ordinal).Scan(&state, &decided)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("change %d of the transaction at %s: %w: lane %s is not halted by it", ordinal, commit, ErrDecision, lane)
		case err != nil:
			return err
		case state != "open":
			return fmt.Errorf("change %d of the transaction at %s: %w: it is %s", ordinal, commit, ErrDecision, state)
		case slices.Contains(decided, by):
			return fmt.Errorf("change %d of the transaction at %s: %w: %s has decided already, expected another operator", ordinal, commit, ErrDecision, by)
		}
		decided = append(decided, by)
		if done = len(decided) >= deciders; done {
			state = "discarded"
		}
		return discard(ctx, tx, lane, commit, ordinal, state, decided)
	})
	return done && err == nil, pg.Wrap(err, "discard")
}

// discard writes the decision down, and the request for the row when it is final.
func discard(ctx context.Context, tx pgx.Tx, lane string, commit pglogrepl.LSN, ordinal int64, state string, decided []string) error {
	_, err := tx.Exec(ctx, `UPDATE bgsync.quarantine q SET state = $4, decided_by = $5 FROM bgsync.lane l
		WHERE q.lane = $1 AND q.commit_lsn = $2::pg_lsn AND q.ordinal = $3 AND l.lane = q.lane AND l.generation = q.generation`,
		lane, commit.String(), ordinal, state, decided)
	if err != nil || state != "discarded" {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO bgsync.repair (lane, table_id, bucket_no, key, reason)
		SELECT q.lane, q.table_id, -1, q.key, '`+Discarded+`' FROM bgsync.quarantine q JOIN bgsync.lane l USING (lane, generation)
		WHERE q.lane = $1 AND q.commit_lsn = $2::pg_lsn AND q.ordinal = $3
		ON CONFLICT (lane, table_id, bucket_no, key) DO UPDATE SET reason = excluded.reason, state = 'open'`, lane, commit.String(), ordinal)
	return err
}
