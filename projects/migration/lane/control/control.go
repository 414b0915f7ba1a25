// Package control keeps the few facts that must stand outside of both databases:
// who holds a lane's lease, and later the token and the switch. An item is written
// by naming the revision that it replaces, so that of two writers one loses. A
// lease saves work and decides nothing: correctness hangs on the conditional
// statements in the databases.
package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"
)

// Item is one subject's state.
type Item struct {
	// Rev counts the writes from 1.
	Rev int64
	// Fields are texts; no value of a row is ever among them.
	Fields map[string]string
}

// clone makes a copy that shares nothing.
func (i Item) clone() Item { return Item{Rev: i.Rev, Fields: maps.Clone(i.Fields)} }

// Store keeps items by key. Get reads consistently: it sees every Put that
// returned before. Put replaces revision item.Rev-1, or makes the item when
// item.Rev is 1; when another revision stands there it changes nothing and
// returns ErrConflict.
type Store interface {
	Get(ctx context.Context, key string) (Item, error)
	Put(ctx context.Context, key string, item Item) error
}

// What a store answers besides failures of its own.
var (
	// ErrAbsent tells that there is no such item.
	ErrAbsent = errors.New("no such item")
	// ErrConflict tells that another writer was faster.
	ErrConflict = errors.New("another revision stands there")
	// ErrUnreadable tells that what stands there is no item.
	ErrUnreadable = errors.New("not an item of the control store")
	// ErrHeld tells that somebody else has the lease.
	ErrHeld = errors.New("somebody else has the lease")
)

// LaneItem is the key of a lane's lease.
func LaneItem(lane string) string { return "lane#" + lane }

// The fields of a lease.
const (
	owner      = "owner"
	leaseUntil = "lease_until" // Unix milliseconds
)

// Leases takes leases in a store.
type Leases struct {
	Store Store
	// TTL is how long a lease lasts that is not renewed.
	TTL time.Duration
	// Now is the clock.
	Now func() time.Time
}

// Acquire takes or renews the lease under key for an owner; ErrHeld tells that
// another has it. Other fields of the item stay.
func (l Leases) Acquire(ctx context.Context, key, who string) error {
	item, err := l.Store.Get(ctx, key)
	if err != nil && !errors.Is(err, ErrAbsent) {
		return fmt.Errorf("lease %s: %w", key, err)
	}
	held, err := l.held(item)
	if err != nil {
		return fmt.Errorf("lease %s: %w", key, err)
	}
	if held && item.Fields[owner] != who {
		return fmt.Errorf("lease %s: %w: %s", key, ErrHeld, item.Fields[owner])
	}
	next := item.clone()
	if next.Fields == nil {
		next.Fields = map[string]string{}
	}
	next.Rev++
	next.Fields[owner] = who
	next.Fields[leaseUntil] = strconv.FormatInt(l.Now().Add(l.TTL).UnixMilli(), 10)
	err = l.Store.Put(ctx, key, next)
	if errors.Is(err, ErrConflict) {
		return fmt.Errorf("lease %s: %w", key, ErrHeld)
	}
	if err != nil {
		return fmt.Errorf("lease %s: %w", key, err)
	}
	return nil
}

// Release gives the lease back, if the owner still has it.
func (l Leases) Release(ctx context.Context, key, who string) error {
	item, err := l.Store.Get(ctx, key)
	if errors.Is(err, ErrAbsent) || err == nil && item.Fields[owner] != who {
		return nil
	}
	if err != nil {
		return fmt.Errorf("release %s: %w", key, err)
	}
	next := item.clone()
	next.Rev++
	delete(next.Fields, owner)
	delete(next.Fields, leaseUntil)
	err = l.Store.Put(ctx, key, next)
	if err != nil && !errors.Is(err, ErrConflict) { // who was faster has it
		return fmt.Errorf("release %s: %w", key, err)
	}
	return nil
}

// held tells whether a lease runs.
func (l Leases) held(item Item) (bool, error) {
	text, has := item.Fields[leaseUntil]
	if !has {
		return false, nil
	}
	until, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return false, fmt.Errorf("%w: %q is no time in milliseconds", ErrUnreadable, leaseUntil)
	}
	return l.Now().Before(time.UnixMilli(until)), nil
}
