package verify

import (
	"context"
	"sync"
	"time"
)

// pace says how many units may run at once. Where the servers have too much to
// do it halves the number, down to one with pauses; otherwise it grows by one.
type pace struct {
	most     int
	throttle func(context.Context) bool

	mutex            sync.Mutex
	allowed, running int
}

// pacePoll is how often a unit that may not run yet is thought of again.
const pacePoll = 20 * time.Millisecond

// wait returns when one more unit may run.
func (p *pace) wait(ctx context.Context) error {
	if p.throttle == nil {
		p.start()
		return nil
	}
	over := p.throttle(ctx)
	p.mutex.Lock()
	switch {
	case p.allowed == 0 && !over:
		p.allowed = p.most
	case over:
		p.allowed = max(1, p.allowed/2)
	default:
		p.allowed = min(p.most, p.allowed+1)
	}
	p.mutex.Unlock()
	for over || !p.free() {
		select {
		case <-time.After(pacePoll):
		case <-ctx.Done():
			return ctx.Err()
		}
		if over && p.idle() {
			over = p.throttle(ctx)
		}
	}
	p.start()
	return nil
}

func (p *pace) free() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.running < p.allowed
}

// idle tells that nothing runs: only then is a throttled unit thought of again,
// so that what the servers have too much of can drain.
func (p *pace) idle() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.running == 0
}

func (p *pace) start() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.running++
}

func (p *pace) done() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.running--
}
