package verify

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// current holds the epoch that a comparison began in: whoever takes results back
// waits, and whoever has done so before makes this one stale.
const current = `WITH current AS (SELECT FROM bgsync.verify_state v WHERE v.lane = $1 AND v.epoch = $2 FOR SHARE) `

const recordSQL = current + `
UPDATE bgsync.bucket b SET clean_lsn = $5::pg_lsn, rows = u.rows, sum1 = u.sum1, sum2 = u.sum2, at = clock_timestamp(), pass_id = $4, unstable = 0, mismatch = 0
FROM current, unnest($6::int[], $7::bigint[], $8::numeric[], $9::numeric[]) AS u(no, rows, sum1, sum2)
WHERE b.lane = $1 AND b.table_id = $3 AND b.bucket_no = u.no`

// seenSQL spares a pass that cannot end clean any more, since it has asked for
// repairs, a second look at what a repair took the result of.
const seenSQL = `
UPDATE bgsync.bucket b SET at = clock_timestamp(), pass_id = $4 FROM bgsync.lane l, bgsync.verify_pass v
WHERE l.lane = $1 AND l.bucket_plan = $2 AND v.pass_id = $4 AND v.state = 'running' AND v.requested > 0 AND v.generation = l.generation
  AND b.lane = $1 AND b.table_id = $3 AND b.bucket_no = ANY ($5::int[])`

const leaveSQL = current + `
UPDATE bgsync.bucket b SET at = clock_timestamp(), pass_id = $4, unstable = $6
FROM current WHERE b.lane = $1 AND b.table_id = $3 AND b.bucket_no = ANY ($5::int[])`

// record writes down which buckets are equal, as of the position that the target
// was read at, and which are left changing. Results that were taken back while
// they were being found are not written.
func (s *session) record(ctx context.Context, p pass, table int32, f finding, same, left []result) error {
	if err := s.at(BeforeRecord); err != nil {
		return err
	}
	if len(same) > 0 {
		numbers, rows, sum1, sum2 := make([]int32, len(same)), make([]int64, len(same)), make([]string, len(same)), make([]string, len(same))
		for i, r := range same {
			numbers[i], rows[i], sum1[i], sum2[i] = r.no, r.rows, orZero(r.sum1), orZero(r.sum2)
		}
		err := s.only(ctx, len(same), recordSQL, s.Lane, f.epoch, table, p.id, f.at.String(), numbers, rows, sum1, sum2)
		if errors.Is(err, errStale) {
			err = s.only(ctx, len(same), seenSQL, s.Lane, f.plan, table, p.id, numbers)
		}
		if err != nil {
			return err
		}
	}
	if len(left) > 0 {
		numbers := make([]int32, len(left))
		for i, r := range left {
			numbers[i] = r.no
		}
		if err := s.only(ctx, len(left), leaveSQL, s.Lane, f.epoch, table, p.id, numbers, s.Limits.Unstable); err != nil {
			return err
		}
	}
	return s.at(AfterRecord)
}

func orZero(sum string) string {
	if sum == "" {
		return "0"
	}
	return sum
}

// only runs an update that is void when its results are stale.
func (s *session) only(ctx context.Context, rows int, sql string, args ...any) error {
	tag, err := s.target.Exec(ctx, sql, args...)
	if err != nil {
		return pg.Wrap(err, "record results of lane %s", s.Lane)
	}
	if tag.RowsAffected() != int64(rows) {
		return errStale
	}
	return nil
}

// errTooMany tells that more rows differ than a blemish has.
var errTooMany = errors.New("more rows differ than one pass may repair")

// request asks the applier to repair what differs in a bucket. After the first
// clean pass of a generation, and when too much differs, the lane halts instead.
func (s *session) request(ctx context.Context, p pass, table *relation.Table, d difference) error {
	if p.verified {
		return s.diverged(ctx, p, d.epoch, fmt.Sprintf("%d rows differ in a bucket of table %s, which was equal before", d.count, table.FullName()))
	}
	err := pgx.BeginFunc(ctx, s.target, func(tx pgx.Tx) error {
		if err := s.still(ctx, tx, p, d.epoch); err != nil {
			return err
		}
		var requested int64
		if err := tx.QueryRow(ctx, `UPDATE bgsync.verify_pass SET requested = requested + $2 WHERE pass_id = $1 RETURNING requested`, p.id, d.count).Scan(&requested); err != nil {
			return err
		}
		if requested > s.Limits.RepairRows && !d.gap {
			return errTooMany
		}
		return s.ask(ctx, tx, p, table, d)
	})
	if errors.Is(err, errTooMany) {
		return s.diverged(ctx, p, d.epoch, fmt.Sprintf("table %s: %v", table.FullName(), errTooMany))
	}
	if err != nil {
		return pg.Wrap(err, "ask for repairs of table %s", table.FullName())
	}
	return s.at(AfterRequest)
}

// ask writes the requests, and that the bucket has its result in this pass.
func (s *session) ask(ctx context.Context, tx pgx.Tx, p pass, table *relation.Table, d difference) error {
	const insertSQL = `INSERT INTO bgsync.repair (lane, table_id, bucket_no, key, reason) VALUES ($1, $2, $3, $4, 'differs') ON CONFLICT DO NOTHING`
	if d.count > maxKeys {
		if _, err := tx.Exec(ctx, insertSQL, s.Lane, table.ID, d.no, []string{}); err != nil {
			return err
		}
	} else {
		for _, key := range d.keys {
			if _, err := tx.Exec(ctx, insertSQL, s.Lane, table.ID, -1, key); err != nil {
				return err
			}
		}
	}
	_, err := tx.Exec(ctx, `UPDATE bgsync.bucket SET mismatch = mismatch + 1, clean_lsn = NULL, pass_id = $4, at = clock_timestamp()
		WHERE lane = $1 AND table_id = $2 AND bucket_no = $3`, s.Lane, table.ID, d.no, p.id)
	return err
}

// Diverged halts the lane, for a difference that was found while the source was
// fenced. Reason is for people and has no values of rows.
func (v *Verifier) Diverged(ctx context.Context, reason string) error {
	s, err := v.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	row, err := checkpoint.Load(ctx, s.target, v.Lane)
	if err != nil {
		return err
	}
	err = s.diverged(ctx, pass{generation: row.Generation}, 0, reason)
	var halt *checkpoint.Halt
	if errors.As(err, &halt) {
		return nil
	}
	return err
}

// diverged halts the lane whatever its position is, and returns the halt. A difference
// that was found before results were taken back is none any more: somebody has said
// that rows may differ, and they are to be repaired. No pass is a check without one.
func (s *session) diverged(ctx context.Context, p pass, epoch int64, reason string) error {
	halt := checkpoint.NewHalt(checkpoint.Divergence, "%s", reason)
	err := pgx.BeginFunc(ctx, s.target, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE bgsync.lane SET state = 'halted', halt_code = 'divergence', halt_reason = $3, halted_at = clock_timestamp()
			WHERE lane = $1 AND generation = $2 AND state IN ('catching_up', 'running')`, s.Lane, p.generation, halt.Reason)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return checkpoint.ErrOwnershipLost
		}
		if p.id != 0 {
			if err := s.still(ctx, tx, p, epoch); err != nil {
				return err
			}
		}
		return dirty.Forget(ctx, tx, s.Lane)
	})
	if err != nil {
		return pg.Wrap(err, "halt lane %s", s.Lane)
	}
	return halt
}

// still makes sure that a pass is running and an epoch the present one, and holds it.
func (s *session) still(ctx context.Context, tx pgx.Tx, p pass, epoch int64) error {
	var now bool
	err := tx.QueryRow(ctx, current+`SELECT EXISTS (SELECT FROM current) AND EXISTS (SELECT FROM bgsync.verify_pass WHERE pass_id = $3 AND state = 'running')`,
		s.Lane, epoch, p.id).Scan(&now)
	if err == nil && !now {
		return errStale
	}
	return err
}
