package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/dirty"
	"github.com/cutover/cutover/projects/migration/lane/pg"
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
	doubted, err := d.doubt(ctx, r)
	if err != nil {
		return there, err
	}
	if err := lane.Renew(ctx, lane.Renewal{Lane: name, Endpoints: endpoints, Limits: d.Limits, Code: r.Halt, By: []string{r.By}}); err != nil {
		return there, err
	}
	renewed, err := d.look(ctx, r)
	renewed.Done = append([]string{fmt.Sprintf("lane %s begins generation %d with a new slot and a new position, after halt %s", name, renewed.Generation, r.Halt)}, doubted...)
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

// doubt takes back what comparisons of the opposite lane have found, where the source
// of the lane does not have the authority: a write of somebody else there, which the
// lane would have met, is found by a new comparison alone.
func (d *Desk) doubt(ctx context.Context, r Request) (done []string, err error) {
	source, err := d.connect(ctx, r.To.Other(), place.Administrator)
	if err != nil {
		return nil, err
	}
	defer pg.Close(source)
	var writable bool
	if err := source.QueryRow(ctx, `SELECT writable FROM bgsync.authority`).Scan(&writable); err != nil {
		return nil, pg.Wrap(err, "read authority of %s", r.To.Other())
	}
	if writable {
		return nil, nil
	}
	back := place.Lane(r.To.Other())
	err = pgx.BeginFunc(ctx, source, func(tx pgx.Tx) error { return dirty.Forget(ctx, tx, back) })
	return []string{fmt.Sprintf("what comparisons of lane %s had found is taken back", back)}, pg.Wrap(err, "doubt lane %s", back)
}
