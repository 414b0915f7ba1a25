package checks

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/policy/exceptions"
	"github.com/cutover/cutover/shared/policy/graph"
	"github.com/cutover/cutover/shared/recording"
)

var (
	today       = exceptions.On(2027, time.March, 1)
	environment = graph.Environment{Name: "prod", AccountID: "345678901234", Region: "us-east-1"}
)

// demanding demands a flag of every queue.
var demanding = Check{Row: "M-09", Run: func(s *Scope) {
	for _, queue := range s.Each("aws:sqs/queue:Queue") {
		s.Expect(queue.Is("flag", true), queue, "flagged", "flag", "true")
	}
}}

func queues(names ...string) *graph.Graph {
	var resources []recording.Resource
	for _, name := range names {
		resources = append(resources, recording.Resource{Type: "aws:sqs/queue:Queue", Name: name, Inputs: map[string]any{"flag": name == "good"}})
	}
	return graph.New(environment, contract.Migration, resources...)
}

func excuse(name string) exceptions.Exception {
	return exceptions.Exception{Key: "EXC-90", Control: "M-09", Clause: "flagged", Resource: "aws:sqs/queue:Queue " + name, Expires: today}
}

func TestStatusFollowsFromWhatWasFound(t *testing.T) {
	ifUsed := demanding
	ifUsed.IfUsed = true
	assumed := Check{Row: "M-09", Run: func(s *Scope) { s.notApplicable = true }}
	for name, tc := range map[string]struct {
		check    Check
		g        *graph.Graph
		register []exceptions.Exception
		want     Status
	}{
		"all hold":            {demanding, queues("good"), nil, Compliant},
		"one does not":        {demanding, queues("good", "bad"), nil, Noncompliant},
		"it is excepted":      {demanding, queues("good", "bad"), []exceptions.Exception{excuse("bad")}, Excepted},
		"another is excepted": {demanding, queues("good", "bad"), []exceptions.Exception{excuse("other")}, Noncompliant},
		"nothing to look at":  {demanding, queues(), nil, Noncompliant},
		"nothing, if used":    {ifUsed, queues(), nil, NotApplicable},
		"owned by others":     {assumed, queues(), nil, NotApplicable},
		"two do not, one may": {demanding, queues("bad", "worse"), []exceptions.Exception{excuse("bad")}, Noncompliant},
	} {
		assert.Equal(t, tc.want, evaluate(tc.check, tc.g, tc.register, today).Status, name)
	}
	result := evaluate(demanding, queues("good", "bad"), nil, today)
	assert.Len(t, result.Checked, 2)
}

func TestAnExpiredExceptionExcusesNothing(t *testing.T) {
	register := []exceptions.Exception{excuse("bad")}
	assert.Equal(t, Excepted, evaluate(demanding, queues("bad"), register, today.Add(23*time.Hour)).Status)
	assert.Equal(t, Noncompliant, evaluate(demanding, queues("bad"), register, today.Add(24*time.Hour)).Status)
}

func TestPendingTurnsIntoAViolationWhenItsKindAppears(t *testing.T) {
	defer func(saved []Wait) { pending = saved }(pending)
	pending = []Wait{{Row: "M-09", Clause: "flagged", Missing: "the flags", Until: []string{"aws:sqs/queueFlag:"}}}
	assert.Equal(t, Pending, evaluate(demanding, queues("bad"), nil, today).Status)
	assert.Equal(t, Noncompliant, evaluate(demanding, queues(), nil, today).Status, "another clause does not wait")
	g, err := queues("bad").With(graph.Add(contract.Migration, recording.Resource{Type: "aws:sqs/queueFlag:QueueFlag", Name: "x"}))
	require.NoError(t, err)
	assert.Equal(t, Noncompliant, evaluate(demanding, g, nil, today).Status)
}

func TestAViolationSaysWhatAndWhere(t *testing.T) {
	result := evaluate(demanding, queues("bad"), nil, today)
	require.Len(t, result.Violations, 1)
	assert.Equal(t, `M-09 [PCI DSS 3.5.1, 7.2.5], clause flagged: aws:sqs/queue:Queue "bad" (urn:pulumi:prod::migration::aws:sqs/queue:Queue::bad): `+
		`flag: found false, expected true; deviations are registered in shared/policy/exceptions/register.go`, result.Violations[0].String())
}

func TestASecretIsNotShown(t *testing.T) {
	r := &graph.Resource{Resource: recording.Resource{Inputs: map[string]any{"password": "hunter2"}, Secrets: []string{"password"}}}
	assert.Equal(t, "a secret", found(r, "password"))
	assert.Equal(t, "nothing", found(r, "other"))
}

func TestAnExceptionThatExcusesNothingIsStale(t *testing.T) {
	register := []exceptions.Exception{excuse("bad"), excuse("good")}
	register[1].Key = "EXC-91"
	used := Outcome{Results: []Result{evaluate(demanding, queues("good", "bad"), register, today)}}
	unused := Outcome{Results: []Result{evaluate(demanding, queues("good"), register, today)}}
	stale := Stale(register, unused, used)
	require.Len(t, stale, 1, "it is enough to be of use in one environment")
	assert.Contains(t, stale[0], "exception EXC-91: nothing of")
	assert.Len(t, Stale(register, unused), 2)
}

func TestPatternsOfActions(t *testing.T) {
	for _, tc := range []struct {
		pattern, action string
		want            bool
	}{
		{"kms:Decrypt", "kms:Decrypt", true},
		{"KMS:decrypt", "kms:Decrypt", true},
		{"kms:*", "kms:Decrypt", true},
		{"*", "kms:Decrypt", true},
		{"kms:De*t", "kms:Decrypt", true},
		{"kms:GenerateDataKey*", "kms:GenerateDataKeyPair", true},
		{"kms:De*x", "kms:Decrypt", false},
		{"kms:Dec", "kms:Decrypt", false},
		{"s3:*", "kms:Decrypt", false},
		{"kms:*crypt*Key", "kms:Decrypt", false},
	} {
		assert.Equal(t, tc.want, matches(tc.pattern, tc.action), "%s over %s", tc.pattern, tc.action)
	}
}
