package schema

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
	"github.com/cutover/cutover/shared/naming"
)

// Steps of planning, making and withdrawing a change, for observers. AfterPlan and
// AfterWithdrawal are followed by the name of the side, AfterNote comes once for each.
const (
	AfterPlan       = "schema.after_plan_"
	BeforePassive   = "schema.before_passive"
	AfterPassive    = "schema.after_passive"
	BeforeAuthority = "schema.before_authority"
	AfterAuthority  = "schema.after_authority"
	AfterNote       = "schema.after_note"
	AfterWithdrawal = "schema.after_withdrawal_"
)

// observer is at, or one that sees nothing.
func observer(at func(step string) error) func(step string) error {
	if at == nil {
		return func(string) error { return nil }
	}
	return at
}

// Apply makes a planned change: on the passive side, on the authority, and then it
// is written down as done. Each step is left out where it has been done, so that a
// call that died is simply made again. A table that does not become what was
// planned stays as it was. The lanes follow by themselves; a switch waits until
// the change is done.
func Apply(ctx context.Context, sides Sides, id int32, at func(step string) error) (*Change, error) {
	at = observer(at)
	holder, passive, err := sides.order(ctx)
	if err != nil {
		return nil, err
	}
	c, err := sides.find(ctx, id)
	if err != nil || c.State != Planned {
		return c, err
	}
	if err := sides.admit(ctx); err != nil {
		return nil, err
	}
	for _, step := range []struct {
		before, after string
		side          naming.Color
	}{{BeforePassive, AfterPassive, passive}, {BeforeAuthority, AfterAuthority, holder}} {
		if err := at(step.before); err != nil {
			return nil, err
		}
		if err := c.make(ctx, sides[step.side]); err != nil {
			return nil, pg.Wrap(err, "change %d on %s", c.ID, step.side)
		}
		if err := at(step.after); err != nil {
			return nil, err
		}
	}
	for _, side := range []naming.Color{passive, holder} {
		if err := pgx.BeginFunc(ctx, sides[side], func(tx pgx.Tx) error { return c.done(ctx, tx) }); err != nil {
			return nil, pg.Wrap(err, "note change %d on %s", c.ID, side)
		}
		if err := at(AfterNote); err != nil {
			return nil, err
		}
	}
	c.State = Done
	return c, nil
}

// Withdraw ends a change that no side has. One that a side has goes on by Apply. Once the
// passive side has forgotten the change that is decided: what somebody makes of it by hand
// on the authority from then on is a change without a plan, and the lane says so. A call
// that died is made again.
func Withdraw(ctx context.Context, sides Sides, id int32, by string, at func(step string) error) error {
	if strings.TrimSpace(by) == "" {
		return fmt.Errorf("withdraw change %d: expected the operator's name", id)
	}
	holder, passive, err := sides.order(ctx)
	if err != nil {
		return err
	}
	c, known, err := sides.any(ctx, id)
	if err != nil {
		return err
	}
	decided := known[holder] == Withdrawn || known[passive] == Withdrawn
	if !decided && known[passive] != "" { // what the passive side has not heard of nobody can have made
		if err := c.absent(ctx, sides[holder]); err != nil { // neither has it before one of them forgets it
			return pg.Wrap(err, "withdraw change %d on %s", c.ID, holder)
		}
	}
	for _, color := range []naming.Color{passive, holder} { // the passive side is the first to get it
		if err := c.withdrawn(ctx, sides[color], color == passive && !decided, by); err != nil {
			return pg.Wrap(err, "withdraw change %d on %s", c.ID, color)
		}
		if err := observer(at)(AfterWithdrawal + string(color)); err != nil {
			return err
		}
	}
	return nil
}

// any reads a change that a side has written down, and its state on each that has.
func (s Sides) any(ctx context.Context, id int32) (c *Change, states map[naming.Color]State, err error) {
	states = map[naming.Color]State{}
	for _, color := range naming.Colors() {
		list, err := List(ctx, s[color])
		if err != nil {
			return nil, nil, err
		}
		if at := slices.IndexFunc(list, func(c Change) bool { return c.ID == id }); at >= 0 {
			c, states[color] = &list[at], list[at].State
		}
	}
	if c == nil {
		return nil, nil, fmt.Errorf("change %d: %w", id, ErrUnknown)
	}
	return c, states, nil
}

// absent makes sure that a side on which the change is planned does not have it.
func (c *Change) absent(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if open, err := hold(ctx, tx, c.ID); err != nil || !open {
			return err
		}
		return c.unmade(ctx, tx)
	})
}

// unmade refuses a change that the side has.
func (c *Change) unmade(ctx context.Context, on relation.Querier) error {
	made, err := c.made(ctx, on)
	if err == nil && made {
		err = fmt.Errorf("%w: the side has it", ErrNotNow)
	}
	return err
}

// withdrawn writes down that a side will never have a change, also where the plan was not
// written down: who is about to do that finds its number taken. With look it makes sure,
// in the same transaction, that the side does not have it.
func (c *Change) withdrawn(ctx context.Context, conn *pgx.Conn, look bool, by string) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertSQL+` ON CONFLICT (id) DO NOTHING`, c.record(Withdrawn)...); err != nil {
			return err
		}
		var state State
		if err := tx.QueryRow(ctx, `SELECT state FROM bgsync.schema_change WHERE id = $1 FOR UPDATE`, c.ID).Scan(&state); err != nil || state == Withdrawn {
			return err
		}
		if state == Done { // since it was looked at
			return fmt.Errorf("%w: the side has it", ErrNotNow)
		}
		if look {
			if err := c.unmade(ctx, tx); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE bgsync.schema_change SET state = 'withdrawn', reason = reason || '; withdrawn by ' || $2 WHERE id = $1`, c.ID, by)
		return err
	})
}

// hold locks a change that is planned until the transaction ends.
func hold(ctx context.Context, tx pgx.Tx, id int32) (open bool, err error) {
	err = tx.QueryRow(ctx, `SELECT true FROM bgsync.schema_change WHERE id = $1 AND state = 'planned' FOR UPDATE`, id).Scan(&open)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return open, err
}

// order tells which side is the authority and which is passive. It must be plain:
// no switch is under way.
func (s Sides) order(ctx context.Context) (holder, passive naming.Color, err error) {
	for _, color := range naming.Colors() {
		if s[color] == nil {
			return "", "", fmt.Errorf("sides: %s has no session, expected one of each side", color)
		}
		var side naming.Color
		var writable, bound bool
		err := s[color].QueryRow(ctx, `SELECT side, writable, attempt IS NOT NULL OR EXISTS (SELECT FROM bgsync.ddl_freeze) FROM bgsync.authority`).Scan(&side, &writable, &bound)
		if err != nil {
			return "", "", pg.Wrap(err, "read the authority of %s", color)
		}
		switch {
		case side != color:
			return "", "", fmt.Errorf("the session of %s is with %s: check the connection strings", color, side)
		case bound:
			return "", "", fmt.Errorf("%w: a switch is armed or under way on %s", ErrNotNow, color)
		case writable:
			holder = color
		default:
			passive = color
		}
	}
	if holder == "" || passive == "" {
		return "", "", fmt.Errorf("%w: one side must be the authority, and one passive", ErrNotNow)
	}
	return holder, passive, nil
}

// find reads a change that both sides have.
func (s Sides) find(ctx context.Context, id int32) (*Change, error) {
	var found []Change
	for _, color := range naming.Colors() {
		list, err := List(ctx, s[color])
		if err != nil {
			return nil, err
		}
		if at := slices.IndexFunc(list, func(c Change) bool { return c.ID == id }); at >= 0 {
			found = append(found, list[at])
		}
	}
	if len(found) != 2 || !found[0].same(&found[1]) {
		return nil, fmt.Errorf("change %d: %w", id, ErrUnknown)
	}
	if found[0].State == Planned {
		return &found[0], nil
	}
	return &found[1], nil
}

// admit refuses while a base is being loaded or a lane is torn.
func (s Sides) admit(ctx context.Context) error {
	for _, color := range naming.Colors() {
		var lanes []string
		err := s[color].QueryRow(ctx, `SELECT coalesce(pg_catalog.array_agg(l.lane ORDER BY l.lane), '{}') FROM bgsync.lane l
			WHERE l.state IN ('created', 'loading') OR l.part_lsn IS NOT NULL
			   OR EXISTS (SELECT FROM bgsync.table_state t WHERE t.lane = l.lane AND t.phase IN ('planned', 'loading'))`).Scan(&lanes)
		if err != nil {
			return pg.Wrap(err, "ask for the lanes of %s", color)
		}
		if len(lanes) > 0 {
			return fmt.Errorf("%w: lanes %s load a base, or are torn", ErrNotNow, strings.Join(lanes, ", "))
		}
	}
	return nil
}

// made tells whether a side has the change, and refuses a side that has become
// something else.
func (c *Change) made(ctx context.Context, on relation.Querier) (bool, error) {
	if c.Kind == Index {
		return c.indexed(ctx, on)
	}
	tables, err := family(ctx, on, c.TableID)
	if err != nil {
		return false, err
	}
	have := 0
	for _, table := range tables {
		switch shapes := c.Tables[table.ID]; table.Fingerprint() {
		case shapes.Fingerprint:
			have++
		case shapes.Former:
		default:
			return false, fmt.Errorf("table %s: %w: it is neither what it was nor what change %d plans", table.FullName(), ErrDifferent, c.ID)
		}
	}
	if have != 0 && have != len(c.Tables) {
		return false, fmt.Errorf("change %d: %w: %d of %d tables have it", c.ID, ErrDifferent, have, len(c.Tables))
	}
	if have == 0 {
		return false, nil
	}
	defaults, err := c.defaultsOf(ctx, on)
	if err == nil && !slices.Equal(defaults, c.Defaults) {
		err = fmt.Errorf("change %d: %w: the defaults are %s, expected %s", c.ID, ErrDifferent, strings.Join(defaults, ", "), strings.Join(c.Defaults, ", "))
	}
	return err == nil, err
}

// make makes the change on a side that does not have it.
func (c *Change) make(ctx context.Context, conn *pgx.Conn) error {
	if made, err := c.made(ctx, conn); err != nil || made {
		return err
	}
	if c.Kind == Index {
		return c.build(ctx, conn)
	}
	return insist(ctx, func() error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, lockTime); err != nil {
				return err
			}
			if open, err := hold(ctx, tx, c.ID); err != nil || !open {
				return errors.Join(err, fmt.Errorf("change %d: %w", c.ID, ErrUnknown))
			}
			if _, err := tx.Exec(ctx, c.Statement); err != nil {
				return err
			}
			made, err := c.made(ctx, tx)
			if err == nil && !made {
				err = fmt.Errorf("change %d: %w", c.ID, ErrDifferent)
			}
			return err
		})
	})
}

// tries bounds how often a lock is asked for; pauses between let writers through.
const tries, pause = 20, 500 * time.Millisecond

// insist does something again that other sessions were in the way of.
func insist(ctx context.Context, do func() error) error {
	for attempt := 1; ; attempt++ {
		err := do()
		if err == nil || attempt == tries || pg.Classify(err) != pg.Retry {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// done notes the change, and what the tables have become.
func (c *Change) done(ctx context.Context, tx pgx.Tx) error {
	made, err := c.made(ctx, tx)
	if err == nil && !made {
		err = fmt.Errorf("change %d: %w: it is gone again", c.ID, ErrDifferent)
	}
	if err != nil {
		return err
	}
	tables, err := family(ctx, tx, c.TableID)
	if err != nil {
		return err
	}
	for _, table := range tables {
		fingerprint, toastable := table.Fingerprint(), table.Toastable()
		if toastable == nil {
			toastable = []string{}
		}
		_, err := tx.Exec(ctx, `UPDATE bgsync.table_map SET cols = $2, u_cols = $3, binary_ok = $4, fingerprint = $5 WHERE table_id = $1`,
			table.ID, table.ColumnNames(), toastable, table.BinaryOK(), fingerprint[:])
		if err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `UPDATE bgsync.schema_change SET state = 'done' WHERE id = $1 AND state = 'planned'`, c.ID)
	return err
}
