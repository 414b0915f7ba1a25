package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/adopt"
	"github.com/cutover/cutover/projects/migration/lane/bgsync"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/sequence"
	"github.com/cutover/cutover/projects/migration/place"
)

// The acts of a lane whose target is a clone of its source.
const (
	// Reserve prepares the source and makes the lane's slot there, before the clone.
	Reserve Act = "reserve"
	// Adopt makes the clone the lane's target.
	Adopt Act = "adopt"
)

// reserve prepares the source alone: what it writes there the clone will have. A lane
// that is there is left as it is.
func (d *Desk) reserve(ctx context.Context, r Request) (Reply, error) {
	there, err := d.look(ctx, r)
	if err != nil || there.State != "" {
		return there, err
	}
	source := r.To.Other()
	conn, err := d.connect(ctx, source, place.Administrator)
	if err != nil {
		return Reply{}, err
	}
	defer pg.Close(conn)
	if err := install(ctx, conn, bgsync.Installation{Side: source, Writable: source == First, By: r.By}); err != nil {
		return Reply{}, err
	}
	if err := bgsync.Publish(ctx, conn, r.Plan); err != nil {
		return Reply{}, err
	}
	if err := sequence.Record(ctx, conn); err != nil {
		return Reply{}, err
	}
	if err := d.at("reserve.published"); err != nil {
		return Reply{}, err
	}
	reader, err := d.Place.DSN(ctx, source, bgsync.Reader)
	if err != nil {
		return Reply{}, err
	}
	reserved, err := lane.Reserve(ctx, lane.Reservation{Lane: place.Lane(r.To), Reader: reader, Limits: d.Limits, At: d.At})
	if err != nil {
		return Reply{}, err
	}
	before := ""
	if reserved.Before {
		before = ", as before"
	}
	return Reply{Done: []string{
		fmt.Sprintf("%s: schema bgsync of version %d, logins enrolled, %d tables published", source, bgsync.SchemaVersion, len(r.Plan.Tables)),
		fmt.Sprintf("%s keeps its log for lane %s from %s on, in slot %s%s", source, place.Lane(r.To), reserved.From, reserved.Slot, before),
	}}, nil
}

// adopt makes the database of To, if it is a clone that was made after the
// reservation, the lane's target. One that is none is no failure of the act: NoCopy
// says what it is.
func (d *Desk) adopt(ctx context.Context, r Request) (Reply, error) {
	reader, err := d.Place.DSN(ctx, r.To.Other(), bgsync.Reader)
	if err != nil {
		return Reply{}, err
	}
	administrator, err := d.Place.DSN(ctx, r.To, place.Administrator)
	if err != nil {
		return Reply{}, err
	}
	adopted, err := lane.Adopt(ctx, lane.Adoption{
		Lane: place.Lane(r.To), Side: r.To, Reader: reader, Administrator: administrator, Start: d.start(), Limits: d.Limits, By: r.By, At: d.At,
	})
	if errors.Is(err, adopt.ErrNoCopy) || errors.Is(err, adopt.ErrBefore) {
		return Reply{NoCopy: err.Error()}, nil
	}
	if err != nil {
		return Reply{}, err
	}
	reply := Reply{State: checkpoint.Running}
	if !adopted.Before {
		reply.Done = []string{fmt.Sprintf("%s is a clone of %s and now the target of lane %s, which follows from %s: nobody may write there, and a full verification is due",
			r.To, r.To.Other(), place.Lane(r.To), adopted.Base)}
	}
	return reply, nil
}

// start is how a clone is asked where it begins.
func (d *Desk) start() adopt.Start {
	if d.Start == nil {
		return adopt.Aurora{}
	}
	return d.Start
}
