package remote

import (
	"context"
	"fmt"

	"github.com/cutover/cutover/projects/migration/desk"
	"github.com/cutover/cutover/projects/migration/place"
	"github.com/cutover/cutover/shared/naming"
)

// Do asks the function of the lane's colour for an act.
func (c *Cloud) Do(ctx context.Context, r desk.Request) (desk.Reply, error) {
	var reply desk.Reply
	err := c.call(ctx, r.To, installFunction, r, &reply)
	return reply, err
}

// Start has a lane run from now on, and its base loaded by a state machine beside
// it. An execution that runs already goes on.
func (c *Cloud) Start(ctx context.Context, to naming.Color) (what string, err error) {
	machine := c.Machines[to][backfillMachine]
	running, err := c.running(ctx, machine)
	if err != nil {
		return "", err
	}
	if running == "" {
		name := fmt.Sprintf("%s-%d", backfillMachine, c.Now().Unix())
		if running, err = c.start(ctx, machine, name, struct{}{}); err != nil {
			return "", err
		}
	}
	if err := c.send(ctx, to, laneFunction); err != nil {
		return "", err
	}
	return fmt.Sprintf("function %s runs lane %s, execution %s loads what is left of its base; both go on after this command",
		c.Functions[to][laneFunction], place.Lane(to), running), nil
}
