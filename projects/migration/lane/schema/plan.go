package schema

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
	"github.com/cutover/cutover/shared/naming"
)

// What planning and making a change answer besides failures of their own.
var (
	// ErrNotAdditive tells that a change does more than add.
	ErrNotAdditive = errors.New("the change is not permitted while lanes run")
	// ErrOpen tells that another change is under way.
	ErrOpen = errors.New("another change is under way: make it, or withdraw it")
	// ErrUnknown tells that there is no such change.
	ErrUnknown = errors.New("no such change on both sides: plan it again")
	// ErrDifferent tells that a side is not, or has not become, what was planned.
	ErrDifferent = errors.New("not as planned")
	// ErrNotNow tells that lanes, authority or a switch forbid a change at present.
	ErrNotNow = errors.New("no change of the schema now")
)

// Sides are sessions of administrators, one of each side, from pg.Connect. Their
// login users are no members of bgsync_ddl or bgsync_fence: what those do is not
// written down.
type Sides map[naming.Color]*pgx.Conn

// Plan writes a change down on both sides. It is tried on the passive side in a
// transaction that is rolled back: from there come the fingerprints and defaults
// that the real ones are compared with. An index is not tried. To plan the same
// change again is no error.
func Plan(ctx context.Context, sides Sides, request Request, at func(step string) error) (*Change, error) {
	if err := request.Validate(); err != nil {
		return nil, err
	}
	_, passive, err := sides.order(ctx)
	if err != nil {
		return nil, err
	}
	c := &Change{
		Kind: Columns, Statement: request.Statement(), State: Planned, By: request.By, Reason: request.Reason, Defaults: []string{}, Tables: map[int32]Shapes{},
	}
	for _, column := range request.Columns {
		c.Columns = append(c.Columns, column.Name)
	}
	if request.Index != nil {
		c.Kind, c.Name, c.Columns = Index, request.Index.Name, request.Index.Columns
	}
	if err := c.locate(ctx, sides[passive], &request); err != nil {
		return nil, err
	}
	if c.Kind == Columns {
		if err := c.rehearse(ctx, sides[passive], &request); err != nil {
			return nil, pg.Wrap(err, "plan a change of table %s", request.FullName())
		}
	}
	return c, c.keep(ctx, sides, observer(at))
}

// locate finds the table's number.
func (c *Change) locate(ctx context.Context, on *pgx.Conn, request *Request) error {
	var kind string
	err := on.QueryRow(ctx, `SELECT m.table_id, r.relkind::text FROM bgsync.table_map m JOIN pg_catalog.pg_class r
		ON r.oid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', m.schema, m.name)) WHERE m.schema = $1 AND m.name = $2`,
		request.Schema, request.Table).Scan(&c.TableID, &kind)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("table %s: %w: it is not replicated", request.FullName(), ErrNotAdditive)
	}
	if err == nil && kind == "p" && c.Kind == Index {
		return fmt.Errorf("table %s: %w: it is partitioned, and an index of it would keep writers waiting; expected indexes of its partitions", request.FullName(), ErrNotAdditive)
	}
	return pg.Wrap(err, "find table %s", request.FullName())
}

// affectedSQL lists a table and its descendants that are replicated.
const affectedSQL = `
WITH RECURSIVE family(oid) AS (
  SELECT pg_catalog.format('%I.%I', m.schema, m.name)::pg_catalog.regclass::oid FROM bgsync.table_map m WHERE m.table_id = $1
  UNION SELECT i.inhrelid FROM family JOIN pg_catalog.pg_inherits i ON i.inhparent = family.oid
)
SELECT m.table_id, m.schema, m.name FROM family JOIN pg_catalog.pg_class c ON c.oid = family.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN bgsync.table_map m ON m.schema = n.nspname AND m.name = c.relname ORDER BY 1`

// family loads a table and its descendants.
func family(ctx context.Context, on relation.Querier, id int32) ([]*relation.Table, error) {
	rows, err := on.Query(ctx, affectedSQL, id)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*relation.Table, error) {
		var t relation.Table
		err := row.Scan(&t.ID, &t.Schema, &t.Name)
		return &t, err
	})
	if err != nil {
		return nil, err
	}
	for i, named := range list {
		table, err := relation.Load(ctx, on, named.Schema, named.Name)
		if err != nil {
			return nil, err
		}
		table.ID = named.ID
		list[i] = table
	}
	return list, nil
}

// lockTime is how long a statement may wait for a table, and how long those who
// want to write may have to wait behind it.
const lockTime = `SET LOCAL lock_timeout = '500ms'`

// rehearse makes the change and takes it back. What it makes of the tables is what
// is planned.
func (c *Change) rehearse(ctx context.Context, passive *pgx.Conn, request *Request) error {
	return insist(ctx, func() error {
		tx, err := passive.Begin(ctx)
		if err != nil {
			return err
		}
		err = c.try(ctx, tx, request)
		return errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
	})
}

func (c *Change) try(ctx context.Context, tx pgx.Tx, request *Request) error {
	if _, err := tx.Exec(ctx, lockTime); err != nil {
		return err
	}
	before, err := family(ctx, tx, c.TableID)
	if err != nil {
		return err
	}
	if former, err := c.planned(ctx, tx); err != nil || former {
		return err
	}
	if _, err := tx.Exec(ctx, c.Statement); err != nil {
		return err
	}
	if err := c.admissible(ctx, tx, request); err != nil {
		return err
	}
	after, err := family(ctx, tx, c.TableID)
	if err != nil {
		return err
	}
	return c.shapes(before, after)
}

// planned takes over what was planned before by the same statement: the passive
// side may have it already.
func (c *Change) planned(ctx context.Context, on relation.Querier) (bool, error) {
	list, err := List(ctx, on)
	if err != nil {
		return false, err
	}
	for _, former := range list {
		if former.State == Planned && former.TableID == c.TableID && former.Statement == c.Statement {
			c.Tables, c.Defaults = former.Tables, former.Defaults
			return true, nil
		}
	}
	return false, nil
}

// shapes notes what the change makes of each table, and that without it the table
// is what it was.
func (c *Change) shapes(before, after []*relation.Table) error {
	c.Tables = map[int32]Shapes{}
	for i, table := range after {
		if table.Without(c.Columns, before[i].Types).Fingerprint() != before[i].Fingerprint() {
			return fmt.Errorf("table %s: %w: it does more than add columns", table.FullName(), ErrNotAdditive)
		}
		c.Tables[table.ID] = Shapes{Former: before[i].Fingerprint(), Fingerprint: table.Fingerprint(), FormerTypes: slices.Clone(before[i].Types)}
	}
	return nil
}

const addedSQL = `
SELECT coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''), t.typname LIKE 'reg%' OR t.typname = 'oid',
       t.typdefault IS NOT NULL
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = (SELECT pg_catalog.format('%I.%I', schema, name)::pg_catalog.regclass FROM bgsync.table_map WHERE table_id = $1) AND a.attname = $2`

// defaultsOf are the defaults of the added columns as the server prints them. One
// that is computed anew on each side would make rows differ.
func (c *Change) defaultsOf(ctx context.Context, on relation.Querier) (defaults []string, harmful error) {
	for _, name := range c.Columns {
		var text string
		var oids, own bool
		if err := on.QueryRow(ctx, addedSQL, c.TableID, name).Scan(&text, &oids, &own); err != nil {
			return nil, err
		}
		if oids || own && text == "" {
			return nil, fmt.Errorf("column %s: %w: its type refers to this database only, or has a default of its own", name, ErrNotAdditive)
		}
		defaults = append(defaults, text)
	}
	return defaults, nil
}

// admissible notes the defaults and refuses those that nobody asked for: serial
// types bring a sequence.
func (c *Change) admissible(ctx context.Context, on relation.Querier, request *Request) error {
	var err error
	if c.Defaults, err = c.defaultsOf(ctx, on); err != nil {
		return err
	}
	for i, column := range request.Columns {
		if (column.Default == nil) != (c.Defaults[i] == "") {
			return fmt.Errorf("column %s: %w: its type brings the default %s, expected a constant one or none", column.Name, ErrNotAdditive, c.Defaults[i])
		}
	}
	return nil
}

// keep writes the change down on both sides under one number.
func (c *Change) keep(ctx context.Context, sides Sides, at func(step string) error) error {
	next := int32(1)
	there := map[naming.Color]bool{}
	for _, color := range naming.Colors() {
		list, err := List(ctx, sides[color])
		if err != nil {
			return err
		}
		for _, former := range list {
			next = max(next, former.ID+1)
			if former.State != Planned {
				continue
			}
			if !former.same(c) {
				return fmt.Errorf("change %d of %s: %w", former.ID, color, ErrOpen)
			}
			c.ID, there[color] = former.ID, true
		}
	}
	if c.ID == 0 {
		c.ID = next
	}
	for _, color := range naming.Colors() {
		if there[color] {
			continue
		}
		if err := pgx.BeginFunc(ctx, sides[color], func(tx pgx.Tx) error { return c.insert(ctx, tx) }); err != nil {
			return pg.Wrap(err, "write change %d down on %s", c.ID, color)
		}
		if err := at(AfterPlan + string(color)); err != nil {
			return err
		}
	}
	return nil
}

const insertSQL = `INSERT INTO bgsync.schema_change (id, table_id, kind, name, columns, defaults, statement, planned_by, reason, state)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

// record is the change in a state, as insertSQL takes it.
func (c *Change) record(state State) []any {
	return []any{
		c.ID, c.TableID, string(c.Kind), c.Name, c.Columns, c.Defaults, c.Statement, strings.TrimSpace(c.By), strings.TrimSpace(c.Reason), string(state),
	}
}

func (c *Change) insert(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, insertSQL, c.record(Planned)...); err != nil {
		return err
	}
	for id, shapes := range c.Tables {
		types := shapes.FormerTypes
		if types == nil {
			types = []string{}
		}
		_, err := tx.Exec(ctx, `INSERT INTO bgsync.schema_change_table (id, table_id, former, former_types, fingerprint) VALUES ($1, $2, $3, $4, $5)`,
			c.ID, id, shapes.Former[:], types, shapes.Fingerprint[:])
		if err != nil {
			return err
		}
	}
	return nil
}
