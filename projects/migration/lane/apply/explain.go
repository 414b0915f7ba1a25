package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/change"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// explain turns a refused change into a halt and keeps what a person needs to
// decide, in the target's own schema and nowhere else. Other errors pass.
func (a *Applier) explain(ctx context.Context, err error) error {
	var refused *refusal
	if !errors.As(err, &refused) {
		return err
	}
	c := refused.change
	if c.Op == change.Truncate {
		return checkpoint.NewHalt(checkpoint.Poison, "TRUNCATE at %s: %v", c.Commit, refused.cause)
	}
	if refused.kind != "" {
		if kept := a.keepConflict(ctx, refused); kept != nil {
			return kept
		}
		return checkpoint.NewHalt(checkpoint.Divergence, "%s in table %s, change %d of the transaction at %s",
			refused.kind, c.Table.FullName(), c.Ordinal, c.Commit)
	}
	if a.tolerant(c.Table) && pg.Classify(refused.cause) == pg.Unique {
		return a.collides(ctx, refused)
	}
	if kept := a.keepPoison(ctx, refused); kept != nil {
		return kept
	}
	return checkpoint.NewHalt(checkpoint.Poison, "change %d of the transaction at %s: %v", c.Ordinal, c.Commit, refused.cause)
}

// collides asks for the rows that hold the unique value which a change needs: they
// are older than the source's, or the value would be free. Repaired first, they
// make room.
func (a *Applier) collides(ctx context.Context, refused *refusal) error {
	c, server := refused.change, &pg.ServerError{}
	errors.As(pg.Reduce(refused.cause), &server)
	truth := Truth{Table: c.Table, Rows: []change.Row{c.New}}
	columns, err := a.indexed(ctx, truth, server.Constraint)
	if err != nil {
		return err
	}
	if len(columns) == 0 || len(carried(c.New, columns)) < len(columns) {
		return checkpoint.NewHalt(checkpoint.Divergence, "a unique index stands in the way before the lane is consistent, and what holds the value cannot be found: %v", refused.cause)
	}
	err = pgx.BeginFunc(ctx, a.conn, func(tx pgx.Tx) error { return a.askHolders(ctx, tx, truth, columns) })
	if err != nil {
		return pg.Wrap(err, "find what holds a unique value of table %s", c.Table.FullName())
	}
	return fmt.Errorf("change %d of the transaction at %s: %w", c.Ordinal, c.Commit, ErrHeld)
}

const conflictSQL = `INSERT INTO bgsync.conflict (lane, generation, commit_lsn, ordinal, kind, table_id, key, expected, found)
  VALUES ($1, $2, $3::pg_lsn, $4, $5, $6, $7, $8, $9) ON CONFLICT (lane, generation, commit_lsn, ordinal) DO UPDATE SET state = 'open'`

// keepConflict writes both images down.
func (a *Applier) keepConflict(ctx context.Context, refused *refusal) error {
	c := refused.change
	found, err := a.find(ctx, c.Table, c.Former())
	if err != nil {
		return err
	}
	_, err = a.conn.Exec(ctx, conflictSQL, a.row.Lane, a.row.Generation, c.Commit.String(), c.Ordinal, string(refused.kind),
		c.Table.ID, c.Former(), encode(c.Table, c.New), found)
	return pg.Wrap(err, "keep conflict of lane %s", a.row.Lane)
}

const poisonSQL = `INSERT INTO bgsync.quarantine (lane, generation, commit_lsn, ordinal, table_id, op, key, image, sqlstate, constraint_name)
  VALUES ($1, $2, $3::pg_lsn, $4, $5, $6, $7, $8, $9, nullif($10, '')) ON CONFLICT (lane, generation, commit_lsn, ordinal) DO UPDATE SET state = 'open'`

// keepPoison writes the row down that the target does not take.
func (a *Applier) keepPoison(ctx context.Context, refused *refusal) error {
	c := refused.change
	server := &pg.ServerError{}
	errors.As(pg.Reduce(refused.cause), &server)
	_, err := a.conn.Exec(ctx, poisonSQL, a.row.Lane, a.row.Generation, c.Commit.String(), c.Ordinal, c.Table.ID, c.Op.String(),
		c.Former(), encode(c.Table, c.New), server.SQLState, server.Constraint)
	return pg.Wrap(err, "keep poison row of lane %s", a.row.Lane)
}

// find reads the target's row under a key, encoded; nil when there is none.
func (a *Applier) find(ctx context.Context, table *relation.Table, key []string) ([]byte, error) {
	rows := []change.Row{keyed(table, key)}
	columns := make([]string, len(table.Columns))
	for i, column := range table.Columns {
		columns[i] = "t." + pg.Ident(column.Name) + "::text"
	}
	sql := "SELECT ARRAY[" + strings.Join(columns, ", ") + "] FROM ONLY " + table.Ident() + " AS t, " + input(table, table.Key, 1, false) + " WHERE " + match(table)
	var found []*string
	err := a.conn.QueryRow(ctx, sql, arrays(rows, table.Key)...).Scan(&found)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, pg.Wrap(err, "read the row in conflict in table %s", table.FullName())
	}
	row := make(change.Row, len(found))
	for i, value := range found {
		if value != nil {
			row[i] = change.Value{Kind: change.Text, Text: *value}
		}
	}
	return encode(table, row), nil
}

// encode writes a row as JSON by column; what the stream did not carry is left
// out.
func encode(table *relation.Table, row change.Row) []byte {
	if row == nil {
		return nil
	}
	image := map[string]*string{}
	for i, value := range row {
		switch value.Kind {
		case change.Text:
			image[table.Columns[i].Name] = &row[i].Text
		case change.Null:
			image[table.Columns[i].Name] = nil
		case change.Unchanged:
		}
	}
	encoded, err := json.Marshal(image)
	if err != nil {
		return fmt.Appendf(nil, "%q", err.Error()) // cannot happen: texts and nulls
	}
	return encoded
}
