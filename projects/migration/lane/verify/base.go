package verify

import (
	"context"
	"fmt"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// Base is a lane's row on its target with a session open, so that nothing but the
// writing happens while nobody may write.
type Base struct {
	lane string
	conn *pgx.Conn
}

const (
	unpreparedSQL = `SELECT EXISTS (SELECT FROM bgsync.table_state t WHERE t.lane = $1
	  AND NOT EXISTS (SELECT FROM bgsync.bucket b WHERE b.lane = t.lane AND b.table_id = t.table_id)
	  AND EXISTS (SELECT FROM bgsync.table_map m JOIN pg_class c ON c.relname = m.name JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = m.schema
	              WHERE m.table_id = t.table_id AND c.relkind = 'r'))`
	cleanBaseSQL = `UPDATE bgsync.lane SET clean_base = $2::pg_lsn, clean_base_at = pg_catalog.clock_timestamp() WHERE lane = $1 AND state = 'running' AND part_lsn IS NULL`
)

// OpenBase connects to the target of a lane that has buckets. Close ends the session.
func (v *Verifier) OpenBase(ctx context.Context) (*Base, error) {
	conn, err := pg.Connect(ctx, v.Target, pg.Identity{Role: pg.Verifier, Lane: v.Lane, Invocation: v.Invocation})
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	b := &Base{lane: v.Lane, conn: conn}
	if err := b.ready(ctx); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// ready looks at the lane, and has the server know what Set will ask of it.
func (b *Base) ready(ctx context.Context) error {
	if _, err := checkpoint.Load(ctx, b.conn, b.lane); err != nil {
		return err
	}
	if err := b.prepared(ctx, b.conn); err != nil {
		return err
	}
	_, err := b.conn.Prepare(ctx, cleanBaseSQL, cleanBaseSQL)
	return pg.Wrap(err, "prepare the clean base of lane %s", b.lane)
}

// prepared makes sure that every table of the lane has buckets.
func (b *Base) prepared(ctx context.Context, conn interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) error {
	var missing bool
	if err := conn.QueryRow(ctx, unpreparedSQL, b.lane).Scan(&missing); err != nil {
		return pg.Wrap(err, "look at the buckets of lane %s", b.lane)
	}
	if missing {
		return fmt.Errorf("lane %s: %w", b.lane, ErrUnprepared)
	}
	return nil
}

// Set says that all rows are equal at a position of the lane's source, as a switch has
// just shown by other means: the lane's buckets count as clean from there. The lane
// must be running and in no part of a transaction.
func (b *Base) Set(ctx context.Context, at pglogrepl.LSN) error {
	err := pgx.BeginFunc(ctx, b.conn, func(tx pgx.Tx) error {
		if err := b.prepared(ctx, tx); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, cleanBaseSQL, b.lane, at.String())
		if err == nil && tag.RowsAffected() == 0 {
			return ErrNotRunning
		}
		return err
	})
	return pg.Wrap(err, "set the clean base of lane %s", b.lane)
}

// Close ends the session.
func (b *Base) Close() { pg.Close(b.conn) }
