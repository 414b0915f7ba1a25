package lane

import (
	"context"
	"errors"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/control"
)

// leased runs under the lane's lease, which is renewed three times in its life
// and given back at the end. Who does not get it has nothing to do. Nothing hangs
// on the lease: two invocations that ignore it are kept apart by the slot and the
// claim.
func (r Runner) leased(ctx context.Context, do func(context.Context) (Report, error)) (Report, error) {
	if r.Leases == nil {
		return do(ctx)
	}
	key := control.LaneItem(r.Lane)
	err := r.Leases.Acquire(ctx, key, r.Invocation)
	if errors.Is(err, control.ErrHeld) {
		return Report{Idle: true}, nil
	}
	if err != nil {
		return Report{}, err
	}
	held, lose := context.WithCancel(ctx)
	renewing := make(chan struct{})
	go func() {
		defer close(renewing)
		defer lose()
		r.renew(held, key)
	}()
	report, err := do(held)
	lose()
	<-renewing
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.Limits.Return)
	defer cancel()
	return report, errors.Join(err, r.Leases.Release(release, key, r.Invocation))
}

// renew keeps the lease until ctx ends or somebody else has it. A store that does
// not answer loses it by time, not by one failure.
func (r Runner) renew(ctx context.Context, key string) {
	ticker := time.NewTicker(r.Leases.TTL / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := r.Leases.Acquire(ctx, key, r.Invocation); errors.Is(err, control.ErrHeld) {
				return
			}
		}
	}
}
