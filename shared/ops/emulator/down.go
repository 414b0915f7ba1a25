package emulator

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
)

// Down ends this checkout's emulator and with it its state. It ends no other
// process: one whose number the state file names but which is not the emulator
// any more is left alone. Without an emulator it does nothing.
func (e *Emulator) Down(ctx context.Context) error {
	return e.withLock(ctx, filepath.Join(e.opts.StateDir, "lock"), func() error {
		r, err := e.current(ctx)
		if err != nil {
			return err
		}
		if r == nil {
			e.say("not running")
			return e.removeRecord()
		}
		if err := endProcess(ctx, r.PID, r.Token); err != nil {
			return err
		}
		e.say("ended, process %d", r.PID)
		return e.removeRecord()
	})
}

// current finds this checkout's running emulator by its state file or, when that
// is gone, by its health answer. It returns nil when none runs.
func (e *Emulator) current(ctx context.Context) (*record, error) {
	r, err := e.readRecord()
	if err != nil {
		return nil, err
	}
	if r == nil {
		h, herr := e.askHealth(ctx)
		if herr != nil || !e.owns(h) {
			return nil, nil //nolint:nilerr // nobody answers, or somebody else: not running
		}
		r = &record{PID: h.PID, Addr: e.opts.Addr, Token: h.Token, Build: h.Build, Started: h.Started}
	}
	ours, err := isEmulator(ctx, r.PID, r.Token)
	if err != nil || !ours {
		return nil, err
	}
	return r, nil
}

// Reset empties the emulator without ending it.
func (e *Emulator) Reset(ctx context.Context) error {
	r, err := e.current(ctx)
	if err != nil {
		return err
	}
	if r == nil {
		return fmt.Errorf("the emulator of %s does not run: start it with `mage local:up`", e.opts.RepoRoot)
	}
	h, err := e.askHealth(ctx)
	if err != nil {
		return err
	}
	if h.Token != r.Token {
		return fmt.Errorf("at %s answers the emulator of checkout %s, not this one's", e.opts.Addr, h.Checkout)
	}
	if _, err := e.request(ctx, http.MethodPost, "/moto-api/reset"); err != nil {
		return fmt.Errorf("empty the emulator: %w", err)
	}
	e.say("emptied")
	return nil
}
