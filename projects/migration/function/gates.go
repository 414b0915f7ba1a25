package function

import (
	"context"
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/lag"
	"github.com/cutover/cutover/projects/migration/lane/switching"
)

// SwitchGates are the gates of a switch besides those of the databases: what the
// control store knows.
func SwitchGates(store control.Store, now func() time.Time) []switching.Gates {
	return []switching.Gates{LagGate{Store: store, Now: now, Limits: lag.Defaults()}}
}

// LagGate asks how far the lane to the new side was behind in the last minutes, by what
// the lane tells of its canaries.
//
// The way back is not asked for it. The drain bounds what a lane that is behind costs
// writers, and the canary of this very second is asked on both ways; a spike of four
// minutes ago, or a lane that cannot tell its measurements, must keep nobody from it.
type LagGate struct {
	Store  control.Store
	Now    func() time.Time
	Limits lag.Limits
}

// Evaluate reads what the lane has told last.
func (g LagGate) Evaluate(ctx context.Context, t switching.Try) []switching.Gate {
	if t.Rollback() {
		return nil
	}
	gate := switching.Gate{Name: fmt.Sprintf("lag-%s-%s", t.From, t.To)}
	p, absent, err := ReadProgress(ctx, g.Store, Lane(t.To))
	switch {
	case err != nil:
		return []switching.Gate{switching.Unanswered(gate.Name, err)}
	case absent:
		gate.Detail = fmt.Sprintf("lane %s has told nothing, expected %s of its canaries", Lane(t.To), g.Limits.Window)
		return []switching.Gate{gate}
	}
	found := p.Lags.Judge(g.Now(), g.Limits)
	if !found.Known {
		gate.Detail = found.Detail
		return []switching.Gate{gate}
	}
	return []switching.Gate{switching.Held(gate.Name, found.P99 < g.Limits.Most, "%s, expected p99 below %s", found.Detail, g.Limits.Most)}
}
