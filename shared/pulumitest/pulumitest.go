// Package pulumitest runs a layer's program in a test, against the mock of
// Pulumi's engine in shared/recording, and makes up what upstream layers export.
// Assertions belong after Run has returned.
package pulumitest

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/shared/recording"
)

// Organization is what the mocked engine calls the organisation.
const Organization = recording.Organization

// What a run takes and leaves behind.
type (
	Options   = recording.Options
	Resource  = recording.Resource
	Recording = recording.Recording
)

// Run runs program and returns what it registered and its error.
func Run(t testing.TB, opts Options, program pulumi.RunFunc) (*Recording, error) {
	t.Helper()
	return recording.Run(opts, program)
}

// MustRun is Run for programs that have to succeed.
func MustRun(t testing.TB, opts Options, program pulumi.RunFunc) *Recording {
	t.Helper()
	recorded, err := Run(t, opts, program)
	require.NoError(t, err)
	return recorded
}
