package verify

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// verdict is what a comparison says of a bucket.
type verdict int

// The verdicts.
const (
	equal verdict = iota
	unstable
	different
)

// totals are a bucket's hash.
type totals struct {
	rows       int64
	sum1, sum2 string
}

// result is what a comparison found of one bucket.
type result struct {
	bucket
	verdict verdict
	totals
}

// finding is what one comparison of several buckets found.
type finding struct {
	results []result
	// at is the position to which the lane had applied its source when the target
	// was read: the buckets that are equal are so there.
	at          pglogrepl.LSN
	epoch, plan int64
	gap         bool
}

// snapshot is what the source's snapshot shows.
type snapshot struct {
	// oldest is the first transaction that the snapshot may not show.
	oldest uint64
	// until is a position of the source behind the commits of all that it shows.
	until pglogrepl.LSN
}

// snapshotSQL takes both from the transaction's first statement. Whatever the
// snapshot shows has its commit in the log already, hence before the position
// that is asked for after the snapshot is taken.
const snapshotSQL = `SELECT pg_snapshot_xmin(pg_current_snapshot())::text, pg_current_wal_insert_lsn()`

// open opens the source's transaction of a comparison.
func takeSnapshot(ctx context.Context, source pgx.Tx) (snapshot, error) {
	var snap snapshot
	var oldest string
	if err := source.QueryRow(ctx, snapshotSQL).Scan(&oldest, &snap.until); err != nil {
		return snap, pg.Wrap(err, "take a snapshot of the source")
	}
	var err error
	if snap.oldest, err = strconv.ParseUint(oldest, 10, 64); err != nil {
		return snap, fmt.Errorf("a transaction id is no number: %w", err)
	}
	return snap, nil
}

var reading = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// pair runs one statement on both sides under snapshots that show the same
// transactions, as far as the buckets are not marked otherwise, and gives what
// each side answered to read. The source's statement runs while the lane comes
// past its snapshot and the target's runs.
func (s *session) pair(ctx context.Context, p partition, buckets []bucket, sql string, read func(side int, rows pgx.Rows) error, judge func(moved map[int32]bool, f *finding) error) (finding, error) {
	var f finding
	done, err := s.piece(ctx)
	if err != nil {
		return f, err
	}
	defer done()
	err = pgx.BeginTxFunc(ctx, s.source, reading, func(source pgx.Tx) error {
		snap, err := takeSnapshot(ctx, source)
		if err != nil {
			return err
		}
		if err := s.at(AfterSnapshot); err != nil {
			return err
		}
		asked := make(chan error, 1)
		go func() { asked <- ask(ctx, source, sql, func(rows pgx.Rows) error { return read(0, rows) }) }()
		target, st, err := s.caughtUp(ctx, p, snap)
		if err != nil {
			<-asked //nolint:errcheck // without the target's answer the source's, or its error, says nothing
			return err
		}
		defer rollback(ctx, target)
		moved, err := s.moved(ctx, target, p, buckets, snap)
		if err == nil {
			err = s.at(AfterTarget)
		}
		if err == nil {
			err = ask(ctx, target, sql, func(rows pgx.Rows) error { return read(1, rows) })
		}
		if failed := <-asked; failed != nil || err != nil {
			return orderly(failed, err)
		}
		f.at, f.epoch, f.plan, f.gap = st.applied, st.epoch, st.plan, st.gap()
		if err := judge(moved, &f); err != nil {
			return err
		}
		return s.inspect(ctx, source, target, p, f)
	})
	return f, pg.Wrap(err, "compare table %s", p.table.FullName())
}

// orderly is the first error that is not nil.
func orderly(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// rollback ends a transaction that has only read. The session is used again, so that a
// server that is slow to answer is waited for; where the work is given up it is not.
func rollback(ctx context.Context, tx pgx.Tx) {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
	}
	_ = tx.Rollback(ctx) // a session that cannot roll back has no transaction
}

func ask(ctx context.Context, on pgx.Tx, sql string, read func(pgx.Rows) error) error {
	rows, err := on.Query(ctx, sql)
	if err != nil {
		return pg.Reduce(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return pg.Reduce(rows.Err())
}

// Polls of the lane's row, which is read until it is past a snapshot.
const (
	firstPoll = 2 * time.Millisecond
	lastPoll  = 50 * time.Millisecond
)

// caughtUp opens the target's transaction once the lane has applied all that the
// source's snapshot shows, is in no part of a source transaction, is consistent,
// and is past its repairs of the table. All this holds within the transaction
// that is returned.
func (s *session) caughtUp(ctx context.Context, p partition, snap snapshot) (pgx.Tx, state, error) {
	began := time.Now()
	for pause := firstPoll; ; pause = min(lastPoll, pause*2) {
		target, err := s.target.BeginTx(ctx, reading)
		if err != nil {
			return nil, state{}, pg.Wrap(err, "read the target")
		}
		st, ready, err := s.ready(ctx, target, p, snap)
		if err == nil && ready {
			return target, st, nil
		}
		rollback(ctx, target)
		if err != nil {
			return nil, st, err
		}
		if time.Since(began) > s.Limits.Wait {
			return nil, st, fmt.Errorf("lane %s at %s: %w", s.Lane, st.applied, ErrStalled)
		}
		if pause > firstPoll { // an idle source has nothing that moves the lane
			if err := s.nudge(ctx); err != nil {
				return nil, st, err
			}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, st, ctx.Err()
		}
	}
}

func (s *session) ready(ctx context.Context, target pgx.Tx, p partition, snap snapshot) (state, bool, error) {
	st, err := s.state(ctx, target)
	if err != nil {
		return st, false, err
	}
	if err := st.admit(s.Lane); err != nil {
		return st, false, err
	}
	if !slices.Equal(st.fingerprint, s.fingerprint) {
		return st, false, fmt.Errorf("lane %s: %w", s.Lane, errChanged)
	}
	if st.torn || st.applied < snap.until || !st.gap() && st.applied < st.consistent {
		return st, false, nil
	}
	var repairing bool
	err = target.QueryRow(ctx, `SELECT coalesce(repair_until > $3::pg_lsn, false) FROM bgsync.table_state WHERE lane = $1 AND table_id = $2`,
		s.Lane, p.table.ID, st.applied.String()).Scan(&repairing)
	return st, !repairing, pg.Wrap(err, "read the state of table %s", p.table.FullName())
}

// moved lists the buckets that the lane has changed by transactions which the
// source's snapshot may not show.
func (s *session) moved(ctx context.Context, target pgx.Tx, p partition, buckets []bucket, snap snapshot) (map[int32]bool, error) {
	numbers := make([]int32, len(buckets))
	for i, b := range buckets {
		numbers[i] = b.no
	}
	rows, err := target.Query(ctx, `SELECT bucket_no FROM bgsync.bucket WHERE lane = $1 AND table_id = $2 AND bucket_no = ANY ($3) AND dirty_xid >= $4::text::xid8`,
		s.Lane, p.table.ID, numbers, fmt.Sprint(snap.oldest))
	if err != nil {
		return nil, pg.Wrap(err, "read the marks of table %s", p.table.FullName())
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	moved := make(map[int32]bool, len(found))
	for _, no := range found {
		moved[no] = true
	}
	return moved, pg.Wrap(err, "read the marks of table %s", p.table.FullName())
}

// compare compares buckets of one table by their hashes.
func (s *session) compare(ctx context.Context, p partition, buckets []bucket) (finding, error) {
	sql, err := p.hashSQL(s.digest, buckets)
	if err != nil {
		return finding{}, err
	}
	var sides [2]map[int32]totals
	sides[0], sides[1] = map[int32]totals{}, map[int32]totals{}
	return s.pair(ctx, p, buckets, sql, func(side int, rows pgx.Rows) error {
		var no int32
		var t totals
		if err := rows.Scan(&no, &t.rows, &t.sum1, &t.sum2); err != nil {
			return pg.Wrap(err, "read a hash")
		}
		sides[side][no] = t
		return nil
	}, func(moved map[int32]bool, f *finding) error {
		for _, b := range buckets {
			r := result{bucket: b, totals: sides[0][b.no]}
			switch {
			case moved[b.no]:
				r.verdict = unstable
			case sides[0][b.no] != sides[1][b.no]:
				r.verdict = different
			}
			f.results = append(f.results, r)
		}
		return nil
	})
}

// inspect shows an open comparison to whoever wants to see it.
func (s *session) inspect(ctx context.Context, source, target pgx.Tx, p partition, f finding) error {
	if s.Inspect == nil || f.results == nil {
		return nil
	}
	for _, r := range f.results {
		where, err := p.where([]bucket{r.bucket})
		if err != nil {
			return err
		}
		if err := s.Inspect(ctx, Seen{
			Source: source, Target: target, Table: p.table.Ident(), Where: where, Equal: r.verdict == equal, Unstable: r.verdict == unstable,
		}); err != nil {
			return err
		}
	}
	return nil
}
