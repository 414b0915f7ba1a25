package verify

import (
	"context"

	"github.com/cutover/cutover/projects/migration/lane/govern"
	"github.com/cutover/cutover/projects/migration/lane/pg"
	"github.com/cutover/cutover/projects/migration/lane/throttle"
)

// Obey makes all comparisons, until leave is called, obey the throttle that all who
// load or compare for the lane share. A comparison is one statement on each side and
// cannot be held up: it begins while data may flow and there is a seat, and nothing like
// it begins afterwards for as long as the duty demands. Inputs are further ones than
// every lane has. A verification without Obey is not held up, as while a switch keeps
// all clients away.
func (v *Verifier) Obey(ctx context.Context, servers govern.Limits, inputs ...throttle.Input) (leave func()) {
	v.governor = govern.Start(ctx, govern.Settings{
		Lane: v.Lane, Work: govern.Comparing, Invocation: v.Invocation, Source: v.Source, Target: v.Target,
		Most: v.Limits.Workers, Limits: servers, Inputs: inputs,
	})
	return func() {
		v.governor.Close()
		v.governor = nil
	}
}

// piece waits until one more comparison may begin. done tells that it has ended.
func (v *Verifier) piece(ctx context.Context) (done func(), err error) {
	if v.governor == nil {
		return func() {}, nil
	}
	return v.governor.Piece(ctx)
}

// Slowed are the inputs that have slowed loads and comparisons of the lane down within
// the last minute.
func (v *Verifier) Slowed(ctx context.Context) ([]throttle.Reading, error) {
	target, err := pg.Connect(ctx, v.Target, pg.Identity{Role: pg.Verifier, Lane: v.Lane, Invocation: v.Invocation})
	if err != nil {
		return nil, err
	}
	defer pg.Close(target)
	return govern.Recent(ctx, target, v.Lane)
}
