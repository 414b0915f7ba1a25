package toolchain

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// interval is how often something long says that it is still going on.
const interval = 30 * time.Second

// speaker writes progress lines; lines of several goroutines do not mix.
type speaker struct {
	mu  sync.Mutex
	out io.Writer
}

func newSpeaker(out io.Writer) *speaker { return &speaker{out: out} }

// line writes one line. Progress is for a person who may have gone; a failure
// to write it is no reason to stop.
func (s *speaker) line(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.out, format+"\n", args...)
}

// every calls say with the time gone by, once an interval, until the returned
// stop is called.
func every(ctx context.Context, say func(elapsed time.Duration)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	started := time.Now()
	var done sync.WaitGroup
	done.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				say(time.Since(started).Round(time.Second))
			}
		}
	})
	return func() { cancel(); done.Wait() }
}
