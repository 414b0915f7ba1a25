package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/pg"
)

// conflict is what a strict lane met against expectation.
type conflict string

// The kinds of conflicts.
const (
	insertExists  conflict = "insert_exists"
	updateMissing conflict = "update_missing"
	deleteMissing conflict = "delete_missing"
)

// refusal is the change that the target did not take.
type refusal struct {
	change *change.Change
	kind   conflict // "" for an error of the server
	cause  error
}

func (r *refusal) Error() string {
	if r.kind != "" {
		return fmt.Sprintf("change %d of the transaction at %s: %s", r.change.Ordinal, r.change.Commit, r.kind)
	}
	return fmt.Sprintf("change %d of the transaction at %s: %v", r.change.Ordinal, r.change.Commit, r.cause)
}

func (r *refusal) Unwrap() error { return r.cause }

// rowByRow tells whether changes that failed as a set may succeed one by one.
func rowByRow(err error) bool {
	class := pg.Classify(err)
	return errors.Is(err, errCount) || errors.Is(err, change.ErrSequence) || class == pg.Unique || class == pg.Data
}

// single writes one change as the source made it.
func (a *Applier) single(ctx context.Context, c *change.Change) error {
	if c.Op == change.Truncate {
		if _, err := a.run(ctx, truncation(c.Truncated)); err != nil {
			return a.refuse(c, err)
		}
		return a.remember(ctx, c)
	}
	if a.tolerant(c.Table) {
		if err := a.forgiving(ctx, c); err != nil {
			return a.refuse(c, err)
		}
		return a.remember(ctx, c)
	}
	s, missing := a.literal(c)
	met, err := a.run(ctx, s)
	if err == nil && met != 1 {
		return &refusal{change: c, kind: missing}
	}
	if c.Op == change.Insert && collides(err, c) {
		return &refusal{change: c, kind: insertExists, cause: err}
	}
	return a.refuse(c, err)
}

// literal is the statement of a change in strict mode, and what it means when no
// row is met.
func (a *Applier) literal(c *change.Change) (statement, conflict) {
	switch {
	case c.Op == change.Delete:
		return deletion(c.Table, []change.Row{keyed(c.Table, c.Former())}), deleteMissing
	case c.Moves():
		return moving(c), updateMissing
	case c.Op == change.Update:
		return update(c.Table, []change.Row{c.New}, carried(c.New, rest(c.Table))), updateMissing
	default:
		return insertion(c.Table, []change.Row{c.New}), insertExists
	}
}

// forgiving writes a change to a table in which rows may be there, or be missing,
// against expectation.
func (a *Applier) forgiving(ctx context.Context, c *change.Change) error {
	former := deletion(c.Table, []change.Row{keyed(c.Table, c.Former())})
	switch {
	case c.Op == change.Delete:
		_, err := a.run(ctx, former)
		return err
	case c.New.Complete():
		if c.Moves() {
			if _, err := a.run(ctx, former); err != nil {
				return err
			}
		}
		_, err := a.run(ctx, upsert(c.Table, []change.Row{c.New}))
		return err
	case c.Moves():
		return a.forgivingMove(ctx, c, former)
	default:
		_, err := a.run(ctx, partial(a.row.Lane, c.Table, []change.Row{c.New}, carried(c.New, rest(c.Table)), a.grave(c)))
		return err
	}
}

// forgivingMove gives a row another key when not all its values are known. A row
// that has the new key already is newer than the change; a row that is under
// neither key must be fetched from the source.
func (a *Applier) forgivingMove(ctx context.Context, c *change.Change, former statement) error {
	columns := carried(c.New, rest(c.Table))
	met, err := a.run(ctx, update(c.Table, []change.Row{c.New}, columns))
	if err != nil {
		return err
	}
	if met == 1 {
		_, err := a.run(ctx, former)
		return err
	}
	met, err = a.run(ctx, moving(c))
	if err != nil || met == 1 {
		return err
	}
	_, err = a.run(ctx, partial(a.row.Lane, c.Table, []change.Row{c.New}, columns, a.grave(c)))
	return err
}

// grave is the transaction for which a missing row leaves a tombstone, 0 for none.
func (a *Applier) grave(c *change.Change) uint64 {
	return planner{loading: a.loading, xid: c.Xid}.grave(c.Table)
}

// run executes one statement and counts its rows.
func (a *Applier) run(ctx context.Context, s statement) (int64, error) {
	tag, err := a.conn.Exec(ctx, s.sql, s.args...)
	if err != nil {
		return 0, pg.Wrap(err, "%s of table %s", s.op, s.table.FullName())
	}
	return tag.RowsAffected(), nil
}

// refuse tells an error that lies in the change from one that lies elsewhere.
func (a *Applier) refuse(c *change.Change, err error) error {
	var server *pg.ServerError
	if err == nil {
		return nil
	}
	if c.Op == change.Truncate && errors.As(err, &server) && server.SQLState == "0A000" { // a foreign key of a table that is not listed
		return &refusal{change: c, cause: err}
	}
	if class := pg.Classify(err); class == pg.Data || class == pg.Unique {
		return &refusal{change: c, cause: err}
	}
	return err
}

// collides tells whether an insert met a row of the same key.
func collides(err error, c *change.Change) bool {
	var server *pg.ServerError
	return errors.As(err, &server) && server.SQLState == "23505" && server.Constraint == c.Table.KeyIndex
}
