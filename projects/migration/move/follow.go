package move

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/checkpoint"
	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

const (
	// defaultPoll is how often progress is read.
	defaultPoll = time.Second
	// defaultSilence is how long a lane may tell nothing: a function whose event is lost is
	// started by its schedule within a minute, and a lane that runs tells every second.
	defaultSilence = 3 * time.Minute
)

// states are those of a lane.
var states = []checkpoint.State{
	checkpoint.Created, checkpoint.Loading, checkpoint.CatchingUp, checkpoint.Running, checkpoint.Halted, checkpoint.Retired,
}

// told is the revision of what a lane has told last. What is told afterwards has
// another, whatever the clocks of whoever tells it and of this machine say.
func (o *Operator) told(ctx context.Context, to naming.Color) (revision int64, err error) {
	p, _, err := function.ReadProgress(ctx, o.Store, function.Lane(to))
	if errors.Is(err, control.ErrUnreadable) { // the lane writes over it
		err = nil
	}
	return p.Revision, err
}

// follow shows what a lane tells after the revision before, until it follows its source
// or is halted. It ends as well when what runs or loads it is lost, or when nothing is
// heard of it for too long.
func (o *Operator) follow(ctx context.Context, to naming.Color, before int64) error {
	poll, silence := o.Poll, o.Silence
	if poll == 0 {
		poll = defaultPoll
	}
	if silence == 0 {
		silence = defaultSilence
	}
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	last, silent := "", 0
	for {
		p, _, err := function.ReadProgress(ctx, o.Store, function.Lane(to))
		if err != nil && ctx.Err() == nil && p.Revision != before {
			return o.unreadable(err)
		}
		if err == nil && p.Revision != before {
			before, silent = p.Revision, 0
			if line := tellProgress(p); line != last {
				o.Say("%s", line)
				last = line
			}
			if done, err := o.arrived(ctx, to, p); done || err != nil {
				return err
			}
		}
		if err := o.Lanes.Lost(ctx, to); err != nil && ctx.Err() == nil {
			return err
		}
		if silent++; time.Duration(silent)*poll > silence {
			return fault.New(fault.Failed, "lane %s was started, and nothing was heard of it for %s: what runs it fails, or does not begin; %s tells with what",
				function.Lane(to), silence, o.Lanes.Log(to)).WithHint("remove the cause, then %sstart%s, which goes on with what is there", target, toward(to))
		}
		select {
		case <-ctx.Done():
			return fault.New(codeOf(ctx), "stopped watching; lane %s goes on by itself: %w", function.Lane(to), context.Cause(ctx)).
				WithHint("%sstatus", target)
		case <-ticker.C:
		}
	}
}

// arrived tells whether a lane follows its source; one that is halted, or in a state
// that is not known, is an error. A halt may have been told by an invocation that had
// begun before the lane was let go on: the lane itself is asked.
func (o *Operator) arrived(ctx context.Context, to naming.Color, p function.Progress) (bool, error) {
	switch p.State {
	case checkpoint.Running:
		return true, nil
	case checkpoint.Created, checkpoint.Loading, checkpoint.CatchingUp:
		return false, nil
	case checkpoint.Halted:
		there, err := o.Desk.Do(ctx, desk.Request{Act: desk.Look, To: to})
		if err != nil {
			return false, fmt.Errorf("look at lane %s, which tells that it is halted: %w", p.Lane, err)
		}
		if there.State != checkpoint.Halted {
			return false, nil
		}
		return false, o.halted(to, p.Halt, p.Reason)
	case checkpoint.Retired:
		return false, fault.New(fault.Gate, "lane %s has ended: the migration was finalised or abandoned meanwhile", p.Lane).WithHint("%sstatus", target)
	}
	return false, fault.New(fault.Verification, "lane %s tells state %q, expected one of %v", p.Lane, p.State, states).
		WithHint("work with the version that runs the lane; %sstatus", target)
}
