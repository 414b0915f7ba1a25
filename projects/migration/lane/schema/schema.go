// Package schema changes replicated tables while lanes run. A change is planned, is
// made on the passive side, then on the authority, whose event trigger writes it
// down in the transaction that makes it; each lane that meets it in its source's
// log compares it with the plan and goes on. Permitted is what only adds: columns
// that may be NULL or have a constant default, and indexes that are not unique.
//
// The package composes its statements from what was planned. It executes no text
// that came through a stream, changes no row, and undoes nothing that was made.
package schema

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Kind is what a change adds.
type Kind string

// The kinds of changes.
const (
	Columns Kind = "columns"
	Index   Kind = "index"
)

// State is how far a change is.
type State string

// The states of a change.
const (
	Planned   State = "planned"
	Done      State = "done"
	Withdrawn State = "withdrawn"
)

// Column is a column to add.
type Column struct {
	Name string `json:"name"`
	// Type is the type as SQL writes it, with its schema where it is not PostgreSQL's
	// own: numeric(14,2), public.currency, timestamp with time zone.
	Type string `json:"type"`
	// Default is the text of a constant; nil is no default.
	Default *string `json:"default,omitempty"`
	NotNull bool    `json:"notNull,omitempty"`
}

// NewIndex is an index to make: of ascending columns, not unique.
type NewIndex struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

// Request is what an operator wants. It has either columns or an index.
type Request struct {
	Schema  string    `json:"schema"`
	Table   string    `json:"table"`
	Columns []Column  `json:"columns,omitempty"`
	Index   *NewIndex `json:"index,omitempty"`
	By      string    `json:"by,omitempty"`
	Reason  string    `json:"reason,omitempty"`
}

// FullName is the table's schema.name.
func (r *Request) FullName() string { return r.Schema + "." + r.Table }

var (
	simpleName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)
	simpleType = regexp.MustCompile(`^[a-z_][a-z0-9_]*( [a-z]+)*(\.[a-z_][a-z0-9_]*)?(\([0-9]{1,4}(, ?[0-9]{1,4})?\))?( with time zone| without time zone)?(\[\])?$`)
)

// Validate joins all that is wrong with a request.
func (r *Request) Validate() error {
	var problems []error
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("change of table %s: "+format, append([]any{r.FullName()}, args...)...))
	}
	if r.Schema == "" || r.Table == "" {
		problem("expected a schema and a name")
	}
	if strings.TrimSpace(r.By) == "" || strings.TrimSpace(r.Reason) == "" {
		problem("expected who wants it, and why")
	}
	if (len(r.Columns) == 0) == (r.Index == nil) {
		problem("expected either columns or an index")
	}
	for _, column := range r.Columns {
		if !simpleName.MatchString(column.Name) {
			problem("column %q: expected lower-case letters, digits and underscores, up to 63", column.Name)
		}
		if !simpleType.MatchString(column.Type) {
			problem("column %q: type %q: expected a type's name with its modifiers", column.Name, column.Type)
		}
		if column.NotNull && column.Default == nil {
			problem("column %q: expected a default, or that it may be NULL: the other side writes rows without it", column.Name)
		}
	}
	if r.Index != nil {
		for _, name := range append([]string{r.Index.Name}, r.Index.Columns...) {
			if !simpleName.MatchString(name) {
				problem("index: name %q: expected lower-case letters, digits and underscores, up to 63", name)
			}
		}
		if len(r.Index.Columns) == 0 {
			problem("index %q: expected at least one column", r.Index.Name)
		}
	}
	return errors.Join(problems...)
}

// Statement is the request in SQL.
func (r *Request) Statement() string {
	table := pg.Ident(r.Schema, r.Table)
	if r.Index != nil {
		columns := make([]string, len(r.Index.Columns))
		for i, name := range r.Index.Columns {
			columns[i] = pg.Ident(name)
		}
		return "CREATE INDEX CONCURRENTLY " + pg.Ident(r.Index.Name) + " ON " + table + " USING btree (" + strings.Join(columns, ", ") + ")"
	}
	actions := make([]string, len(r.Columns))
	for i, column := range r.Columns {
		actions[i] = "ADD COLUMN " + pg.Ident(column.Name) + " " + column.Type
		if column.Default != nil {
			actions[i] += " DEFAULT " + pg.Literal(*column.Default) + "::" + column.Type
		}
		if column.NotNull {
			actions[i] += " NOT NULL"
		}
	}
	return "ALTER TABLE " + table + " " + strings.Join(actions, ", ")
}

// Change is a planned change as a side has it written down.
type Change struct {
	ID      int32
	TableID int32
	Kind    Kind
	// Name is the index's, Columns are those that are added or indexed, Defaults
	// those of added ones as the server prints them.
	Name              string
	Columns, Defaults []string
	Statement         string
	State             State
	By, Reason        string
	// Tables are the tables that get another fingerprint, by number.
	Tables map[int32]Shapes
}

// Shapes are the fingerprints of a table before and after a change.
type Shapes struct {
	Former, Fingerprint relation.Fingerprint
	FormerTypes         []string
}

// same tells whether two records mean the same change.
func (c *Change) same(o *Change) bool {
	if c.TableID != o.TableID || c.Statement != o.Statement || !slices.Equal(c.Defaults, o.Defaults) || len(c.Tables) != len(o.Tables) {
		return false
	}
	for id, shapes := range c.Tables {
		other := o.Tables[id]
		if shapes.Former != other.Former || shapes.Fingerprint != other.Fingerprint {
			return false
		}
	}
	return true
}

const listSQL = `SELECT c.id, c.table_id, c.kind, c.name, c.columns, c.defaults, c.statement, c.state, c.planned_by, c.reason,
    t.table_id, t.former, t.former_types, t.fingerprint
  FROM bgsync.schema_change c LEFT JOIN bgsync.schema_change_table t USING (id) ORDER BY c.id, t.table_id`

// List reads all changes that a side has written down, in order.
func List(ctx context.Context, on relation.Querier) ([]Change, error) {
	rows, err := on.Query(ctx, listSQL)
	if err != nil {
		return nil, pg.Wrap(err, "read bgsync.schema_change")
	}
	var list []Change
	var c Change
	var table *int32
	var former, fingerprint []byte
	var types []string
	_, err = pgx.ForEachRow(rows, []any{
		&c.ID, &c.TableID, &c.Kind, &c.Name, &c.Columns, &c.Defaults, &c.Statement, &c.State, &c.By, &c.Reason, &table, &former, &types, &fingerprint,
	}, func() error {
		if len(list) == 0 || list[len(list)-1].ID != c.ID {
			next := c
			next.Tables = map[int32]Shapes{}
			list = append(list, next)
		}
		if table == nil {
			return nil
		}
		if len(former) != len(relation.Fingerprint{}) || len(fingerprint) != len(relation.Fingerprint{}) {
			return fmt.Errorf("change %d: table %d: a fingerprint of %d bytes, expected %d", c.ID, *table, len(fingerprint), len(relation.Fingerprint{}))
		}
		list[len(list)-1].Tables[*table] = Shapes{Former: relation.Fingerprint(former), Fingerprint: relation.Fingerprint(fingerprint), FormerTypes: types}
		return nil
	})
	return list, pg.Wrap(err, "read bgsync.schema_change")
}
