package function

import (
	"context"
	"io"
	"time"

	"github.com/cutover/cutover/projects/migration/lane"
	"github.com/cutover/cutover/projects/migration/lane/lag"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	"github.com/cutover/cutover/projects/migration/lane/switching/postgres"
)

// ChunkWith is NewChunk with an observer of the steps.
func ChunkWith(ctx context.Context, lookup func(string) (string, bool), at func(string) error) (func(context.Context, ChunkEvent) (ChunkAnswer, error), error) {
	p, err := assemble(ctx, lookup, io.Discard)
	if err != nil {
		return nil, err
	}
	return (&loading{parts: p, limits: lane.Defaults(), at: at}).handle, nil
}

// SwitchWith is NewSwitch with other limits, an observer of the acts, and databases
// that are not measured by what a busy machine cannot do: a heartbeat may be under way
// and a round of comparison take for a minute.
func SwitchWith(ctx context.Context, lookup func(string) (string, bool), out io.Writer, limits switching.Limits, at func(string) error) (func(context.Context, SwitchEvent) (SwitchAnswer, error), error) {
	return SwitchLagging(ctx, lookup, out, limits, Lenient(), at)
}

// SwitchLagging is SwitchWith with other limits of the lag.
func SwitchLagging(ctx context.Context, lookup func(string) (string, bool), out io.Writer, limits switching.Limits, most lag.Limits, at func(string) error) (func(context.Context, SwitchEvent) (SwitchAnswer, error), error) {
	p, err := assemble(ctx, lookup, out)
	if err != nil {
		return nil, err
	}
	settings, err := readProofs(lookup, true)
	if err != nil {
		return nil, err
	}
	role, err := operatorRole(lookup)
	if err != nil {
		return nil, err
	}
	s := &switcher{
		parts: p, limits: limits, gates: []switching.Gates{LagGate{p.store, p.now, most}, TrafficGate{p.store}}, role: role, isolation: Isolated,
		at: at, lookPause: 10 * time.Millisecond,
	}
	if s.proofs, err = settings.open(ctx, p); err != nil {
		return nil, err
	}
	s.primary = func(ctx context.Context, owner string) (switching.Primary, func(), error) {
		primary, done, err := s.databases(ctx, owner)
		if err == nil {
			d := primary.(*postgres.Databases)
			d.Limits.Forward, d.Limits.Back, d.Limits.Tail = time.Minute, time.Minute, time.Minute
			d.Compare.(*postgres.Verified).Round = time.Minute
		}
		return primary, done, err
	}
	return s.handle, nil
}

// Lenient are limits that a lane keeps which was measured once, by whatever clock and on
// however busy a machine.
func Lenient() lag.Limits {
	return lag.Limits{Window: time.Hour, Most: time.Hour, Hole: 2 * time.Hour, Fresh: time.Hour, Least: 1}
}

// Isolated is what proves to functions of tests that a lost side is shut off.
var Isolated switching.Isolation

// FinaliseWith is NewFinalise with another time for which the way back was open, and an
// observer of the steps.
func FinaliseWith(ctx context.Context, lookup func(string) (string, bool), open time.Duration, at func(string) error) (func(context.Context, FinaliseEvent) (FinaliseAnswer, error), error) {
	c, err := newCloser(ctx, lookup, io.Discard)
	if err != nil {
		return nil, err
	}
	c.open, c.at = open, at
	return c.handle, nil
}

// Forgotten is after which time the watchdog looks after an armed switch.
const Forgotten time.Duration = forgotten
