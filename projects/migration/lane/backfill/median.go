package backfill

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// median is the key in the middle of a range, nil when a range has no
// row.
func median(ctx context.Context, source *pgx.Conn, table *relation.Table, bounds Bounds) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, splitTimeout)
	defer cancel()
	condition, err := table.Range(bounds.Lo, bounds.Hi)
	if err != nil {
		return nil, err
	}
	keys, order := make([]string, len(table.Key)), make([]string, len(table.Key))
	for i, at := range table.Key {
		order[i] = pg.Ident(table.Columns[at].Name)
		keys[i] = order[i] + "::text"
	}
	within := "ONLY " + table.Ident() + " WHERE " + condition
	var middle []string
	err = source.QueryRow(ctx, fmt.Sprintf("SELECT ARRAY[%s] FROM %s ORDER BY %s LIMIT 1 OFFSET (SELECT greatest(count(*) / 2 - 1, 0) FROM %s)",
		strings.Join(keys, ", "), within, strings.Join(order, ", "), within)).Scan(&middle)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return middle, pg.Wrap(err, "find the middle of a chunk of table %s", table.FullName())
}
