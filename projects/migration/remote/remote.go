// Package remote is what an operator's command calls in AWS: the functions at which
// it asks for acts, and the state machines that load, verify and switch. Databases
// are reached from within their networks only, so nothing here opens a session; the
// control table and the records in the bucket of proofs are all that is read besides.
// What is started goes on without the command, and a command that is given again
// finds it.
package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/cutover/cutover/projects/migration/lane/control"
	"github.com/cutover/cutover/shared/naming"
	"github.com/cutover/cutover/shared/ops/fault"
)

// Cloud is an environment's deployment.
type Cloud struct {
	Deployment
	Store control.Store
	// Folder takes copies of proofs.
	Folder string
	Now    func() time.Time
	// Poll is how often a running execution is looked at; 0 is the default.
	Poll time.Duration

	lambda *lambda.Client
	states *sfn.Client
	bucket *s3.Client
	keys   *kms.Client

	identities *sts.Client

	// loads are the executions that load bases, of the lanes that were started.
	loads map[naming.Color]string
}

// New makes clients of a configuration. A call of a function is sent once and waited
// for as long as a function may run: the acts can be repeated, but whoever asked
// shall see what became of it.
func New(c aws.Config, d Deployment, store control.Store, folder string, now func() time.Time) *Cloud {
	return &Cloud{
		Deployment: d, Store: store, Folder: folder, Now: now,
		lambda: lambda.NewFromConfig(c, func(o *lambda.Options) { o.RetryMaxAttempts = 1 }),
		states: sfn.NewFromConfig(c), bucket: s3.NewFromConfig(c), keys: kms.NewFromConfig(c), identities: sts.NewFromConfig(c),
	}
}

// FunctionError is what a function failed with.
type FunctionError struct {
	Function string
	// Request is the id of the invocation, under which its log has more.
	Request string
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

// Error names the function and the invocation.
func (e *FunctionError) Error() string {
	return fmt.Sprintf("function %s, request %s: %s", e.Function, e.Request, e.Message)
}

// call invokes a function of a colour and reads its answer.
func (c *Cloud) call(ctx context.Context, color naming.Color, function string, event, answer any) error {
	name := c.Functions[color][function]
	payload, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("function %s: encode the event: %w", name, err)
	}
	out, err := c.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(name), Payload: payload})
	if err != nil {
		return refused(fmt.Errorf("invoke function %s: %w", name, err))
	}
	if out.FunctionError != nil {
		request, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
		failed := &FunctionError{Function: name, Request: request, Message: "failed without a message"}
		_ = json.Unmarshal(out.Payload, failed) // what is no JSON keeps the message above
		return fault.New(fault.Failed, "%w", failed).
			WithHint("the function's log group has more under that request; then the same command again: every act can be repeated")
	}
	if err := json.Unmarshal(out.Payload, answer); err != nil {
		return fmt.Errorf("function %s: its answer is not of the form that this version knows: %w", name, err)
	}
	return nil
}

// send leaves an event for a function in Lambda's queue.
func (c *Cloud) send(ctx context.Context, color naming.Color, function string) error {
	name := c.Functions[color][function]
	_, err := c.lambda.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: aws.String(name), Payload: []byte("{}"), InvocationType: lambdatypes.InvocationTypeEvent,
	})
	if err != nil {
		return refused(fmt.Errorf("start function %s: %w", name, err))
	}
	return nil
}

// running finds the execution of a machine that runs, "" for none.
func (c *Cloud) running(ctx context.Context, machine string) (execution string, err error) {
	out, err := c.states.ListExecutions(ctx, &sfn.ListExecutionsInput{
		StateMachineArn: aws.String(machine), StatusFilter: types.ExecutionStatusRunning, MaxResults: 1,
	})
	if err != nil {
		return "", refused(fmt.Errorf("list the executions of %s: %w", machine, err))
	}
	if len(out.Executions) == 0 {
		return "", nil
	}
	return aws.ToString(out.Executions[0].ExecutionArn), nil
}

// start starts an execution.
func (c *Cloud) start(ctx context.Context, machine, name string, input any) (execution string, err error) {
	text, err := json.Marshal(input)
	if err != nil {
		return "", fmt.Errorf("start %s: encode the input: %w", machine, err)
	}
	out, err := c.states.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: aws.String(machine), Name: aws.String(name), Input: aws.String(string(text)),
	})
	if err != nil {
		return "", refused(fmt.Errorf("start %s: %w", machine, err))
	}
	return aws.ToString(out.ExecutionArn), nil
}

// ended is how an execution came to its end.
type ended struct {
	succeeded bool
	// failure and cause are those of an execution that failed.
	failure, cause string
}

// look tells how an execution ended; nil while it runs.
func (c *Cloud) look(ctx context.Context, execution string) (*ended, error) {
	out, err := c.states.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(execution)})
	if err != nil {
		return nil, refused(fmt.Errorf("look at execution %s: %w", execution, err))
	}
	switch out.Status {
	case types.ExecutionStatusRunning, types.ExecutionStatusPendingRedrive:
		return nil, nil // documented
	case types.ExecutionStatusSucceeded:
		return &ended{succeeded: true}, nil
	case types.ExecutionStatusFailed, types.ExecutionStatusTimedOut, types.ExecutionStatusAborted:
	}
	e := &ended{failure: aws.ToString(out.Error), cause: aws.ToString(out.Cause)}
	if e.failure == "" {
		e.failure = string(out.Status)
	}
	return e, nil
}

// lastEvents is how much of an execution's end is looked through for the last answer
// of its function.
const lastEvents = 50

// answered reads the last answer of the function that an execution calls. A failed
// execution has no output; what its function said stands in its history alone.
func (c *Cloud) answered(ctx context.Context, execution string, answer any) error {
	out, err := c.states.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{
		ExecutionArn: aws.String(execution), ReverseOrder: true, MaxResults: lastEvents,
	})
	if err != nil {
		return refused(fmt.Errorf("read the history of execution %s: %w", execution, err))
	}
	for _, event := range out.Events {
		if event.Type != types.HistoryEventTypeTaskSucceeded || event.TaskSucceededEventDetails == nil {
			continue
		}
		var output struct{ Payload json.RawMessage }
		if json.Unmarshal([]byte(aws.ToString(event.TaskSucceededEventDetails.Output)), &output) != nil || output.Payload == nil {
			continue
		}
		if err := json.Unmarshal(output.Payload, answer); err != nil {
			return fmt.Errorf("execution %s: the function's answer is not of the form that this version knows: %w", execution, err)
		}
		return nil
	}
	return fmt.Errorf("execution %s: %w", execution, errUnanswered)
}

// errUnanswered tells that the function of an execution has answered nothing.
var errUnanswered = errors.New("its function has answered nothing")

// defaultPoll is how often a running execution is looked at.
const defaultPoll = 2 * time.Second

// wait looks at an execution until it has ended; seen is called between two looks.
func (c *Cloud) wait(ctx context.Context, execution string, seen func(context.Context) error) (*ended, error) {
	poll := c.Poll
	if poll == 0 {
		poll = defaultPoll
	}
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		end, err := c.look(ctx, execution)
		if err != nil || end != nil {
			return end, err
		}
		if err := seen(ctx); err != nil && ctx.Err() == nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-ticker.C:
		}
	}
}
