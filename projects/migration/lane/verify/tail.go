package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// What the tail answers besides failures of its own.
var (
	// ErrTailOff tells that the lane is not in tail mode: it never was, or it left
	// the mode since more than dirty.MaxTail keys changed.
	ErrTailOff = errors.New("the lane is not in tail mode: arm it, or wait until fewer keys change")
	// ErrTailArmed tells that the lane is in tail mode already.
	ErrTailArmed = errors.New("the lane is in tail mode already")
	// ErrNotRunning tells that the lane is not strict, or has applied a part of a
	// transaction.
	ErrNotRunning = errors.New("the lane is not running, or has applied a part of a source transaction")
	// ErrUnprepared tells that the lane has tables without buckets.
	ErrUnprepared = errors.New("the lane has tables without buckets: prepare it first")
)

// ArmTail begins tail mode: from now on the lane writes down which keys it
// changes, and raises no mark by which an incremental round would find them. Run
// the last incremental round after it: each key that changes later is in the tail.
func (v *Verifier) ArmTail(ctx context.Context) error {
	return v.onTarget(ctx, "arm the tail", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM bgsync.dirty_key d USING bgsync.lane l WHERE d.lane = $1 AND l.lane = $1 AND l.tail_from IS NULL`, v.Lane); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE bgsync.lane SET tail_from = applied_lsn WHERE lane = $1 AND tail_from IS NULL AND state = 'running' AND part_lsn IS NULL`, v.Lane)
		if err != nil || tag.RowsAffected() == 1 {
			return err
		}
		var armed bool
		if err := tx.QueryRow(ctx, `SELECT coalesce(bool_or(tail_from IS NOT NULL), false) FROM bgsync.lane WHERE lane = $1`, v.Lane).Scan(&armed); err != nil {
			return err
		}
		if armed {
			return ErrTailArmed
		}
		return ErrNotRunning
	})
}

// DisarmTail leaves tail mode: what is recorded becomes dirty. A lane that is not
// in tail mode stays as it is.
func (v *Verifier) DisarmTail(ctx context.Context) error {
	return v.onTarget(ctx, "leave the tail", func(tx pgx.Tx) error {
		var armed bool
		err := tx.QueryRow(ctx, `SELECT tail_from IS NOT NULL FROM bgsync.lane WHERE lane = $1 FOR UPDATE`, v.Lane).Scan(&armed)
		if err != nil || !armed {
			return err
		}
		return dirty.Disarm(ctx, tx.Conn(), v.Lane)
	})
}

// ClearCleanBase takes Base.Set back, when the switch backs out.
func (v *Verifier) ClearCleanBase(ctx context.Context) error {
	return v.onTarget(ctx, "clear the clean base", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE bgsync.lane SET clean_base = NULL WHERE lane = $1`, v.Lane)
		return err
	})
}

// onTarget runs a transaction on the target.
func (v *Verifier) onTarget(ctx context.Context, what string, do func(pgx.Tx) error) error {
	conn, err := pg.Connect(ctx, v.Target, pg.Identity{Role: pg.Verifier, Lane: v.Lane, Invocation: v.Invocation})
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	defer pg.Close(conn)
	if _, err := checkpoint.Load(ctx, conn, v.Lane); err != nil {
		return err
	}
	return pg.Wrap(pgx.BeginFunc(ctx, conn, do), "%s of lane %s", what, v.Lane)
}

// Outcome is how a check of the tail ended.
type Outcome string

// The outcomes. Only Equal lets a switch go on.
const (
	TailEqual      Outcome = "equal"
	TailMismatch   Outcome = "mismatch"
	TailUnfinished Outcome = "unfinished"
)

// TailResult is what a check of the tail found. It has no values of rows.
type TailResult struct {
	Outcome Outcome `json:"outcome"`
	// Keys and Buckets are how many were compared, of all tables.
	Keys    int           `json:"keys"`
	Buckets int           `json:"buckets"`
	Took    time.Duration `json:"took_ns"`
	Tables  []TailTable   `json:"tables"`
}

// TailTable is the part of one table.
type TailTable struct {
	Table   string `json:"table"`
	Keys    int    `json:"keys"`
	Buckets int    `json:"buckets"`
	Equal   bool   `json:"equal"`
}
