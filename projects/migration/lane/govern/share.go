package govern

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

const shareSQL = `INSERT INTO bgsync.throttle AS t (lane, at, holder, period_ms, duty, size, share, withheld, since, readings)
  VALUES ($1, pg_catalog.clock_timestamp(), $2, $3, $4, $5, $6, $7, $8, $9)
  ON CONFLICT (lane) DO UPDATE SET at = excluded.at, holder = excluded.holder, period_ms = excluded.period_ms, duty = excluded.duty,
    size = excluded.size, share = excluded.share, withheld = excluded.withheld, since = excluded.since, readings = excluded.readings
  RETURNING pg_catalog.clock_timestamp()`

// share writes a state down for all and tells how long that took: it is a commit of
// the target like any other.
func (g *Governor) share(ctx context.Context, s throttle.State) (took time.Duration, err error) {
	readings, err := json.Marshal(s.Readings)
	if err != nil {
		return 0, err
	}
	var since *time.Time
	if !s.Since.IsZero() {
		since = &s.Since
	}
	err = g.on(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		began := time.Now()
		var clock time.Time
		err := conn.QueryRow(ctx, shareSQL, g.settings.Lane, g.settings.Invocation, max(1, g.settings.Limits.Interval.Milliseconds()),
			s.Duty, s.Size, s.Share, s.Withheld(), since, readings).Scan(&clock)
		if err != nil {
			return pg.Wrap(err, "write the throttle of lane %s", g.settings.Lane)
		}
		took = time.Since(began)
		g.ahead = clock.Sub(began.Add(took / 2))
		return nil
	})
	return took, err
}

// Shared is what stands on the target.
type Shared struct {
	throttle.State
	// At is when it was written, by the target's clock, and Age how long ago that was.
	At  time.Time
	Age time.Duration
	// Stale tells that it is too old to be true.
	Stale bool
}

// ErrNone tells that nobody has measured for the lane yet.
var ErrNone = errors.New("the throttle has measured nothing yet")

// Read reads what stands on the target.
func Read(ctx context.Context, target *pgx.Conn, lane string) (Shared, error) {
	var s Shared
	var readings []byte
	var since *time.Time
	var period int64
	var clock time.Time
	err := target.QueryRow(ctx, `SELECT at, pg_catalog.clock_timestamp(), period_ms, duty, size, share, since, readings FROM bgsync.throttle WHERE lane = $1`, lane).
		Scan(&s.At, &clock, &period, &s.Duty, &s.Size, &s.Share, &since, &readings)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, ErrNone
	}
	if err != nil {
		return s, pg.Wrap(err, "read the throttle of lane %s", lane)
	}
	if since != nil {
		s.Since = *since
	}
	s.Age = clock.Sub(s.At)
	s.Stale = s.Age > 3*time.Duration(period)*time.Millisecond+2*time.Second
	return s, json.Unmarshal(readings, &s.Readings)
}

// recent is how old a state may be to explain why nothing was done: those who measure
// may have ended since.
const recent = time.Minute

// Recent are the inputs that have slowed loads and comparisons of the lane down within
// the last minute.
func Recent(ctx context.Context, target *pgx.Conn, lane string) ([]throttle.Reading, error) {
	shared, err := Read(ctx, target, lane)
	if errors.Is(err, ErrNone) || err == nil && shared.Age >= recent {
		return nil, nil
	}
	return shared.Over(), err
}

// read is Read for a governor, which also learns how far the target's clock is ahead.
func (g *Governor) read(ctx context.Context) (state throttle.State, fresh bool, err error) {
	err = g.on(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		began := time.Now()
		shared, err := Read(ctx, conn, g.settings.Lane)
		if errors.Is(err, ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		g.ahead = shared.At.Add(shared.Age).Sub(began.Add(time.Since(began) / 2))
		state, fresh = shared.State, !shared.Stale
		return nil
	})
	return state, fresh, err
}
