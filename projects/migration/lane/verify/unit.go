package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Unit is a run of buckets of one table, which one worker compares. It can be
// given to a worker in another process, and twice: what is done already is not
// done again.
type Unit struct {
	Pass  int64 `json:"pass"`
	Table int32 `json:"table"`
	From  int32 `json:"from"`
	To    int32 `json:"to"`
}

// dirtySQL is true of a bucket b of lane l that changed since it was found equal,
// or never was.
const dirtySQL = `(b.dirty_lsn > greatest(b.clean_lsn, l.clean_base) OR b.clean_lsn IS NULL AND l.clean_base IS NULL)`

// openSQL selects the buckets that a pass has yet to compare.
func openSQL(kind Kind) string {
	condition := "true"
	switch kind {
	case Incremental:
		condition = dirtySQL
	case Continuous:
		condition = "(b.at IS NULL OR b.at < v.started_at - make_interval(secs => v.older))"
	case Full:
	}
	return ` FROM bgsync.bucket b JOIN bgsync.lane l USING (lane) JOIN bgsync.verify_pass v ON v.lane = b.lane
  WHERE b.lane = $1 AND v.pass_id = $2 AND v.state = 'running' AND b.pass_id IS DISTINCT FROM v.pass_id AND ` + condition
}

// tally counts what a worker found.
type tally struct {
	buckets, equal, unstable, mismatched, requested, rows int64
}

func (t *tally) add(other tally) {
	t.buckets += other.buckets
	t.equal += other.equal
	t.unstable += other.unstable
	t.mismatched += other.mismatched
	t.requested += other.requested
	t.rows += other.rows
}

// work compares the buckets of a unit until each has a result.
func (s *session) work(ctx context.Context, p pass, unit Unit, ending func() bool) (tally, error) {
	table, err := s.table(unit.Table)
	if err != nil {
		return tally{}, err
	}
	part := partition{table: table}
	if err := s.target.QueryRow(ctx, `SELECT t.bucket_kind, (SELECT count(*) FROM bgsync.bucket b WHERE b.lane = t.lane AND b.table_id = t.table_id)
		FROM bgsync.table_state t WHERE lane = $1 AND table_id = $2`, s.Lane, table.ID).Scan(&part.kind, &part.count); err != nil {
		return tally{}, pg.Wrap(err, "read the division of table %s", table.FullName())
	}
	var done tally
	for tries, again := (attempts{}), 0; !ending(); again++ {
		pending, err := s.pending(ctx, p, unit)
		if err != nil || len(pending) == 0 {
			return done, err
		}
		if again > 0 {
			if err := s.pauseFor(ctx, tries, again); err != nil {
				return done, err
			}
		}
		found, err := s.round(ctx, p, part, pending, tries)
		done.add(found)
		if err != nil && !errors.Is(err, errStale) {
			return done, err
		}
	}
	return done, nil
}

// pauseFor waits longer and longer for buckets that are changing; a difference
// does not go away by waiting, and is only looked at under new snapshots.
func (s *session) pauseFor(ctx context.Context, tries attempts, again int) error {
	for _, tried := range tries {
		if tried.unstable > 0 {
			return s.pause(ctx, again)
		}
	}
	return ctx.Err()
}

// pause waits before buckets are looked at once more.
func (s *session) pause(ctx context.Context, again int) error {
	select {
	case <-time.After(s.Limits.Pause << min(again-1, 5)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pending lists the buckets of a unit that have no result in the pass.
func (s *session) pending(ctx context.Context, p pass, unit Unit) ([]bucket, error) {
	rows, err := s.target.Query(ctx, `SELECT b.bucket_no, b.lo, b.hi`+openSQL(p.kind)+` AND b.table_id = $3 AND b.bucket_no BETWEEN $4 AND $5 ORDER BY 1`,
		s.Lane, p.id, unit.Table, unit.From, unit.To)
	if err != nil {
		return nil, pg.Wrap(err, "read the buckets of lane %s", s.Lane)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (bucket, error) {
		var b bucket
		err := row.Scan(&b.no, &b.lo, &b.hi)
		return b, err
	})
	return found, pg.Wrap(err, "read the buckets of lane %s", s.Lane)
}

// attempts counts by bucket how often one was changing, or differed, in a row.
type attempts map[int32]struct{ unstable, different int }

// round compares buckets once, records those that are equal, and looks into those
// that keep differing.
func (s *session) round(ctx context.Context, p pass, part partition, buckets []bucket, tries attempts) (tally, error) {
	f, err := s.compare(ctx, part, buckets)
	if err != nil {
		return tally{}, err
	}
	var same, left []result
	var suspects []bucket
	for _, r := range f.results {
		tried := tries[r.no]
		switch r.verdict {
		case equal:
			same = append(same, r)
			delete(tries, r.no)
			continue
		case unstable:
			if tried.unstable++; tried.unstable >= s.Limits.Unstable && !f.gap {
				left = append(left, r)
			}
		case different:
			if tried.different++; tried.different > s.Limits.Retry {
				suspects = append(suspects, r.bucket)
			}
		}
		tries[r.no] = tried
	}
	done := tally{buckets: int64(len(same) + len(left)), equal: int64(len(same)), unstable: int64(len(left))}
	for _, r := range same {
		done.rows += r.rows
	}
	if err := s.record(ctx, p, part.table.ID, f, same, left); err != nil {
		return tally{}, err
	}
	for _, b := range suspects {
		found, err := s.suspect(ctx, p, part, b, tries)
		done.add(found)
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// suspect looks into a bucket that keeps differing. A bucket that is changing
// while its rows are compared is looked at again.
func (s *session) suspect(ctx context.Context, p pass, part partition, b bucket, tries attempts) (tally, error) {
	d, err := s.differing(ctx, part, b)
	if err != nil {
		return tally{}, err
	}
	if d.moved || d.count == 0 {
		tried := tries[b.no]
		tried.different = s.Limits.Retry
		tries[b.no] = tried
		return tally{}, nil
	}
	if err := s.request(ctx, p, part.table, d); err != nil {
		return tally{}, err
	}
	return tally{buckets: 1, mismatched: 1, requested: d.count}, nil
}

// claimClass is the class of the advisory locks by which processes share units.
const claimClass = 0x6268

// claim makes a unit this session's, if no other process is at it.
func (s *session) claim(ctx context.Context, unit Unit) (bool, error) {
	var claimed bool
	err := s.target.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, hashtext($2))`, claimClass, s.unitName(unit)).Scan(&claimed)
	return claimed, pg.Wrap(err, "claim a unit of lane %s", s.Lane)
}

func (s *session) release(ctx context.Context, unit Unit) error {
	_, err := s.target.Exec(ctx, `SELECT pg_advisory_unlock($1, hashtext($2))`, claimClass, s.unitName(unit))
	return pg.Wrap(err, "release a unit of lane %s", s.Lane)
}

func (s *session) unitName(unit Unit) string {
	return fmt.Sprintf("%s/%d/%d/%d", s.Lane, unit.Pass, unit.Table, unit.From)
}
