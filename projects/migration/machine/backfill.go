package machine

import (
	"github.com/cutover/cutover/projects/migration/function"
	"github.com/cutover/cutover/shared/asl"
)

// loadSeconds bounds an execution: what it has left the next one plans.
const loadSeconds = 14 * 24 * 3600

// Backfill loads the base of a lane: a plan of the chunks that are left, a map over
// them, and again, until none is left or rounds bring nothing. Its input is not
// read.
func Backfill(s Settings) asl.Machine {
	plan := call(s, map[string]any{
		"act": function.PlanChunks, "loaded.$": "$.answer.loaded", "left.$": "$.answer.left", "idle.$": "$.answer.idle",
	}, "Judge", "PlanFailed")
	return asl.Machine{
		Comment: "Loads the base of a lane", StartAt: "Begin", TimeoutSeconds: loadSeconds,
		States: map[string]asl.State{
			"Begin": asl.Pass{Parameters: map[string]any{"answer": map[string]any{"loaded": 0, "left": 0, "idle": 0}}, Next: "Plan"},
			"Plan":  plan,
			"Judge": asl.Choice{
				Choices: []asl.Rule{
					on(function.Work, "Load"), on(function.Done, "Loaded"), on(function.Idle, "NotWanted"),
					on(function.Stuck, "Stuck"), on(function.Halted, "Halted"),
				},
				Default: "Unknown",
			},
			"Load":       share(s, "Load", BackfillName, string(function.LoadChunks), "Pause", "Breathe"),
			"Pause":      asl.Wait{SecondsPath: "$.answer.waitSeconds", Next: "Plan"},
			"Breathe":    asl.Wait{Comment: "The plan tells what the failed run has left", Seconds: breath, Next: "Plan"},
			"Loaded":     asl.Succeed{},
			"NotWanted":  asl.Succeed{Comment: "Nobody wants the lane"},
			"PlanFailed": caught(ErrPlan),
			"Stuck":      asl.Fail{Error: ErrStuck, Cause: "Several rounds have loaded nothing: the runs bucket has the reasons"},
			"Halted":     asl.Fail{Error: ErrHalted, Cause: "The lane is halted: status says why"},
			"Unknown":    asl.Fail{Error: ErrUnknown, Cause: "The function answered what this definition does not know"},
		},
	}
}
