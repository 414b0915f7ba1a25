package ops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
	"golang.org/x/sync/errgroup"
)

// preparation is what runs for a layer ahead of its turn.
type preparation struct {
	done chan struct{}
	err  error
}

// wait returns when the preparation has ended. A layer without one has a nil
// preparation.
func (p *preparation) wait(ctx context.Context) error {
	if p == nil {
		return nil
	}
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return fault.New(fault.Cancelled, "interrupted while preparing: %w", context.Cause(ctx))
	}
}

// prepareLayers starts the preparations of the given layers, one after another
// so that they leave the other processor to the layers that run already. logs
// gives each layer's log.
func (s *session) prepareLayers(ctx context.Context, selected []string, logs func(name string) string) map[string]*preparation {
	started := map[string]*preparation{}
	var queue []string
	for _, name := range selected {
		if s.app.layers[contract.Layer(name)].Prepare != nil {
			started[name] = &preparation{done: make(chan struct{})}
			queue = append(queue, name)
		}
	}
	go func() {
		for _, name := range queue {
			p := started[name]
			p.err = s.prepare(ctx, name, logs(name))
			close(p.done)
		}
	}()
	return started
}

func (s *session) prepare(ctx context.Context, name, log string) error {
	if ctx.Err() != nil {
		return fault.New(fault.Cancelled, "not prepared: %w", context.Cause(ctx))
	}
	var output bytes.Buffer
	err := s.app.layers[contract.Layer(name)].Prepare(ctx, &output)
	logErr := appendFile(log, output.Bytes())
	if err != nil {
		return fault.New(fault.Failed, "prepare %s: %w", name, err)
	}
	return logErr
}

func appendFile(path string, text []byte) (err error) {
	if len(text) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600) //nolint:gosec // the path is the state directory's own
	if err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// ensureTogether bounds how many stacks are made side by side.
const ensureTogether = 4

// ensure makes the stacks of the given layers, side by side.
func (s *session) ensure(ctx context.Context, layers []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(ensureTogether)
	for _, name := range layers {
		group.Go(func() error { return s.engine.Ensure(ctx, s.stack(name, os.DevNull)) })
	}
	return group.Wait()
}
