package engine

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/assert"

	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/ops/fault"
)

const (
	keyURN   = "urn:pulumi:local::data::cutover:data:Stores$aws:kms/key:Key::blue-key"
	stackURN = "urn:pulumi:local::data::pulumi:pulumi:Stack::data-local"
)

func pre(op apitype.OpType, urn, kind string) apitype.EngineEvent {
	return apitype.EngineEvent{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: step(op, urn, kind)}}
}

func post(op apitype.OpType, urn, kind string) apitype.EngineEvent {
	return apitype.EngineEvent{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: step(op, urn, kind)}}
}

func step(op apitype.OpType, urn, kind string) apitype.StepEventMetadata {
	return apitype.StepEventMetadata{
		Op: op, URN: urn, Type: kind, New: &apitype.StepEventStateMetadata{Custom: true, Outputs: map[string]any{"id": "1"}},
	}
}

func diagnostic(urn, message string) apitype.EngineEvent {
	return apitype.EngineEvent{DiagnosticEvent: &apitype.DiagnosticEvent{URN: urn, Severity: "error", Message: message}}
}

func TestAResourceIsShownWhileItIsWorkedOnAndCountedWhenItIsDone(t *testing.T) {
	var last Progress
	c := newTally(func(p Progress) { last = p }, false)
	c.add(pre(apitype.OpCreate, keyURN, "aws:kms/key:Key"))
	assert.Equal(t, Progress{Current: []string{"blue-key"}}, last)

	c.add(post(apitype.OpCreate, keyURN, "aws:kms/key:Key"))
	assert.Equal(t, Progress{Changes: Changes{Create: 1}}, last)
	assert.Equal(t, []Change{{Op: "create", URN: keyURN, Type: "aws:kms/key:Key", Name: "blue-key", Causes: nil}}, c.result().List)
}

func TestAFailedResourceIsNotCounted(t *testing.T) {
	c := newTally(nil, false)
	c.add(pre(apitype.OpCreate, keyURN, "aws:kms/key:Key"))
	c.add(apitype.EngineEvent{ResOpFailedEvent: &apitype.ResOpFailedEvent{Metadata: step(apitype.OpCreate, keyURN, "aws:kms/key:Key")}})

	assert.Equal(t, Progress{}, c.progress())
	assert.Empty(t, c.result().List)
}

func TestAReplacementIsOneChangeWithTheCausesThatForceIt(t *testing.T) {
	c := newTally(nil, true)
	m := step(apitype.OpReplace, keyURN, "aws:kms/key:Key")
	m.Old = &apitype.StepEventStateMetadata{Protect: true}
	m.DetailedDiff = map[string]apitype.PropertyDiff{
		"description": {Kind: apitype.DiffUpdate}, "keyUsage": {Kind: apitype.DiffUpdateReplace},
	}
	c.add(pre(apitype.OpCreateReplacement, keyURN, "aws:kms/key:Key"))
	c.add(apitype.EngineEvent{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: m}})
	c.add(pre(apitype.OpDeleteReplaced, keyURN, "aws:kms/key:Key"))
	c.add(apitype.EngineEvent{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: m}})

	assert.Equal(t, Changes{Replace: 1}, c.result().Changes)
	assert.Equal(t, []Change{{
		Op: "replace", URN: keyURN, Type: "aws:kms/key:Key", Name: "blue-key", Causes: []string{"keyUsage"}, Protect: true,
	}}, c.result().List)
}

func TestTheStacksOutputsAreTheResults(t *testing.T) {
	c := newTally(nil, false)
	c.add(post(apitype.OpSame, stackURN, stackType))

	assert.Equal(t, map[string]any{"id": "1"}, c.result().Outputs)
	assert.Equal(t, Changes{Same: 1}, c.result().Changes)
	assert.Empty(t, c.result().List)
}

func TestTheSummaryCountsForWhatHadNoEvent(t *testing.T) {
	c := newTally(nil, false)
	c.add(apitype.EngineEvent{SummaryEvent: &apitype.SummaryEvent{ResourceChanges: map[apitype.OpType]int{
		apitype.OpSame: 3, apitype.OpCreate: 2, apitype.OpCreateReplacement: 1, apitype.OpReplace: 1,
	}}})

	assert.Equal(t, Changes{Create: 2, Replace: 1, Same: 3}, c.result().Changes)
}

func TestCausesOfAFailureAreSaidOnceAndWithoutWrappings(t *testing.T) {
	c := newTally(nil, false)
	c.add(diagnostic(keyURN, "sdk-v2/provider2.go:515: sdk.helper_schema: quota: provider=aws@6.83.2"))
	c.add(diagnostic(keyURN, "<{%reset%}>1 error occurred:\n\t* creating "+keyURN+": 2 errors occurred:\n\t* quota\n\t* limit\n\n<{%reset%}>"))
	c.add(diagnostic(keyURN, "1 error occurred:\n\t* quota\n\t* limit"))
	c.add(diagnostic("", "update failed"))
	c.add(diagnostic(stackURN, "program ended"))

	assert.Equal(t, []string{"blue-key (aws:kms/key:Key): quota; limit", "program ended"}, c.failures())
}

func TestAListOfNetworksThatWasChangedByHandHasAWayOn(t *testing.T) {
	s := Stack{Layer: contract.Edge, Env: "prod"}
	err := hinted(s, fault.New(fault.Resource, "edge: firewall-deny: WAFOptimisticLockException: the token is old"))
	assert.Contains(t, fault.HintOf(err), "drift:edge")
	assert.Contains(t, fault.HintOf(err), "pulumi refresh --cwd projects/edge --stack prod")
	assert.Empty(t, fault.HintOf(hinted(s, fault.New(fault.Resource, "edge: quota"))))
}
