package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Kind is what a pass compares.
type Kind string

// The kinds of passes.
const (
	// Full compares all buckets. It is needed after a load, a gap, a clone.
	Full Kind = "full"
	// Incremental compares those that changed since they were found equal.
	Incremental Kind = "incremental"
	// Continuous compares those that were not looked at for some time.
	Continuous Kind = "continuous"
)

// pass is a row of bgsync.verify_pass that is running.
type pass struct {
	id, generation int64
	kind           Kind
	started        time.Time
	// verified tells that a full pass of this generation has ended clean: what
	// differs after it is a divergence.
	verified bool
}

// begin resumes the pass of the kind that is running, or begins one. A new full
// pass first divides what has grown.
func (s *session) begin(ctx context.Context, kind Kind, older time.Duration) (pass, error) {
	st, err := s.state(ctx, s.target)
	if err != nil {
		return pass{}, err
	}
	if err := st.admit(s.Lane); err != nil {
		return pass{}, err
	}
	p, err := s.running(ctx, kind)
	if err == nil || !errors.Is(err, pgx.ErrNoRows) {
		return p, err
	}
	if kind != Incremental {
		err = s.prepare(ctx)
	} else {
		err = s.prepareNew(ctx)
	}
	if err != nil {
		return pass{}, err
	}
	_, err = s.target.Exec(ctx, `INSERT INTO bgsync.verify_pass (lane, generation, kind, state, older) VALUES ($1, $2, $3, 'running', $4) ON CONFLICT DO NOTHING`,
		s.Lane, st.generation, string(kind), older.Seconds())
	if err != nil {
		return pass{}, pg.Wrap(err, "begin a pass over lane %s", s.Lane)
	}
	return s.running(ctx, kind)
}

// prepareNew makes buckets only where there are none, so that a round over what
// has changed is not held up.
func (s *session) prepareNew(ctx context.Context) error {
	var missing bool
	err := s.target.QueryRow(ctx, `SELECT EXISTS (SELECT FROM bgsync.table_state t JOIN bgsync.table_map USING (table_id)
		WHERE t.lane = $1 AND t.bucket_kind IS NULL)`, s.Lane).Scan(&missing)
	if err != nil || !missing {
		return pg.Wrap(err, "read the division of the tables of lane %s", s.Lane)
	}
	return s.prepare(ctx)
}

// running reads the pass of a kind that is running.
func (s *session) running(ctx context.Context, kind Kind) (pass, error) {
	return s.readPass(ctx, `v.kind = $2`, string(kind))
}

func (s *session) readPass(ctx context.Context, condition string, arg any) (pass, error) {
	var p pass
	err := s.target.QueryRow(ctx, `SELECT v.pass_id, v.generation, v.kind, v.started_at, EXISTS (SELECT FROM bgsync.verify_pass f
		  WHERE f.lane = v.lane AND f.generation = v.generation AND f.kind = 'full' AND f.state = 'clean')
		FROM bgsync.verify_pass v JOIN bgsync.lane l USING (lane) WHERE v.lane = $1 AND v.generation = l.generation AND v.state = 'running' AND `+condition,
		s.Lane, arg).Scan(&p.id, &p.generation, &p.kind, &p.started, &p.verified)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, pgx.ErrNoRows
	}
	return p, pg.Wrap(err, "read the pass over lane %s", s.Lane)
}

// last tells how the last pass of a kind ended.
func (s *session) last(ctx context.Context, kind Kind) (Report, error) {
	r := Report{Lane: s.Lane, Kind: kind}
	err := s.target.QueryRow(ctx, `SELECT v.pass_id, v.state <> 'discarded', v.state = 'clean', v.buckets, v.mismatched, v.unstable, v.requested
		FROM bgsync.verify_pass v JOIN bgsync.lane l USING (lane, generation) WHERE v.lane = $1 AND v.kind = $2 AND v.state <> 'running'
		ORDER BY v.pass_id DESC LIMIT 1`, s.Lane, string(kind)).Scan(&r.Pass, &r.Done, &r.Clean, &r.Buckets, &r.Mismatched, &r.Unstable, &r.Requested)
	if errors.Is(err, pgx.ErrNoRows) {
		return Report{}, fmt.Errorf("lane %s: no %s pass is running, and none has ended", s.Lane, kind)
	}
	return r, pg.Wrap(err, "read the last pass over lane %s", s.Lane)
}

// units lists what a pass has yet to compare, in runs of as many buckets as one
// statement takes.
func (s *session) units(ctx context.Context, p pass) ([]Unit, error) {
	rows, err := s.target.Query(ctx, `SELECT table_id, min(bucket_no), max(bucket_no) FROM (
		  SELECT b.table_id, b.bucket_no, (row_number() OVER (PARTITION BY b.table_id ORDER BY b.bucket_no) - 1) / CASE WHEN s.bucket_kind = 'hash' THEN 2147483647 ELSE $3 END AS run
		  FROM (SELECT b.*`+openSQL(p.kind)+`) b JOIN bgsync.table_state s USING (lane, table_id)) b
		GROUP BY table_id, run ORDER BY 1, 2`, s.Lane, p.id, s.Limits.UnitBuckets)
	if err != nil {
		return nil, pg.Wrap(err, "list what is to be compared of lane %s", s.Lane)
	}
	units, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Unit, error) {
		u := Unit{Pass: p.id}
		err := row.Scan(&u.Table, &u.From, &u.To)
		return u, err
	})
	return units, pg.Wrap(err, "list what is to be compared of lane %s", s.Lane)
}

// endSQL ends a pass of which every bucket has a result. It is clean when no
// bucket lacks one that still counts, but those that are left to the check of the
// tail; and in a generation without a base, when none is left at all.
const endSQL = `UPDATE bgsync.verify_pass v SET ended_at = clock_timestamp(), buckets = c.buckets, mismatched = c.mismatched, unstable = c.unstable, root = $3,
    state = CASE WHEN v.requested = 0 AND c.unknown = 0 AND (NOT $4 OR c.unstable = 0) THEN 'clean' ELSE 'unclean' END
  FROM (SELECT count(*) AS buckets, count(*) FILTER (WHERE b.mismatch > 0) AS mismatched, count(*) FILTER (WHERE b.unstable > 0) AS unstable,
          count(*) FILTER (WHERE b.clean_lsn IS NULL AND b.unstable = 0) AS unknown
        FROM bgsync.bucket b WHERE b.lane = $1 AND b.pass_id = $2) c
  WHERE v.pass_id = $2 AND v.state = 'running' RETURNING v.state = 'clean'`

// end ends a pass when nothing of it is left.
func (s *session) end(ctx context.Context, p pass) (done, clean bool, err error) {
	left, err := s.units(ctx, p)
	if err != nil || len(left) > 0 {
		return false, false, err
	}
	st, err := s.state(ctx, s.target)
	if err != nil {
		return false, false, err
	}
	root, err := s.root(ctx, p)
	if err != nil {
		return false, false, err
	}
	err = s.target.QueryRow(ctx, endSQL, s.Lane, p.id, root, st.gap()).Scan(&clean)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, false, nil // another process has ended it, or it was discarded
	}
	if err != nil {
		return false, false, pg.Wrap(err, "end the pass over lane %s", s.Lane)
	}
	if clean && p.kind == Full && st.gap() {
		err = s.consistent(ctx, p)
	}
	if err == nil && p.kind != Full {
		_, err = s.target.Exec(ctx, `DELETE FROM bgsync.verify_pass WHERE lane = $1 AND kind = $2 AND pass_id < $3 AND state <> 'running'`, s.Lane, string(p.kind), p.id)
	}
	return true, clean, pg.Wrap(err, "end the pass over lane %s", s.Lane)
}

// root is one hash over the hashes of all buckets of a pass.
func (s *session) root(ctx context.Context, p pass) ([]byte, error) {
	rows, err := s.target.Query(ctx, `SELECT concat_ws(' ', table_id, bucket_no, rows, sum1, sum2) FROM bgsync.bucket
		WHERE lane = $1 AND pass_id = $2 ORDER BY table_id, bucket_no`, s.Lane, p.id)
	if err != nil {
		return nil, pg.Wrap(err, "read the results of lane %s", s.Lane)
	}
	sum := sha256.New()
	var line string
	_, err = pgx.ForEachRow(rows, []any{&line}, func() error {
		_, err := fmt.Fprintln(sum, line)
		return err
	})
	return sum.Sum(nil), pg.Wrap(err, "read the results of lane %s", s.Lane)
}

// consistent ends the passes after a gap: the lane is consistent from the last
// position on at which a bucket was found equal.
func (s *session) consistent(ctx context.Context, p pass) error {
	tag, err := s.target.Exec(ctx, `UPDATE bgsync.lane l SET consistent_after = (SELECT max(b.clean_lsn) FROM bgsync.bucket b WHERE b.lane = l.lane AND b.pass_id = $3)
		WHERE l.lane = $1 AND l.generation = $2 AND l.state = $4 AND l.consistent_after IS NULL`, s.Lane, p.generation, p.id, string(checkpoint.CatchingUp))
	if err == nil && tag.RowsAffected() == 0 {
		return checkpoint.ErrOwnershipLost
	}
	return err
}
