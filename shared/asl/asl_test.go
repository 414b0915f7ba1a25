package asl_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/asl"
)

func catch(next string) []asl.Catch {
	return []asl.Catch{{ErrorEquals: []string{asl.All}, ResultPath: "$.failure", Next: next}}
}

// whole is a machine of every kind of state with which nothing is wrong.
func whole() asl.Machine {
	return asl.Machine{
		StartAt: "Begin", TimeoutSeconds: 60,
		States: map[string]asl.State{
			"Begin": asl.Pass{Parameters: map[string]any{"n": 1}, Next: "Ask"},
			"Ask": asl.Task{
				Resource: "arn:aws:states:::lambda:invoke", TimeoutSeconds: 10, Next: "Judge", Catch: catch("Broken"),
				Retry: []asl.Retry{{ErrorEquals: []string{"Lambda.ServiceException"}, IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 2}},
			},
			"Judge": asl.Choice{Choices: []asl.Rule{{Variable: "$.outcome", StringEquals: "work", Next: "Each"}}, Default: "Good"},
			"Each": asl.Map{
				Label: "each", ItemsPath: "$.items", MaxConcurrency: 4, Next: "Rest", Catch: catch("Rest"),
				ItemProcessor: asl.Processor{
					ProcessorConfig: asl.ProcessorConfig{Mode: "DISTRIBUTED", ExecutionType: "STANDARD"}, StartAt: "One",
					States: map[string]asl.State{"One": asl.Task{Resource: "arn", TimeoutSeconds: 10, End: true}},
				},
				ResultWriter: &asl.Writer{Resource: "arn:aws:states:::s3:putObject", Parameters: map[string]any{"Bucket": "b"}},
			},
			"Rest":   asl.Wait{SecondsPath: "$.wait", Next: "Ask"},
			"Good":   asl.Succeed{},
			"Broken": asl.Fail{Error: "Broken", CausePath: "$.failure.Cause"},
		},
	}
}

func TestDefinitionIsInTheStatesLanguage(t *testing.T) {
	text, err := asl.Machine{
		StartAt: "Ask", TimeoutSeconds: 60,
		States: map[string]asl.State{
			"Ask":    asl.Task{Resource: "arn", TimeoutSeconds: 10, Next: "Good", Catch: catch("Broken"), Parameters: map[string]any{"Payload.$": "$"}},
			"Good":   asl.Succeed{},
			"Broken": asl.Fail{Error: "Broken", Cause: "it broke"},
		},
	}.JSON()
	require.NoError(t, err)
	assert.JSONEq(t, `{"StartAt": "Ask", "TimeoutSeconds": 60, "States": {
		"Ask": {"Type": "Task", "Resource": "arn", "Parameters": {"Payload.$": "$"}, "TimeoutSeconds": 10, "Next": "Good",
			"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Broken"}]},
		"Good": {"Type": "Succeed"},
		"Broken": {"Type": "Fail", "Error": "Broken", "Cause": "it broke"}}}`, text)
	_, err = whole().JSON()
	require.NoError(t, err)
}

func TestWhatWouldFailAtNightIsRefused(t *testing.T) {
	ask := func(m asl.Machine) asl.Task { return m.States["Ask"].(asl.Task) }
	each := func(m asl.Machine) asl.Map { return m.States["Each"].(asl.Map) }
	for want, spoil := range map[string]func(m *asl.Machine){
		"machine has no time-out":                          func(m *asl.Machine) { m.TimeoutSeconds = 0 },
		`it starts at "Nowhere", which is no state`:        func(m *asl.Machine) { m.StartAt = "Nowhere" },
		`state Ask: leads to "Nowhere", which is no state`: func(m *asl.Machine) { s := ask(*m); s.Next = "Nowhere"; m.States["Ask"] = s },
		"state Lost: is never reached":                     func(m *asl.Machine) { m.States["Lost"] = asl.Succeed{} },
		"state Rest: has no way to an end":                 func(m *asl.Machine) { m.States["Rest"] = asl.Wait{Seconds: 1, Next: "Rest"} },
		"state Ask: has nobody who catches its failure":    func(m *asl.Machine) { s := ask(*m); s.Catch = nil; m.States["Ask"] = s },
		"state Ask: has no time-out":                       func(m *asl.Machine) { s := ask(*m); s.TimeoutSeconds = 0; m.States["Ask"] = s },
		"state Ask: has both a next state and an end":      func(m *asl.Machine) { s := ask(*m); s.End = true; m.States["Ask"] = s },
		"repeats after every error":                        func(m *asl.Machine) { s := ask(*m); s.Retry[0].ErrorEquals = []string{asl.All}; m.States["Ask"] = s },
		"expected States.ALL alone and last": func(m *asl.Machine) {
			s := ask(*m)
			s.Catch[0].ErrorEquals = []string{"States.Timeout"}
			m.States["Ask"] = s
		},
		"expected a path that keeps the input": func(m *asl.Machine) { s := ask(*m); s.Catch[0].ResultPath = "$"; m.States["Ask"] = s },
		"state Judge: has no default": func(m *asl.Machine) {
			m.States["Judge"] = asl.Choice{Choices: []asl.Rule{{Next: "Each"}, {Variable: "$.x", Next: "Good"}}}
		},
		"state Rest: expected either seconds or their path": func(m *asl.Machine) { m.States["Rest"] = asl.Wait{Next: "Ask"} },
		"state Broken: expected either a cause or its path": func(m *asl.Machine) { m.States["Broken"] = asl.Fail{Error: "Broken"} },
		"state Each: runs 41 at once":                       func(m *asl.Machine) { s := each(*m); s.MaxConcurrency = 41; m.States["Each"] = s },
		"state Each: tolerates failures":                    func(m *asl.Machine) { s := each(*m); s.ToleratedFailurePercentage = 1; m.States["Each"] = s },
		"state Each: has nobody who catches":                func(m *asl.Machine) { s := each(*m); s.Catch = nil; m.States["Each"] = s },
		"expected a writer":                                 func(m *asl.Machine) { s := each(*m); s.ResultWriter = nil; m.States["Each"] = s },
		"expected distributed standard executions": func(m *asl.Machine) {
			s := each(*m)
			s.ItemProcessor.ProcessorConfig.ExecutionType = "EXPRESS"
			m.States["Each"] = s
		},
		"state Each: its machine: it starts at": func(m *asl.Machine) { s := each(*m); s.ItemProcessor.StartAt = "Two"; m.States["Each"] = s },
	} {
		m := whole()
		spoil(&m)
		_, err := m.JSON()
		require.ErrorContains(t, err, want)
	}
}
