package canary

import (
	"context"
	"sync"
)

var _ Store = (*Memory)(nil)

// Memory is a Store that keeps beats in the process, for tests of what uses one.
type Memory struct {
	mutex sync.Mutex
	beats map[string]Beat
}

// Get returns the beat under item.
func (m *Memory) Get(ctx context.Context, item string) (Beat, error) {
	if err := ctx.Err(); err != nil {
		return Beat{}, err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	beat, found := m.beats[item]
	if !found {
		return Beat{}, ErrAbsent
	}
	return beat, nil
}

// Put replaces the revision before beat.Rev.
func (m *Memory) Put(ctx context.Context, item string, beat Beat) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.beats[item].Rev != beat.Rev-1 {
		return ErrConflict
	}
	if m.beats == nil {
		m.beats = make(map[string]Beat)
	}
	m.beats[item] = beat
	return nil
}
