package lane

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// ErrUnregistered tells that no plan was registered.
var ErrUnregistered = errors.New("bgsync.table_map is empty: register the plan first")

// loadTables reads the registered tables from both catalogs. Columns and types
// are those of the source, whose stream names them; the key's index is that of
// the target, which names it in its errors.
func loadTables(ctx context.Context, source, target *pgx.Conn) ([]*relation.Table, error) {
	rows, err := target.Query(ctx, `SELECT table_id, schema, name FROM bgsync.table_map ORDER BY table_id`)
	if err != nil {
		return nil, pg.Wrap(err, "read bgsync.table_map")
	}
	type entry struct {
		id           int32
		schema, name string
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (entry, error) {
		var e entry
		err := row.Scan(&e.id, &e.schema, &e.name)
		return e, err
	})
	if err != nil {
		return nil, pg.Wrap(err, "read bgsync.table_map")
	}
	if len(entries) == 0 {
		return nil, ErrUnregistered
	}
	tables := make([]*relation.Table, len(entries))
	for i, e := range entries {
		on, err := relation.Load(ctx, source, e.schema, e.name)
		if err != nil {
			return nil, drifted("source", err)
		}
		at, err := relation.Load(ctx, target, e.schema, e.name)
		if err != nil {
			return nil, drifted("target", err)
		}
		if on.Fingerprint() != at.Fingerprint() {
			return nil, checkpoint.NewHalt(checkpoint.SchemaDrift, "table %s: %v", on.FullName(), relation.Differences(on, at))
		}
		on.ID, on.KeyIndex = e.id, at.KeyIndex
		tables[i] = on
	}
	return tables, nil
}

// drifted turns a table that is gone or has lost its key into a halt.
func drifted(side string, err error) error {
	if errors.Is(err, relation.ErrAbsent) || errors.Is(err, relation.ErrNoKey) {
		return checkpoint.NewHalt(checkpoint.SchemaDrift, "%s: %v", side, err)
	}
	return fmt.Errorf("%s: %w", side, err)
}

// unchanged checks the tables against what the lane was made for.
func unchanged(tables []*relation.Table, row *checkpoint.Row) error {
	fingerprint := relation.Combine(tables)
	if !bytes.Equal(fingerprint[:], row.Fingerprint) {
		return checkpoint.NewHalt(checkpoint.SchemaDrift, "the tables are not those that the lane was made for")
	}
	return nil
}
