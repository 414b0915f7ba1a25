package function

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/sequence"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/metrics"
	"github.com/cutover/cutover/shared/naming"
)

const (
	// looks is how often a disagreement has to be seen before it is told: token and
	// rows are read one after the other, and a switch changes them one after the other.
	looks = 3
	// lookPause is the wait between two looks.
	lookPause = 2 * time.Second
	// watchTime bounds what the watchdog reads.
	watchTime = 30 * time.Second
)

// terms are the authority rows of both databases.
type terms map[naming.Color]authority.Row

// disagree tells that the token and the rows name different holders. While the token
// says that no write may be started it names nobody, and only two sides that can
// both be written to contradict it.
func disagree(token items.Token, rows terms) bool {
	if rows[naming.Blue].Writable && rows[naming.Green].Writable {
		return true
	}
	if token.Phase != items.PhaseOpen {
		return false
	}
	holder, other := rows[token.Holder], rows[token.Holder.Other()]
	return !holder.Writable || holder.Epoch != token.Epoch || other.Writable || other.Epoch > token.Epoch
}

// watchAuthority emits who has the authority by the token, whether both databases
// agree, where the switch is, and how much of the tightest sequence is left. Before
// there is a token there is nothing to compare; after the end of the migration the
// databases are asked nothing.
func (s *switcher) watchAuthority(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	token, sw, err := switching.Status(ctx, s.store)
	if errors.Is(err, control.ErrAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	readings := standing(token, sw)
	if sw.State == items.Finalised {
		return s.platformLine(readings)
	}
	sides, done, err := s.watched(ctx, sw.Untrusted)
	defer done()
	if err != nil {
		return errors.Join(s.platformLine(readings), err)
	}
	disagreement, err := s.disagreement(ctx, sides)
	if err == nil {
		readings = append(readings, reading{metrics.AuthorityDisagreement, number(disagreement)})
	}
	least, known, leastErr := headroom(ctx, sides)
	if known {
		readings = append(readings, reading{metrics.SequenceHeadroom, 100 * least})
	}
	return errors.Join(s.platformLine(readings), err, leastErr)
}

// sides are sessions with both databases.
type sides map[naming.Color]*pgx.Conn

// watched opens a session of the fence with each database, but with one that a forced
// decision has left only where it answers for a side; done ends those that are open, after
// an error too.
func (s *switcher) watched(ctx context.Context, left naming.Color) (open sides, done func(), err error) {
	open = sides{}
	done = func() {
		for _, conn := range open {
			pg.Close(conn)
		}
	}
	for _, color := range naming.Colors() {
		dsn, err := s.place.DSN(ctx, color, bgsync.Fence)
		if err != nil {
			return open, done, err
		}
		conn, err := pg.Connect(ctx, dsn, pg.Identity{Role: pg.Operator, Lane: string(color), Invocation: "watch"})
		if color == left && (err != nil || !told(ctx, conn)) {
			continue
		}
		if err != nil {
			return open, done, fmt.Errorf("%s: %w", color, err)
		}
		open[color] = conn
	}
	return open, done, nil
}

// told tells whether a database says who has its authority, and ends the session with
// one that does not: whatever stands where a side was left is nobody's yet.
func told(ctx context.Context, conn *pgx.Conn) bool {
	_, err := authority.Load(ctx, conn)
	if err != nil {
		pg.Close(conn)
	}
	return err == nil
}

// standing is what the control store tells.
func standing(token items.Token, sw items.Switch) []reading {
	holder := string(token.Holder)
	if holder == "" {
		holder = string(items.Nobody)
	}
	return []reading{
		{metrics.AuthorityEpoch, float64(token.Epoch)}, {metrics.AuthorityHolder, metrics.Holders()[holder]},
		{metrics.SwitchStateMetric, metrics.SwitchStates()[string(sw.State)]},
	}
}

// disagreement looks until token and rows agree, or have not in several looks under
// one revision of the token.
func (s *switcher) disagreement(ctx context.Context, sides sides) (bool, error) {
	var revision int64
	for seen := 0; ; {
		token, _, err := switching.Status(ctx, s.store)
		if err != nil {
			return false, err
		}
		rows := terms{}
		for color, conn := range sides { // without a lock: nobody waits for a look
			if rows[color], err = authority.Load(ctx, conn); err != nil {
				return false, fmt.Errorf("%s: %w", color, err)
			}
		}
		if !disagree(token, rows) {
			return false, nil
		}
		if token.Rev != revision {
			seen, revision = 0, token.Rev
		}
		if seen++; seen == looks {
			return true, nil
		}
		select {
		case <-time.After(s.lookPause):
		case <-ctx.Done():
			return false, fmt.Errorf("compare the token with the databases: %w", ctx.Err())
		}
	}
}

// headroom is the part of its range, from 0 to 1, that the sequence with the least has
// left on either side; known is false where no replicated table takes values from one.
func headroom(ctx context.Context, sides sides) (least float64, known bool, err error) {
	least = 1
	for color, conn := range sides {
		all, err := sequence.Read(ctx, conn)
		if err != nil {
			return 0, false, fmt.Errorf("%s: %w", color, err)
		}
		for _, each := range all {
			least, known = min(least, each.Headroom()), true
		}
	}
	return least, known, nil
}
