package lane

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// ErrUnsettled tells that a transaction of the source did not end in time.
var ErrUnsettled = errors.New("a transaction that was open did not end in time: look for long ones in pg_stat_activity and pg_prepared_xacts")

// settlePoll is how often the source is looked at.
const settlePoll = 20 * time.Millisecond

// settle waits until whatever had an id when it was called has ended, so that all
// that is in the log by then is visible to new snapshots as well. A commit can be
// decoded before other sessions see it: what is in neither the stream nor a
// snapshot would be lost.
//
// The bound is an id of its own. The upper end of a snapshot would not do: it
// follows the last id that has ended, and a transaction that was given a later one
// may have committed in the log by then.
func settle(ctx context.Context, source *pgx.Conn, limit time.Duration) error {
	var bound string
	if err := source.QueryRow(ctx, `SELECT pg_catalog.pg_current_xact_id()::text`).Scan(&bound); err != nil {
		return pg.Wrap(err, "take a transaction id")
	}
	id, err := strconv.ParseUint(bound, 10, 64)
	if err != nil {
		return fmt.Errorf("a transaction id is no number: %w", err)
	}
	return passed(ctx, source, id, limit)
}

// passed waits until every transaction with an id below bound has ended.
func passed(ctx context.Context, source *pgx.Conn, bound uint64, limit time.Duration) error {
	for until := time.Now().Add(limit); ; {
		var done bool
		err := source.QueryRow(ctx, `SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) >= $1::text::xid8`,
			fmt.Sprint(bound)).Scan(&done)
		if err != nil {
			return pg.Wrap(err, "settle")
		}
		if done {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("settle within %s: %w", limit, ErrUnsettled)
		}
		select {
		case <-time.After(settlePoll):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sleep waits a while, or until ctx ends.
func sleep(ctx context.Context, a time.Duration) error {
	select {
	case <-time.After(a):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
