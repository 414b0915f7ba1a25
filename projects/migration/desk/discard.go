package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/place"
	items "github.com/cutover/cutover/shared/control"
)

// errOrder tells that what is to be decided, or who decides, is not said.
var errOrder = errors.New("the decision is not complete")

// Discarding is what two operators confirm when they discard a change of a lane: the
// lane and the change stand in the place of a switch, the lane's generation in that of
// the switch's revision.
func Discarding(lane, position string, generation int64, operators []string, reason string) items.Confirmation {
	return items.Confirmation{Switch: "discard " + lane + " " + position, Revision: generation, Operators: operators, Reason: reason}
}

// discard has the lane pass over one change that the target refuses, once both
// operators have said so. One that is discarded stays so. Preview lists all that were
// refused and decides nothing.
func (d *Desk) discard(ctx context.Context, r Request) (Reply, error) {
	there, err := d.look(ctx, r)
	if err != nil {
		return Reply{}, err
	}
	lane := place.Lane(r.To)
	if there.State == "" {
		return there, fmt.Errorf("%w: %s", checkpoint.ErrAbsent, lane)
	}
	conn, err := d.connect(ctx, r.To, bgsync.Apply)
	if err != nil {
		return there, err
	}
	defer pg.Close(conn)
	all, err := checkpoint.Quarantine(ctx, conn, lane)
	if err != nil {
		return there, err
	}
	if r.Preview {
		there.Quarantine = all
		return there, nil
	}
	change, err := r.refused(lane, all)
	if err != nil {
		return there, err
	}
	if change.Discarded() {
		there.Done = []string{fmt.Sprintf("lane %s passes over %s already", lane, change)}
		return there, nil
	}
	if err := d.confirmed(ctx, Discarding(lane, change.Position.String(), there.Generation, r.Operators, r.Reason)); err != nil {
		return there, err
	}
	return d.passOver(ctx, conn, r, change, there)
}

// refused finds the change that a request is about, and joins what is wrong with the
// request.
func (r Request) refused(lane string, all []checkpoint.Quarantined) (checkpoint.Quarantined, error) {
	var problems []error
	names := slices.Clone(r.Operators)
	slices.Sort(names)
	if len(r.Operators) != 2 || len(slices.Compact(names)) != 2 || slices.ContainsFunc(names, func(n string) bool { return strings.TrimSpace(n) == "" }) {
		problems = append(problems, fmt.Errorf("%w: operators are %q, expected the names of two people", errOrder, r.Operators))
	}
	if strings.TrimSpace(r.Reason) == "" {
		problems = append(problems, fmt.Errorf("%w: expected a reason", errOrder))
	}
	at, err := checkpoint.ParsePosition(r.Position)
	if err != nil {
		return checkpoint.Quarantined{}, errors.Join(append(problems, fmt.Errorf("%w: %w", errOrder, err))...)
	}
	found := slices.IndexFunc(all, func(c checkpoint.Quarantined) bool { return c.Position == at })
	if found < 0 {
		return checkpoint.Quarantined{}, errors.Join(append(problems, fmt.Errorf("%w: the target of lane %s has refused no change at %s", errOrder, lane, at))...)
	}
	return all[found], errors.Join(problems...)
}

// confirmed tells whether both have confirmed.
func (d *Desk) confirmed(ctx context.Context, want items.Confirmation) error {
	if d.Missing == nil {
		return nil
	}
	missing, err := d.Missing(ctx, want)
	if err != nil || len(missing) == 0 {
		return err
	}
	return fmt.Errorf("%w: the lane waits until both have confirmed: %s", checkpoint.ErrDecision, strings.Join(missing, "; "))
}

// passOver writes both decisions down. A call that died between them is made again.
func (d *Desk) passOver(ctx context.Context, conn *pgx.Conn, r Request, change checkpoint.Quarantined, reply Reply) (Reply, error) {
	lane := place.Lane(r.To)
	for _, name := range r.Operators {
		if slices.Contains(change.DecidedBy, name) {
			continue
		}
		if _, err := checkpoint.Discard(ctx, conn, lane, change.Commit, change.Ordinal, name); err != nil {
			return reply, err
		}
	}
	reply.Done = []string{fmt.Sprintf("lane %s passes over %s, by %s; nothing is switched before the row was repaired", lane,
		change.Position, strings.Join(r.Operators, " and "))}
	return reply, nil
}
