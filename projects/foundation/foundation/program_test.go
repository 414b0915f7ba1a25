package foundation_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/foundation/foundation"
	"github.com/cutover/cutover/shared/contract"
	"github.com/cutover/cutover/shared/pulumitest"
)

func options(stack string) pulumitest.Options {
	return pulumitest.Options{Layer: contract.Foundation, Stack: stack, StackFile: "../Pulumi." + stack + ".yaml"}
}

func TestEveryEnvironmentKeepsTheContract(t *testing.T) {
	for _, stack := range []string{"local", "staging", "prod"} {
		t.Run(stack, func(t *testing.T) {
			recording := pulumitest.MustRun(t, options(stack), foundation.Program)
			assert.Subset(t, recording.ExportKeys, contract.Keys[contract.FoundationOutputs]())
			assert.Len(t, recording.OfType("aws:ec2/vpc:Vpc"), 2)
		})
	}
}

func TestPreviewOnAnEmptyAccountRegistersTheSameResources(t *testing.T) {
	real := pulumitest.MustRun(t, options("prod"), foundation.Program)
	opts := options("prod")
	opts.DryRun = true
	preview := pulumitest.MustRun(t, opts, foundation.Program)
	require.Len(t, preview.Resources, len(real.Resources))
	assert.Equal(t, real.ExportKeys, preview.ExportKeys)
}
