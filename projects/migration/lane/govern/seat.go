package govern

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// on does something with the target's session, one at a time. With a session that
// broke all its locks are gone. Where the target does not answer in time that is
// errLate, and not the end of the caller's own time.
func (g *Governor) on(ctx context.Context, do func(ctx context.Context, conn *pgx.Conn) error) error {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	limited, cancel := g.limit(ctx)
	defer cancel()
	conn, err := g.target.open(limited)
	if err == nil {
		err = do(limited, conn)
	}
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return errLate
	}
	return err
}

// errLate tells that the target has not answered a question of the throttle in time.
var errLate = errors.New("the target does not answer the throttle in time")

// electSQL is true for the session that has the lock, or gets it: once, since a lock
// that is taken twice must be given back twice.
const electSQL = `SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_locks
    WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid() AND granted AND objsubid = 1
      AND (classid::int8 << 32 | objid::int8) = pg_catalog.hashtextextended($1, 0)
      AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))
  THEN true ELSE pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1, 0)) END`

// elect tells whether this process measures.
func (g *Governor) elect(ctx context.Context) (lead bool, err error) {
	err = g.on(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		err := conn.QueryRow(ctx, electSQL, g.lock("measures")).Scan(&lead)
		return pg.Wrap(err, "ask who measures for lane %s", g.settings.Lane)
	})
	return lead, err
}

// sitSQL takes the first free seat of $2, but none that this process has already.
const sitSQL = `SELECT coalesce((SELECT n FROM pg_catalog.generate_series(1, $2::int) n
  WHERE CASE WHEN n = ANY ($3::int[]) THEN false ELSE pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1 || n, 0)) END
  LIMIT 1), 0)`

// seat is one that this process has.
type seat struct {
	used bool
	left time.Time // by whoever used it last
}

// sit takes a seat, 0 if there is none: one that somebody here has just left, or
// another.
func (g *Governor) sit(ctx context.Context) (number int32, err error) {
	allowed := g.gate.Allowed()
	if number = g.again(allowed); number > 0 {
		return number, nil
	}
	err = g.on(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		err := conn.QueryRow(ctx, sitSQL, g.lock(g.settings.Work), allowed, g.mine()).Scan(&number)
		if err == nil && number > 0 {
			g.table.Lock()
			defer g.table.Unlock()
			g.seats[number] = &seat{used: true}
		}
		return pg.Wrap(err, "take a seat of lane %s", g.settings.Lane)
	})
	return number, err
}

// again takes a seat that this process has and nobody uses.
func (g *Governor) again(allowed int) int32 {
	g.table.Lock()
	defer g.table.Unlock()
	for number, seat := range g.seats {
		if !seat.used && int(number) <= allowed {
			seat.used = true
			return number
		}
	}
	return 0
}

// mine lists the seats that this process has.
func (g *Governor) mine() []int32 {
	g.table.Lock()
	defer g.table.Unlock()
	return slices.AppendSeq(make([]int32, 0, len(g.seats)), maps.Keys(g.seats))
}

// rise leaves a seat, for the next here or, if none comes, for others.
func (g *Governor) rise(number int32) {
	g.table.Lock()
	defer g.table.Unlock()
	if seat := g.seats[number]; seat != nil {
		seat.used, seat.left = false, time.Now()
	}
}

// tidy gives seats back that nobody here has used for a while, or may not use any more.
// Where that fails the session is broken, and they are free.
func (g *Governor) tidy(ctx context.Context) {
	allowed := g.gate.Allowed()
	g.table.Lock()
	var idle []int32
	for number, seat := range g.seats {
		if !seat.used && (int(number) > allowed || time.Since(seat.left) > g.settings.Limits.Interval) {
			seat.used = true // so that nobody sits down while it is carried away
			idle = append(idle, number)
		}
	}
	g.table.Unlock()
	if len(idle) == 0 {
		return
	}
	_ = g.on(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `SELECT pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended($1 || n, 0)) FROM unnest($2::int[]) n`, g.lock(g.settings.Work), idle)
		return err
	})
	g.table.Lock()
	defer g.table.Unlock()
	for _, number := range idle {
		delete(g.seats, number)
	}
}
