package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/place"
	items "github.com/cutover/cutover/shared/control"
)

// errUnderway tells that a switch is under way, which rests on its lanes as they are.
var errUnderway = errors.New("a switch is under way")

// renew starts a new generation of a lane that is halted with the code. One that is not
// halted was renewed before: it is left as it is.
func (d *Desk) renew(ctx context.Context, r Request) (Reply, error) {
	name := place.Lane(r.To)
	there, err := d.look(ctx, r)
	if err != nil {
		return Reply{}, err
	}
	if there.State == "" {
		return there, fmt.Errorf("%w: %s", checkpoint.ErrAbsent, name)
	}
	if there.State != checkpoint.Halted {
		there.Done = []string{fmt.Sprintf("lane %s is %s in generation %d, and not halted: nothing was renewed", name, there.State, there.Generation)}
		return there, nil
	}
	if err := d.steady(ctx); err != nil {
		return there, err
	}
	endpoints, err := place.Endpoints(ctx, d.Place, r.To.Other())
	if err != nil {
		return there, err
	}
	source, err := d.Place.DSN(ctx, r.To.Other(), place.Administrator)
	if err != nil {
		return there, err
	}
	done := []string(nil)
	at := func(step string) error {
		if step == lane.AfterDoubt {
			done = append(done, fmt.Sprintf("what comparisons of lane %s had found is taken back", place.Lane(r.To.Other())))
		}
		return d.at(step)
	}
	if err := lane.Renew(ctx, lane.Renewal{Lane: name, Endpoints: endpoints, Limits: d.Limits, Source: source, Code: r.Halt, By: []string{r.By}, At: at}); err != nil {
		return there, err
	}
	renewed, err := d.look(ctx, r)
	renewed.Done = append([]string{fmt.Sprintf("lane %s begins generation %d with a new slot and a new position, after halt %s", name, renewed.Generation, r.Halt)}, done...)
	return renewed, err
}

// steady tells whether no switch is under way.
func (d *Desk) steady(ctx context.Context) error {
	_, sw, err := switching.Status(ctx, d.Store)
	if errors.Is(err, control.ErrAbsent) {
		return nil
	}
	if err == nil && sw.State != items.Steady {
		return fmt.Errorf("%w: state %s, expected %s", errUnderway, sw.State, items.Steady)
	}
	return err
}
