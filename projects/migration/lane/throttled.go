package lane

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

// throttle makes the gate of a load. Its inputs have sessions of their own, which
// done closes.
func (s *session) throttle(ctx context.Context) (gate *throttle.Gate, done func(), err error) {
	source, target, done, err := s.loaders(ctx)
	if err != nil {
		return nil, nil, err
	}
	own := []throttle.Input{
		{Name: "source.active", Limit: float64(s.limits.SourceActive), Read: func(ctx context.Context) (float64, error) {
			return number(ctx, source, activeSQL)
		}},
		{Name: "source.commit", Limit: s.limits.SourceCommit.Seconds(), Read: commits(source)},
		{Name: "target.commit", Limit: s.limits.TargetCommit.Seconds(), Read: commits(target)},
		{Name: "source.log", Limit: float64(s.limits.WALHard), Read: func(ctx context.Context) (float64, error) {
			bytes, err := retained(ctx, source, s.row.Slot)
			return float64(bytes), err
		}},
	}
	if s.limits.TargetSoft > 0 {
		own = append(own, throttle.Input{Name: "target.storage", Limit: float64(s.limits.TargetSoft), Most: float64(s.limits.TargetHard), Read: func(ctx context.Context) (float64, error) {
			return number(ctx, target, `SELECT pg_catalog.pg_database_size(pg_catalog.current_database())::float8`)
		}})
	}
	return throttle.NewGate(s.limits.LoadWorkers, slices.Concat(own, s.run.Throttle)), done, nil
}

// activeSQL is NULL, which is no number, when the sessions of others are hidden.
const activeSQL = `SELECT CASE WHEN bool_and(state IS NOT NULL) THEN count(*) FILTER (WHERE state = 'active' AND application_name NOT LIKE 'bgsync/%')::float8 END
  FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'`

func number(ctx context.Context, conn *pgx.Conn, query string) (value float64, err error) {
	err = conn.QueryRow(ctx, query).Scan(&value)
	return value, pg.Wrap(err, "read an input of the throttle")
}

// commits measures how long a commit takes that has something to write: a message
// in the log that nobody reads.
func commits(conn *pgx.Conn) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		began := time.Now()
		_, err := conn.Exec(ctx, `SELECT pg_catalog.pg_logical_emit_message(true, 'bgsync.throttle', '')`)
		return time.Since(began).Seconds(), pg.Wrap(err, "measure a commit")
	}
}
