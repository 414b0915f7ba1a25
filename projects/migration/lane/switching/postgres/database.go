// Package postgres is the part of PostgreSQL in a switch: the participant whose
// authority rows are the truth. It opens sessions of its own, one for each side,
// and opens them anew when one breaks; what became of an act whose reply was lost
// it reads from the row, under its lock.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/projects/migration/lane/sequence"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/shared/naming"
)

var _ switching.Primary = (*Databases)(nil)

// Side is how one database is reached.
type Side struct {
	// Fence is the connection string of a member of bgsync_fence.
	Fence string
	// Reader is that of a member of bgsync_reader, which writes canaries.
	Reader string
	// Verify is that of a member of bgsync_verify.
	Verify string
	// Probe is that of a member of a writer's role, with which it is tried after a
	// switch who may write. It is never used to change a row.
	Probe string
}

// Databases are the two databases of a switch. One process uses one.
type Databases struct {
	Sides map[naming.Color]Side
	// Compare shows that the sides are equal.
	Compare Comparison
	// Invocation names this process in the databases.
	Invocation string
	Limits     Limits

	mutex sync.Mutex
	open  map[string]*pgx.Conn // by role and side
	acls  map[naming.Color]authority.ACL
	tail  Tail
	// summary is what was shown of the tables before writers had to wait.
	summary []proof.Table
}

// Limits of the databases' part.
type Limits struct {
	// LockWait bounds the fence's wait for its locks.
	LockWait time.Duration
	// Poll is how often a lane is looked at while writers wait.
	Poll time.Duration
	// Tail bounds the comparison while writers wait.
	Tail time.Duration
	// Forward and Back bound the round trip of a canary by each lane, and Confirm that
	// of the lane back after a switch.
	Forward, Back, Confirm time.Duration
	// OpenWrite is the longest that a transaction with writes may have been open.
	OpenWrite time.Duration
}

// Defaults are the limits that the documentation names.
func Defaults() Limits {
	return Limits{
		LockWait: 500 * time.Millisecond, Poll: 5 * time.Millisecond, Tail: 700 * time.Millisecond,
		Forward: time.Second, Back: 5 * time.Second, Confirm: 10 * time.Second, OpenWrite: 5 * time.Second,
	}
}

// Name of the participant.
func (d *Databases) Name() string { return "postgresql" }

// conn is the open session of the fence with a side.
func (d *Databases) conn(ctx context.Context, side naming.Color) (*pgx.Conn, error) {
	return d.session(ctx, pg.Switcher, side, d.Sides[side].Fence)
}

// session is the open session of a role with a side.
func (d *Databases) session(ctx context.Context, role pg.Role, side naming.Color, dsn string) (*pgx.Conn, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	key := string(role) + "/" + string(side)
	if conn := d.open[key]; conn != nil && !conn.IsClosed() {
		return conn, nil
	}
	conn, err := pg.Connect(ctx, dsn, pg.Identity{Role: role, Lane: string(side), Invocation: d.Invocation})
	if err != nil {
		return nil, err
	}
	if d.open == nil {
		d.open = map[string]*pgx.Conn{}
	}
	d.open[key] = conn
	return conn, nil
}

// Disconnect ends all sessions. A function that is frozen must not thaw with one.
func (d *Databases) Disconnect() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for _, conn := range d.open {
		pg.Close(conn)
	}
	d.open, d.acls = nil, nil
	if d.tail != nil {
		d.tail.Close()
		d.tail = nil
	}
}

// drop ends the session of a side, so that the next use opens another.
func (d *Databases) drop(side naming.Color) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	key := string(pg.Switcher) + "/" + string(side)
	if conn := d.open[key]; conn != nil {
		pg.Close(conn)
		delete(d.open, key)
	}
}

// on runs do with the session of a side. A session that broke before is opened
// anew; one that breaks now is dropped.
func (d *Databases) on(ctx context.Context, side naming.Color, do func(*pgx.Conn) error) error {
	conn, err := d.conn(ctx, side)
	if err != nil {
		return fmt.Errorf("%s: %w", side, err)
	}
	if err = do(conn); err == nil {
		return nil
	}
	if class := pg.Classify(err); class == pg.Reconnect || class == pg.Ended || conn.IsClosed() {
		d.drop(side)
	}
	return fmt.Errorf("%s: %w", side, pg.Reduce(err))
}

// Truth reads the authority row of a side under its lock.
func (d *Databases) Truth(ctx context.Context, side naming.Color) (row authority.Row, err error) {
	err = d.on(ctx, side, func(conn *pgx.Conn) error {
		row, err = authority.Settled(ctx, conn)
		return err
	})
	return row, err
}

// Position is where a side writes.
func (d *Databases) Position(ctx context.Context, side naming.Color) (position string, err error) {
	err = d.on(ctx, side, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT pg_catalog.pg_current_wal_insert_lsn()::text`).Scan(&position)
	})
	return position, err
}

// Applied is how far the lanes that end on a side are, and of which sequences no row tells
// how far the other side is, or why that is not known.
func (d *Databases) Applied(ctx context.Context, side naming.Color) (text string) {
	var detached []string
	err := d.on(ctx, side, func(conn *pgx.Conn) error {
		err := conn.QueryRow(ctx, `SELECT coalesce(pg_catalog.string_agg(pg_catalog.format('%s at %s of %s', lane, applied_lsn, applied_at_src), ', '), 'no lane')
			FROM bgsync.lane`).Scan(&text)
		if err != nil {
			return err
		}
		detached, err = sequence.Detached(ctx, conn)
		return err
	})
	switch {
	case err != nil:
		return "unknown: " + err.Error()
	case len(detached) > 0:
		return fmt.Sprintf("%s; no row tells which values %s has taken from %s", text, side.Other(), strings.Join(detached, ", "))
	}
	return text
}

// act does a conditional act on a side. When its reply is lost, or its condition
// does not hold, done says by the row whether the act was done before.
func (d *Databases) act(ctx context.Context, side naming.Color, do func(*pgx.Conn) error, done func(authority.Row) bool) error {
	err := d.on(ctx, side, do)
	if err == nil {
		return nil
	}
	if class := pg.Classify(err); class != pg.Reconnect && class != pg.Ended && !errors.Is(err, authority.ErrStale) {
		return err
	}
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	row, lookErr := d.Truth(look, side)
	if lookErr != nil {
		return errors.Join(err, lookErr)
	}
	if done(row) {
		return nil
	}
	return err
}

// lookTime bounds the look at what became of an act.
const lookTime = time.Second

// tryOf is a try as the authority's acts need it.
func tryOf(t switching.Try) authority.Try {
	return authority.Try{Attempt: t.ID, Epoch: t.Epoch, By: t.By, Alone: t.Alone != ""}
}
