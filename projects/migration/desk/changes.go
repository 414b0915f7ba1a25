package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/lane/schema"
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

// changes lists what the authority-to-be has written down: both sides have the same.
func (d *Desk) changes(ctx context.Context, r Request) (reply Reply, err error) {
	err = d.withSides(ctx, func(sides schema.Sides) error {
		list, err := schema.List(ctx, sides[r.To])
		for i := range list {
			reply.Changes = append(reply.Changes, described(&list[i]))
		}
		return err
	})
	return reply, err
}

func (d *Desk) planChange(ctx context.Context, r Request) (reply Reply, err error) {
	if r.Change == nil {
		return reply, errors.New("act planChange: change is missing")
	}
	request := *r.Change
	request.By, request.Reason = r.By, r.Reason
	if err := request.Validate(); err != nil {
		return Reply{Refused: err.Error(), RefusedAs: Wrong}, nil
	}
	err = d.withSides(ctx, func(sides schema.Sides) error {
		c, err := schema.Plan(ctx, sides, request)
		if err == nil {
			reply.Changes = []Change{described(c)}
		}
		return err
	})
	return reply, err
}

func (d *Desk) makeChange(ctx context.Context, r Request) (reply Reply, err error) {
	err = d.withSides(ctx, func(sides schema.Sides) error {
		c, err := schema.Apply(ctx, sides, r.ChangeID, nil)
		if err == nil {
			reply.Changes = []Change{described(c)}
		}
		return err
	})
	return reply, err
}

func (d *Desk) withdrawChange(ctx context.Context, r Request) (reply Reply, err error) {
	err = d.withSides(ctx, func(sides schema.Sides) error {
		if err := schema.Withdraw(ctx, sides, r.ChangeID, r.By); err != nil {
			return err
		}
		reply.Done = []string{fmt.Sprintf("change %d is withdrawn: no side has it, and none will get it", r.ChangeID)}
		return nil
	})
	return reply, err
}
