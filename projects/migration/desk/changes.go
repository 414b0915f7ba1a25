package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cutover/cutover/projects/migration/lane/schema"
	"github.com/cutover/cutover/shared/naming"
)

// Change is a change of replicated tables. It holds names and no value of a row.
type Change struct {
	ID        int32        `json:"id"`
	Kind      schema.Kind  `json:"kind"`
	Columns   []string     `json:"columns"`
	Statement string       `json:"statement"`
	State     schema.State `json:"state"`
	By        string       `json:"by"`
	Reason    string       `json:"reason"`
}

func described(c *schema.Change) Change {
	return Change{ID: c.ID, Kind: c.Kind, Columns: c.Columns, Statement: c.Statement, State: c.State, By: c.By, Reason: c.Reason}
}

// withSides runs do with the administrators' sessions of both sides.
func (d *Desk) withSides(ctx context.Context, do func(schema.Sides) error) error {
	sides, done, err := d.Sides(ctx)
	if err != nil {
		return err
	}
	defer done()
	return do(sides)
}

// changes lists what is written down on either side. What one side alone has, or has
// open, a call that died has left: it is open until the same is asked for again.
func (d *Desk) changes(ctx context.Context, r Request) (reply Reply, err error) {
	err = d.withSides(ctx, func(sides schema.Sides) error {
		for _, side := range []naming.Color{r.To.Other(), r.To} {
			list, err := schema.List(ctx, sides[side])
			if err != nil {
				return err
			}
			for i := range list {
				reply.Changes = joined(reply.Changes, described(&list[i]))
			}
		}
		slices.SortFunc(reply.Changes, func(a, b Change) int { return int(a.ID - b.ID) })
		return nil
	})
	return reply, err
}

// joined adds what one side says of a change to what the other does.
func joined(all []Change, c Change) []Change {
	at := slices.IndexFunc(all, func(other Change) bool { return other.ID == c.ID })
	switch {
	case at < 0:
		return append(all, c)
	case c.State == schema.Planned:
		all[at] = c
	}
	return all
}

func (d *Desk) planChange(ctx context.Context, r Request) (reply Reply, err error) {
	if r.Change == nil {
		return reply, errors.New("act planChange: change is missing")
	}
	request := *r.Change
	request.By, request.Reason = r.By, r.Reason
	if err := request.Validate(); err != nil {
		return Reply{Refused: err.Error(), RefusedAs: Wrong}, nil //nolint:nilerr // a refusal is an answer
	}
	err = d.withSides(ctx, func(sides schema.Sides) error {
		c, err := schema.Plan(ctx, sides, request, d.At)
		if err == nil {
			reply.Changes = []Change{described(c)}
		}
		return err
	})
	return reply, err
}

func (d *Desk) makeChange(ctx context.Context, r Request) (reply Reply, err error) {
	err = d.withSides(ctx, func(sides schema.Sides) error {
		c, err := schema.Apply(ctx, sides, r.ChangeID, d.At)
		if err == nil {
			reply.Changes = []Change{described(c)}
		}
		return err
	})
	return reply, err
}

func (d *Desk) withdrawChange(ctx context.Context, r Request) (reply Reply, err error) {
	err = d.withSides(ctx, func(sides schema.Sides) error {
		if err := schema.Withdraw(ctx, sides, r.ChangeID, r.By, d.At); err != nil {
			return err
		}
		reply.Done = []string{fmt.Sprintf("change %d is withdrawn: no side has it, and none will get it", r.ChangeID)}
		return nil
	})
	return reply, err
}
