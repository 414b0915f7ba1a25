package function

import (
	"context"
	"time"
)

// ending tells whether less than least is left until the deadline; without one
// there is always enough.
func ending(ctx context.Context, least time.Duration) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && time.Until(deadline) < least
}

// within ends so long before the deadline of ctx that what runs can be rolled back
// and told of.
func within(ctx context.Context, before time.Duration) (context.Context, context.CancelFunc) {
	if deadline, limited := ctx.Deadline(); limited {
		return context.WithDeadline(ctx, deadline.Add(-before))
	}
	return context.WithCancel(ctx)
}

// sleep waits, or less when ctx ends.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
