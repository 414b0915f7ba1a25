package bgsync

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// Publish writes the plan into a source whose target is yet to be copied from it: the
// numbers of the tables, the publication, the grants and the event triggers. The copy
// then has them as well. Register does the same for two databases that are both
// there.
func Publish(ctx context.Context, source *pgx.Conn, plan *Plan) error {
	if err := plan.Validate(); err != nil {
		return err
	}
	var tables []*relation.Table
	var problems []error
	for _, planned := range plan.ordered() {
		table, err := relation.Load(ctx, source, planned.Schema, planned.Name)
		if err != nil {
			problems = append(problems, fmt.Errorf("source: %w", err))
			continue
		}
		tables = append(tables, table)
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	if err := number(ctx, tables, source); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, source, func(tx pgx.Tx) error { return register(ctx, tx, plan, tables) })
	return pg.Wrap(err, "publish lane %s on the source", plan.Lane)
}
