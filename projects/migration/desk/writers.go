package desk

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/sequence"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/shared/naming"
)

// writers writes down again who may write and which sequences there are, as the side with
// the authority has them, and takes the rights away on the passive side. It tells what
// differs from the lists that were written down before; of what is only previewed it
// changes nothing.
func (d *Desk) writers(ctx context.Context, r Request) (reply Reply, err error) {
	s, err := d.standing(ctx)
	if err != nil {
		return reply, err
	}
	if !s.known {
		return Reply{Refused: "nobody has written down yet who may write: migrate:verify does it when it makes the lane back", RefusedAs: NotNow}, nil
	}
	if err := d.steady(ctx); err != nil {
		return reply, err
	}
	sides, done, err := d.Sides(ctx)
	if err != nil {
		return reply, err
	}
	defer done()
	var holder naming.Color
	for _, color := range naming.Colors() {
		row, err := authority.Load(ctx, sides[color])
		if err != nil {
			return reply, err
		}
		if row.Writable {
			holder = color
		}
		differs, err := differences(ctx, color, sides[color])
		if err != nil {
			return reply, err
		}
		reply.Done = append(reply.Done, differs...)
	}
	if holder == "" {
		return Reply{Refused: "neither side can be written to", RefusedAs: NotNow}, nil
	}
	if r.Preview {
		return reply, nil
	}
	if err := postgres.Record(ctx, sides[holder], sides[holder.Other()]); err != nil {
		return reply, err
	}
	reply.Done = append(reply.Done, fmt.Sprintf("%s has the authority; who may write there, and its sequences, are written down on both sides, and nobody may write to %s", holder, holder.Other()))
	return reply, d.at("writers.recorded")
}

// differences are what a side has otherwise than it is written down.
func differences(ctx context.Context, color naming.Color, conn *pgx.Conn) ([]string, error) {
	found, err := authority.Review(ctx, conn, []string{})
	if err != nil {
		return nil, err
	}
	left, err := sequence.Unrecorded(ctx, conn)
	if err != nil {
		return nil, err
	}
	for _, name := range left {
		found = append(found, fmt.Sprintf("sequence %s is not in bgsync.sequence_map", name))
	}
	for i, text := range found {
		found[i] = fmt.Sprintf("%s: %s", color, text)
	}
	return found, nil
}
