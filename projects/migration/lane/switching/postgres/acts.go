package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/sequence"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
)

// Register writes the attempt into both databases, the old side first.
func (d *Databases) Register(ctx context.Context, t switching.Try) error {
	for _, side := range []naming.Color{t.From, t.To} {
		err := t.Do("switch.4.register_"+string(side), func() error {
			return d.act(ctx, side, func(conn *pgx.Conn) error {
				return authority.Register(ctx, conn, tryOf(t), side == t.From)
			}, func(row authority.Row) bool { return row.Epoch == t.Epoch && row.Attempt == t.ID })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Fence keeps writers out of the old side.
func (d *Databases) Fence(ctx context.Context, t switching.Try) (position string, err error) {
	acl, err := d.acl(ctx, t.From)
	if err != nil {
		return "", err
	}
	err = t.Do("switch.5.fence", func() error {
		return d.act(ctx, t.From, func(conn *pgx.Conn) error {
			return authority.Fence(ctx, conn, tryOf(t), acl, d.Limits.LockWait)
		}, func(row authority.Row) bool { return row.Epoch == t.Epoch && row.Attempt == t.ID && !row.Writable })
	})
	if err != nil {
		return "", d.blocked(ctx, t.From, acl, err)
	}
	return d.Position(ctx, t.From)
}

// blocked is the error of a fence, with those who were in its way.
func (d *Databases) blocked(ctx context.Context, side naming.Color, acl authority.ACL, err error) error {
	if pg.Classify(err) == pg.Retry {
		return &switching.BlockedError{Blockers: d.blockers(ctx, side, acl)}
	}
	return err
}

// Supersede keeps writers out of a side whose term is over although its row does not
// know.
func (d *Databases) Supersede(ctx context.Context, side naming.Color, row authority.Row, epoch int64, by string) error {
	acl, err := d.acl(ctx, side)
	if err != nil {
		return err
	}
	err = d.act(ctx, side, func(conn *pgx.Conn) error {
		return authority.Supersede(ctx, conn, row, epoch, by, acl, d.Limits.LockWait)
	}, func(now authority.Row) bool { return now.Epoch == row.Epoch && !now.Writable })
	if err != nil {
		return d.blocked(ctx, side, acl, err)
	}
	return nil
}

// acl is who may write to a side, read once: nobody may change it while the
// schema is frozen.
func (d *Databases) acl(ctx context.Context, side naming.Color) (acl authority.ACL, err error) {
	if kept, found := d.acls[side]; found {
		return kept, nil
	}
	err = d.on(ctx, side, func(conn *pgx.Conn) error {
		acl, err = authority.LoadACL(ctx, conn)
		return err
	})
	if err == nil {
		if d.acls == nil {
			d.acls = map[naming.Color]authority.ACL{}
		}
		d.acls[side] = acl
	}
	return acl, err
}

// blockers looks who is in the way; a look that fails finds nobody.
func (d *Databases) blockers(ctx context.Context, side naming.Color, acl authority.ACL) (found []authority.Blocker) {
	_ = d.on(ctx, side, func(conn *pgx.Conn) (err error) { // the fence is tried again with or without a report
		found, err = authority.Blockers(ctx, conn, acl)
		return err
	})
	return found
}

// Promote opens the new side.
func (d *Databases) Promote(ctx context.Context, t switching.Try) error {
	acl, err := d.acl(ctx, t.To)
	if err != nil {
		return err
	}
	if t.Alone != "" { // else arming and the check have done it
		err := t.Do("switch.18.sequences", func() error {
			return d.on(ctx, t.To, func(conn *pgx.Conn) error { return sequence.SetAlone(ctx, conn) })
		})
		if err != nil {
			return err
		}
	}
	return t.Do("switch.12.promote", func() error {
		return d.act(ctx, t.To, func(conn *pgx.Conn) error {
			return authority.Promote(ctx, conn, tryOf(t), acl)
		}, func(row authority.Row) bool { return row.Epoch == t.Epoch+1 && row.Writable })
	})
}

// Release opens the old side again.
func (d *Databases) Release(ctx context.Context, t switching.Try) error {
	acl, err := d.acl(ctx, t.From)
	if err != nil {
		return err
	}
	return d.act(ctx, t.From, func(conn *pgx.Conn) error {
		return authority.Release(ctx, conn, tryOf(t), acl)
	}, func(row authority.Row) bool { return row.Epoch == t.Epoch && row.Writable && row.Attempt == "" })
}

// Cancel takes an attempt off a side.
func (d *Databases) Cancel(ctx context.Context, t switching.Try, side naming.Color, attempt, heir string, writable bool) error {
	former := tryOf(t)
	former.Attempt = attempt
	return d.act(ctx, side, func(conn *pgx.Conn) error {
		return authority.Cancel(ctx, conn, former, heir, writable)
	}, func(row authority.Row) bool {
		return row.Epoch == t.Epoch && row.Attempt == heir && row.Writable == writable
	})
}

// Close ends the old side's term, when the new side has begun its own.
func (d *Databases) Close(ctx context.Context, t switching.Try) error {
	row, err := d.Truth(ctx, t.To)
	if err != nil {
		return err
	}
	if row.Epoch != t.Epoch+1 || !row.Writable {
		return fmt.Errorf("close %s: %s has epoch %d and writable %t, expected %d and true: %w", t.From, t.To, row.Epoch, row.Writable, t.Epoch+1, authority.ErrStale)
	}
	return t.Do("switch.19.close", func() error {
		return d.act(ctx, t.From, func(conn *pgx.Conn) error {
			return authority.Close(ctx, conn, tryOf(t))
		}, func(row authority.Row) bool { return row.Epoch == t.Epoch+1 && !row.Writable })
	})
}

const drainedSQL = `SELECT coalesce(pg_catalog.bool_and(src_attempt IS NOT DISTINCT FROM $1::uuid AND NOT src_writable AND part_lsn IS NULL
  AND src_epoch = $2 AND state = 'running'), false), coalesce(pg_catalog.bool_or(state = 'halted'), false)
  FROM bgsync.lane WHERE state <> 'retired'`

// errHalted tells that a lane stands still.
var errHalted = errors.New("a lane is halted")

// drained tells whether every lane that ends on the new side has met the fence in its
// source's log, and whether one stands still.
func (d *Databases) drained(ctx context.Context, t switching.Try) (drained, halted bool, err error) {
	err = d.on(ctx, t.To, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, drainedSQL, t.ID, t.Epoch).Scan(&drained, &halted)
	})
	return drained, halted, err
}

// Drain waits until every lane that ends on the new side has met the fence in its
// source's log: then it has applied all that was before.
func (d *Databases) Drain(ctx context.Context, t switching.Try) error {
	for {
		drained, halted, err := d.drained(ctx, t)
		switch {
		case err != nil:
			return err
		case halted:
			return fmt.Errorf("drain %s: %w", t.To, errHalted)
		case drained:
			return nil
		}
		select {
		case <-time.After(d.Limits.Poll):
		case <-ctx.Done():
			return fmt.Errorf("drain %s: the lane has not met the fence: %w", t.To, ctx.Err())
		}
	}
}
