package schema

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

const indexSQL = `SELECT i.indisvalid AND i.indisready, pg_catalog.pg_get_indexdef(x.oid), x.oid::pg_catalog.regclass::text
FROM bgsync.table_map m JOIN pg_catalog.pg_index i ON i.indrelid = pg_catalog.format('%I.%I', m.schema, m.name)::pg_catalog.regclass
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE m.table_id = $1 AND x.relname = $2`

// state reads the index: whether it is there, is complete, and its quoted name.
func (c *Change) state(ctx context.Context, on relation.Querier) (there, valid bool, ident string, err error) {
	var definition string
	err = on.QueryRow(ctx, indexSQL, c.TableID, c.Name).Scan(&valid, &definition, &ident)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, false, "", nil
	}
	if err != nil {
		return false, false, "", err
	}
	// the server quotes only the names that need it
	if strings.ReplaceAll(definition, `"`, "") != strings.ReplaceAll(strings.Replace(c.Statement, " CONCURRENTLY", "", 1), `"`, "") {
		return true, valid, ident, fmt.Errorf("index %s: %w: it is there with another definition", c.Name, ErrDifferent)
	}
	return true, valid, ident, nil
}

// indexed tells whether a side has the index.
func (c *Change) indexed(ctx context.Context, on relation.Querier) (bool, error) {
	there, valid, _, err := c.state(ctx, on)
	return there && valid, err
}

// build makes the index beside the writers. What a build that was cut off has left
// goes first; one that is still at work is waited for by the server.
func (c *Change) build(ctx context.Context, conn *pgx.Conn) error {
	there, _, ident, err := c.state(ctx, conn)
	if err != nil {
		return err
	}
	if there {
		if _, err := conn.Exec(ctx, "DROP INDEX CONCURRENTLY "+ident); err != nil {
			return err
		}
	}
	for _, setting := range []string{"statement_timeout", "lock_timeout"} {
		if _, err := conn.Exec(ctx, "SET "+setting+" = 0"); err != nil {
			return pg.Reduce(err)
		}
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "RESET statement_timeout; RESET lock_timeout") }() // a broken session has no settings
	_, err = conn.Exec(ctx, c.Statement)
	return err
}
