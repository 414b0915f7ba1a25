package function

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/migration/isolation"
	"github.com/cutover/cutover/shared/naming"
)

// In AWS the clusters of both sides are those that the function was told; without AWS
// nothing proves anything, and without both clusters the function does not start.
func TestTheClustersToProveAreThoseThatWereDeployed(t *testing.T) {
	told := func(text string) func(string) (string, bool) {
		return func(name string) (string, bool) { return text, name == VariableClusters && text != "" }
	}
	nothing, err := (&parts{}).readIsolation(told(""))
	require.NoError(t, err)
	assert.Nil(t, nothing)

	p := &parts{cloud: aws.Config{Region: "us-east-1"}}
	proves, err := p.readIsolation(told(`{"blue": {"id": "b", "resource": "cluster-B"}, "green": {"id": "g", "resource": "cluster-G"}}`))
	require.NoError(t, err)
	aurora, is := proves.(*isolation.Aurora)
	require.True(t, is)
	assert.Equal(t, map[naming.Color]isolation.Cluster{
		naming.Blue: {ID: "b", Resource: "cluster-B"}, naming.Green: {ID: "g", Resource: "cluster-G"},
	}, aurora.Clusters)
	for _, wrong := range []string{"", "[]", `{"blue": {"id": "b", "resource": "cluster-B"}}`, `{"blue": {"id": "b"}, "green": {"id": "g", "resource": "cluster-G"}}`} {
		_, err := p.readIsolation(told(wrong))
		assert.ErrorContains(t, err, VariableClusters, wrong)
	}
}
