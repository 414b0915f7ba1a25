// Package machine has the definitions of the state machines that drive the
// migration: the load of a lane's base, a pass of the verification, and a switch.
// They decide nothing about data: each asks a function what comes next and does
// that. Which work is left stands in the databases and in the control table, so
// that an execution which is lost, repeated or started twice does no harm. The
// package knows no Pulumi and calls nothing.
package machine

import (
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/shared/asl"
)

// The machines of a colour, by the end of their names.
const (
	BackfillName     = "backfill"
	VerificationName = "verification"
	SwitchName       = "switch"
)

// Names lists them.
func Names() []string { return []string{BackfillName, SwitchName, VerificationName} }

// Settings are what a definition is made of.
type Settings struct {
	// Function is the ARN of the function that the machine calls.
	Function string
	// Workers is how many executions of a map run at once, 1 to 40.
	Workers int
	// Bucket takes the results of maps, below the machine's name.
	Bucket string
}

// The errors that executions end with. Alarms count failures; these names say which.
const (
	// ErrPlan and ErrFinish tell that a function failed beyond its repetitions.
	ErrPlan   = "PlanFailed"
	ErrFinish = "FinishFailed"
	// ErrStuck tells that rounds brought nothing, ErrHalted that the lane stands still
	// until an operator acts, ErrUnclean that the sides differ.
	ErrStuck   = "Stuck"
	ErrHalted  = "Halted"
	ErrUnclean = "Unclean"
	// ErrUnknown tells that a function answered what this definition does not know.
	ErrUnknown = "UnknownOutcome"
	// ErrRecovered tells that a step of a switch was lost and the switch brought to
	// rest: status says on which side. ErrUnrecovered tells that it could not be.
	ErrRecovered   = "Recovered"
	ErrUnrecovered = "Unrecovered"
)

const (
	// invoke calls a function and waits for its answer (AWS Step Functions developer
	// guide, "Invoke an AWS Lambda function with Step Functions").
	invoke = "arn:aws:states:::lambda:invoke"
	// write puts the results of a map into S3.
	write = "arn:aws:states:::s3:putObject"
	// taskSeconds is Lambda's limit and a little: a function ends by itself before.
	taskSeconds = 910
	// breath is the wait in seconds after a map that failed.
	breath = 30
	// outcome is where a function's answer says in one word what it came to.
	outcome = "$.answer.outcome"
	// failure is where a caught error stands.
	failure = "$.failure"
)

// call is a task that invokes the function; its answer stands at $.answer, and
// nothing else is kept of the input.
func call(s Settings, event map[string]any, next, caught string) asl.Task {
	return asl.Task{
		Resource:       invoke,
		Parameters:     map[string]any{"FunctionName": s.Function, "Payload": event},
		ResultSelector: map[string]any{"answer.$": "$.Payload"},
		TimeoutSeconds: taskSeconds,
		Retry:          []asl.Retry{serviceErrors()},
		Catch:          []asl.Catch{{ErrorEquals: []string{asl.All}, ResultPath: failure, Next: caught}},
		Next:           next,
	}
}

// serviceErrors are those of Lambda itself: the function did not run, or nobody
// knows whether it did (AWS Step Functions developer guide, "Handling errors in
// Step Functions workflows", "Handle transient Lambda service exceptions"). What a
// function fails with itself nobody foresaw, and is not repeated here.
func serviceErrors() asl.Retry {
	return asl.Retry{
		ErrorEquals: []string{
			"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException", "Lambda.Unknown",
		},
		IntervalSeconds: 2, MaxAttempts: 5, BackoffRate: 2, MaxDelaySeconds: 10,
	}
}

// on is a rule over the outcome.
func on(o function.Outcome, next string) asl.Rule {
	return asl.Rule{Variable: outcome, StringEquals: string(o), Next: next}
}

// caught is the end with what a function failed with.
func caught(name string) asl.Fail { return asl.Fail{Error: name, CausePath: "$.failure.Cause"} }

// share is a map over the items of a plan, one call each. Its results go to the
// bucket: an output is bounded. A map that failed is planned anew, since the plan
// knows what is left.
func share(s Settings, name, prefix, act, next, caught string) asl.Map {
	return asl.Map{
		Label: name, ItemsPath: "$.answer.items", MaxConcurrency: s.Workers,
		ItemProcessor: asl.Processor{
			ProcessorConfig: asl.ProcessorConfig{Mode: "DISTRIBUTED", ExecutionType: "STANDARD"},
			StartAt:         "Work",
			States: map[string]asl.State{"Work": asl.Task{
				Resource:       invoke,
				Parameters:     map[string]any{"FunctionName": s.Function, "Payload": map[string]any{"act": act, "items.$": "States.Array($)"}},
				ResultSelector: map[string]any{"answer.$": "$.Payload"},
				TimeoutSeconds: taskSeconds,
				Retry:          []asl.Retry{serviceErrors()},
				End:            true,
			}},
		},
		ResultWriter: &asl.Writer{Resource: write, Parameters: map[string]any{"Bucket": s.Bucket, "Prefix": prefix}},
		ResultPath:   "$.run",
		Catch:        []asl.Catch{{ErrorEquals: []string{asl.All}, ResultPath: failure, Next: caught}},
		Next:         next,
	}
}
