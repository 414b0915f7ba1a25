package verify

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// write replaces the plan of a table. The new number of the plan is in the lane's
// row, which the applier holds while it writes: from its next transaction on it
// marks the new buckets. What the old ones were marked with the new ones keep;
// the first ones count as touched by all that is applied.
func (s *session) write(ctx context.Context, table *relation.Table, kind dirty.Kind, plan func(old []planned) []planned) error {
	err := pgx.BeginFunc(ctx, s.target, func(tx pgx.Tx) error {
		var xid, applied string
		if err := tx.QueryRow(ctx, `UPDATE bgsync.lane SET bucket_plan = bucket_plan + 1 WHERE lane = $1
			RETURNING applied_xid::text, applied_lsn::text`, s.Lane).Scan(&xid, &applied); err != nil {
			return err
		}
		// Results that name buckets by their old numbers count no more.
		if _, err := tx.Exec(ctx, `UPDATE bgsync.verify_state SET epoch = epoch + 1 WHERE lane = $1`, s.Lane); err != nil {
			return err
		}
		var waiting bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM bgsync.repair WHERE lane = $1 AND table_id = $2 AND bucket_no >= 0)`, s.Lane, table.ID).Scan(&waiting); err != nil || waiting {
			return err // a repair names a bucket by its number: divide later
		}
		old, err := s.readPlan(ctx, tx, table)
		if err != nil {
			return err
		}
		if len(old) == 0 {
			old = []planned{{}}
		}
		all := plan(old)
		for i := range all {
			if all[i].DirtyXid == nil {
				all[i].DirtyXid, all[i].DirtyLSN = &xid, &applied
			}
		}
		return s.replace(ctx, tx, table, kind, all)
	})
	return pg.Wrap(err, "plan the buckets of table %s", table.FullName())
}

func (s *session) readPlan(ctx context.Context, tx pgx.Tx, table *relation.Table) ([]planned, error) {
	rows, err := tx.Query(ctx, `SELECT lo, hi, dirty_xid::text, dirty_lsn::text, clean_lsn::text, sum1::text, sum2::text, pass_id, rows, unstable, mismatch
		FROM bgsync.bucket WHERE lane = $1 AND table_id = $2 ORDER BY bucket_no`, s.Lane, table.ID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (planned, error) {
		var p planned
		err := row.Scan(&p.Lo, &p.Hi, &p.DirtyXid, &p.DirtyLSN, &p.Clean, &p.Sum1, &p.Sum2, &p.Pass, &p.Rows, &p.Unstable, &p.Mismatch)
		return p, err
	})
}

const replaceSQL = `INSERT INTO bgsync.bucket (lane, table_id, bucket_no, lo, hi, dirty_xid, dirty_lsn, clean_lsn, sum1, sum2, pass_id, rows, unstable, mismatch)
  SELECT $1, $2, x.no, x.lo, x.hi, x.dirty_xid::xid8, x.dirty_lsn::pg_lsn, x.clean_lsn::pg_lsn, x.sum1, x.sum2, x.pass_id, x.rows, x.unstable, x.mismatch
  FROM jsonb_to_recordset($3::text::jsonb) AS x(no int, lo text[], hi text[], dirty_xid text, dirty_lsn text, clean_lsn text,
    sum1 numeric, sum2 numeric, pass_id bigint, rows bigint, unstable int, mismatch int)`

// replace writes the buckets, numbered in their order, in one statement: the lane
// waits for it.
func (s *session) replace(ctx context.Context, tx pgx.Tx, table *relation.Table, kind dirty.Kind, all []planned) error {
	for number := range all {
		all[number].No = number
	}
	text, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("encode the plan: %w", err)
	}
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM bgsync.bucket WHERE lane = $1 AND table_id = $2`, s.Lane, table.ID)
	batch.Queue(`UPDATE bgsync.table_state SET bucket_kind = $3 WHERE lane = $1 AND table_id = $2`, s.Lane, table.ID, string(kind))
	batch.Queue(replaceSQL, s.Lane, table.ID, string(text))
	return tx.SendBatch(ctx, batch).Close()
}
