package switching

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/authority"
	store "github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/proof"
	"github.com/cutover/cutover/shared/naming"
)

// Plan is a switch that was gone through without doing anything.
type Plan struct {
	From, To naming.Color
	// Epoch is that of the term that would end.
	Epoch int64
	// Gates are the conditions as they stand. Those that arming makes hold are not
	// expected to before.
	Gates []Gate
	// Steps are the durable acts in their order.
	Steps []Step
	// primary is the name of who takes part.
	primary string
}

func (p Plan) rollback() bool { return Try{From: p.From, To: p.To}.Rollback() }

// Plan makes the switch that is asked for without doing anything: the same code
// takes the same decisions in the same order, over participants that record
// instead of acting, a control store that forgets and a signer that signs nothing.
// Gates that do not hold do not end a plan. Where no switch can begin the gates are
// told, and why.
func (m *Machine) Plan(ctx context.Context, request Request) (Plan, error) {
	if err := m.validate(); err != nil {
		return Plan{}, err
	}
	t, err := m.load(ctx)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{From: request.To.Other(), To: request.To, Epoch: t.token.Epoch, primary: m.Primary.Name()}
	plan.Gates = m.evaluate(ctx, Try{From: plan.From, To: plan.To, Epoch: plan.Epoch, By: m.Owner, Do: perform})
	dry := m.rehearsed()
	dry.At = func(point string) error {
		if act, before := actOf(point); before {
			plan.Steps = append(plan.Steps, describe(act, plan, m.Limits))
		}
		return nil
	}
	if _, err := dry.Start(ctx, request); err != nil {
		return plan, err
	}
	if _, err := dry.Step(ctx, Go); err != nil {
		return plan, err
	}
	_, err = dry.Step(ctx, Continue)
	return plan, err
}

// rehearsed is the machine over what only records.
func (m *Machine) rehearsed() *Machine {
	dry := *m
	dry.Store = &overlay{Store: m.Store}
	dry.Primary = &rehearsal{Primary: m.Primary, rows: map[naming.Color]authority.Row{}}
	dry.Others, dry.Gates, dry.Observe = nil, nil, nil
	dry.Proofs, dry.Signer, dry.Revision = &unkept{}, unsigned{}, nil
	dry.Limits.Hold, dry.Limits.HoldBack, dry.Limits.Poll = time.Nanosecond, time.Nanosecond, time.Nanosecond
	return &dry
}

// perform does an act without telling anybody.
func perform(_ string, do func() error) error { return do() }

// nothing is an act that is recorded only.
func nothing() error { return nil }

// overlay is a store whose writes stay in this process.
type overlay struct {
	store.Store
	mutex   sync.Mutex
	written map[string]store.Item
}

// Get reads what was written here, or else what stands there.
func (o *overlay) Get(ctx context.Context, key string) (store.Item, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if item, found := o.written[key]; found {
		return item, nil
	}
	return o.Store.Get(ctx, key)
}

// Put keeps the item here.
func (o *overlay) Put(ctx context.Context, key string, item store.Item) error {
	former, err := o.Get(ctx, key)
	if err != nil && !errors.Is(err, store.ErrAbsent) {
		return err
	}
	if former.Rev != item.Rev-1 {
		return store.ErrConflict
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.written == nil {
		o.written = map[string]store.Item{}
	}
	o.written[key] = item
	return nil
}

// unkept is a store of records that keeps them for the length of a plan.
type unkept struct{ records map[string][]byte }

// Put keeps the record here.
func (u *unkept) Put(_ context.Context, name string, body []byte) error {
	if u.records == nil {
		u.records = map[string][]byte{}
	}
	u.records[name] = body
	return nil
}

// Get returns it.
func (u *unkept) Get(_ context.Context, name string) ([]byte, error) {
	body, found := u.records[name]
	if !found {
		return nil, proof.ErrAbsent
	}
	return body, nil
}

// unsigned signs nothing: no key is used for a switch that is not made.
type unsigned struct{}

func (unsigned) Sign(context.Context, []byte) (proof.Signature, error) { return proof.Signature{}, nil }
func (unsigned) Verify(context.Context, []byte, proof.Signature) error { return nil }

// rehearsal reads from the databases and records what would be done. What an act
// would have changed, it remembers.
type rehearsal struct {
	Primary
	mutex sync.Mutex
	rows  map[naming.Color]authority.Row
	armed bool
}

// steps records acts in order.
func steps(t Try, acts ...string) error {
	for _, act := range acts {
		if err := t.Do(act, nothing); err != nil {
			return err
		}
	}
	return nil
}

// Truth is the row as it is, or as it would be.
func (r *rehearsal) Truth(ctx context.Context, side naming.Color) (authority.Row, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if row, found := r.rows[side]; found {
		return row, nil
	}
	row, err := r.Primary.Truth(ctx, side)
	if err == nil {
		r.rows[side] = row
	}
	return row, err
}

// change is what an act would make of a row.
func (r *rehearsal) change(side naming.Color, to func(*authority.Row)) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	row := r.rows[side]
	to(&row)
	r.rows[side] = row
}

func (r *rehearsal) Arm(ctx context.Context, t Try) error {
	if _, err := r.Truth(ctx, t.From); err != nil {
		return err
	}
	r.armed = true
	return steps(t, "switch.1.freeze_"+string(t.From), "switch.1.freeze_"+string(t.To), "switch.1.autovacuum", "switch.1.sequences", "switch.1.tail")
}

func (r *rehearsal) Disarm(context.Context, Try) error                 { return nil }
func (r *rehearsal) Prepare(context.Context, Try) error                { return nil }
func (r *rehearsal) Drain(context.Context, Try) error                  { return nil }
func (r *rehearsal) Release(context.Context, Try) error                { return nil }
func (r *rehearsal) Armed(context.Context, Try) (time.Duration, error) { return time.Nanosecond, nil }

// Evaluate lets a plan go on; what the gates say is asked apart.
func (r *rehearsal) Evaluate(context.Context, Try) []Gate {
	return []Gate{Held("plan", r.armed, "gates are reported apart")}
}

func (r *rehearsal) Register(_ context.Context, t Try) error {
	for _, side := range []naming.Color{t.From, t.To} {
		r.change(side, func(row *authority.Row) { row.Attempt = t.ID })
	}
	return steps(t, "switch.4.register_"+string(t.From), "switch.4.register_"+string(t.To))
}

func (r *rehearsal) Fence(ctx context.Context, t Try) (string, error) {
	r.change(t.From, func(row *authority.Row) { row.Writable = false })
	if err := steps(t, "switch.5.fence"); err != nil {
		return "", err
	}
	return r.Position(ctx, t.From)
}

func (r *rehearsal) Check(ctx context.Context, t Try) (Evidence, error) {
	position, err := r.Position(ctx, t.To)
	if err != nil {
		return Evidence{}, err
	}
	return Evidence{Reverse: position}, steps(t, "switch.10.clean_base")
}

func (r *rehearsal) Promote(_ context.Context, t Try) error {
	r.change(t.To, func(row *authority.Row) { row.Epoch, row.Writable, row.Attempt = t.Epoch+1, true, "" })
	return steps(t, "switch.12.promote")
}

func (r *rehearsal) Cancel(_ context.Context, t Try, side naming.Color, _, heir string, _ bool) error {
	r.change(side, func(row *authority.Row) { row.Attempt = heir })
	return nil
}

func (r *rehearsal) Close(_ context.Context, t Try) error {
	r.change(t.From, func(row *authority.Row) { row.Epoch, row.Attempt = t.Epoch+1, "" })
	return steps(t, "switch.19.close")
}

func (r *rehearsal) Confirm(context.Context, Try) []Gate {
	return []Gate{Held("plan", true, "checked after the switch")}
}
