package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/projects/migration/lane/proof"
)

// Rehearse asks the function for all gates and all steps, and changes nothing.
func (c *Cloud) Rehearse(ctx context.Context, e function.SwitchEvent) (function.SwitchAnswer, error) {
	e.Act = function.Rehearse
	var answer function.SwitchAnswer
	err := c.call(ctx, e.To, switchFunction, e, &answer)
	return answer, err
}

// Force asks the function of the side that is to be opened by force.
func (c *Cloud) Force(ctx context.Context, e function.SwitchEvent) (function.SwitchAnswer, error) {
	var answer function.SwitchAnswer
	err := c.call(ctx, e.To, switchFunction, e, &answer)
	return answer, err
}

// Move has the switch of an event made, and follows it to its end. The execution of
// the event's request is followed if it runs; else another goes on in its name. seen
// is called between two looks.
func (c *Cloud) Move(ctx context.Context, e function.SwitchEvent, seen func(context.Context) error) (function.SwitchAnswer, error) {
	machine := c.Machines[e.To][switchMachine]
	execution, err := c.execution(ctx, machine, e.Request)
	if err != nil {
		return function.SwitchAnswer{}, err
	}
	if execution == "" {
		name := e.Request
		if taken, err := c.known(ctx, machine, name); err != nil || taken {
			if err != nil {
				return function.SwitchAnswer{}, err
			}
			name = fmt.Sprintf("%s-%d", e.Request, c.Now().Unix())
		}
		if execution, err = c.start(ctx, machine, name, map[string]any{"event": e}); err != nil {
			return function.SwitchAnswer{}, err
		}
	}
	end, err := c.wait(ctx, execution, seen)
	if err != nil {
		return function.SwitchAnswer{}, err
	}
	var answer function.SwitchAnswer
	err = c.answered(ctx, execution, &answer)
	if err != nil || !final(answer.Outcome) {
		return answer, errors.Join(end.err(execution), err)
	}
	return answer, nil
}

// final tells whether an outcome is the end of a switch; after another the execution
// was lost.
func final(o function.Outcome) bool { return o != function.Again && o != "" }

// named is the ARN of an execution (AWS Step Functions developer guide, "Actions,
// resources, and condition keys", resource type execution).
func named(machine, name string) string {
	return strings.Replace(machine, ":stateMachine:", ":execution:", 1) + ":" + name
}

// execution finds the execution of a request that runs, "" for none.
func (c *Cloud) execution(ctx context.Context, machine, request string) (string, error) {
	running, err := c.running(ctx, machine)
	own := named(machine, request)
	if err != nil || running != own && !strings.HasPrefix(running, own+"-") {
		return "", err
	}
	return running, nil
}

// known tells whether there was an execution of that name.
func (c *Cloud) known(ctx context.Context, machine, name string) (bool, error) {
	_, err := c.states.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(named(machine, name))})
	var missing *types.ExecutionDoesNotExist
	if errors.As(err, &missing) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for execution %s: %w", name, err)
	}
	return true, nil
}

// Proof reads a record, checks its signature on this machine, and keeps a copy for the
// operator.
func (c *Cloud) Proof(ctx context.Context, id string) (where string, err error) {
	bucket := &proof.Bucket{Client: c.bucket, Name: c.ProofsBucket}
	body, err := bucket.Get(ctx, id)
	if err != nil {
		return "", err
	}
	if _, err := proof.Open(ctx, &proof.PublicKey{Client: c.keys, Key: c.SigningKey}, body); err != nil {
		return "", fmt.Errorf("proof record %s in bucket %s: %w", id, c.ProofsBucket, err)
	}
	path := filepath.Join(c.Folder, id+".json")
	if err := errors.Join(os.MkdirAll(c.Folder, 0o700), os.WriteFile(path, body, 0o600)); err != nil {
		return "", fmt.Errorf("keep a copy of proof record %s: %w", id, err)
	}
	return fmt.Sprintf("s3://%s/%s, copied to %s", c.ProofsBucket, bucket.Object(id), path), nil
}
