// Package steeringtest has what tests of moving traffic share: a Route 53 in
// memory whose calls can be made to fail, and a resolver that answers weighted
// records as Route 53 does. It is for tests alone.
package steeringtest

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/steering"
	"github.com/cutover/cutover/shared/traffic"
)

var (
	_ steering.DNS  = (*DNS)(nil)
	_ steering.Eyes = (*Eyes)(nil)
)

// DNS is a Route 53 in memory.
type DNS struct {
	mutex   sync.Mutex
	real    steering.Reality
	changes int
	applied int
	// Hook, unless nil, runs before and after a call has its effect. Its error is
	// the call's; before, the call has no effect.
	Hook func(call string, after bool) error
	// Pending tells that changes are not everywhere yet.
	Pending bool
}

// MemoryDomain is the domain whose zone a DNS has.
const MemoryDomain = "example"

// NewDNS returns one whose records answer a split.
func NewDNS(split traffic.Split) *DNS {
	d := &DNS{}
	d.set(split)
	return d
}

// Place is where its traffic is moved.
func Place() traffic.Place {
	entrance := func(color naming.Color) traffic.Entrance {
		return traffic.Entrance{
			Ready: true, Endpoint: string(color) + ".elb.example", EndpointZone: "Z35", HealthCheck: string(color) + "-check",
			Payments: string(color) + "-payments", TargetGroups: map[string]string{"payment-api": string(color) + "/payment-api"},
		}
	}
	return traffic.Place{ZoneID: "Z1", PublicName: "pay.example", Blue: entrance(naming.Blue), Green: entrance(naming.Green)}
}

func (d *DNS) set(split traffic.Split) {
	for _, color := range naming.Colors() {
		d.write(color, split)
	}
}

// write writes a colour's record and health check.
func (d *DNS) write(color naming.Color, split traffic.Split) {
	e := Place().Of(color)
	side := steering.Side{
		Exists: true, Weight: split.Weight(color), HealthCheck: e.HealthCheck, Shut: split.Shut(color),
		Endpoint: e.Endpoint, EndpointZone: e.EndpointZone,
	}
	if color == naming.Blue {
		d.real.Blue = side
	} else {
		d.real.Green = side
	}
}

// apply makes the records answer a split and tells whether one changed. A record
// that is not there is made only for a colour that gets traffic.
func (d *DNS) apply(split traffic.Split) (changed bool) {
	for _, color := range naming.Colors() {
		side := d.real.Of(color)
		if !side.Exists && split.Shut(color) {
			continue
		}
		changed = changed || !side.Exists || side.Weight != split.Weight(color)
		d.write(color, split)
	}
	return changed
}

// Edit changes the records behind everybody's back.
func (d *DNS) Edit(edit func(*steering.Reality)) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	edit(&d.real)
}

// Real is what it has.
func (d *DNS) Real() steering.Reality {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.real
}

// Applied counts the calls that changed something.
func (d *DNS) Applied() int {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.applied
}

func (d *DNS) call(ctx context.Context, name string, effect func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.Hook != nil {
		if err := d.Hook(name, false); err != nil {
			return err
		}
	}
	d.mutex.Lock()
	effect()
	d.mutex.Unlock()
	if d.Hook != nil {
		return d.Hook(name, true)
	}
	return nil
}

// Find returns the zone.
func (d *DNS) Find(ctx context.Context, domain string) (string, error) {
	if domain != MemoryDomain {
		return "", fmt.Errorf("public zone of %s: %w", domain, steering.ErrAbsent)
	}
	return Place().ZoneID, d.call(ctx, "find", func() {})
}

// Observe reads the records.
func (d *DNS) Observe(ctx context.Context, place traffic.Place) (real steering.Reality, err error) {
	if place.ZoneID != Place().ZoneID {
		return real, fmt.Errorf("zone %s: %w", place.ZoneID, steering.ErrAbsent)
	}
	err = d.call(ctx, "observe", func() { real = d.real })
	return real, err
}

// Apply makes the records answer a split.
func (d *DNS) Apply(ctx context.Context, _ traffic.Place, real steering.Reality, split traffic.Split) (id string, err error) {
	err = d.call(ctx, "apply", func() {
		if !real.Is(split) {
			d.applied++
		}
		if d.apply(split) {
			d.changes++
			id = "C" + strconv.Itoa(d.changes)
		}
	})
	return id, err
}

// InSync tells whether a change is everywhere.
func (d *DNS) InSync(ctx context.Context, _ string) (done bool, err error) {
	err = d.call(ctx, "sync", func() { done = !d.Pending })
	return done, err
}

// Eyes see what they are told.
type Eyes struct {
	// Health is by target group; what is not listed is one healthy target.
	Health map[string]steering.Health
	// States are by alarm; what is not listed is OK.
	States map[string]string
	Err    error
}

// Targets counts targets.
func (e *Eyes) Targets(ctx context.Context, targetGroup string) (steering.Health, error) {
	if health, told := e.Health[targetGroup]; told {
		return health, cmp.Or(e.Err, ctx.Err())
	}
	return steering.Health{Healthy: 1}, cmp.Or(e.Err, ctx.Err())
}

// Alarms returns states.
func (e *Eyes) Alarms(ctx context.Context, names ...string) (map[string]string, error) {
	states := map[string]string{}
	for _, name := range names {
		if state, told := e.States[name]; !told {
			states[name] = "OK"
		} else if state != "" {
			states[name] = state
		}
	}
	return states, cmp.Or(e.Err, ctx.Err())
}
