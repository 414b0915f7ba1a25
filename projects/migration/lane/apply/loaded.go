package apply

import (
	"context"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

const endLoadsSQL = `UPDATE bgsync.table_state t SET phase = 'loaded',
    repair_until = greatest(t.repair_until, (SELECT max(c.src_lsn) FROM bgsync.chunk c WHERE c.lane = t.lane AND c.table_id = t.table_id AND c.load_no = t.load_no))
  WHERE t.lane = $1 AND t.phase = 'loading' AND NOT EXISTS (
    SELECT FROM bgsync.chunk c WHERE c.lane = t.lane AND c.table_id = t.table_id AND c.load_no = t.load_no AND c.state = 'planned')
  RETURNING t.table_id, coalesce(t.repair_until, '0/0')`

// EndLoads ends the load of the tables of which all chunks are there: their
// tombstones have served, and so have the chunks of loads that a TRUNCATE ended.
// With the last of them the lane knows from which position on it is consistent:
// the last one at which a chunk or a repair was read. It changes no replicated
// table, hence takes no marker. It returns the tables whose load it ended.
func (a *Applier) EndLoads(ctx context.Context) ([]int32, error) {
	var ended []int32
	after := a.row.ConsistentAfter
	err := pgx.BeginFunc(ctx, a.conn, func(tx pgx.Tx) error {
		if err := a.hold(ctx, tx); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, endLoadsSQL, a.row.Lane)
		if err != nil {
			return err
		}
		var id int32
		var until pglogrepl.LSN
		_, err = pgx.ForEachRow(rows, []any{&id, &until}, func() error {
			ended, a.repairing[id] = append(ended, id), until // until there the table stays tolerant
			return nil
		})
		if err != nil || len(ended) == 0 {
			return err
		}
		for _, statement := range []string{
			`DELETE FROM bgsync.tombstone WHERE lane = $1 AND table_id = ANY ($2)`,
			`DELETE FROM bgsync.chunk c USING bgsync.table_state t WHERE c.lane = $1 AND c.table_id = ANY ($2)
			   AND t.lane = c.lane AND t.table_id = c.table_id AND c.load_no < t.load_no`,
		} {
			if _, err := tx.Exec(ctx, statement, a.row.Lane, ended); err != nil {
				return err
			}
		}
		return tx.QueryRow(ctx, `UPDATE bgsync.lane l SET consistent_after = CASE
		    WHEN EXISTS (SELECT FROM bgsync.table_state t WHERE t.lane = l.lane AND t.phase = 'loading') THEN l.consistent_after
		    ELSE greatest(l.base_lsn, l.consistent_after, (SELECT max(t.repair_until) FROM bgsync.table_state t WHERE t.lane = l.lane)) END
		  WHERE l.lane = $1 RETURNING coalesce(l.consistent_after, '0/0')`, a.row.Lane).Scan(&after)
	})
	if err != nil {
		return nil, pg.Wrap(err, "end loads of lane %s", a.row.Lane)
	}
	a.row.ConsistentAfter = after
	for _, id := range ended {
		delete(a.loading, id)
	}
	return ended, nil
}

// hold locks the lane's row and makes sure that the lane is as this process left
// it.
func (a *Applier) hold(ctx context.Context, tx pgx.Tx) error {
	var ours bool
	err := tx.QueryRow(ctx, `SELECT generation = $2 AND applied_lsn = $3::pg_lsn AND part_index = $4 AND state IN ('catching_up', 'running')
		FROM bgsync.lane WHERE lane = $1 FOR UPDATE`, a.row.Lane, a.row.Generation, a.row.Applied.String(), a.row.Part.Index).Scan(&ours)
	if err == nil && !ours {
		return checkpoint.ErrOwnershipLost
	}
	return err
}
