package remote

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/cutover/cutover/projects/migration/function"
)

// Decide has a switch cancelled, accepted or thawed by the function of the side where
// it leads, and calls again for as long as another process is at work. What would arm
// on by itself is stopped before it is cancelled; a step that runs ends in its own
// time, and what it leaves behind the function's schedule recovers.
func (c *Cloud) Decide(ctx context.Context, e function.SwitchEvent) (function.SwitchAnswer, error) {
	if e.Act == function.Cancel {
		if err := c.stop(ctx, c.Machines[e.To][switchMachine]); err != nil {
			return function.SwitchAnswer{}, err
		}
	}
	for {
		var answer function.SwitchAnswer
		if err := c.call(ctx, e.To, switchFunction, e, &answer); err != nil || final(answer.Outcome) {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, fmt.Errorf("another process is at work on the switch: %w", context.Cause(ctx))
		case <-time.After(max(time.Duration(answer.WaitSeconds)*time.Second, c.poll())):
		}
	}
}

// poll is how often what runs is looked at.
func (c *Cloud) poll() time.Duration {
	if c.Poll == 0 {
		return defaultPoll
	}
	return c.Poll
}

// stop ends the execution of a machine that runs, if one does.
func (c *Cloud) stop(ctx context.Context, machine string) error {
	running, err := c.running(ctx, machine)
	if err != nil || running == "" {
		return err
	}
	if _, err := c.states.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: aws.String(running), Cause: aws.String("cancelled by an operator")}); err != nil {
		return fmt.Errorf("stop execution %s: %w", running, err)
	}
	return nil
}
