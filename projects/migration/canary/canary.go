// Package canary proves that the functions of one colour reach the control
// table: once a minute it replaces the colour's item by a conditional write,
// reads it back consistently, and emits how long both took. When the metric
// stops, nothing that depends on the control table may be trusted. The package
// changes no other item and knows nothing of the databases.
package canary

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	store "github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/shared/control"
	"github.com/cutover/cutover/shared/naming"
)

// Beat is the content of a canary item.
type Beat struct {
	// Rev counts the writes from 1.
	Rev int64
	// WrittenAt is the writer's clock, in UTC.
	WrittenAt time.Time
	// Side is the colour that wrote.
	Side naming.Color
}

// The fields of a canary item.
const (
	writtenAt = "written_at" // RFC 3339 with nanoseconds, UTC
	side      = "side"
)

// ErrUnreadable tells that the item is not a beat.
var ErrUnreadable = errors.New("not a canary item")

// item is the beat as the store keeps it.
func (b Beat) item() store.Item {
	return store.Item{Rev: b.Rev, Fields: map[string]string{
		writtenAt: b.WrittenAt.UTC().Format(time.RFC3339Nano), side: string(b.Side),
	}}
}

// decode reads a beat and refuses whatever is none. The error names the field,
// not its value.
func decode(item store.Item) (Beat, error) {
	instant, err := time.Parse(time.RFC3339Nano, item.Fields[writtenAt])
	if err != nil {
		return Beat{}, fmt.Errorf("%w: %q is no time in RFC 3339", ErrUnreadable, writtenAt)
	}
	if item.Fields[side] == "" {
		return Beat{}, fmt.Errorf("%w: %q is missing", ErrUnreadable, side)
	}
	return Beat{Rev: item.Rev, WrittenAt: instant, Side: naming.Color(item.Fields[side])}, nil
}

// MismatchError tells that the table holds something other than was written.
type MismatchError struct {
	Item      string
	Want, Got Beat
}

// Error names the item and both beats.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("control table, item %q: read revision %d of %q, expected revision %d of %q",
		e.Item, e.Got.Rev, e.Got.Side, e.Want.Rev, e.Want.Side)
}

// margin is the part of the deadline that stays for reporting a failure.
const margin = time.Second

// Probe is one colour's canary.
type Probe struct {
	Store store.Store
	Side  naming.Color
	// Now is the clock.
	Now func() time.Time
	// Metrics receives one line in CloudWatch's embedded metric format.
	Metrics io.Writer
}

// Run makes one beat. It keeps within the deadline of ctx; every error tells the
// item and what was tried.
func (p Probe) Run(ctx context.Context) error {
	ctx, cancel := within(ctx)
	defer cancel()
	item := control.CanaryItem(p.Side)
	next, err := p.next(ctx, item)
	if err != nil {
		return err
	}
	started := p.Now()
	if err := p.Store.Put(ctx, item, next.item()); err != nil {
		return fmt.Errorf("control table, item %q: write revision %d: %w", item, next.Rev, err)
	}
	found, err := p.get(ctx, item)
	if err != nil {
		return fmt.Errorf("control table, item %q: read revision %d back: %w", item, next.Rev, err)
	}
	finished := p.Now()
	if found.Rev != next.Rev || found.Side != next.Side || !found.WrittenAt.Equal(next.WrittenAt) {
		return &MismatchError{Item: item, Want: next, Got: found}
	}
	return p.emit(finished, finished.Sub(started))
}

// next is the beat after the one that stands in the table.
func (p Probe) next(ctx context.Context, item string) (Beat, error) {
	last, err := p.get(ctx, item)
	switch {
	case errors.Is(err, store.ErrAbsent):
		last = Beat{Side: p.Side}
	case err != nil:
		return Beat{}, fmt.Errorf("control table, item %q: read: %w", item, err)
	case last.Side != p.Side:
		return Beat{}, &MismatchError{Item: item, Want: Beat{Rev: last.Rev, Side: p.Side}, Got: last}
	}
	return Beat{Rev: last.Rev + 1, WrittenAt: p.Now().UTC(), Side: p.Side}, nil
}

func (p Probe) get(ctx context.Context, key string) (Beat, error) {
	item, err := p.Store.Get(ctx, key)
	if err != nil {
		return Beat{}, err
	}
	return decode(item)
}

// within ends the work a moment before the deadline, if there is one.
func within(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-margin))
}
