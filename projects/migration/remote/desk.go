package remote

import (
	"context"
	"fmt"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/machine"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Do asks the function of the lane's colour for an act: the one that installs, or, on the
// mark of a side that was left by force, the one that switches.
func (c *Cloud) Do(ctx context.Context, r desk.Request) (desk.Reply, error) {
	for act, of := range function.Admissions {
		if of == r.Act {
			return c.admit(ctx, function.SwitchEvent{Act: act, To: r.To})
		}
	}
	var reply desk.Reply
	err := c.call(ctx, r.To, installFunction, r, &reply)
	return reply, err
}

// admit asks the function that switches.
func (c *Cloud) admit(ctx context.Context, e function.SwitchEvent) (desk.Reply, error) {
	var answer function.SwitchAnswer
	if err := c.call(ctx, e.To, switchFunction, e, &answer); err != nil {
		return desk.Reply{}, err
	}
	var reply desk.Reply
	switch answer.Outcome {
	case function.Done:
	case function.Refused:
		reply.Refused, reply.RefusedAs = answer.Reason, desk.NotNow
	default:
		reply.Refused, reply.RefusedAs = answer.Reason, desk.Busy
	}
	if answer.Evidence != "" {
		reply.Done = []string{answer.Evidence}
	}
	return reply, nil
}

// Start has a lane run from now on, and its base loaded by a state machine beside
// it. An execution that runs already goes on.
func (c *Cloud) Start(ctx context.Context, to naming.Color) (what string, err error) {
	loader := c.Machines[to][backfillMachine]
	running, err := c.running(ctx, loader)
	if err != nil {
		return "", err
	}
	if running == "" {
		name := fmt.Sprintf("%s-%d", backfillMachine, c.Now().Unix())
		if running, err = c.start(ctx, loader, name, struct{}{}); err != nil {
			return "", err
		}
	}
	if c.loads == nil {
		c.loads = map[naming.Color]string{}
	}
	c.loads[to] = running
	if err := c.send(ctx, to, laneFunction); err != nil {
		return "", err
	}
	return fmt.Sprintf("function %s runs lane %s, execution %s loads what is left of its base; both go on after this command",
		c.Functions[to][laneFunction], place.Lane(to), running), nil
}

// Lost tells that the execution which loads the lane's base has failed: what is left is
// loaded by nobody. A halt is the lane's to tell.
func (c *Cloud) Lost(ctx context.Context, to naming.Color) error {
	execution := c.loads[to]
	if execution == "" {
		return nil
	}
	end, err := c.look(ctx, execution)
	if err != nil || end == nil || end.succeeded || end.failure == machine.ErrHalted {
		return err
	}
	return fault.New(fault.Failed, "nobody loads what is left of the base of lane %s: %w", place.Lane(to), end.err(execution)).
		WithHint("remove the cause, which its history and the bucket of runs name (\"A load that is stuck\" in docs/operations.md), then go tool mage migrate:start%s: it loads what is left",
			map[naming.Color]string{naming.Blue: " -color=blue"}[to])
}

// Log is where the lane's function writes to.
func (c *Cloud) Log(to naming.Color) string {
	return "the log group of function " + c.Functions[to][laneFunction]
}
