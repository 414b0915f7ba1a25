package bgsync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/relation"
)

// ErrOtherTables tells that a plan lists other tables than those that are registered.
var ErrOtherTables = errors.New("the plan lists other tables than the lanes carry, which takes a new lane")

// Again writes a plan that is registered once more, on both sides, while lanes run: what
// is excluded, the publication, the grants and the event triggers. The tables have to be
// those that the lanes carry. Their numbers and forms stay, and so does what a target is
// to build: a lane and its planned changes rest on them.
func Again(ctx context.Context, source, target *pgx.Conn, plan *Plan) error {
	if err := plan.Validate(); err != nil {
		return err
	}
	for _, side := range []struct {
		name string
		conn *pgx.Conn
	}{{"source", source}, {"target", target}} {
		err := pgx.BeginFunc(ctx, side.conn, func(tx pgx.Tx) error {
			tables, err := carried(ctx, tx, plan)
			if err != nil {
				return err
			}
			return write(ctx, tx, plan, tables)
		})
		if err != nil {
			return pg.Wrap(err, "register the plan of lane %s again on the %s", plan.Lane, side.name)
		}
	}
	return nil
}

// carried loads the plan's tables from a side where exactly these are registered.
func carried(ctx context.Context, tx pgx.Tx, plan *Plan) ([]*relation.Table, error) {
	known, err := numbers(ctx, tx)
	if err != nil {
		return nil, err
	}
	var tables []*relation.Table
	var problems []error
	for _, planned := range plan.ordered() {
		id, has := known[planned.FullName()]
		delete(known, planned.FullName())
		if !has {
			problems = append(problems, fmt.Errorf("table %s is in the plan and in no lane: %w", planned.FullName(), ErrOtherTables))
			continue
		}
		table, err := relation.Load(ctx, tx, planned.Schema, planned.Name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		table.ID = id
		tables = append(tables, table)
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		problems = append(problems, fmt.Errorf("table %s is carried and not in the plan: %w", name, ErrOtherTables))
	}
	return tables, errors.Join(problems...)
}
