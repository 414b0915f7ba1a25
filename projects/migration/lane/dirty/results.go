package dirty

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Engine is the version of what is compared: hash, canonical text, rules. Results
// of another version do not count.
const Engine = "1"

// Session runs statements: a session or a transaction.
type Session interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// epochSQL makes every comparison that is under way worthless: its result names
// the epoch that it began in.
const epochSQL = `INSERT INTO bgsync.verify_state AS v (lane, epoch, engine) VALUES ($1, 2, '` + Engine + `')
  ON CONFLICT (lane) DO UPDATE SET epoch = v.epoch + 1`

// Forget takes back all results of a lane's comparisons: after a repair and after
// a halt. A pass that is under way goes on and cannot end clean.
func Forget(ctx context.Context, on Session, lane string) error {
	for _, sql := range []string{
		epochSQL,
		`UPDATE bgsync.bucket SET clean_lsn = NULL WHERE lane = $1 AND clean_lsn IS NOT NULL`,
		`UPDATE bgsync.lane SET clean_base = NULL WHERE lane = $1 AND clean_base IS NOT NULL`,
	} {
		if _, err := on.Exec(ctx, sql, lane); err != nil {
			return pg.Wrap(err, "take back the results of lane %s", lane)
		}
	}
	return nil
}

// Restart takes back all results and ends the passes that are under way: for a
// new generation. Every bucket is dirty afterwards, and the tail is off.
func Restart(ctx context.Context, on Session, lane string) error {
	if err := Forget(ctx, on, lane); err != nil {
		return err
	}
	for _, sql := range []string{
		`UPDATE bgsync.bucket SET pass_id = NULL, unstable = 0, mismatch = 0 WHERE lane = $1`,
		`UPDATE bgsync.verify_pass SET state = 'discarded', ended_at = pg_catalog.clock_timestamp() WHERE lane = $1 AND state = 'running'`,
		`DELETE FROM bgsync.dirty_key WHERE lane = $1`,
		`UPDATE bgsync.lane SET tail_from = NULL WHERE lane = $1 AND tail_from IS NOT NULL`,
	} {
		if _, err := on.Exec(ctx, sql, lane); err != nil {
			return pg.Wrap(err, "begin the verification of lane %s anew", lane)
		}
	}
	return nil
}

// Doubt takes back all results, and with them that the lane was ever found equal: what
// differs from now on is repaired, and is no divergence. It is for a lane of which
// somebody has reason to think that rows differ. The lane's row is locked first, as the
// applier does.
func Doubt(ctx context.Context, on Session, lane string) error {
	if _, err := on.Exec(ctx, `SELECT FROM bgsync.lane WHERE lane = $1 FOR UPDATE`, lane); err != nil {
		return pg.Wrap(err, "lock lane %s", lane)
	}
	if err := Restart(ctx, on, lane); err != nil {
		return err
	}
	_, err := on.Exec(ctx, `UPDATE bgsync.verify_pass SET state = 'discarded' WHERE lane = $1 AND state = 'clean'`, lane)
	return pg.Wrap(err, "doubt the results of lane %s", lane)
}

// Opened notes that an invocation begins to apply. When the one before did not
// hand over in order, the results since the last orderly hand-over are taken
// back: what broke it may have broken more.
func Opened(ctx context.Context, conn *pgx.Conn, lane, invocation string) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		var engine, running string
		err := tx.QueryRow(ctx, `SELECT engine, coalesce(running_by, '') FROM bgsync.verify_state WHERE lane = $1 FOR UPDATE`, lane).Scan(&engine, &running)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
		case err != nil:
			return err
		case engine != Engine:
			err = Restart(ctx, tx, lane)
		case running != "":
			err = sinceHandOver(ctx, tx, lane)
		}
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO bgsync.verify_state (lane, epoch, engine, running_by) VALUES ($1, 1, $3, $2)
			ON CONFLICT (lane) DO UPDATE SET running_by = excluded.running_by, engine = excluded.engine`, lane, invocation, Engine)
		return err
	})
	return pg.Wrap(err, "open the verification of lane %s", lane)
}

// sinceHandOver takes back the results that are newer than the last orderly
// hand-over.
func sinceHandOver(ctx context.Context, tx pgx.Tx, lane string) error {
	for _, sql := range []string{
		epochSQL,
		`UPDATE bgsync.bucket b SET clean_lsn = NULL, pass_id = NULL FROM bgsync.verify_state v
			WHERE b.lane = $1 AND v.lane = $1 AND b.clean_lsn IS NOT NULL AND (v.handover_lsn IS NULL OR b.clean_lsn > v.handover_lsn)`,
		`UPDATE bgsync.lane l SET clean_base = NULL FROM bgsync.verify_state v
			WHERE l.lane = $1 AND v.lane = $1 AND l.clean_base IS NOT NULL AND (v.handover_lsn IS NULL OR l.clean_base > v.handover_lsn)`,
	} {
		if _, err := tx.Exec(ctx, sql, lane); err != nil {
			return err
		}
	}
	return nil
}

// HandedOver notes that the invocation that applied has ended in order.
func HandedOver(ctx context.Context, on Session, lane, invocation string) error {
	_, err := on.Exec(ctx, `UPDATE bgsync.verify_state v SET running_by = NULL, handover_lsn = l.applied_lsn FROM bgsync.lane l
		WHERE v.lane = $1 AND l.lane = $1 AND v.running_by = $2`, lane, invocation)
	return pg.Wrap(err, "hand the verification of lane %s over", lane)
}
