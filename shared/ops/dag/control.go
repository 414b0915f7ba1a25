package dag

import "sync"

// Control winds a run down from outside. The zero value is not usable.
type Control struct {
	mu        sync.Mutex
	draining  bool
	drained   chan struct{}
	stopping  bool
	cancelled chan struct{}
}

// NewControl returns a control for one run.
func NewControl() *Control {
	return &Control{drained: make(chan struct{}), cancelled: make(chan struct{})}
}

// Drain lets what is in flight finish and starts nothing more: once it has
// returned, no node enters Running.
func (c *Control) Drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.draining {
		c.draining = true
		close(c.drained)
	}
}

// Cancel drains and also cancels the context of the tasks in flight.
func (c *Control) Cancel() {
	c.Drain()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopping {
		c.stopping = true
		close(c.cancelled)
	}
}

// Drained is closed by the first Drain or Cancel.
func (c *Control) Drained() <-chan struct{} { return c.drained }

// Cancelled is closed by the first Cancel.
func (c *Control) Cancelled() <-chan struct{} { return c.cancelled }

// admit calls start unless the run is winding down, and reports whether it did.
// Drain cannot return in between.
func (c *Control) admit(start func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining {
		return false
	}
	start()
	return true
}
