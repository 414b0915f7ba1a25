package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/projects/migration/lane/preflight"
	items "github.com/cutover/cutover/shared/control"
)

const (
	// promptly is how long the control store may take for an answer.
	promptly = 100 * time.Millisecond
	// tries is how often it is asked at most: the first answer has the connection in it,
	// and what else is slow because the machine is busy for a second says nothing of the
	// store.
	tries = 10
	// never is a revision that no item has.
	never = int64(1) << 50
)

// answers is the check of the control store: that it reads consistently and refuses
// a write whose condition does not hold, in time. The write is one that must be
// refused, so the check changes nothing.
func (d *Desk) answers(ctx context.Context, lane string) preflight.Result {
	result := preflight.Result{ID: "PF28", Name: "the control store answers", Status: preflight.OK}
	refuse := func(found string, args ...any) {
		result.Status = preflight.Refuse
		result.Findings = append(result.Findings, preflight.Finding{
			Status: preflight.Refuse, Where: "control store", Found: fmt.Sprintf(found, args...),
			Want: fmt.Sprintf("a read and a refused conditional write within %s each", promptly),
		})
	}
	best := time.Duration(1<<63 - 1)
	for range tries {
		began := time.Now()
		if _, err := d.Store.Get(ctx, items.CheckItem(lane)); err != nil && !errors.Is(err, control.ErrAbsent) {
			refuse("cannot be read: %v", err)
			return result
		}
		err := d.Store.Put(ctx, items.CheckItem(lane), control.Item{Rev: never, Fields: map[string]string{}})
		if err == nil {
			refuse("took a write whose condition does not hold")
			return result
		}
		if !errors.Is(err, control.ErrConflict) {
			refuse("cannot be written: %v", err)
			return result
		}
		if best = min(best, time.Since(began)); best <= 2*promptly {
			return result
		}
	}
	refuse("took %s for both, the best of %d times", best.Round(time.Millisecond), tries)
	return result
}
