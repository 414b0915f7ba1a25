package emulator

import (
	"context"
	"time"
)

// Status is what can be told of a checkout's emulator without changing it.
type Status struct {
	// Running: the process that this checkout started is there.
	Running bool
	// Healthy: and answers at Addr.
	Healthy bool
	// Outdated: it was started from other sources than the checkout has now.
	Outdated bool
	PID      int
	Since    time.Time
	Addr     string
	Checkout string // who owns it
	Version  string // of moto; "" unless healthy
	LogFile  string
}

// Status looks, and changes nothing.
func (e *Emulator) Status(ctx context.Context) (Status, error) {
	s := Status{Addr: e.opts.Addr, Checkout: e.opts.RepoRoot, LogFile: e.logFile()}
	r, err := e.current(ctx)
	if err != nil || r == nil {
		return s, err
	}
	build, err := e.build()
	if err != nil {
		return s, err
	}
	s.Running, s.PID, s.Since, s.Addr, s.Outdated = true, r.PID, r.Started, r.Addr, r.Build != build
	h, err := e.askHealth(ctx)
	if err != nil || h.Token != r.Token {
		return s, nil //nolint:nilerr // not answering is what Healthy says
	}
	s.Healthy, s.Version = true, h.Moto
	return s, nil
}
