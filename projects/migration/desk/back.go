package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
)

// back makes the lane back, writes down who may write, and the first token. Each of
// the three is done where it is missing, whatever an earlier call has come to: a lane
// that is there says nothing of the other two.
func (d *Desk) back(ctx context.Context, r Request) (Reply, error) {
	s, err := d.standing(ctx)
	if err != nil {
		return Reply{}, err
	}
	reply, err := d.alive(ctx, r, s)
	if err != nil {
		return reply, err
	}
	source, target, done, err := d.administrators(ctx, r.To)
	if err != nil {
		return reply, err
	}
	defer done()
	made := reply.State != ""
	if !made {
		if refused, err := s.returnable(ctx, r.To, source, target); err != nil || refused != "" {
			return Reply{Refused: refused, RefusedAs: NotNow}, err
		}
		// Its tables are registered from the side that the other lane has filled: that is
		// its source.
		if _, err := bgsync.Register(ctx, source, target, r.Plan); err != nil {
			return reply, err
		}
		if err := d.at("return.registered"); err != nil {
			return reply, err
		}
		if reply, err = d.create(ctx, r); err != nil {
			return reply, err
		}
	}
	recorded := made && s.known
	if recorded { // a token may be an abandoned migration's, and says nothing of these lists
		if recorded, err = postgres.Recorded(ctx, target, source); err != nil {
			return reply, err
		}
	}
	if recorded {
		return reply, nil
	}
	return d.entitle(ctx, r, reply, target, source)
}

// returnable says why there can be no lane back now, "" where it can be made: it copies
// nothing, so that the other lane must have brought all that its source has, and
// nobody may have written there yet. From a side that was made anew there is none before
// a full verification has found both sides equal.
func (s standing) returnable(ctx context.Context, to naming.Color, source, target *pgx.Conn) (refused string, err error) {
	if s.sw.Untrusted != "" {
		a := &anew{standing: s, side: to.Other(), open: target, made: source}
		for _, condition := range []func(context.Context) (string, error){a.reigns, a.passive, a.equal} {
			if refused, err := condition(ctx); err != nil || refused != "" {
				return refused, err
			}
		}
		return "", nil
	}
	there := place.Lane(to.Other())
	row, err := checkpoint.Load(ctx, source, there)
	switch {
	case errors.Is(err, checkpoint.ErrAbsent) || errors.Is(err, checkpoint.ErrUnreadable):
		return fmt.Sprintf("no lane back to %s: lane %s is not there, expected it to run and to be verified first", to, there), nil
	case err != nil:
		return "", err
	case row.State != checkpoint.Running:
		return fmt.Sprintf("no lane back to %s: lane %s is in state %s, expected %s and verified", to, there, row.State, checkpoint.Running), nil
	}
	holder, err := authority.Load(ctx, target)
	if err == nil && !holder.Writable {
		refused = fmt.Sprintf("no lane back to %s: %s has the authority, and what was written there since would be lost", to, to.Other())
	}
	return refused, err
}

// entitle writes down who may write where, and then the first token: nothing is
// switched without a token, so that none is before the lists are whole.
func (d *Desk) entitle(ctx context.Context, r Request, reply Reply, writable, passive *pgx.Conn) (Reply, error) {
	if err := postgres.Record(ctx, writable, passive); err != nil {
		return reply, fmt.Errorf("write down who may write: %w", pg.Reduce(err))
	}
	if err := d.at("return.recorded"); err != nil {
		return reply, err
	}
	if err := switching.Open(ctx, d.Store, r.To); err != nil {
		return reply, fmt.Errorf("write the first token: %w", err)
	}
	reply.Done = append(reply.Done, fmt.Sprintf("%s has the authority; who may write there is written down on both sides", r.To))
	return reply, d.at("return.opened")
}
