package control

import (
	"context"
	"sync"
)

var _ Store = (*Memory)(nil)

// Memory is a Store that keeps items in the process, for tests of what uses one.
type Memory struct {
	mutex sync.Mutex
	items map[string]Item
}

// Get returns the item under key.
func (m *Memory) Get(ctx context.Context, key string) (Item, error) {
	if err := ctx.Err(); err != nil {
		return Item{}, err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	item, found := m.items[key]
	if !found {
		return Item{}, ErrAbsent
	}
	return item.clone(), nil
}

// Put replaces the revision before item.Rev.
func (m *Memory) Put(ctx context.Context, key string, item Item) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.items[key].Rev != item.Rev-1 {
		return ErrConflict
	}
	if m.items == nil {
		m.items = map[string]Item{}
	}
	m.items[key] = item.clone()
	return nil
}
