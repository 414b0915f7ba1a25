package function

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/lag"
	"github.com/cutover/cutover/projects/migration/lane/switching"
	items "github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/traffic"
)

// SwitchGates are the gates of a switch besides those of the databases: what the
// control store knows.
func SwitchGates(store control.Store, now func() time.Time) []switching.Gates {
	return []switching.Gates{LagGate{Store: store, Now: now, Limits: lag.Defaults()}, TrafficGate{Store: store}}
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

// TrafficGate asks whether the traffic stands at a step at which the data may move, by
// the last decision about it, and tells after a switch which part of it green has.
//
// The way back is not asked for it: from wherever the traffic is, blue's data may have
// to be the authority again. The traffic follows by rollback:edge.
type TrafficGate struct{ Store control.Store }

const trafficGate = "traffic"

// Evaluate reads the last decision about the traffic.
func (g TrafficGate) Evaluate(ctx context.Context, t switching.Try) []switching.Gate {
	if t.Rollback() {
		return nil
	}
	expect := fmt.Sprintf("expected 0 or %d %% for green, settled: traffic:shift -to=…", traffic.SwitchAfter)
	record, absent, err := g.decided(ctx)
	switch {
	case err != nil:
		return []switching.Gate{switching.Unanswered(trafficGate, err)}
	case absent:
		return []switching.Gate{switching.Held(trafficGate, true, "n/a: nobody has moved any traffic here")}
	case record.Phase != traffic.Settled:
		return []switching.Gate{{Name: trafficGate, Detail: fmt.Sprintf("on its way from %s to %s; %s", record.From, record.To, expect)}}
	}
	return []switching.Gate{switching.Held(trafficGate, traffic.Switchable(record.To), "%s; %s", record.To, expect)}
}

// Confirm tells for the record which part green has. No share is wrong after a switch:
// the way up goes on from here, and the way back may have begun from the top.
func (g TrafficGate) Confirm(ctx context.Context, _ switching.Try) []switching.Gate {
	record, absent, err := g.decided(ctx)
	switch {
	case err != nil:
		return []switching.Gate{switching.Unanswered(trafficGate, err)}
	case absent:
		return []switching.Gate{switching.Held(trafficGate, true, "n/a: nobody has moved any traffic here")}
	}
	return []switching.Gate{switching.Held(trafficGate, true, "%s, %s since %s", record.To, record.Phase, record.Since.UTC().Format(time.RFC3339))}
}

// decided is the last decision; absent tells that there is none.
func (g TrafficGate) decided(ctx context.Context) (record traffic.Record, absent bool, err error) {
	item, err := g.Store.Get(ctx, items.TrafficItem)
	if errors.Is(err, control.ErrAbsent) {
		return traffic.Record{}, true, nil
	}
	if err != nil {
		return traffic.Record{}, false, fmt.Errorf("read item %s: %w", items.TrafficItem, err)
	}
	record, err = traffic.DecodeRecord(item.Rev, item.Fields)
	return record, false, err
}
