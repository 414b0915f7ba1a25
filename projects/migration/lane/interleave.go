package lane

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/backfill"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// errInterleave tells that the source keeps too much log to load on without
// applying.
var errInterleave = errors.New("the source keeps more log than it should")

// retained is how much log the source keeps for the lane, in bytes.
func retained(ctx context.Context, source *pgx.Conn, slot string) (int64, error) {
	var bytes int64
	err := source.QueryRow(ctx, `SELECT coalesce(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), restart_lsn), 0)::int8
		FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`, slot).Scan(&bytes)
	return bytes, pg.Wrap(err, "ask for the log that slot %s keeps", slot)
}

// interleaves looks once in an interval whether the lane must begin to apply.
func (s *session) interleaves(ctx context.Context) error {
	if time.Since(s.looked) < s.limits.ThrottleInterval {
		return nil
	}
	s.looked = time.Now()
	kept, err := retained(ctx, s.source, s.row.Slot)
	if err == nil && kept > s.limits.WALSoft {
		return errInterleave
	}
	return err
}

// interleave lets the lane apply while chunks are still planned. It is never left
// again: from now on the stream wins over what is loaded. Loaders that are at work
// finish first, since the applier waits for their tables.
func (s *session) interleave(ctx context.Context) error {
	_, err := s.target.Exec(ctx, `UPDATE bgsync.lane SET state = 'catching_up' WHERE lane = $1 AND generation = $2 AND state = 'loading'`,
		s.row.Lane, s.row.Generation)
	if err != nil {
		return pg.Wrap(err, "interleave lane %s", s.row.Lane)
	}
	s.row, err = checkpoint.Load(ctx, s.target, s.row.Lane)
	return err
}

// besidePoll is how often it is looked for new chunks beside the stream: a
// TRUNCATE plans some.
const besidePoll = 200 * time.Millisecond

// beside loads what is planned while changes are applied, until ctx ends. Nothing
// that goes wrong with a chunk, save a defect, stops the stream: the chunk stays
// planned.
func (s *session) beside(ctx context.Context) error {
	target, err := s.connect(ctx, s.endpoints.Apply, pg.Loader)
	if err != nil {
		return ended(ctx, err)
	}
	defer pg.Close(target)
	for attempt := 1; !s.allLoaded.Load(); {
		chunks, err := backfill.Planned(ctx, target, s.run.Lane)
		if err == nil && len(chunks) > 0 {
			err = s.loadAll(ctx, chunks, func(context.Context) error { return nil })
		}
		switch {
		case errors.Is(err, errDeadline):
			return nil
		case err == nil:
			attempt = 1
		case errors.Is(err, errAgain), pg.Classify(err) == pg.Retry, pg.Classify(err) == pg.Resources,
			pg.Classify(err) == pg.Unique: // the stream has yet to take the value from the row that had it
			s.counters.retries.Add(1)
			attempt++
		default:
			return ended(ctx, err)
		}
		if err := sleep(ctx, max(besidePoll, pause(attempt))); err != nil {
			return nil
		}
	}
	return nil
}

// ended is err, unless ctx is over and with it what was under way.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // what ctx ended has not failed
	}
	return err
}

// endLoads ends the load of tables that are there in full, and gives the planner
// its statistics when they all are.
func (s *session) endLoads(ctx context.Context, applier *apply.Applier) error {
	if !applier.Loading() {
		return nil
	}
	tables, err := applier.EndLoads(ctx)
	if err != nil || len(tables) == 0 {
		return err
	}
	s.run.row = applier.Row()
	if applier.Loading() {
		return nil
	}
	s.allLoaded.Store(true)
	return s.analyse(ctx)
}
