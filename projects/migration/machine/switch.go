package machine

import (
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/shared/asl"
)

// switchSeconds bounds an execution: a switch is armed for half an hour at most.
const switchSeconds = 3600

// Switch moves the authority to its colour, one durable step for each call, until
// the function says that it is done or why not. Its input is {"event": …}, a
// function.SwitchEvent. A step that is lost is followed by recoveries, and the
// execution fails even where these bring the switch to rest: somebody has to look.
// Nothing hangs on the execution itself: the schedule of the function recovers as
// well, and which step is next stands in the control table.
func Switch(s Settings) asl.Machine {
	step := call(s, nil, "Judge", "Lost")
	step.Parameters = map[string]any{"FunctionName": s.Function, "Payload.$": "$.event"}
	step.ResultPath = "$.result"
	recovery := step
	recovery.Parameters = map[string]any{"FunctionName": s.Function, "Payload.$": "States.JsonMerge($.event, $.recovery, false)"}
	recovery.Next, recovery.Catch = "JudgeRecovery", []asl.Catch{{ErrorEquals: []string{asl.All}, ResultPath: failure, Next: "Unrecovered"}}
	judged := []asl.Rule{at(function.Again, "Pause"), at(function.Done, "Switched"), at(function.Cancelled, "Cancelled")}
	recovered := []asl.Rule{at(function.Again, "RecoverLater")}
	states := map[string]asl.State{
		"Step":         step,
		"Pause":        asl.Wait{SecondsPath: "$.result.answer.waitSeconds", Next: "Adopt"},
		"Adopt":        asl.Pass{Comment: "The answer holds the next event, whole", Parameters: map[string]any{"event.$": "$.result.answer.event"}, Next: "Step"},
		"Lost":         asl.Pass{Parameters: map[string]any{"event.$": "$.event", "recovery": map[string]any{"act": function.Recover}}, Next: "Recover"},
		"Recover":      recovery,
		"RecoverLater": asl.Wait{SecondsPath: "$.result.answer.waitSeconds", Next: "Recover"},
		"Switched":     asl.Succeed{},
		"Cancelled":    asl.Succeed{Comment: "No switch is under way any more"},
		"Recovered":    asl.Fail{Error: ErrRecovered, Cause: "A step was lost, and the switch is at rest again: status says on which side"},
		"Unrecovered":  caught(ErrUnrecovered),
		"Unknown":      asl.Fail{Error: ErrUnknown, Cause: "The function answered what this definition does not know"},
	}
	for _, end := range ends() {
		states[end.name] = asl.Fail{Error: end.name, Cause: end.cause}
		judged = append(judged, at(end.outcome, end.name))
		if end.inRecovery {
			recovered = append(recovered, at(end.outcome, end.name))
		}
	}
	states["Judge"] = asl.Choice{Choices: judged, Default: "Unknown"}
	states["JudgeRecovery"] = asl.Choice{Choices: recovered, Default: "Recovered"}
	return asl.Machine{Comment: "Moves the authority to write", StartAt: "Step", TimeoutSeconds: switchSeconds, States: states}
}

// at is a rule over the outcome of a step.
func at(o function.Outcome, next string) asl.Rule {
	return asl.Rule{Variable: "$.result.answer.outcome", StringEquals: string(o), Next: next}
}

// ErrHeld tells that nobody can write.
const ErrHeld = "Held"

// end is how an execution ends whose switch has not come to its end.
type end struct {
	outcome     function.Outcome
	name, cause string
	// inRecovery tells that a recovery may end so.
	inRecovery bool
}

// ends lists them. Alarms page for every failure; the name says what to do.
func ends() []end {
	return []end{
		{function.HeldUp, ErrHeld, "Nobody can write until a store can be reached again or operators decide: see the runbook of switches", true},
		{function.Unconfirmed, "Unconfirmed", "The authority has moved and a check afterwards failed: traffic must not go on", true},
		{function.GatesClosed, "GatesClosed", "Conditions do not hold; nothing has changed", false},
		{function.BackedOut, "BackedOut", "The authority stayed where it was", false},
		{function.Underway, "Underway", "A switch that somebody else asked for is under way", false},
		{function.Refused, "Refused", "What was asked for does not fit the state of the switch", false},
	}
}
