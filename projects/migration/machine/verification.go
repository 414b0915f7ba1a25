package machine

import (
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/shared/asl"
)

// passSeconds bounds an execution: what is found equal stays found.
const passSeconds = 3 * 24 * 3600

// Verification is a pass of the comparison that is shared out: a plan of the units,
// a map over them, the end of the pass, and again while buckets were unstable. Its
// input is {"kind": "full", "ageSeconds": 0}.
func Verification(s Settings) asl.Machine {
	pass := func(act function.VerifyAct) map[string]any {
		return map[string]any{"act": act, "kind.$": "$.answer.kind", "ageSeconds.$": "$.answer.ageSeconds", "round.$": "$.answer.round"}
	}
	return asl.Machine{
		Comment: "Compares both sides of a lane", StartAt: "Begin", TimeoutSeconds: passSeconds,
		States: map[string]asl.State{
			"Begin": asl.Pass{
				Parameters: map[string]any{"answer": map[string]any{"kind.$": "$.kind", "ageSeconds.$": "$.ageSeconds", "round": 0}}, Next: "Plan",
			},
			"Plan": call(s, pass(function.PlanPass), "Judge", "PlanFailed"),
			"Judge": asl.Choice{
				Choices: []asl.Rule{
					on(function.Work, "Compare"), on(function.None, "Finish"), on(function.Idle, "NotNow"), on(function.Passive, "NotNow"),
					on(function.NotReady, "NotNow"), on(function.Halted, "Halted"),
				},
				Default: "Unknown",
			},
			"Compare": share(s, "Compare", VerificationName, string(function.WorkUnits), "Finish", "Breathe"),
			"Breathe": asl.Wait{Comment: "The end of the pass tells what the failed run has left", Seconds: breath, Next: "Finish"},
			"Finish":  call(s, pass(function.FinishPass), "Conclude", "FinishFailed"),
			"Conclude": asl.Choice{
				Choices: []asl.Rule{
					on(function.Clean, "Equal"), on(function.Again, "Pause"), on(function.Unclean, "Unclean"), on(function.Stuck, "Stuck"),
					on(function.Halted, "Halted"),
				},
				Default: "Unknown",
			},
			"Pause":        asl.Wait{SecondsPath: "$.answer.waitSeconds", Next: "Plan"},
			"Equal":        asl.Succeed{},
			"NotNow":       asl.Succeed{Comment: "Nobody wants the lane, its source may not be written to, or it does not follow yet"},
			"PlanFailed":   caught(ErrPlan),
			"FinishFailed": caught(ErrFinish),
			"Unclean":      asl.Fail{Error: ErrUnclean, Cause: "The sides differ: what differs is repaired or halts the lane, status says which"},
			"Stuck":        asl.Fail{Error: ErrStuck, Cause: "Buckets stayed unstable over all rounds"},
			"Halted":       asl.Fail{Error: ErrHalted, Cause: "The lane is halted: status says why"},
			"Unknown":      asl.Fail{Error: ErrUnknown, Cause: "The function answered what this definition does not know"},
		},
	}
}
