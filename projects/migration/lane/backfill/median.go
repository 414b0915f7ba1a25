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
	return pick(ctx, source, table, bounds, func(within string) string {
		return "(SELECT greatest(count(*) / 2 - 1, 0) FROM " + within + ")"
	})
}

// nth is the key of the n-th row of a range, counted from 1, nil when it has fewer.
func nth(ctx context.Context, source *pgx.Conn, table *relation.Table, bounds Bounds, n int64) ([]string, error) {
	return pick(ctx, source, table, bounds, func(string) string { return fmt.Sprint(n - 1) })
}

// pick is the key of the row of a range before which that many lie.
func pick(ctx context.Context, source *pgx.Conn, table *relation.Table, bounds Bounds, before func(within string) string) ([]string, error) {
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
	err = pg.Within(ctx, splitTimeout, func(ctx context.Context) error {
		return source.QueryRow(ctx, fmt.Sprintf("SELECT ARRAY[%s] FROM %s ORDER BY %s LIMIT 1 OFFSET %s",
			strings.Join(keys, ", "), within, strings.Join(order, ", "), before(within))).Scan(&middle)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return middle, pg.Wrap(err, "cut a chunk of table %s", table.FullName())
}
