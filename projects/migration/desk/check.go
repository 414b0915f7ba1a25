package desk

import (
	"context"
	"errors"

	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	"github.com/cutover/cutover/projects/migration/place"
)

// check runs the checks for making the lane, or, where it is made, those for running
// it, or those before a switch.
func (d *Desk) check(ctx context.Context, r Request) (Reply, error) {
	source, target, done, err := d.administrators(ctx, r.To)
	if err != nil {
		return Reply{}, err
	}
	defer done()
	var reply Reply
	phase := preflight.Creation
	row, err := checkpoint.Load(ctx, target, place.Lane(r.To))
	switch {
	case err == nil:
		phase, reply.State, reply.Halt = preflight.Start, row.State, row.Halt
	case !errors.Is(err, checkpoint.ErrAbsent) && !errors.Is(err, checkpoint.ErrUnreadable): // PF03 tells of the schema
		return reply, err
	}
	if r.Switch {
		phase = preflight.Switch
	}
	endpoints, err := place.Endpoints(ctx, d.Place, r.To.Other())
	if err != nil {
		return reply, err
	}
	facts := r.Facts
	if d.Survey != nil && phase != preflight.Start {
		facts = d.Survey.Facts(ctx, facts)
	}
	reply.Results, err = preflight.Run(ctx, &preflight.Subject{
		Source: source, Target: target, Reader: endpoints.Reader, Apply: endpoints.Apply, Builder: endpoints.Builder,
		Plan: r.Plan, Workers: d.Limits.LoadWorkers, To: r.To, Facts: facts, Load: d.Pace, Sample: d.Sample, RoundTrip: preflight.LongestRoundTrip,
	}, phase)
	reply.Results = append(reply.Results, d.answers(ctx, place.Lane(r.To)))
	return reply, err
}
