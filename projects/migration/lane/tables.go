package lane

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/apply"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
	"github.com/cutover/cutover/projects/migration/lane/schema"
)

// ErrUnregistered tells that no plan was registered.
var ErrUnregistered = errors.New("bgsync.table_map is empty: register the plan first")

// entry is a table of the plan.
type entry struct {
	id           int32
	schema, name string
}

// listed reads the registered tables.
func listed(ctx context.Context, target *pgx.Conn) ([]entry, error) {
	rows, err := target.Query(ctx, `SELECT table_id, schema, name FROM bgsync.table_map ORDER BY table_id`)
	if err != nil {
		return nil, pg.Wrap(err, "read bgsync.table_map")
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (entry, error) {
		var e entry
		err := row.Scan(&e.id, &e.schema, &e.name)
		return e, err
	})
	if err == nil && len(entries) == 0 {
		return nil, ErrUnregistered
	}
	return entries, pg.Wrap(err, "read bgsync.table_map")
}

// catalogs reads the registered tables from both catalogs, the source's first. More is
// read from the target under the same snapshot.
func catalogs(ctx context.Context, source, target *pgx.Conn, more func(tx pgx.Tx) error) (on, at []*relation.Table, err error) {
	entries, err := listed(ctx, target)
	if err != nil {
		return nil, nil, err
	}
	if on, err = catalog(ctx, source, entries, nil); err != nil {
		return nil, nil, drifted("source", err)
	}
	if at, err = catalog(ctx, target, entries, more); err != nil {
		return nil, nil, drifted("target", err)
	}
	return on, at, nil
}

// catalog reads tables under one snapshot, so that a change of several is seen
// whole or not at all, and with them what more reads.
func catalog(ctx context.Context, conn *pgx.Conn, entries []entry, more func(tx pgx.Tx) error) (tables []*relation.Table, err error) {
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		for _, e := range entries {
			table, err := relation.Load(ctx, tx, e.schema, e.name)
			if err != nil {
				return err
			}
			table.ID = e.id
			tables = append(tables, table)
		}
		if more == nil {
			return nil
		}
		return more(tx)
	})
	return tables, err
}

// loadTables reads the registered tables, which must be equal on both sides.
// Columns and types are those of the source, whose stream names them; the key's
// index is that of the target, which names it in its errors.
func loadTables(ctx context.Context, source, target *pgx.Conn) ([]*relation.Table, error) {
	tables, at, err := catalogs(ctx, source, target, nil)
	if err != nil {
		return nil, err
	}
	for i, table := range tables {
		if table.Fingerprint() != at[i].Fingerprint() {
			return nil, checkpoint.NewHalt(checkpoint.SchemaDrift, "table %s: %v", table.FullName(), relation.Differences(table, at[i]))
		}
		table.KeyIndex = at[i].KeyIndex
	}
	return tables, nil
}

// tablesOf reads the tables as they are at a lane's position. Where a planned
// change is under way, its columns may stand in one catalog and not in the other,
// and in the source's while the lane has not come to it.
func tablesOf(ctx context.Context, source, target *pgx.Conn, row *checkpoint.Row) ([]*relation.Table, error) {
	var history schema.History
	on, at, err := catalogs(ctx, source, target, func(tx pgx.Tx) (err error) {
		history, err = schema.Load(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	tables, found := history.AsOf(on, row.Fingerprint)
	if !found {
		return nil, checkpoint.NewHalt(checkpoint.SchemaDrift, "the tables are not those that the lane was made for, and no planned change has made them so")
	}
	for i, table := range tables {
		if err := history.Explain(table, at[i], row.SourceWritable); err != nil {
			return nil, checkpoint.NewHalt(checkpoint.SchemaDrift, "%v", err)
		}
		table.KeyIndex = at[i].KeyIndex
	}
	return tables, nil
}

// reshape takes the lane past a change of its source's tables that was planned, and
// halts it at any other.
func (s *session) reshape(ctx context.Context, applier *apply.Applier, entries []schema.Entry, to apply.Advance) error {
	history, err := schema.Load(ctx, s.target)
	if err != nil {
		return err
	}
	if unpublished(entries) {
		return checkpoint.NewHalt(checkpoint.Gap, "transaction before %s changed what publication %s leaves out: what follows it may be in no stream", to.Position, bgsync.Publication)
	}
	c, err := history.Expect(s.tables, entries)
	if err != nil {
		return checkpoint.NewHalt(checkpoint.SchemaDrift, "transaction before %s: %v", to.Position, err)
	}
	row := applier.Row()
	shape := apply.Reshape{Fingerprint: c.After(s.tables), Tables: map[*relation.Table][]relation.Fingerprint{}, Present: row.SourceWritable}
	for _, table := range s.tables {
		if _, changed := c.Tables[table.ID]; changed {
			shape.Tables[table] = history.Since(c, table.ID)
		}
	}
	return applier.Reshape(ctx, to, shape)
}

// unpublished tells whether a transaction of a source has made its publication leave
// changes out.
func unpublished(entries []schema.Entry) bool {
	return slices.ContainsFunc(entries, func(e schema.Entry) bool { return e.Object == bgsync.Publication })
}

// unreadable are the states of SQL with which a server refuses or ends a stream that
// cannot go on from here: its publication was not there when the transaction was made that
// it decodes, or the slot is gone (42704); the slot was invalidated, since it kept more log
// than it may (55000); a part of the log has been removed (58P01).
var unreadable = []string{"42704", "55000", "58P01"}

// streamed turns the end of such a stream into a halt.
func streamed(err error) error {
	var server *pg.ServerError
	if errors.As(pg.Reduce(err), &server) && slices.Contains(unreadable, server.SQLState) {
		return checkpoint.NewHalt(checkpoint.Gap, "the source has ended the stream: its slot or publication %s is not there, or was not, or has lost log: %v", bgsync.Publication, err)
	}
	return err
}

// drifted turns a table that is gone or has lost its key into a halt.
func drifted(side string, err error) error {
	if errors.Is(err, relation.ErrAbsent) || errors.Is(err, relation.ErrNoKey) {
		return checkpoint.NewHalt(checkpoint.SchemaDrift, "%s: %v", side, err)
	}
	return fmt.Errorf("%s: %w", side, err)
}
